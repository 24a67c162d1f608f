//! Properties of random sequences of commands: counts, dense log, versions, and changes that add up to the ticket.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::command::record::carrier;
use crate::model::change::difference;
use crate::model::statistics::{Facts, Tally};

const RULES: &[&str] = &[
    "name: triage\non: ticket.created\nif: ticket.team_id != ''\ndo:\n  - assign: {strategy: least_open}\n",
    "name: bounce\non: ticket.reopened\ndo:\n  - assign: {to: \"\"}\n  - tag: {add: [back]}\n",
    "name: half\non: ticket.closed\ndo:\n  - tag: {add: [gone]}\n  - assign: {to: nobody}\n",
    "name: shut\non: ticket.deleting\nif: ticket.status == 'ESCALATED'\ndo:\n  - deny: {message: no}\n",
];

#[derive(Clone, Debug)]
pub(super) enum Step1 {
    Create { team: bool, to: usize },
    Assign { ticket: usize, to: usize },
    Go { ticket: usize, verb: usize, to: usize },
    Say { ticket: usize, requester: bool, public: bool },
    Delete { ticket: usize },
    Undelete { ticket: usize },
    Tag { ticket: usize, tag: usize },
    Describe { ticket: usize, text: usize },
    Upsert { agent: usize },
    Decide { agent: usize, requester: usize },
    FollowUp { ticket: usize },
    Rate { ticket: usize },
    Wait,
}

const PEOPLE: [&str; 4] = ["", "ann", "bob", "stranger"];

pub(super) fn steps() -> impl Strategy<Value = Vec<(Step1, bool)>> {
    let ticket = 0..4usize;
    let one = prop_oneof![
        3 => (any::<bool>(), 0..4usize).prop_map(|(team, to)| Step1::Create { team, to }),
        3 => (ticket.clone(), 0..4usize).prop_map(|(ticket, to)| Step1::Assign { ticket, to }),
        6 => (ticket.clone(), 0..7usize, 0..8usize).prop_map(|(ticket, verb, to)| Step1::Go { ticket, verb, to }),
        3 => (ticket.clone(), any::<bool>(), any::<bool>())
            .prop_map(|(ticket, requester, public)| Step1::Say { ticket, requester, public }),
        1 => ticket.clone().prop_map(|ticket| Step1::Delete { ticket }),
        1 => ticket.clone().prop_map(|ticket| Step1::Undelete { ticket }),
        1 => (ticket.clone(), 0..3usize).prop_map(|(ticket, tag)| Step1::Tag { ticket, tag }),
        1 => (ticket.clone(), 0..3usize).prop_map(|(ticket, text)| Step1::Describe { ticket, text }),
        1 => (1..4usize).prop_map(|agent| Step1::Upsert { agent }),
        1 => (0..3usize, 0..3usize).prop_map(|(agent, requester)| Step1::Decide { agent, requester }),
        1 => ticket.clone().prop_map(|ticket| Step1::FollowUp { ticket }),
        1 => ticket.clone().prop_map(|ticket| Step1::Rate { ticket }),
        1 => Just(Step1::Wait),
    ];
    proptest::collection::vec((one, proptest::bool::weighted(0.1)), 1..40)
}

pub(super) fn action(house: &House, step: &Step1) -> Option<(Caller, Any)> {
    let tickets = || house.world.tickets.inserts().find(|t| Some(t.number) == step.ticket()).cloned();
    fn staff(verb: impl Verb) -> Option<(Caller, Any)> {
        Some((agent(), Arc::new(verb)))
    }
    match step {
        Step1::Create { team, to } => {
            let team_id = if *team { "support".to_owned() } else { String::new() };
            staff(create(NewTicket { team_id, assignee_id: PEOPLE[*to].into(), ..new_ticket("x") }))
        }
        Step1::Assign { to, .. } => staff(assign(&tickets()?, PEOPLE[*to])),
        Step1::Go { verb, to, .. } => {
            let verb = Transition::ALL[*verb];
            staff(go(&tickets()?, verb, verb.target().unwrap_or(Status::ALL[*to])))
        }
        Step1::Say { requester: false, public, .. } => staff(say(&tickets()?, "a", visibility(*public))),
        Step1::Say { public, .. } => Some((requester(), Arc::new(say(&tickets()?, "r", visibility(*public))))),
        Step1::Delete { .. } => staff(DeleteTicket { ticket: TicketRef::Id(tickets()?.id), etag: String::new() }),
        Step1::Undelete { .. } => staff(UndeleteTicket { ticket: TicketRef::Id(tickets()?.id), etag: String::new() }),
        Step1::Tag { tag, .. } => staff(TagTicket {
            ticket: TicketRef::Id(tickets()?.id),
            etag: String::new(),
            add: vec![format!("t{tag}")],
            remove: vec![format!("t{}", (tag + 1) % 3)],
        }),
        Step1::Describe { text, .. } => {
            let description = Some(["", "one", "two"][*text].to_owned());
            staff(edit(&tickets()?, TicketEdit { description, ..TicketEdit::default() }))
        }
        Step1::Upsert { agent } => staff(UpsertEntry { row: agent_row(PEOPLE[*agent]), etag: String::new() }),
        Step1::Decide { agent, requester } => {
            let edit = TenantEdit {
                reopen_agent: Some(ReopenMode::ALL[*agent]),
                reopen_requester: Some(ReopenMode::ALL[*requester]),
                ..TenantEdit::default()
            };
            Some((admin(), Arc::new(settings(edit, ""))))
        }
        Step1::FollowUp { .. } => staff(CreateFollowUp {
            ticket: TicketRef::Id(tickets()?.id),
            etag: String::new(),
            with: TicketEdit::default(),
        }),
        Step1::Rate { .. } => Some((
            requester(),
            Arc::new(RateTicket {
                ticket: TicketRef::Id(tickets()?.id),
                etag: String::new(),
                satisfaction: 4.0,
                comment: String::new(),
            }),
        )),
        Step1::Wait => None,
    }
}

