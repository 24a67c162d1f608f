//! The log: ranges, pages, time, heads; rule sets.

use std::time::Duration;

use docket::model::image::ActivityRow;
use docket::model::ledger::Run;
use docket::model::stored_type::Families;
use docket::model::words::{ActorKind, RunVerdict};
use docket::store::audience::Audience;
use docket::store::filter::compile;
use docket::store::read::activity::{self, View, Wanted};
use docket::store::read::list::{Paging, order};
use docket::store::read::{Scope, head, run};
use docket::store::{rules, write};
use docket::workflow::schema::Root;
use docket::workflow::{Filter, RuleSet};

use crate::server::{a_head, a_ticket, all_of, at, database, uuid};

pub fn an_activity(tenant: &str, position: i64) -> ActivityRow {
    ActivityRow {
        tenant_id: tenant.into(),
        position,
        kind: if position % 2 == 0 { "ticket.resolved".into() } else { "ticket.created".into() },
        families: if position % 2 == 0 { Families::UPDATED } else { Families::NONE },
        ticket_id: (position % 3 != 0).then(|| uuid(position % 3)),
        ticket_version: position,
        app_id: String::new(),
        requester_id: if position < 5 { "rae".into() } else { "sam".into() },
        public: position % 4 != 0,
        actor_kind: ActorKind::Agent,
        actor_id: "ann".into(),
        occurred_at: at(position / 2),
        body: vec![],
        image: vec![1, 2, 3],
    }
}

async fn seed(tenant: &str, positions: i64) -> diesel_async::AsyncPgConnection {
    let conn = database().await;
    let rows: Vec<ActivityRow> = (1..=positions).map(|p| an_activity(tenant, p)).collect();
    write::insert(&conn, rows.iter()).await.unwrap();
    write::insert(&conn, [a_head(tenant, positions, 0)].iter()).await.unwrap();
    conn
}

