//! Random histories of a ticket with clocks.

use proptest::prelude::*;

use super::desk::*;
use super::*;
use crate::model::sla::clock::Goal;
use crate::model::sla::ledger::Entry;

#[derive(Clone, Debug)]
pub(super) enum Event {
    Prioritize(Priority),
    Hold,
    Start,
    Resolve,
    Reopen,
    Reply,
    Ask,
    /// An internal note.
    Note,
    /// A program's public message.
    Serve,
    Team(&'static str),
    Kind(TicketType),
    /// The ticket names the policy that only names choose, or none.
    Name(bool),
    /// The policy of MEDIUM tickets goes or comes back, and the open tickets follow.
    Medium(SlaPolicyStatus),
    Delete,
}

pub(super) fn events() -> impl Strategy<Value = Vec<(i64, Event)>> {
    let event = prop_oneof![
        prop::sample::select(Priority::ALL).prop_map(Event::Prioritize),
        Just(Event::Hold),
        Just(Event::Start),
        Just(Event::Resolve),
        Just(Event::Reopen),
        Just(Event::Reply),
        Just(Event::Ask),
        Just(Event::Note),
        Just(Event::Serve),
        prop::sample::select(&["", "core"]).prop_map(Event::Team),
        prop::sample::select(&[TicketType::Incident, TicketType::Problem]).prop_map(Event::Kind),
        any::<bool>().prop_map(Event::Name),
        prop::sample::select(SlaPolicyStatus::ALL).prop_map(Event::Medium),
        Just(Event::Delete),
    ];
    // What one batch carries out happens at one instant.
    let seconds = prop_oneof![1 => Just(0), 4 => 1..200_000i64];
    prop::collection::vec((seconds, event), 1..24)
}

/// Who does it, and what.
pub(super) fn call(ticket: &Ticket, event: &Event) -> (Caller, Any) {
    let name = TicketRef::Id(ticket.id);
    let action = match event {
        Event::Prioritize(to) => whichever(edit(ticket, TicketEdit { priority: Some(*to), ..TicketEdit::default() })),
        Event::Hold => go(ticket, Transition::Hold, Status::OnHold),
        Event::Start => go(ticket, Transition::Start, Status::InProgress),
        Event::Resolve => go(ticket, Transition::Resolve, Status::Resolved),
        Event::Reopen => go(ticket, Transition::Reopen, Status::Reopened),
        Event::Reply => whichever(say(ticket, "Done", Visibility::Public)),
        Event::Ask => whichever(say(ticket, "Well?", Visibility::Public)),
        Event::Note => whichever(say(ticket, "Hm", Visibility::Internal)),
        Event::Serve => whichever(say(ticket, "We work on it", Visibility::Public)),
        Event::Team(team) => {
            whichever(edit(ticket, TicketEdit { team_id: Some((*team).into()), ..TicketEdit::default() }))
        }
        Event::Kind(kind) => whichever(edit(ticket, TicketEdit { kind: Some(*kind), ..TicketEdit::default() })),
        Event::Name(named) => {
            let policy_name = if *named { "named".to_owned() } else { String::new() };
            whichever(edit(ticket, TicketEdit { policy_name, sla_policy_id: Some(None), ..TicketEdit::default() }))
        }
        Event::Medium(status) => {
            let policy = PolicyRef::Name("medium".into());
            let edit = PolicyEdit { status: Some(*status), ..PolicyEdit::default() };
            whichever(UpdateSlaPolicy { policy, etag: String::new(), edit })
        }
        Event::Delete if ticket.deleted_at.is_some() => whichever(UndeleteTicket { ticket: name, etag: String::new() }),
        Event::Delete => whichever(DeleteTicket { ticket: name, etag: String::new() }),
    };
    let who = match event {
        Event::Ask => requester(),
        Event::Serve => caller("gateway", &[Role::Service], None),
        _ => admin(),
    };
    (who, action)
}

/// Plays a history; `scan`: with the timers' command between any two events.
pub(super) fn play(history: &[(i64, Event)], restart: bool, scan: bool) -> Desk {
    play_and(history, restart, scan, |_| {})
}

/// The same, and looks at the desk after each event.
pub(super) fn play_and(history: &[(i64, Event)], restart: bool, scan: bool, after: impl Fn(&Desk)) -> Desk {
    let mut desk = Desk::without();
    // Marks of rules beside those of the policies: one that both have, one before and one after the deadline.
    let marks = "[{sla: resolution, at: 50%}, {sla: first_response, at: -5m}, {sla: resolution, at: +30m}]";
    desk.house.rules = rule_set(&[&format!("name: marks\non: {marks}\nstop: true\ndo: []\n")]);
    let on_priority_change = Some(if restart { OnPriorityChange::Restart } else { OnPriorityChange::Retroactive });
    let warn_at = Some(Words(vec!["50%".into(), "600s".into()]));
    let common = PolicyEdit { on_priority_change, warn_at, next_response_minutes: Some(Some(45)), ..resolution(600) };
    let of = |priority| PolicyEdit { priority: Some(Some(priority)), ..common.clone() };
    let non_creator = Some(CountsAsResponse::NonCreator);
    desk.promise("medium", PolicyEdit { first_response_minutes: Some(Some(30)), ..of(Priority::Medium) });
    desk.promise("urgent", PolicyEdit { on_reopen: Some(OnReopen::NewCycle), ..of(Priority::Urgent) });
    let high = PolicyEdit { team_id: Some("core".into()), counts_as_response: non_creator, ..of(Priority::High) };
    desk.promise("high", PolicyEdit { first_response_minutes: Some(Some(60)), ..high });
    let named = PolicyEdit { condition: Some("false".into()), next_response_minutes: Some(None), ..common };
    desk.promise("named", PolicyEdit { applies_to: Some(Words(vec!["PROBLEM".into()])), ..named });
    desk.create("2026-09-14T10:00-04");
    for (seconds, event) in history {
        let (who, action) = call(&desk.is(), event);
        let until = desk.house.now.plus_micros(seconds * 1_000_000);
        if scan {
            for part in [0.3, 0.9] {
                let now = desk.house.now;
                desk.house.now = now.plus_micros(((until.0 - now.0) as f64 * part) as i64);
                follow(&mut desk);
            }
        }
        desk.house.now = until;
        // Whether it was legal does not matter here.
        let _ = desk.house.submit(&command(&who, action));
        if matches!(event, Event::Medium(_)) {
            follow(&mut desk);
        }
        after(&desk);
    }
    follow(&mut desk);
    after(&desk);
    desk
}

/// The walk comes by: open tickets that are not deleted.
fn follow(desk: &mut Desk) {
    let ticket = desk.is();
    if !ticket.status.is_done() && ticket.deleted_at.is_none() {
        let fire = command(&Caller::clock(TENANT), FollowSla(vec![ticket.id]));
        desk.house.submit(&fire).expect("done");
    }
}

/// What a row says, but for how late a timer was, and for ids: a policy's is its place among those that were met.
fn plain(entries: Vec<Entry>) -> Vec<Entry> {
    let mut met: Vec<Uuid> = Vec::new();
    let mut place = |id: Uuid| {
        let at = met.iter().position(|other| *other == id).unwrap_or(met.len());
        if at == met.len() {
            met.push(id);
        }
        Uuid::from_u128(at as u128)
    };
    let mut goal = |goal: Goal| Goal { policy_id: place(goal.policy_id), calendar_id: None, ..goal };
    entries.into_iter().map(|row| Entry { late: 0, goal: row.goal.clone().map(&mut goal), ..row }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        std::env::var("DOCKET_HISTORIES").ok().and_then(|text| text.parse().ok()).unwrap_or(300)
    ))]

    /// When the timers look changes nothing: every command settles its ticket first.
    #[test]
    fn clocks_are_the_same_whenever_the_timers_look(history in events(), restart: bool) {
        let (lazy, eager) = (play(&history, restart, false), play(&history, restart, true));
        prop_assert_eq!(plain(lazy.ledger()), plain(eager.ledger()));
        let ends = lazy.is().clocks.all.iter().all(|clock| clock.is_open() == clock.ended_at.is_none());
        prop_assert!(ends);
    }
}
