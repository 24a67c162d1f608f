//! How clocks came out: what is written over what, breaches page by page, and shares that a naive count finds too.

use std::collections::{BTreeMap, BTreeSet};

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use docket::model::row::Row;
use docket::model::sla::outcome::Outcome;
use docket::model::time::Instant;
use docket::model::words::{Priority, SlaMetric, TicketType};
use docket::store::audience::Audience;
use docket::store::filter::Condition;
use docket::store::outcome::{Attained, By, attained, counting, put};
use docket::store::page::Key;
use docket::store::read::Scope;
use docket::store::read::list::{Paging, order};
use docket::store::read::outcome::{Window, breached, breaches};
use docket::workflow::schema::Root;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::plans::{filter, plan};
use crate::server::{all_of, at, database, uuid};

const TEAMS: [&str; 3] = ["", "billing", "support"];

/// The nth clock: of five one was breached, of ten one goes on, and nothing is like its neighbour.
fn an_outcome(tenant: &str, n: i64) -> Outcome {
    let breached_at = (n % 5 == 0).then(|| at(n));
    let goes_on = n % 10 == 3 || n % 10 == 5;
    let late = if breached_at.is_some() { 60 } else { 0 };
    Outcome {
        tenant_id: tenant.into(),
        ticket_id: uuid(n / 3),
        metric: SlaMetric::ALL[(n % 3) as usize],
        cycle: 1,
        policy_id: uuid(n % 4),
        policy_version: 1,
        target: 3_600_000_000,
        priority: Priority::ALL[(n % 7 % 4) as usize],
        kind: TicketType::ALL[(n % 4) as usize],
        team_id: TEAMS[(n % 11 % 3) as usize].into(),
        organization_id: format!("org-{}", n % 2),
        app_id: if n % 4 == 0 { "crm".into() } else { String::new() },
        breached_at,
        // Of half of them by a change that came later.
        counted_at: breached_at.map(|missed| missed.max(at(if n % 2 == 0 { n + 90 } else { n }))),
        late,
        position: n,
        fulfilled_at: (!goes_on).then(|| at(n + late)),
        voided_at: None,
        elapsed: (!goes_on).then_some(n * 1_000),
    }
}

async fn write(conn: &AsyncPgConnection, outcomes: &[Outcome]) {
    put(conn, outcomes.iter()).await.unwrap();
}

