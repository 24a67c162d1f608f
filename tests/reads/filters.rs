//! A filter keeps the same tickets as SQL that it keeps in memory.

use docket::model::id;
use docket::model::ticket::Ticket;
use docket::model::words::{Priority, Status, Words};
use docket::store::audience::Audience;
use docket::store::filter::compile;
use docket::store::read::list::{Paging, order};
use docket::store::read::{Scope, ticket};
use docket::store::write;
use docket::workflow::schema::Root;
use docket::workflow::{Filter, Subject};
use serde_json::json;

use crate::server::{a_ticket, all_of, at, database, server_of, uuid};

/// Tickets that differ in what filters ask for.
fn tickets(tenant: &str) -> Vec<Ticket> {
    let mut all: Vec<Ticket> = (1..=12).map(|n| a_ticket(tenant, n)).collect();
    let customs = [
        json!({}),
        json!({"a": "x"}),
        json!({"a": "X"}),
        json!({"a": ""}),
        json!({"a": null}),
        json!({"a": 7}),
        json!({"a": 7.5, "b": true}),
        json!({"a": {"b": "x"}}),
        json!({"a": ["x", 7, {"y": 1}]}),
        json!({"a": false, "b": false}),
        json!({"a": "é'\"\\", "b": "%_"}),
        json!({"a": 9_007_199_254_740_993i64}),
    ];
    for (n, (ticket, custom)) in all.iter_mut().zip(customs).enumerate() {
        ticket.custom = custom;
        ticket.status = Status::ALL[n % 4];
        ticket.priority = Priority::ALL[n % 4];
        ticket.escalation_level = n as i32 % 3;
        ticket.due_at = (n % 2 == 0).then(|| at(n as i64 * 60));
        ticket.satisfaction = (n % 5 == 0).then_some(n as f64 / 2.0);
        ticket.tags = Words(["vip", "login", "%", "é"][..n % 5].iter().map(|t| t.to_string()).collect());
        ticket.follow_up_of = (n % 3 == 0).then(|| uuid(n as i64 % 2 + 1));
        ticket.assignee_id = if n % 4 == 0 { String::new() } else { format!("Agent-{}", n % 4) };
        ticket.requester_email = ["", "rita@example.com", "Rita@Example.com", "DÖRTE@x.de"][n % 4].into();
        ticket.message_count = n as i64;
        ticket.public_message_count = n as i64 % 2;
    }
    all[3].subject = "Re: 100% _done_".into();
    all[4].subject = "Ünïcode ☃".into();
    all[5].subject = String::new();
    all
}

