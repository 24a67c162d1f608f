//! Every cell of the lifecycle table, and every timestamp.

use super::*;
use crate::model::stored_type::Families;

/// Brings a new ticket into a state.
pub fn ticket_in(house: &mut House, state: Status) -> Arc<Ticket> {
    let ticket = house.ticket(&agent(), create(new_ticket("Printer")));
    let path: &[(Transition, Status)] = match state {
        Status::Open => &[],
        Status::Pending => &[(Transition::Update, Status::Pending)],
        Status::InProgress => &[(Transition::Start, Status::InProgress)],
        Status::OnHold => &[(Transition::Hold, Status::OnHold)],
        Status::Escalated => &[(Transition::Escalate, Status::Escalated)],
        Status::Resolved => &[(Transition::Resolve, Status::Resolved)],
        Status::Closed => &[(Transition::Close, Status::Closed)],
        Status::Reopened => &[(Transition::Resolve, Status::Resolved), (Transition::Reopen, Status::Reopened)],
    };
    for (verb, to) in path {
        house.move_to(&ticket, *verb, *to).expect("on the way");
    }
    let ticket = house.now_is(&ticket);
    assert_eq!(ticket.status, state);
    ticket
}

/// What the verb that leads to a state is.
fn verb_to(state: Status) -> Option<Transition> {
    Transition::ALL.iter().copied().find(|verb| verb.target() == Some(state))
}

#[test]
fn every_move_is_as_documented() {
    #[rustfmt::skip]
    let expected = [
        // OPEN PENDING IN_PROGRESS ON_HOLD ESCALATED RESOLVED CLOSED REOPENED; by update / by verb
        "OPEN: =- y- yy yy yy yy yy nn",
        "PENDING: y- =- yy yy yy yy yy nn",
        "IN_PROGRESS: y- y- == yy yy yy yy nn",
        "ON_HOLD: y- y- yy == yy yy yy nn",
        "ESCALATED: n- y- yy yy =y yy yy nn",
        "RESOLVED: y- y- yn yn nn == yy yy",
        "CLOSED: n- n- nn nn nn nn == yy",
        "REOPENED: y- y- yy yy yy yy yy ==",
    ];
    let try_it = |from: Status, verb: Transition, to: Status| {
        let mut house = House::new();
        let ticket = ticket_in(&mut house, from);
        let before = house.next();
        match house.move_to(&ticket, verb, to) {
            Ok(_) if house.next() == before => "=",
            Ok(_) => {
                let after = house.now_is(&ticket);
                assert_eq!(after.status, to);
                assert_eq!(after.resolved_at.is_some(), matches!(to, Status::Resolved | Status::Closed), "{from} {to}");
                assert_eq!(after.closed_at.is_some(), to == Status::Closed, "{from} {to}");
                "y"
            }
            Err(Refusal::IllegalTransition { .. }) => "n",
            Err(other) => panic!("{other}"),
        }
    };
    let picture: Vec<String> = Status::ALL
        .iter()
        .map(|from| {
            let cells: Vec<String> = Status::ALL
                .iter()
                .map(|to| {
                    let by_verb = verb_to(*to).map_or("-", |verb| try_it(*from, verb, *to));
                    format!("{}{by_verb}", try_it(*from, Transition::Update, *to))
                })
                .collect();
            format!("{from}: {}", cells.join(" "))
        })
        .collect();
    assert_eq!(picture, expected);
}

#[test]
fn a_refused_move_says_what_to_do() {
    let mut house = House::new();
    let ticket = ticket_in(&mut house, Status::Closed);
    let refusal = house.refused(&agent(), go(&ticket, Transition::Escalate, Status::Escalated));
    assert_eq!(refusal.to_string(), "cannot escalate TKT-0001: it is CLOSED; reopen it first");
    let Refusal::IllegalTransition { from, to, allowed, verb, .. } = refusal else { panic!("{refusal}") };
    assert_eq!((from, to, verb), (Status::Closed, Some(Status::Escalated), Transition::Escalate));
    assert_eq!(allowed, [Status::Reopened]);
}

