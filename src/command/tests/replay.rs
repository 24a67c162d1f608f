//! The same commands at the same instants make the same rows, ids included, whatever becomes of the batches that they are decided in.

use proptest::prelude::*;

use super::properties::{Step1, action, steps};
use super::*;

/// Rules whose effects depend on what others did, on time, on what is remembered in the row, and on who is free.
const RULES: &[&str] = &[
    "name: triage\norder: 1\non: ticket.created\nif: ticket.team_id != ''\ndo:\n  - assign: {strategy: round_robin, max_open: 1, when_none: queue}\n",
    "name: issue\non: ticket.escalated\nlimits: {per_ticket: 1/1h}\ndo:\n  - create_issue: {title: \"${ticket.subject}\", once: {key: a}}\n  - message: {body: \"Level ${ticket.escalation_level}\", visibility: INTERNAL}\n",
    "name: late\non: {after: 2h, since: ticket.created_at, while: \"!(ticket.status in ['RESOLVED', 'CLOSED'])\"}\ndo:\n  - tag: {add: [late]}\n  - transition: {verb: escalate}\n",
    "name: sorry\norder: 9\non: [ticket.tag_added, ticket.message_added]\ndo:\n  - emit: {type: custom.said, data: {tags: \"${ticket.tags}\", at: \"${now}\"}}\n  - set: {custom.said: \"${ticket.message_count}\"}\n",
    "name: shut\non: ticket.deleting\nif: ticket.status == 'ESCALATED'\ndo:\n  - deny: {message: no}\n",
    "name: third\nrollout: {percent: 33}\non: ticket.created\ndo:\n  - tag: {add: [third]}\n",
];

fn house() -> House {
    let mut house = House::with(RULES);
    house.now = Instant(1_790_000_000_000_000);
    house
}

/// A command as it was recorded.
type Recorded = (Command, Instant);

/// Plays the steps, and records what was asked for.
fn play(steps: &[(Step1, bool)]) -> (House, Vec<Recorded>) {
    let (mut house, mut recorded) = (house(), Vec::new());
    let mut ask = |house: &mut House, command: Command| {
        recorded.push((command.clone(), house.now));
        // Whether it was legal does not matter here.
        let _ = house.submit(&command);
    };
    ask(&mut house, command(&agent(), UpsertEntry { row: agent_row("ann"), etag: String::new() }));
    ask(&mut house, command(&agent(), UpsertEntry { row: team_row("support", &["ann", "bob"]), etag: String::new() }));
    for (step, long) in steps {
        house.now = house.now.plus_micros(if *long { 3_600_000_000 } else { 1_000_000 });
        match action(&house, step) {
            Some((who, verb)) => ask(&mut house, command(&who, verb)),
            None => {
                let mut ids: Vec<(i64, Uuid)> = house.world.tickets.inserts().map(|it| (it.number, it.id)).collect();
                ids.sort_unstable();
                let verb = FollowSla(ids.into_iter().map(|(_, id)| id).collect());
                ask(&mut house, command(&Caller::clock(TENANT), verb));
            }
        }
    }
    (house, recorded)
}

/// What there is in the end: the rows, and the runs.
fn rows(house: &House) -> (tables::Image, Vec<String>) {
    (house.image(), house.world.runs.iter().map(|run| format!("{run:?}")).collect())
}

/// Decides what was recorded once more. At `killed` places the batch ends there, uncommitted, so many commands long, and is decided again;
/// between the commands somebody tries others.
fn again(recorded: &[Recorded], killed: &[(prop::sample::Index, usize)]) -> House {
    let mut house = house();
    for (at, (command, now)) in recorded.iter().enumerate() {
        for (_, length) in killed.iter().filter(|(place, _)| place.index(recorded.len()) == at) {
            let before = house.world.savepoint();
            for (lost, then) in recorded.iter().skip(at).take(*length) {
                house.now = *then;
                let _ = house.submit(lost);
            }
            house.world.rollback(&before);
        }
        house.now = *now;
        let trial = Command { id: Uuid::now_v7(), validate_only: true, ..command.clone() };
        let _ = house.submit(&trial);
        let _ = house.submit(command);
    }
    house
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_recorded_history_comes_out_the_same(
        steps in steps(),
        killed in proptest::collection::vec((any::<prop::sample::Index>(), 1..6usize), 0..4),
    ) {
        let (first, recorded) = play(&steps);
        let second = again(&recorded, &killed);
        prop_assert_eq!(rows(&first), rows(&second));
    }
}

#[test]
fn another_instant_and_another_order_are_found() {
    let steps: Vec<(Step1, bool)> = (0..3)
        .map(|_| (Step1::Create { team: true, to: 0 }, false))
        .chain([(Step1::Wait, true), (Step1::Wait, true)])
        .collect();
    let (first, recorded) = play(&steps);
    assert!(first.world.activities.iter().any(|it| it.cause.as_ref().is_some_and(|cause| cause.workflow == "late")));
    assert_eq!(rows(&first), rows(&again(&recorded, &[])));
    let mut later = recorded.clone();
    later[3].1 = later[3].1.plus_micros(1);
    assert_ne!(rows(&first), rows(&again(&later, &[])), "a clock of its own");
    let mut other = recorded.clone();
    other[3].0.id = Uuid::now_v7();
    assert_ne!(rows(&first), rows(&again(&other, &[])), "ids of its own");
    let mut swapped = recorded;
    swapped.swap(2, 3);
    assert_ne!(rows(&first), rows(&again(&swapped, &[])), "an order of its own");
}