fn filters() -> Vec<String> {
    let first = id::show(id::TICKET, uuid(1));
    let mut all: Vec<String> = [
        "true",
        "false",
        "ticket.status == 'open'",
        "ticket.requester_email == 'RITA@example.com'",
        "ticket.requester_email != 'dörte@X.de'",
        "ticket.requester_email in ['Dörte@x.de', 'otto@example.com']",
        "ticket.requester_email == ticket.custom.a || ticket.requester_email == ''",
        "ticket.requester_email.startsWith('rita')",
        "ticket.status != 'OPEN'",
        "!(ticket.status == 'OPEN')",
        "ticket.status in ['OPEN', 'In Progress']",
        "ticket.priority in []",
        "ticket.number > 3 && ticket.number <= 9",
        "ticket.number == 5 || ticket.number == 7.0",
        "ticket.number in [1, 2, 99]",
        "ticket.number in [1, 2.5]",
        "ticket.number > -1",
        "ticket.display_number == 'TKT-0003'",
        "ticket.display_number == '3'",
        "ticket.display_number in ['TKT-0003', 'TKT-0004', 'x']",
        "ticket.escalation_level == 1",
        "ticket.satisfaction >= 2.5",
        "!(ticket.satisfaction >= 2.5)",
        "ticket.satisfaction != 0.0",
        "has(ticket.satisfaction)",
        "ticket.due_at < timestamp('2026-01-01T00:05:00Z')",
        "!(ticket.due_at < timestamp('2026-01-01T00:05:00Z'))",
        "ticket.due_at < timestamp('2026-01-01T00:05:00Z') || ticket.number == 2",
        "ticket.due_at < timestamp('2026-01-01T00:05:00Z') && ticket.number < 0 || !has(ticket.due_at)",
        "ticket.due_at in [timestamp('2026-01-01T00:02:00Z')]",
        "ticket.due_at > timestamp('0001-01-01T00:00:00Z')",
        "ticket.due_at in [timestamp('0001-01-01T00:00:00Z')]",
        "ticket.due_at == null",
        "ticket.due_at != null && ticket.created_at < ticket.due_at",
        "'vip' in ticket.tags",
        "!('login' in ticket.tags)",
        "'%' in ticket.tags && 'é' in ticket.tags",
        "'VIP' in ticket.tags && 'É' in ticket.tags",
        "'E\u{301}' in ticket.tags || 'LOGÌN' in ticket.tags",
        "ticket.assignee_id in ticket.tags",
        "has(ticket.tags)",
        "size(ticket.tags) == 2",
        "size(ticket.subject) > 9",
        "has(ticket.assignee_id)",
        "ticket.assignee_id == ''",
        "ticket.assignee_id > 'Agent-1'",
        "ticket.assignee_id < 'agent'",
        "lower(ticket.assignee_id) == 'agent-1'",
        "ticket.subject.startsWith('subject 1')",
        "ticket.subject.startsWith('')",
        "ticket.subject.endsWith('2')",
        "ticket.subject.endsWith('')",
        "ticket.subject.contains('%')",
        "ticket.subject.contains('_')",
        "ticket.subject.contains('☃')",
        "ticket.subject.contains('')",
        "ticket.subject == ticket.assignee_id",
        "(ticket.number == 3) == (ticket.status == 'OPEN')",
        "has(ticket.custom)",
        "has(ticket.custom.a)",
        "!has(ticket.custom.a)",
        "has(ticket.custom.a.b)",
        "ticket.custom.a == 'x'",
        "ticket.custom.a != 'x'",
        "!(ticket.custom.a == 'x')",
        "ticket.custom['a'] == 7",
        "ticket.custom.a == 7.5",
        "ticket.custom.a == 9007199254740993",
        "ticket.custom.a == false",
        "ticket.custom.a != true",
        "ticket.custom.a == null",
        "ticket.custom.a == ticket.custom.b",
        "ticket.custom.a > 7",
        "!(ticket.custom.a > 7)",
        "7 <= ticket.custom.a",
        "ticket.custom.a > 9007199254740992",
        "ticket.custom.a >= 'X'",
        "ticket.custom.a in ['x', 'X']",
        "ticket.custom.a in [7, 8]",
        "ticket.custom.a in ['x', 7]",
        "'x' in ticket.custom.a",
        "7 in ticket.custom.a",
        "'a' in ticket.custom",
        "!('b' in ticket.custom)",
        "ticket.custom.b",
        "!ticket.custom.b",
        "ticket.custom.a.b == 'x'",
        "ticket.custom.a.startsWith('x')",
        "!ticket.custom.a.contains('x')",
        "lower(ticket.custom.a) == 'x'",
        "ticket.custom.a.endsWith('\\\\')",
        "ticket.custom.b == '%_'",
        "ticket.custom.a == ticket.assignee_id",
        "ticket.follow_up_of == ''",
        "ticket.follow_up_of == 'junk'",
        "!(ticket.follow_up_of == 'junk')",
        "has(ticket.follow_up_of)",
        "ticket.message_count > 4",
    ]
    .map(str::to_owned)
    .to_vec();
    for form in [
        "ticket.id == '{}'",
        "ticket.id != '{}'",
        "'{}' == ticket.follow_up_of",
        "ticket.follow_up_of != '{}'",
        "ticket.follow_up_of in ['{}', '']",
        "!(ticket.follow_up_of in ['{}', 'junk'])",
        "ticket.id in ['{}']",
    ] {
        all.push(form.replace("{}", &first));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_keeps_what_the_filter_matches() {
    let mut conn = server_of(&["filters"]).await;
    let all = tickets("filters");
    write::insert(&conn, all.iter()).await.unwrap();
    let by_number = order("number").unwrap();
    let paging = Paging { order: &by_number, after: None, size: 500 };
    let mut kept_some = 0;
    for source in filters() {
        let filter = Filter::compile(&source, Root::Ticket).unwrap_or_else(|e| panic!("{source}: {e:?}"));
        let condition = compile(&filter, all_of("filters"), at(0)).unwrap_or_else(|e| panic!("{source}: {e:?}"));
        let wanted = ticket::Wanted { show_deleted: false, filter: Some(&condition) };
        let page = ticket::list(&mut conn, all_of("filters"), wanted, &paging).await;
        let page = page.unwrap_or_else(|e| panic!("{source}: {e}"));
        let found: Vec<i64> = page.rows.iter().map(|t| t.number).collect();
        let expected: Vec<i64> = all
            .iter()
            .filter(|t| filter.matches(Subject::Ticket(t), at(0)).expect("cheap"))
            .map(|t| t.number)
            .collect();
        assert_eq!(found, expected, "{source}");
        kept_some += usize::from(!found.is_empty() && found.len() < all.len());
    }
    assert!(kept_some > 60, "the filters tell tickets apart: {kept_some}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_requester_learns_nothing_of_internal_notes() {
    let mut conn = database().await;
    let mut noted = a_ticket("notes", 1);
    (noted.requester_id, noted.message_count, noted.last_message_at) = ("rae".into(), 5, Some(at(9)));
    write::insert(&conn, [&noted].into_iter()).await.unwrap();
    let audience = Audience { app_id: None, requester: Some("rae".into()) };
    let newest = order("").unwrap();
    let paging = Paging { order: &newest, after: None, size: 50 };
    for (source, found) in
        [("ticket.message_count > 0", 0), ("has(ticket.last_message_at)", 0), ("ticket.message_count == 0", 1)]
    {
        let filter = Filter::compile(source, Root::Ticket).unwrap();
        let scope = Scope { tenant_id: "notes", audience: &audience };
        let condition = compile(&filter, scope, at(0)).unwrap();
        let wanted = ticket::Wanted { show_deleted: false, filter: Some(&condition) };
        let page = ticket::list(&mut conn, scope, wanted, &paging).await.unwrap();
        assert_eq!(page.rows.len(), found, "{source}");
    }
}

#[test]
fn what_sql_cannot_be_asked_is_refused_where_it_stands() {
    for (source, column) in [
        ("ticket.satisfaction + 1.0 > 2.0", 21),
        ("ticket.subject + 'x' == 'y'", 16),
        ("ticket.status == 'OPEN' && size(ticket.tags.map(t, lower(t))) > 1", 45),
        ("ticket.custom.a.exists(x, x.exists(y, y == 1))", 29),
        ("ticket.subject.matches('^a')", 16),
        ("ticket.subject == '\\u0000'", 19),
        ("ticket.subject in ['a', '\\u0000']", 19),
        ("ticket.custom.a in ['\\u0000']", 20),
        ("ticket.custom.a == '\\u0000'", 20),
        ("ticket.custom['\\u0000'] == 'a'", 15),
        ("ticket.id < 'tkt_'", 8),
        ("ticket.id.startsWith('tkt_')", 8),
        ("timestamp(ticket.subject) > now", 1),
        ("ticket.tags[ticket.number] == 'a'", 20),
    ] {
        let filter = Filter::compile(source, Root::Ticket).unwrap_or_else(|e| panic!("{source}: {e:?}"));
        let problem = compile(&filter, all_of("refused"), at(0)).expect_err(source);
        assert_eq!((problem.code, problem.column(source)), ("unsupported", column), "{source}: {problem:?}");
    }
}