fn positions(rows: &[ActivityRow]) -> Vec<i64> {
    rows.iter().map(|a| a.position).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_is_read_in_order_with_or_without_images() {
    let mut conn = seed("range", 9).await;
    let full = activity::range(&mut conn, "range", 3, 6, View::Full).await.unwrap();
    assert_eq!(full, (4..=6).map(|p| an_activity("range", p)).collect::<Vec<_>>());
    let basic = activity::range(&mut conn, "range", 7, 99, View::Basic).await.unwrap();
    assert_eq!(positions(&basic), [8, 9]);
    assert!(basic.iter().all(|a| a.image.is_empty()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_listed_either_way_by_ticket_filter_and_caller() {
    let mut conn = seed("listed", 9).await;
    let everybody = Audience::default();
    let rae = Audience { app_id: None, requester: Some("rae".into()) };
    for (order_by, ticket, filter, audience, expected) in [
        ("", None, "true", &everybody, vec![1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ("position desc", Some(uuid(1)), "true", &everybody, vec![7, 4, 1]),
        ("", None, "activity.type == 'ticket.created' && activity.position > 4", &everybody, vec![5, 7, 9]),
        ("", None, "'ticket.updated' in activity.families", &everybody, vec![2, 4, 6, 8]),
        ("", None, "activity.actor.kind == 'AGENT' && activity.actor.id != 'ann'", &everybody, vec![]),
        ("", None, "activity.ticket_id == ''", &everybody, vec![3, 6, 9]),
        ("", None, "true", &rae, vec![1, 2, 3]),
    ] {
        let by = order(order_by).unwrap();
        let scope = Scope { tenant_id: "listed", audience };
        let condition = compile(&Filter::compile(filter, Root::Activity).unwrap(), scope, at(0)).unwrap();
        let wanted = Wanted { ticket_id: ticket, filter: Some(&condition), rest: None, view: View::Basic };
        let paging = Paging { order: &by, after: None, size: 50 };
        let page = activity::list(&mut conn, scope, wanted, &paging).await.unwrap();
        assert_eq!(positions(&page.rows), expected, "{filter}");
    }
}

#[test]
fn what_lies_in_no_column_is_refused_with_its_column() {
    let source = "activity.position > 1 && activity.ticket.status == 'OPEN'";
    let problem = compile(&Filter::compile(source, Root::Activity).unwrap(), all_of("log"), at(0)).unwrap_err();
    assert_eq!((problem.code, problem.column(source)), ("unsupported", 42));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_position_at_a_time_is_found() {
    let mut conn = seed("times", 9).await;
    for (seconds, position) in [(-5, 1), (0, 1), (1, 2), (2, 4), (4, 8), (5, 10)] {
        assert_eq!(activity::first_at(&mut conn, "times", at(seconds)).await.unwrap(), position, "{seconds}");
    }
    assert_eq!(activity::first_at(&mut conn, "no such", at(0)).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_are_read_and_waited_for() {
    let mut conn = seed("heads", 3).await;
    let heads = head::of(&mut conn, &["heads", "no such"]).await.unwrap();
    assert_eq!(heads.iter().map(|h| (h.tenant_id.as_str(), h.position)).collect::<Vec<_>>(), [("heads", 3)]);
    assert_eq!(head::position(&mut conn, "no such").await.unwrap(), 0);
    let soon = tokio::time::Instant::now() + Duration::from_millis(50);
    assert_eq!(head::wait_for(&mut conn, "heads", 4, soon).await.unwrap(), 3);

    let waiting = tokio::spawn(async move {
        let until = tokio::time::Instant::now() + Duration::from_secs(10);
        head::wait_for(&mut conn, "heads", 4, until).await
    });
    let writer = database().await;
    let mut moved = heads;
    moved[0].position = 4;
    write::update(&writer, moved.iter()).await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_set_is_kept_by_hash_and_made_active() {
    let mut conn = database().await;
    let set = |timers: &[&str]| {
        let rule = |after: &&str| {
            format!("name: a{after}\non: {{after: {after}, since: ticket.created_at}}\nstop: true\ndo: []\n")
        };
        let files = timers.iter().map(|after| (format!("{after}.yaml"), rule(after))).collect();
        RuleSet::from_sources(files).unwrap()
    };
    let (one, two) = (set(&["1h"]), set(&["1h", "2h"]));
    let mut since = Vec::new();
    for active in [&one, &two, &one, &two] {
        rules::activate(&mut conn, active).await.unwrap();
        assert_eq!(docket::store::head::installation(&conn).await.unwrap().rule_set, active.hash());
        since.push(rules::active_since(&conn).await.unwrap());
    }
    let at = |at: usize, hour: usize| {
        let id = two.timed_ids().nth(hour).unwrap();
        since[at].get(id).copied()
    };
    assert_eq!((since[0].len(), since[1].len()), (1, 2));
    assert_eq!([1, 2, 3].map(|n| at(n, 0)), [at(0, 0); 3], "what stays is active since it began");
    assert!(at(3, 1) > at(1, 1), "what comes back begins again: {since:?}");
    assert_eq!(rules::sources(&conn, two.hash()).await.unwrap(), two.sources());
    assert!(rules::sources(&conn, "h3").await.is_err());
}

fn a_run(tenant: &str, n: i64, verdict: RunVerdict) -> Run {
    Run {
        tenant_id: tenant.into(),
        id: uuid(n),
        workflow: "triage".into(),
        hash: "h1".into(),
        position: n,
        ticket_id: (n > 1).then(|| uuid(n)),
        verdict,
        reason: String::new(),
        took_micros: 7,
        request_id: String::new(),
        created_at: at(n),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_newest_first_and_those_of_an_application_are_its_tickets() {
    let mut conn = database().await;
    let runs = [
        a_run("runs", 1, RunVerdict::Failed),
        a_run("runs", 2, RunVerdict::Failed),
        a_run("runs", 3, RunVerdict::Error),
    ];
    write::insert(&conn, runs.iter()).await.unwrap();
    let mut theirs = a_ticket("runs", 3);
    theirs.app_id = "portal".into();
    write::insert(&conn, [&theirs, &a_ticket("runs", 2)].into_iter()).await.unwrap();
    let portal = Audience { app_id: Some("portal".into()), requester: None };
    let requester = Audience { app_id: None, requester: Some("rae".into()) };
    for (audience, filter, expected) in [
        (Audience::default(), "true", vec![3, 2, 1]),
        (Audience::default(), "run.verdict == 'failed'", vec![2, 1]),
        (Audience::default(), "run.ticket_id == ''", vec![1]),
        (portal, "true", vec![3]),
        (requester, "true", vec![]),
    ] {
        let by = order("").unwrap();
        let scope = Scope { tenant_id: "runs", audience: &audience };
        let condition = compile(&Filter::compile(filter, Root::Run).unwrap(), scope, at(0)).unwrap();
        let paging = Paging { order: &by, after: None, size: 50 };
        let page = run::list(&mut conn, scope, Some(&condition), &paging).await.unwrap();
        let positions: Vec<i64> = page.rows.iter().map(|r| r.position).collect();
        assert_eq!(positions, expected, "{filter}");
    }
}
