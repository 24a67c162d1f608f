//! The search: what is found, by whom, at what cost, and that nothing that is typed breaks it.

use diesel::result::Error;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use docket::model::ticket::Ticket;
use docket::model::words::{Visibility, Words};
use docket::projection::{Step, step};
use docket::store::audience::Audience;
use docket::store::filter::{Condition, compile};
use docket::store::projection::Projection;
use docket::store::read::{Scope, head};
use docket::store::search::{Query, Rules, Wanted, find};
use docket::store::write;
use docket::workflow::Filter;
use docket::workflow::schema::Root;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::keys::touched;
use crate::lists::a_message;
use crate::log::an_activity;
use crate::server::{EVERYBODY, a_head, a_ticket, all_of, at, server_of};

async fn put_head(conn: &AsyncPgConnection, tenant: &str, position: i64, last_number: i64) {
    let head = a_head(tenant, position, last_number);
    write::insert_if_absent(conn, [&head].into_iter()).await.unwrap();
    write::update(conn, [&head].into_iter()).await.unwrap();
}

/// Tickets that were there before anybody searched.
async fn seed(conn: &mut AsyncPgConnection, tenant: &str, tickets: &[Ticket]) {
    write::insert(conn, tickets.iter()).await.unwrap();
    put_head(conn, tenant, 0, tickets.len() as i64).await;
    catch_up(conn, tenant).await;
}

async fn catch_up(conn: &mut AsyncPgConnection, tenant: &str) {
    while step(conn, tenant, Projection::Search(Rules::NEWEST)).await.unwrap().1 != Step::Done {}
}

fn about(tenant: &str, number: i64, subject: &str) -> Ticket {
    Ticket { subject: subject.into(), ..a_ticket(tenant, number) }
}

async fn numbers(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    text: &str,
    filter: Option<&Condition>,
    most: usize,
) -> Vec<i64> {
    let query = Query::parse(text, Rules::NEWEST).unwrap();
    let newest = head::last_number(conn, scope.tenant_id).await.unwrap();
    let wanted = Wanted { query: &query, filter, newest, most };
    let found = find(conn, scope, wanted).await.unwrap().unwrap();
    found.iter().map(|candidate| candidate.number).collect()
}

async fn all(conn: &mut AsyncPgConnection, tenant: &str, text: &str) -> Vec<i64> {
    numbers(conn, Scope { tenant_id: tenant, audience: &EVERYBODY }, text, None, 501).await
}

