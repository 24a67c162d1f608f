//! An index of older rules: kept and searched until that of the newest is whole, taken away from then on.

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use docket::model::ticket::Ticket;
use docket::model::words::Visibility;
use docket::projection::search::{is_served_by_older, supersede};
use docket::projection::{Projections, Reached, Step, step};
use docket::store::pool::{Pool, Settings};
use docket::store::projection::{Projection, standing};
use docket::store::read::{Scope, head};
use docket::store::search::{Query, Rules, Wanted, find};
use docket::store::write;

use crate::lists::a_message;
use crate::log::an_activity;
use crate::server::{EVERYBODY, a_head, a_ticket, act_as_server, database, url};

const OLDER: Projection = Projection::Search(Rules::OLDER);
const NEWEST: Projection = Projection::Search(Rules::NEWEST);
/// More than three steps make anew.
const TICKETS: i64 = 3_500;

/// A database whose last server knew the older rules only.
async fn older_index(tenant: &str) -> AsyncPgConnection {
    let mut conn = database().await;
    let tickets: Vec<Ticket> =
        (1..=TICKETS).map(|n| Ticket { subject: "Straße".into(), ..a_ticket(tenant, n) }).collect();
    write::insert(&conn, tickets.iter()).await.unwrap();
    put_head(&conn, tenant, 0).await;
    let row = format!("INSERT INTO projection VALUES ('{tenant}', 'search', 0, {TICKETS})");
    conn.batch_execute(&row).await.unwrap();
    act_as_server(&mut conn, &[tenant]).await;
    while step(&mut conn, tenant, OLDER).await.unwrap().1 != Step::Done {}
    conn
}

async fn put_head(conn: &AsyncPgConnection, tenant: &str, position: i64) {
    let head = a_head(tenant, position, TICKETS);
    write::insert_if_absent(conn, [&head].into_iter()).await.unwrap();
    write::update(conn, [&head].into_iter()).await.unwrap();
}

/// What a caller gets, by the index that answers it.
async fn found(conn: &mut AsyncPgConnection, tenant: &str, text: &str) -> (Rules, usize) {
    let pool = Pool::new(url().await, Settings { size: 2, ..Settings::default() }).unwrap();
    let (rules, reached) = Projections::default().catch_up_search(&pool, tenant).await.unwrap();
    assert!(matches!(reached, Reached::Head { .. }), "nobody waits: {reached:?}");
    let query = Query::parse(text, rules).unwrap();
    let newest = head::last_number(conn, tenant).await.unwrap();
    let wanted = Wanted { query: &query, filter: None, newest, most: 9_999 };
    let found = find(conn, Scope { tenant_id: tenant, audience: &EVERYBODY }, wanted).await.unwrap().unwrap();
    (rules, found.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_are_answered_while_the_newest_index_is_made_and_after() {
    let tenant = "older";
    let mut conn = older_index(tenant).await;
    assert_eq!(found(&mut conn, tenant, "straße ").await, (Rules::OLDER, TICKETS as usize));

    // In the middle of it: some of the tickets are in both.
    for _ in 0..2 {
        assert_eq!(step(&mut conn, tenant, NEWEST).await.unwrap().1, Step::Moved);
    }
    assert!(standing(&mut conn, tenant, NEWEST).await.unwrap().remaining > 0);
    assert!(is_served_by_older(&mut conn, tenant, NEWEST).await.unwrap(), "so nobody is in a hurry");
    assert_eq!(found(&mut conn, tenant, "strasse ").await, (Rules::OLDER, 0));
    let mut said = a_message(tenant, 1, 1);
    (said.body, said.visibility) = ("said meanwhile".into(), Visibility::Public);
    write::insert(&conn, [&said].into_iter()).await.unwrap();
    let mut row = an_activity(tenant, 1);
    (row.kind, row.ticket_id) = ("ticket.message_added".into(), Some(said.ticket_id));
    write::insert(&conn, [&row].into_iter()).await.unwrap();
    put_head(&conn, tenant, 1).await;
    assert_eq!(supersede(&mut conn, tenant).await.unwrap(), Step::Moved, "it is kept up");
    assert_eq!(standing(&mut conn, tenant, OLDER).await.unwrap().whole(), Some(1));
    assert_eq!(found(&mut conn, tenant, "meanwhile").await, (Rules::OLDER, 1));

    while step(&mut conn, tenant, NEWEST).await.unwrap().1 != Step::Done {}
    assert_eq!(found(&mut conn, tenant, "strasse ").await, (Rules::NEWEST, TICKETS as usize));
    assert_eq!(found(&mut conn, tenant, "meanwhile").await, (Rules::NEWEST, 1));

    // Its row goes first: whoever searches it sees that it goes.
    assert_eq!(supersede(&mut conn, tenant).await.unwrap(), Step::Moved);
    let leaving = standing(&mut conn, tenant, OLDER).await.unwrap();
    assert!(leaving.is_leaving() && !leaving.serves() && leaving.remaining == TICKETS);
    assert_eq!(step(&mut conn, tenant, OLDER).await.unwrap().1, Step::Done, "and is not begun again");
    while supersede(&mut conn, tenant).await.unwrap() != Step::Done {}
    assert_eq!(standing(&mut conn, tenant, OLDER).await.unwrap().position, None);
    let left = "SELECT count(*) FROM ticket_search WHERE tenant_id = 'older'";
    let left = crate::shared::sql(url().await).await.query_one(left, &[]).await.unwrap().get::<_, i64>(0);
    assert_eq!(left, 0);
    assert_eq!(supersede(&mut conn, tenant).await.unwrap(), Step::Done);
}