#[test]
fn escalating_stamps_and_raises_the_level_each_time() {
    let mut house = House::new();
    let ticket = ticket_in(&mut house, Status::Escalated);
    assert_eq!((ticket.escalation_level, ticket.escalated_at), (1, Some(house.now)));
    house.move_to(&ticket, Transition::Escalate, Status::Escalated).expect("again");
    let again = house.now_is(&ticket);
    assert_eq!((again.escalation_level, again.escalated_at), (2, Some(house.now)));
    assert_ne!(again.etag(), ticket.etag());
    let last = house.world.activities.last().expect("an activity");
    assert_eq!((last.kind.as_str(), last.families), ("ticket.escalated", Families::UPDATED));
}

#[test]
fn escalating_hands_over_to_the_higher_tier() {
    let mut house = House::new();
    let ticket = ticket_in(&mut house, Status::InProgress);
    let step = Step {
        reason: "burning".into(),
        team_id: Some("tier2".into()),
        assignee_id: Some("eve".into()),
        ..Step::of(Transition::Escalate, Status::Escalated)
    };
    let from = house.next();
    let action = MoveTicket { ticket: TicketRef::Number(1), etag: ticket.etag(), step };
    let after = house.ticket(&agent(), action);
    assert_eq!((after.team_id.as_str(), after.assignee_id.as_str()), ("tier2", "eve"));
    assert_eq!(house.kinds(from), ["ticket.escalated", "ticket.assigned"]);
    let reason = house.since(from).next().and_then(|a| a.data.clone());
    assert_eq!(reason, Some(serde_json::json!({ "reason": "burning" })));
}

#[test]
fn resolve_close_and_reopen_stamp() {
    let mut house = House::new();
    let ticket = ticket_in(&mut house, Status::Resolved);
    let resolved_at = ticket.resolved_at.expect("stamped");
    house.move_to(&ticket, Transition::Close, Status::Closed).expect("closed");
    let closed = house.now_is(&ticket);
    assert_eq!((closed.resolved_at, closed.closed_at), (Some(resolved_at), Some(house.now)));
    house.move_to(&ticket, Transition::Reopen, Status::Reopened).expect("reopened");
    let reopened = house.now_is(&ticket);
    assert_eq!((reopened.resolved_at, reopened.closed_at), (None, None));
    assert_eq!((reopened.reopened_at, reopened.reopen_count), (Some(house.now), 1));
    let last = house.world.activities.last().expect("an activity");
    let old = |field: &str| last.changes.iter().find(|c| c.field == field).map(|c| c.old_value.clone());
    assert_eq!(old("resolved_at"), Some(Value::from(resolved_at.to_string())), "the old values live in the activity");
}

#[test]
fn closing_what_was_never_resolved_resolves_it() {
    let mut house = House::new();
    let ticket = ticket_in(&mut house, Status::Closed);
    assert_eq!((ticket.resolved_at, ticket.closed_at), (Some(house.now), Some(house.now)));
}

#[test]
fn an_update_out_of_resolved_takes_reopens_stamps() {
    let mut house = House::new();
    let ticket = ticket_in(&mut house, Status::Resolved);
    let from = house.next();
    house.move_to(&ticket, Transition::Update, Status::InProgress).expect("moved");
    let after = house.now_is(&ticket);
    assert_eq!((after.reopened_at, after.reopen_count, after.resolved_at), (Some(house.now), 1, None));
    assert_eq!(house.kinds(from), ["ticket.reopened"]);
}

#[test]
fn an_update_to_a_verbs_state_is_that_verb() {
    for (to, kind) in [
        (Status::Resolved, "ticket.resolved"),
        (Status::Closed, "ticket.closed"),
        (Status::Escalated, "ticket.escalated"),
    ] {
        let mut house = House::new();
        let ticket = ticket_in(&mut house, Status::Open);
        let from = house.next();
        house.move_to(&ticket, Transition::Update, to).expect("moved");
        assert_eq!(house.kinds(from), [kind]);
        let activity = house.since(from).next().expect("an activity");
        assert_eq!(activity.families, Families::MOVED);
    }
}