fn visibility(public: bool) -> Visibility {
    if public { Visibility::Public } else { Visibility::Internal }
}

impl Step1 {
    fn ticket(&self) -> Option<i64> {
        match self {
            Step1::Assign { ticket, .. }
            | Step1::Go { ticket, .. }
            | Step1::Say { ticket, .. }
            | Step1::Delete { ticket }
            | Step1::Undelete { ticket }
            | Step1::Tag { ticket, .. }
            | Step1::Describe { ticket, .. }
            | Step1::FollowUp { ticket }
            | Step1::Rate { ticket } => Some(*ticket as i64 + 1),
            Step1::Create { .. } | Step1::Upsert { .. } | Step1::Decide { .. } | Step1::Wait => None,
        }
    }
}

/// Every field that differs from a blank ticket's, by name.
fn fields(ticket: &Ticket, blank: &Ticket) -> BTreeMap<String, Value> {
    difference(blank, ticket).changes.into_iter().map(|change| (change.field, change.new_value)).collect()
}

fn check_log(house: &House) {
    let mut last = 0;
    let mut seen: BTreeMap<Uuid, (i64, BTreeMap<String, Value>, Ticket)> = BTreeMap::new();
    for activity in &house.world.activities {
        assert_eq!(activity.position, last + 1, "the log has a hole");
        last = activity.position;
        let Some(image) = &activity.ticket else { continue };
        let blank = || Ticket { description: "blank".into(), subject: "blank".into(), ..Ticket::clone(image) };
        let (version, folded, blank) = seen.entry(image.id).or_insert_with(|| {
            let blank = blank();
            (0, fields(image, &blank), blank)
        });
        assert_eq!(activity.ticket_version, *version + 1, "a version was skipped");
        *version += 1;
        for change in activity.changes.iter().filter(|_| activity.kind.as_str().starts_with("ticket.") && *version > 1)
        {
            folded.insert(change.field.clone(), change.new_value.clone());
        }
        let now = fields(image, blank);
        let changed: BTreeMap<_, _> =
            folded.iter().filter(|(field, value)| now.get(*field).is_some_and(|is| is != *value)).collect();
        assert!(changed.is_empty(), "{} does not fold: {changed:?}", activity.kind);
        assert!(now.keys().all(|field| folded.contains_key(field)), "{}: a change is not told", activity.kind);
        assert_eq!(image.position, activity.position);
    }
    assert_eq!(last, house.world.head.position);
    for ticket in house.world.tickets.inserts() {
        let newest = house.world.activities.iter().rev().find(|a| a.ticket_id == Some(ticket.id));
        assert_eq!(newest.and_then(|a| a.ticket.as_deref()), Some(ticket), "the image is not the row");
    }
}

fn check_counts(house: &House) {
    for agent in house.world.agents.inserts() {
        let open = house.world.tickets.inserts().filter(|t| carrier(t) == Some(agent.id.as_str())).count();
        assert_eq!(agent.open_count, open as i64, "the open tickets of {}", agent.id);
    }
    let numbers: std::collections::BTreeSet<i64> = house.world.tickets.inserts().map(|t| t.number).collect();
    assert_eq!(numbers, (1..=house.world.head.last_number).collect());
}

/// What the activities changed adds up to what the tickets are.
fn check_statistics(house: &House) {
    let (mut folded, mut counted) = (Tally::default(), Tally::default());
    for activity in &house.world.activities {
        folded.fold(activity).expect("an activity that can be read");
    }
    house.world.tickets.inserts().for_each(|ticket| counted.count(&Facts::of(ticket), 1));
    let sums = |tally: &Tally| {
        let all = tally.amounts(TENANT).into_iter();
        all.map(|it| ((it.dimension, it.day, it.value, it.measure), it.amount)).collect::<BTreeMap<_, _>>()
    };
    assert_eq!(sums(&folded), sums(&counted));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_books_always_balance(steps in steps()) {
        let mut house = House::with(RULES);
        house.add_team("support", &["ann", "bob"]);
        for (step, trial) in &steps {
            if matches!(step, Step1::Wait) {
                house.now = house.now.plus_micros(4 * DAY);
            }
            let Some((who, action)) = action(&house, step) else { continue };
            house.now = house.now.plus_micros(1_000_000);
            let before = house.image();
            let done = house.submit(&Command { validate_only: *trial, ..command(&who, action) });
            if *trial || done.is_err() {
                prop_assert_eq!(&house.image(), &before);
            }
            check_counts(&house);
        }
        check_log(&house);
        check_statistics(&house);
    }
}