#[tokio::test(flavor = "multi_thread")]
async fn words_of_tickets_and_threads_are_found() {
    let mut conn = server_of(&["words"]).await;
    let mut tickets = vec![
        about("words", 1, "Printer on fire"),
        about("words", 2, "Refund please"),
        about("words", 3, "PRINTERS are jammed"),
        about("words", 4, "It is warm"),
    ];
    tickets[1].description = "The printer was never delivered".into();
    (tickets[1].category, tickets[1].tags) = ("billing".into(), Words(vec!["vip-customer".into()]));
    (tickets[2].requester_name, tickets[2].requester_email) = ("Ann Ärger".into(), "ann@example.org".into());
    let mut note = a_message("words", 4, 3);
    note.body = "Could be the printer again".into();
    let mut gone = a_message("words", 4, 4);
    (gone.body, gone.deleted_at) = ("cancelled".into(), Some(at(9)));
    write::insert(&conn, [&note, &gone].into_iter()).await.unwrap();
    seed(&mut conn, "words", &tickets).await;
    for (text, found) in [
        ("printer ", vec![4, 2, 1]),
        ("printer", vec![4, 3, 2, 1]),
        ("print* ", vec![4, 3, 2, 1]),
        ("Printer -refund", vec![4, 1]),
        ("printer fire", vec![1]),
        ("\"on fire\"", vec![1]),
        ("\"fire on\"", vec![]),
        ("printer -\"on fire\" -again -printers ", vec![2]),
        ("vip-customer ", vec![2]),
        ("billing ", vec![2]),
        ("ann@example.org", vec![3]),
        ("ärger", vec![3]),
        ("TKT-0003", vec![3]),
        ("tkt-3", vec![3]),
        ("3", vec![3]),
        ("cancelled", vec![]),
        ("never delivered refund", vec![2]),
        // The end of one text does not stand beside the beginning of the next.
        ("\"please billing\"", vec![]),
    ] {
        assert_eq!(all(&mut conn, "words", text).await, found, "{text}");
    }
    assert!(all(&mut conn, "words-elsewhere", "printer").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folded_document_is_as_new_as_its_ticket() {
    let mut conn = server_of(&["folded"]).await;
    seed(&mut conn, "folded", &[about("folded", 1, "old words"), about("folded", 2, "others")]).await;
    assert_eq!(all(&mut conn, "folded", "old").await, [1]);
    // The third activity has no ticket; the first is of ticket 1.
    write::update(&conn, [&about("folded", 1, "new words")].into_iter()).await.unwrap();
    let mut said = a_message("folded", 2, 9);
    (said.body, said.visibility) = ("spoken words".into(), Visibility::Public);
    write::insert(&conn, [&said].into_iter()).await.unwrap();
    let rows: Vec<_> = (1..=3).map(|n| an_activity("folded", n)).collect();
    let rows: Vec<_> = rows
        .into_iter()
        .map(|mut row| {
            row.kind = if row.position == 2 { "ticket.message_added".into() } else { "ticket.updated".into() };
            row
        })
        .collect();
    write::insert(&conn, rows.iter()).await.unwrap();
    put_head(&conn, "folded", 3, 2).await;
    catch_up(&mut conn, "folded").await;
    assert_eq!(all(&mut conn, "folded", "old").await, [0; 0]);
    assert_eq!(all(&mut conn, "folded", "words").await, [2, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_ticket_is_found_again_when_it_is_restored() {
    let mut conn = server_of(&["gone"]).await;
    seed(&mut conn, "gone", &[about("gone", 1, "some words"), about("gone", 2, "other words")]).await;
    for (position, kind, deleted_at, found) in
        [(1, "ticket.deleted", Some(at(9)), &[2][..]), (2, "ticket.restored", None, &[2, 1])]
    {
        let ticket = Ticket { deleted_at, ..about("gone", 1, "some words") };
        write::update(&conn, [&ticket].into_iter()).await.unwrap();
        let mut row = an_activity("gone", position);
        (row.kind, row.ticket_id) = (kind.into(), Some(ticket.id));
        write::insert(&conn, [&row].into_iter()).await.unwrap();
        put_head(&conn, "gone", position, 2).await;
        catch_up(&mut conn, "gone").await;
        assert_eq!(all(&mut conn, "gone", "words").await, found, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_finds_what_they_may_see_by_what_they_may_read() {
    let mut conn = server_of(&["seen"]).await;
    let mut tickets: Vec<Ticket> = (1..=4).map(|n| about("seen", n, "common words")).collect();
    for (ticket, (requester, app)) in
        tickets.iter_mut().zip([("rita", ""), ("otto", ""), ("rita", "crm"), ("rita", "")])
    {
        (ticket.requester_id, ticket.app_id) = (requester.into(), app.into());
    }
    tickets[3].deleted_at = Some(at(9));
    let mut note = a_message("seen", 1, 3);
    (note.body, note.visibility) = ("secretly common".into(), Visibility::Internal);
    write::insert(&conn, [&note].into_iter()).await.unwrap();
    seed(&mut conn, "seen", &tickets).await;
    let rita = Audience { app_id: None, requester: Some("rita".into()) };
    let crm = Audience { app_id: Some("crm".into()), requester: None };
    let high = compile(&Filter::compile("ticket.number > 1", Root::Ticket).unwrap(), all_of("search"), at(0)).unwrap();
    for (audience, text, filter, found) in [
        (&EVERYBODY, "common", None, vec![3, 2, 1]),
        (&EVERYBODY, "common", Some(&high), vec![3, 2]),
        (&EVERYBODY, "secretly", None, vec![1]),
        (&EVERYBODY, "common -secretly", None, vec![3, 2]),
        (&rita, "common", None, vec![3, 1]),
        (&rita, "secretly", None, vec![]),
        (&rita, "secret*", None, vec![]),
        (&rita, "\"secretly common\"", None, vec![]),
        (&rita, "common -secretly", None, vec![3, 1]),
        (&crm, "common", None, vec![3]),
    ] {
        let scope = Scope { tenant_id: "seen", audience };
        assert_eq!(numbers(&mut conn, scope, text, filter, 501).await, found, "{text} {audience:?}");
    }
    // Nor does a note move a rank.
    let query = Query::parse("common words", Rules::NEWEST).unwrap();
    let wanted = Wanted { query: &query, filter: None, newest: 9, most: 9 };
    let found = find(&mut conn, Scope { tenant_id: "seen", audience: &rita }, wanted).await.unwrap().unwrap();
    assert_eq!(found[0].rank, found[1].rank);
}

/// Rows of the documents that `text` came upon, and how many it found: from their words alone.
async fn cost(conn: &mut AsyncPgConnection, tenant: &str, text: &str) -> (i64, usize) {
    let done: Result<(i64, usize), Error> = conn
        .transaction(async |conn| {
            let (before, tickets) = (touched(conn, "ticket_search_2").await, touched(conn, "ticket").await);
            let found = all(conn, tenant, text).await.len();
            assert_eq!(touched(conn, "ticket").await, tickets);
            Ok((touched(conn, "ticket_search_2").await - before, found))
        })
        .await;
    done.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_costs_what_is_found_whoever_else_has_the_word() {
    let mut conn = server_of(&["small", "long"]).await;
    let long: Vec<Ticket> =
        (1..=9_000).map(|n| about("long", n, if n % 3_000 == 0 { "printer needle" } else { "printer hay" })).collect();
    seed(&mut conn, "small", &[about("small", 1, "printer needle"), about("small", 2, "printer hay")]).await;
    seed(&mut conn, "long", &long).await;
    assert_eq!(cost(&mut conn, "small", "printer").await, (2, 2));
    assert_eq!(cost(&mut conn, "small", "needle").await, (1, 1));
    assert_eq!(cost(&mut conn, "long", "needle").await, (3, 3));
    let (common, found) = cost(&mut conn, "long", "printer").await;
    assert!(common <= 4_096 && found == 501, "{common} rows for {found}");
    assert_eq!(all(&mut conn, "long", "printer").await, (8_500..=9_000).rev().collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_of_any_length_has_a_document() {
    let mut conn = server_of(&["lengthy"]).await;
    // Different words, each as long as words are kept, of the widest characters.
    let wide = |n: u32| (0..64).map(|at| char::from_u32(0x10330 + (n >> (at % 16)) % 16).unwrap()).collect::<String>();
    let body = |n: u32| (n * 200..(n + 1) * 200).map(wide).collect::<Vec<_>>().join(" ");
    let thread: Vec<_> = (0..60).map(|n| (n, a_message("lengthy", 1, n + 10))).collect();
    let thread: Vec<_> = thread
        .into_iter()
        .map(|(n, mut message)| {
            (message.body, message.visibility) =
                (format!("{} {}", body(n as u32), "again ".repeat(2_000)), Visibility::Public);
            message
        })
        .collect();
    write::insert(&conn, thread.iter()).await.unwrap();
    seed(&mut conn, "lengthy", &[about("lengthy", 1, "A long story")]).await;
    assert_eq!(all(&mut conn, "lengthy", "again story").await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_typed_breaks_it() {
    let mut conn = server_of(&["typed"]).await;
    seed(&mut conn, "typed", &[about("typed", 1, "it's a 'quoted' \\ & | ! word")]).await;
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[3; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let pieces = proptest::sample::select(
        &[
            "'",
            "\"",
            "\\",
            "-",
            "*",
            ":",
            "&",
            "|",
            "!",
            "<->",
            "(",
            ")",
            " ",
            "quoted",
            "42",
            "TKT-1",
            "東京",
            "é\u{301}",
        ][..],
    );
    let text = prop_oneof![
        proptest::collection::vec(pieces, 1..14).prop_map(|pieces| pieces.concat()),
        proptest::string::string_regex(".{1,40}").unwrap(),
    ];
    let mut asked = 0;
    for _ in 0..400 {
        let text = text.new_tree(&mut runner).unwrap().current();
        let Ok(query) = Query::parse(&text, Rules::NEWEST) else { continue };
        let wanted = Wanted { query: &query, filter: None, newest: 1, most: 9 };
        let found = find(&mut conn, Scope { tenant_id: "typed", audience: &EVERYBODY }, wanted).await;
        assert!(found.is_ok(), "{text:?}: {found:?}");
        asked += 1;
    }
    assert!(asked > 100, "most of it was refused");
    assert_eq!(all(&mut conn, "typed", "it's 'quoted' ").await, [1]);
}
