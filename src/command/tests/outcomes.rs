//! Outcomes of clocks, compared with a naive scan of their ledger.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::desk::Desk;
use super::histories::{Event, events, play};
use super::*;
use crate::model::sla::clock::Goal;
use crate::model::sla::outcome::Outcome;

type Clocks<T> = BTreeMap<(SlaMetric, i32), T>;
/// A policy, its version and the target.
type Promise = (Uuid, i32, i64);

/// What counts of a clock: its breach and how late that was told, its end, what had counted then, and what was promised.
#[derive(Clone, Debug, Default, PartialEq)]
struct Came {
    breached_at: Option<Instant>,
    late: i64,
    fulfilled_at: Option<Instant>,
    voided_at: Option<Instant>,
    elapsed: Option<i64>,
    promise: Option<Promise>,
}

fn promise(goal: &Goal) -> Promise {
    (goal.policy_id, goal.policy_version, goal.target)
}

/// Row by row, with no help from the clocks.
fn naive(desk: &Desk) -> Clocks<Came> {
    let mut all: Clocks<(Came, Option<Promise>)> = BTreeMap::new();
    for row in desk.ledger() {
        let (came, promised) = all.entry((row.metric, row.cycle)).or_default();
        if let Some(goal) = &row.goal {
            *promised = Some(promise(goal));
        }
        match row.kind {
            LedgerKind::Breach if came.breached_at.is_none() => {
                (came.breached_at, came.late, came.promise) = (Some(row.at), row.late, *promised);
            }
            LedgerKind::Fulfil => {
                (came.fulfilled_at, came.elapsed) = (Some(row.at), row.used);
                if came.breached_at.is_none() {
                    came.promise = *promised;
                }
            }
            LedgerKind::Resume => (came.fulfilled_at, came.voided_at, came.elapsed) = (None, None, None),
            LedgerKind::Void => came.voided_at = Some(row.at),
            _ => {}
        }
    }
    let decided = |came: &Came| came.breached_at.or(came.fulfilled_at).is_some();
    all.into_iter().map(|(key, (came, _))| (key, came)).filter(|(_, came)| decided(came)).collect()
}

/// What the writes come to, one after the other.
fn written(desk: &Desk) -> Clocks<Came> {
    let mut all: Clocks<Outcome> = BTreeMap::new();
    for later in desk.house.world.outcomes.iter().cloned() {
        let key = (later.metric, later.cycle);
        let merged = match all.remove(&key) {
            Some(known) => known.then(later),
            None => later,
        };
        all.insert(key, merged);
    }
    let came = |it: Outcome| Came {
        breached_at: it.breached_at,
        late: it.late,
        fulfilled_at: it.fulfilled_at,
        voided_at: it.voided_at,
        elapsed: it.elapsed,
        promise: Some((it.policy_id, it.policy_version, it.target)),
    };
    let decided = all.into_iter().filter(|(_, it)| it.breached_at.or(it.fulfilled_at).is_some());
    decided.map(|(key, it)| (key, came(it))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        std::env::var("DOCKET_HISTORIES").ok().and_then(|text| text.parse().ok()).unwrap_or(300)
    ))]

    #[test]
    fn each_clock_comes_out_once_as_its_ledger_has_it(history in events(), restart: bool, scan: bool) {
        let desk = play(&history, restart, scan);
        prop_assert_eq!(written(&desk), naive(&desk));
    }
}

#[test]
fn a_clock_that_was_met_is_open_again_and_then_breached() {
    const HOUR: i64 = 3_600;
    let reopened = play(&[(HOUR, Event::Resolve), (HOUR, Event::Reopen)], false, false);
    assert_eq!(written(&reopened).get(&(SlaMetric::Resolution, 1)), None, "it goes on");
    // 600 minutes of 8 hours a day: on Tuesday it is over.
    let late = play(&[(HOUR, Event::Resolve), (HOUR, Event::Reopen), (60 * HOUR, Event::Resolve)], false, false);
    let came = written(&late).remove(&(SlaMetric::Resolution, 1)).expect("it");
    assert!(came.breached_at < came.fulfilled_at && came.elapsed > Some(600 * 60 * 1_000_000), "{came:?}");
}

#[test]
fn what_a_ticket_was_when_it_missed_its_deadline_stays() {
    const DAY: i64 = 24 * 3_600;
    let history = [
        (3 * DAY, Event::Prioritize(Priority::Urgent)),
        (60, Event::Prioritize(Priority::Medium)),
        (60, Event::Resolve),
    ];
    let desk = play(&history, false, true);
    let of_resolution = desk.house.world.outcomes.iter().filter(|it| it.metric == SlaMetric::Resolution);
    let came = of_resolution.cloned().reduce(Outcome::then).expect("it");
    assert_eq!((came.priority, came.fulfilled_at.is_some()), (Priority::Medium, true));
}