/// What happens to one of a few clocks.
fn happenings() -> impl Strategy<Value = Vec<Outcome>> {
    let one = (0..4_i64, 1..1_000_i64, any::<bool>(), 0..3_u8).prop_map(|(which, n, breached, ended)| Outcome {
        ticket_id: uuid(which),
        metric: SlaMetric::Resolution,
        breached_at: breached.then(|| at(n)),
        counted_at: breached.then(|| at(n + 7)),
        fulfilled_at: (ended == 1).then(|| at(n)),
        voided_at: (ended == 2).then(|| at(n)),
        ..an_outcome("merged", n)
    });
    prop::collection::vec(one, 1..12)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_row_is_written_over_an_earlier_one_as_the_model_has_it() {
    let mut conn = database().await;
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    for _ in 0..100 {
        let all = happenings().new_tree(&mut runner).unwrap().current();
        let mut wanted: BTreeMap<uuid::Uuid, Outcome> = BTreeMap::new();
        for later in all.clone() {
            let merged = match wanted.remove(&later.ticket_id) {
                Some(known) => known.then(later),
                None => later,
            };
            wanted.insert(merged.ticket_id, merged);
        }
        // In batches of three: some meet in one, some in the table.
        conn.batch_execute("DELETE FROM sla_outcome WHERE tenant_id = 'merged'").await.unwrap();
        for batch in all.chunks(3) {
            write(&conn, batch).await;
        }
        assert_eq!(rows(&mut conn, "merged").await, wanted.into_values().collect::<Vec<_>>());
    }
}

/// All rows of a tenant, by their tickets.
async fn rows(conn: &mut AsyncPgConnection, tenant: &str) -> Vec<Outcome> {
    let columns = <Outcome as Row>::COLUMNS.join(", ");
    let of_tenant =
        diesel::sql_query(format!("SELECT {columns} FROM sla_outcome WHERE tenant_id = $1 ORDER BY ticket_id"));
    diesel_async::RunQueryDsl::load(of_tenant.bind::<diesel::sql_types::Text, _>(tenant), conn).await.unwrap()
}

/// The positions of all pages of breaches.
async fn walk(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    window: Window,
    (order_by, filter): (&str, Option<&Condition>),
    size: usize,
) -> Vec<i64> {
    let by = order(order_by).unwrap();
    let (mut positions, mut after) = (Vec::new(), None);
    loop {
        let paging = Paging { order: &by, after: after.as_deref(), size };
        let page = breaches(conn, scope, window, filter, &paging).await.unwrap();
        positions.extend(page.rows.iter().map(|row| row.position));
        after = page.next;
        if after.is_none() {
            return positions;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn breaches_are_listed_once_each_newest_first_within_a_window() {
    let mut conn = database().await;
    let all: Vec<Outcome> = (1..=100).map(|n| an_outcome("breaches", n)).collect();
    write(&conn, &all).await;
    let scope = all_of("breaches");
    let newest: Vec<i64> = (1..=20).rev().map(|n| n * 5).collect();
    for size in [1, 7, 20, 500] {
        assert_eq!(walk(&mut conn, scope, Window::default(), ("", None), size).await, newest);
    }
    let oldest: Vec<i64> = newest.iter().rev().copied().collect();
    assert_eq!(walk(&mut conn, scope, Window::default(), ("breached_at", None), 3).await, oldest);
    assert_eq!(walk(&mut conn, scope, Window::default(), ("position", None), 3).await, oldest);
    // The end is outside, the beginning inside.
    let window = Window { from: Some(at(20)), to: Some(at(40)) };
    assert_eq!(walk(&mut conn, scope, window, ("", None), 2).await, [35, 30, 25, 20]);
    let narrow = filter("sla_outcome.metric == 'RESOLUTION' && sla_outcome.team_id == 'billing'", Root::SlaOutcome);
    let wanted: Vec<i64> = newest.iter().copied().filter(|n| n % 3 == 2 && n % 11 % 3 == 1).collect();
    assert_eq!(walk(&mut conn, scope, Window::default(), ("", Some(&narrow)), 2).await, wanted);
    for (app_id, requester, seen) in [
        (Some("crm"), None, newest.iter().copied().filter(|n| n % 4 == 0).collect::<Vec<_>>()),
        (None, Some("rita"), vec![]),
    ] {
        let audience = Audience { app_id: app_id.map(str::to_owned), requester: requester.map(str::to_owned) };
        let scope = Scope { tenant_id: "breaches", audience: &audience };
        assert_eq!(walk(&mut conn, scope, Window::default(), ("", None), 3).await, seen, "{audience:?}");
    }
    assert_eq!(walk(&mut conn, all_of("nobody"), Window::default(), ("", None), 3).await, [0; 0]);
}

fn value(by: By, row: &Outcome) -> String {
    match by {
        By::Policy => row.policy_id.to_string(),
        By::Priority => row.priority.word().to_owned(),
        By::Team => row.team_id.clone(),
        By::Type => row.kind.word().to_owned(),
        By::Organization => row.organization_id.clone(),
    }
}

/// The same figures, counted row by row.
fn naive(all: &[Outcome], (from, to): (Instant, Instant), by: Option<By>) -> Vec<Attained> {
    let decided = all.iter().filter(|row| {
        let at = row.counted_at.or(row.fulfilled_at);
        at.is_some_and(|at| from <= at && at < to)
    });
    let mut groups: BTreeMap<(Option<String>, SlaMetric), Vec<&Outcome>> = BTreeMap::new();
    for row in decided {
        groups.entry((None, row.metric)).or_default().push(row);
        if let Some(by) = by {
            groups.entry((Some(value(by, row)), row.metric)).or_default().push(row);
        }
    }
    let figures = |((value, metric), rows): ((Option<String>, SlaMetric), Vec<&Outcome>)| {
        let mut times: Vec<i64> = rows.iter().filter_map(|row| row.elapsed).collect();
        times.sort_unstable();
        let percentile = |percent: usize| times.get((times.len() * percent).div_ceil(100).max(1) - 1).copied();
        let count = |which: fn(&Outcome) -> bool| rows.iter().filter(|row| which(row)).count() as i64;
        Attained {
            value,
            metric,
            count: rows.len() as i64,
            breached: count(|row| row.breached_at.is_some()),
            fulfilled: count(|row| row.fulfilled_at.is_some()),
            p50: percentile(50),
            p90: percentile(90),
        }
    };
    groups.into_iter().map(figures).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_counts_what_a_naive_look_counts() {
    let mut conn = database().await;
    let all: Vec<Outcome> = (1..=300).map(|n| an_outcome("report", n)).collect();
    write(&conn, &all).await;
    for window in [(at(0), at(1_000)), (at(50), at(200)), (at(60), at(61)), (at(7), at(7))] {
        for by in [None, Some(By::Policy), Some(By::Priority), Some(By::Team), Some(By::Type), Some(By::Organization)] {
            let mut counted =
                attained(&mut conn, all_of("report"), (window.0, Some(window.1)), by, None).await.unwrap();
            counted.sort_by(|a, b| (&a.value, a.metric).cmp(&(&b.value, b.metric)));
            assert_eq!(counted, naive(&all, window, by), "{window:?} {by:?}");
        }
    }
    let window = (at(0), at(1_000));
    let narrow = filter("sla_outcome.priority in ['HIGH', 'URGENT']", Root::SlaOutcome);
    let counted = attained(&mut conn, all_of("report"), (at(0), None), None, Some(&narrow)).await.unwrap();
    let pressing: Vec<Outcome> = all.iter().filter(|row| row.priority >= Priority::High).cloned().collect();
    assert_eq!(
        counted.iter().map(|it| it.count).sum::<i64>(),
        naive(&pressing, window, None).iter().map(|it| it.count).sum::<i64>()
    );
    let crm = Audience { app_id: Some("crm".into()), requester: None };
    let counted =
        attained(&mut conn, Scope { tenant_id: "report", audience: &crm }, (at(0), None), None, None).await.unwrap();
    let of_crm: Vec<Outcome> = all.iter().filter(|row| row.app_id == "crm").cloned().collect();
    let counts = |all: &[Attained]| all.iter().map(|it| (it.metric, it.count)).collect::<BTreeSet<_>>();
    assert_eq!(counts(&counted), counts(&naive(&of_crm, window, None)));
}

#[tokio::test(flavor = "multi_thread")]
async fn breaches_and_reports_walk_their_indexes() {
    let mut conn = database().await;
    let all: Vec<Outcome> = (1..=9_000).map(|n| an_outcome("outcome-plans", n)).collect();
    for some in all.chunks(3_000) {
        write(&conn, some).await;
    }
    conn.batch_execute("ANALYZE sla_outcome").await.unwrap();
    let scope = all_of("outcome-plans");
    let newest = order("").unwrap();
    let after = [Key::Time(at(6_000)), Key::Int(6_000)];
    for mode in ["force_custom_plan", "force_generic_plan"] {
        conn.batch_execute(&format!("SET plan_cache_mode = {mode}")).await.unwrap();
        for after in [None, Some(after.as_slice())] {
            let paging = Paging { order: &newest, after, size: 50 };
            let plan = plan(&mut conn, breached(scope, Window::default(), None, &paging)).await;
            assert!(plan.contains("sla_outcome_breached") && !plan.contains("Sort"), "{mode}\n{plan}");
        }
        for by in [None, Some(By::Team)] {
            let plan = plan(&mut conn, counting(scope, (at(100), Some(at(200))), by, None)).await;
            assert!(plan.contains("sla_outcome_counted"), "{mode}\n{plan}");
        }
    }
}
