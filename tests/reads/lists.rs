//! Pages, orders and who sees what.

use docket::model::directory::Agent;
use docket::model::issue::{Issue, IssueTicket};
use docket::model::message::Message;
use docket::model::ticket::{Ticket, TicketRef};
use docket::model::words::{AgentStatus, AuthorKind, IssueStatus, IssueType, Priority, SourceType, Visibility, Words};
use docket::store::audience::Audience;
use docket::store::filter::compile;
use docket::store::read::list::{Page, Paging, order};
use docket::store::read::{Scope, directory, issue, message, ticket};
use docket::store::write;
use docket::workflow::Filter;
use docket::workflow::schema::Root;

use crate::server::{a_ticket, all_of, at, database, uuid};

const ALL: ticket::Wanted<'static> = ticket::Wanted { show_deleted: false, filter: None };

/// The numbers of all pages, and how many pages there were.
async fn walk(tenant: &str, order_by: &str, size: usize) -> (Vec<i64>, usize) {
    let mut conn = database().await;
    let by = order::<Ticket>(order_by).unwrap();
    let (mut numbers, mut pages, mut after) = (Vec::new(), 0, None);
    loop {
        let paging = Paging { order: &by, after: after.as_deref(), size };
        let Page { rows, next } = ticket::list(&mut conn, all_of(tenant), ALL, &paging).await.unwrap();
        numbers.extend(rows.iter().map(|t| t.number));
        pages += 1;
        after = next;
        if after.is_none() {
            return (numbers, pages);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_show_each_ticket_once_in_any_order() {
    let conn = database().await;
    let mut all: Vec<Ticket> = (1..=25).map(|n| a_ticket("pages", n)).collect();
    for ticket in &mut all {
        ticket.created_at = at(ticket.number / 4);
        ticket.updated_at = at(-ticket.number % 3);
    }
    write::insert(&conn, all.iter()).await.unwrap();
    for (order_by, less) in [
        ("", (|t| (-t.created_at.0, -t.number)) as fn(&Ticket) -> (i64, i64)),
        ("created_at", |t| (t.created_at.0, t.number)),
        ("created_at desc, number", |t| (-t.created_at.0, t.number)),
        ("created_at, number desc", |t| (t.created_at.0, -t.number)),
        ("number desc", |t| (-t.number, 0)),
        ("updated_at desc", |t| (-t.updated_at.0, -t.number)),
    ] {
        let mut expected: Vec<&Ticket> = all.iter().collect();
        expected.sort_by_key(|t| less(t));
        let expected: Vec<i64> = expected.iter().map(|t| t.number).collect();
        for (size, pages) in [(1, 25), (7, 4), (25, 1), (500, 1), (9_999, 1)] {
            assert_eq!(walk("pages", order_by, size).await, (expected.clone(), pages), "{order_by} {size}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_tickets_are_got_and_listed_on_request() {
    let mut conn = database().await;
    let mut gone = a_ticket("deleted", 2);
    gone.deleted_at = Some(at(9));
    write::insert(&conn, [&a_ticket("deleted", 1), &gone].into_iter()).await.unwrap();
    let by = order("").unwrap();
    let paging = Paging { order: &by, after: None, size: 50 };
    for (show_deleted, found) in [(false, vec![1]), (true, vec![2, 1])] {
        let wanted = ticket::Wanted { show_deleted, filter: None };
        let page = ticket::list(&mut conn, all_of("deleted"), wanted, &paging).await.unwrap();
        assert_eq!(page.rows.iter().map(|t| t.number).collect::<Vec<_>>(), found);
    }
    for which in [TicketRef::Number(2), TicketRef::Id(gone.id)] {
        assert_eq!(ticket::get(&conn, all_of("deleted"), &which).await.unwrap().as_ref(), Some(&gone));
        assert_eq!(ticket::get(&conn, all_of("nobody"), &which).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_with_limits_see_their_own() {
    let mut conn = database().await;
    let mut all: Vec<Ticket> = (1..=4).map(|n| a_ticket("limits", n)).collect();
    for (ticket, (app, requester)) in all.iter_mut().zip([("a", "rae"), ("a", "sam"), ("b", "rae"), ("", "rae")]) {
        (ticket.app_id, ticket.requester_id) = (app.into(), requester.into());
    }
    write::insert(&conn, all.iter()).await.unwrap();
    let by = order("number").unwrap();
    let paging = Paging { order: &by, after: None, size: 50 };
    for (app_id, requester, seen) in [
        (None, None, vec![1, 2, 3, 4]),
        (Some("a"), None, vec![1, 2]),
        (None, Some("rae"), vec![1, 3, 4]),
        (Some("b"), Some("rae"), vec![3]),
        (Some("b"), Some("sam"), vec![]),
    ] {
        let audience = Audience { app_id: app_id.map(str::to_owned), requester: requester.map(str::to_owned) };
        let scope = Scope { tenant_id: "limits", audience: &audience };
        let page = ticket::list(&mut conn, scope, ALL, &paging).await.unwrap();
        assert_eq!(page.rows.iter().map(|t| t.number).collect::<Vec<_>>(), seen);
        for ticket in &all {
            let got = ticket::get(&conn, scope, &TicketRef::Id(ticket.id)).await.unwrap();
            assert_eq!(got.is_some(), seen.contains(&ticket.number));
        }
    }
}

pub fn a_message(tenant: &str, ticket: i64, n: i64) -> Message {
    Message {
        tenant_id: tenant.into(),
        id: uuid(n),
        ticket_id: uuid(ticket),
        body: format!("message {n}"),
        visibility: if n % 3 == 0 { Visibility::Internal } else { Visibility::Public },
        author_id: "ann".into(),
        author_email: String::new(),
        author_kind: AuthorKind::Agent,
        workflow: String::new(),
        mentions: Words::default(),
        app_id: String::new(),
        source: "docket".into(),
        source_type: SourceType::Api,
        created_at: at(n),
        created_by: "ann".into(),
        updated_at: at(n),
        updated_by: "ann".into(),
        deleted_at: None,
        deleted_by: String::new(),
        schema_version: 1,
        etag_version: 1,
        position: n,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_is_oldest_first_and_hides_notes_from_requesters() {
    let mut conn = database().await;
    let all: Vec<Message> = (1..=8).map(|n| a_message("thread", 1 + n / 7, n)).collect();
    write::insert(&conn, all.iter().rev()).await.unwrap();
    let by = order("").unwrap();
    for (requester, seen) in [(None, vec![1, 2, 3, 4, 5, 6]), (Some("rae".to_owned()), vec![1, 2, 4, 5])] {
        let audience = Audience { app_id: None, requester };
        let scope = Scope { tenant_id: "thread", audience: &audience };
        let paging = Paging { order: &by, after: None, size: 50 };
        let page = message::list(&mut conn, scope, uuid(1), None, &paging).await.unwrap();
        assert_eq!(page.rows.iter().map(|m| m.position).collect::<Vec<_>>(), seen);
    }
}

fn an_agent(tenant: &str, id: &str, known: bool) -> Agent {
    Agent {
        tenant_id: tenant.into(),
        id: id.into(),
        name: id.to_uppercase(),
        email: String::new(),
        status: AgentStatus::Online,
        capacity: 0,
        skills: Words::default(),
        weight: 1,
        open_count: 3,
        known,
        app_id: String::new(),
        source: "docket".into(),
        source_type: SourceType::Api,
        created_at: at(0),
        created_by: "ann".into(),
        updated_at: at(0),
        updated_by: "ann".into(),
        deleted_at: None,
        deleted_by: String::new(),
        schema_version: 1,
        etag_version: 1,
        position: 1,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_that_only_assignments_named_are_not_in_the_directory() {
    let mut conn = database().await;
    let agents = [an_agent("desk", "bob", true), an_agent("desk", "ann", true), an_agent("desk", "eve", false)];
    write::insert(&conn, agents.iter()).await.unwrap();
    let by = order::<Agent>("").unwrap();
    let paging = Paging { order: &by, after: None, size: 50 };
    let page = directory::list(&mut conn, all_of("desk"), None, &paging).await.unwrap();
    assert_eq!(page.rows.iter().map(|a| a.id.as_str()).collect::<Vec<_>>(), ["ann", "bob"]);
    assert!(directory::get::<Agent>(&mut conn, all_of("desk"), "bob").await.unwrap().is_some());
    assert_eq!(directory::get::<Agent>(&mut conn, all_of("desk"), "eve").await.unwrap(), None);
}

pub fn an_issue(tenant: &str, n: i64) -> Issue {
    Issue {
        tenant_id: tenant.into(),
        id: uuid(n),
        title: format!("issue {n}"),
        description: String::new(),
        kind: IssueType::Bug,
        status: IssueStatus::Open,
        priority: Priority::High,
        reporter_id: String::new(),
        assignee_id: String::new(),
        project: String::new(),
        external_url: String::new(),
        metadata: serde_json::json!({"n": n}),
        resolved_at: None,
        ticket_ids: Words::default(),
        once_key: String::new(),
        workflow: String::new(),
        app_id: String::new(),
        source: "docket".into(),
        source_type: SourceType::Api,
        created_at: at(n),
        created_by: "ann".into(),
        updated_at: at(-n),
        updated_by: "ann".into(),
        deleted_at: None,
        deleted_by: String::new(),
        schema_version: 1,
        etag_version: 1,
        position: n,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn issues_are_listed_whole_or_of_a_ticket() {
    let mut conn = database().await;
    let issues: Vec<Issue> = (1..=4).map(|n| an_issue("issues", n)).collect();
    write::insert(&conn, issues.iter()).await.unwrap();
    let links = [2, 4].map(|n| IssueTicket { tenant_id: "issues".into(), ticket_id: uuid(9), issue_id: uuid(n) });
    write::insert(&conn, links.iter()).await.unwrap();
    for (ticket, filter, order_by, expected) in [
        (None, "true", "", vec![4, 3, 2, 1]),
        (None, "issue.metadata.n > 2", "updated_at", vec![4, 3]),
        (Some(uuid(9)), "issue.status == 'open'", "created_at", vec![2, 4]),
        (Some(uuid(8)), "true", "", vec![]),
    ] {
        let by = order(order_by).unwrap();
        let condition = compile(&Filter::compile(filter, Root::Issue).unwrap(), all_of("issues"), at(0)).unwrap();
        let paging = Paging { order: &by, after: None, size: 50 };
        let page = issue::list(&mut conn, all_of("issues"), ticket, Some(&condition), &paging).await.unwrap();
        assert_eq!(page.rows.iter().map(|i| i.position).collect::<Vec<_>>(), expected, "{filter}");
    }
    let requester = Audience { app_id: None, requester: Some("ann".into()) };
    let theirs = Scope { tenant_id: "issues", audience: &requester };
    assert_eq!(issue::get(&mut conn, all_of("issues"), uuid(1)).await.unwrap().as_ref(), Some(&issues[0]));
    assert_eq!(issue::get(&mut conn, theirs, uuid(1)).await.unwrap(), None);
}
