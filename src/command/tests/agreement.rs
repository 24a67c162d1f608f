//! After random histories: which clocks run follows from the ticket's state, what they used is what a naive look at the ledger finds,
//! and tickets, statistics and outcomes tell the same.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::desk::Desk;
use super::histories::{events, play_and};
use super::*;
use crate::model::sla::clock::Clock;
use crate::model::sla::count::counted;
use crate::model::sla::hours::Hours;
use crate::model::sla::outcome::Outcome;
use crate::model::statistics::{Facts, Figures};

/// Whether a clock of this metric is to be open, by the ticket and its policy alone; `None`: either is right, since a ticket that is
/// done, or deleted, keeps what it has.
fn is_open(desk: &Desk, ticket: &Ticket, metric: SlaMetric) -> Option<bool> {
    let policy = desk.house.world.sla_policy_of(ticket).expect("known")?.row.clone();
    let target = match metric {
        SlaMetric::FirstResponse => policy.first_response_minutes,
        SlaMetric::NextResponse => policy.next_response_minutes,
        SlaMetric::Resolution => policy.resolution_minutes,
    };
    let first_response = policy.first_response_minutes.is_some() && ticket.first_response_at.is_none();
    let wanted = match metric {
        SlaMetric::FirstResponse => first_response,
        SlaMetric::NextResponse => ticket.asked_at.is_some() && !first_response,
        SlaMetric::Resolution => true,
    };
    (!ticket.status.is_done()).then_some(target.is_some() && wanted)
}

/// Time in which a clock ran, of the rows of its ledger: all that it used since a restart.
#[derive(Default)]
struct Ran {
    used: i64,
    since: Option<Instant>,
}

fn ran(desk: &Desk, hours: &Hours) -> BTreeMap<(SlaMetric, i32), Ran> {
    let mut all: BTreeMap<(SlaMetric, i32), Ran> = BTreeMap::new();
    for row in desk.ledger() {
        let ran = all.entry((row.metric, row.cycle)).or_default();
        match row.kind {
            LedgerKind::Start | LedgerKind::Resume => ran.since = Some(row.at),
            LedgerKind::Pause | LedgerKind::Fulfil | LedgerKind::Void => {
                ran.used += ran.since.take().map_or(0, |since| counted(hours, since, row.at, &[]));
            }
            LedgerKind::Retarget if row.restart => *ran = Ran { used: 0, since: ran.since.map(|_| row.at) },
            LedgerKind::Retarget | LedgerKind::Warn | LedgerKind::Breach => {}
        }
    }
    all
}

/// What holds of a desk whenever one looks.
fn agrees(desk: &Desk) {
    let (ticket, now) = (desk.is(), desk.house.now);
    let hours = desk.calendar.hours().expect("readable");
    let ran = ran(desk, &hours);
    for metric in SlaMetric::ALL {
        let clock = ticket.clocks.of(*metric);
        if ticket.deleted_at.is_none()
            && let Some(wanted) = is_open(desk, &ticket, *metric)
        {
            assert_eq!(clock.is_some_and(Clock::is_open), wanted, "{metric} of {ticket:?}");
        }
        let Some(clock) = clock else { continue };
        let Ran { used, since } = &ran[&(*metric, clock.cycle)];
        let used = used + since.map_or(0, |since| counted(&hours, since, now, &[]));
        assert_eq!(counted(&hours, clock.start, clock.until(now), &clock.pauses), used, "{metric}");
        assert_eq!(since.is_some(), clock.state == ClockState::Running, "{metric}");
        if let Some(due) = clock.deadline().filter(|due| *due > now) {
            assert_eq!(used + counted(&hours, now, due, &[]), clock.goal.target, "{metric}");
        }
    }
    let resolution = ticket.clocks.of(SlaMetric::Resolution);
    assert_eq!(ticket.due_at, resolution.and_then(Clock::deadline));
    let first = ticket.clocks.of(SlaMetric::FirstResponse);
    assert_eq!(ticket.first_response_due_at, first.and_then(Clock::deadline));
}

/// Breaches of resolutions, as they are listed.
fn listed(desk: &Desk) -> Vec<Outcome> {
    let mut all: BTreeMap<i32, Outcome> = BTreeMap::new();
    for later in desk.house.world.outcomes.iter().filter(|it| it.metric == SlaMetric::Resolution).cloned() {
        let merged = match all.remove(&later.cycle) {
            Some(known) => known.then(later),
            None => later,
        };
        all.insert(merged.cycle, merged);
    }
    all.into_values().filter(|it| it.breached_at.is_some()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        std::env::var("DOCKET_HISTORIES").ok().and_then(|text| text.parse().ok()).unwrap_or(300)
    ))]

    #[test]
    fn clocks_follow_from_the_state_and_all_figures_agree(history in events(), restart: bool, scan: bool) {
        let desk = play_and(&history, restart, scan, agrees);
        let (ticket, now) = (desk.is(), desk.house.now);
        let breaches = listed(&desk);
        let first = breaches.iter().min_by_key(|it| it.position);
        prop_assert_eq!(ticket.breached_at, first.and_then(|it| it.breached_at));
        prop_assert!(breaches.iter().all(|it| it.counted_at >= it.breached_at));
        // The figures as the log has them, one activity after the other, are those of the ticket.
        let mut figures = Figures::default();
        for activity in desk.house.world.activities.iter().filter(|it| it.ticket_id == Some(ticket.id)) {
            let after = Facts::of(activity.ticket.as_ref().expect("a ticket"));
            if activity.ticket_version > 1 {
                figures.count(&after.clone().before(&activity.changes).expect("readable"), -1);
            }
            figures.count(&after, 1);
        }
        prop_assert_eq!(figures.breached, i64::from(!breaches.is_empty()));
        prop_assert_eq!(figures.total(), 1);
        // What is overdue now is open, runs, and is listed, once it was told.
        if Facts::of(&ticket).is_overdue(now) && ticket.deleted_at.is_none() {
            prop_assert!(!breaches.is_empty() && !ticket.status.is_done());
        }
        let held = ticket.clocks.of(SlaMetric::Resolution).is_none_or(|clock| clock.state != ClockState::Running);
        prop_assert!(!(held && Facts::of(&ticket).is_overdue(now)));
    }
}
