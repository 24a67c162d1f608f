//! Timers of rules: when they fire, on which tickets, and how often.

use super::desk::{Desk, at, due, resolution};
use super::*;
use std::collections::BTreeMap;

const CLOSES: &str = "name: closes
on: {after: 48h, since: ticket.resolved_at, while: ticket.status == 'RESOLVED'}
do:
  - transition: {verb: close, reason: silence}
";

/// A desk without promises, whose only ticket is of Monday 10:00.
fn desk(rules: &[&str]) -> Desk {
    let mut desk = Desk::without();
    desk.house.rules = rule_set(rules);
    desk.create("2026-09-14T10:00-04");
    desk
}

impl Desk {
    fn matched(&self) -> Vec<&str> {
        let runs = self.house.world.runs.iter();
        runs.filter(|run| run.verdict == RunVerdict::Matched).map(|run| run.reason.as_str()).collect()
    }
}

#[test]
fn a_resolved_ticket_closes_after_two_days_unless_it_comes_back() {
    let mut desk = desk(&[CLOSES]);
    assert_eq!(desk.is().sla_next_at, None, "nothing counts before it is resolved");
    desk.go("2026-09-14T11:00-04", Transition::Resolve, Status::Resolved);
    assert_eq!(desk.is().sla_next_at, due("2026-09-16T11:00-04"));
    let last = desk.house.world.activities.last().expect("an activity");
    assert_eq!(last.ticket.as_deref(), Some(&*desk.is()), "the image of the last activity is the row");

    desk.go("2026-09-15T11:00-04", Transition::Reopen, Status::Reopened);
    assert_eq!(desk.is().sla_next_at, None);
    desk.go("2026-09-15T12:00-04", Transition::Resolve, Status::Resolved);
    let from = desk.house.next();
    desk.tick("2026-09-17T11:59-04");
    assert_eq!(desk.house.kinds(from), [""; 0]);
    desk.tick("2026-09-17T12:00:02-04");
    assert_eq!(desk.house.kinds(from), ["ticket.closed"]);

    let closed = desk.house.since(from).next().expect("an activity").clone();
    let cause = closed.cause.clone().expect("a cause");
    assert_eq!((cause.root_position, cause.parent_position, cause.depth), (from, 0, 1));
    assert_eq!((closed.actor.kind, closed.actor.id.as_str()), (ActorKind::Workflow, "closes"));
    let run = &desk.house.world.runs[0];
    assert_eq!((run.id, run.position, run.verdict), (cause.run_id, 0, RunVerdict::Matched));
    let said = format!("was due at {}, 2s late", at("2026-09-17T12:00-04"));
    assert!(run.reason.ends_with(&said), "{}", run.reason);
    assert_eq!(desk.is().sla_next_at, None);
}

#[test]
fn a_timer_fires_once_for_each_instant_that_it_counts_from() {
    let reminds = "name: reminds
on: {after: 1h, since: ticket.last_message_at, while: \"!(ticket.status in ['RESOLVED', 'CLOSED'])\"}
if: ticket.priority == 'HIGH'
do: [{tag: {add: silent}}]
";
    let mut desk = desk(&[reminds]);
    desk.say("2026-09-14T10:30-04", &agent());
    let from = desk.house.next();
    desk.tick("2026-09-14T11:30-04");
    assert_eq!((desk.house.kinds(from).len(), desk.is().sla_next_at), (0, None), "its condition was asked, once");
    desk.prioritize("2026-09-14T12:00-04", Priority::High);
    assert_eq!(desk.is().sla_next_at, None, "for this message it has fired");
    desk.say("2026-09-14T13:00-04", &agent());
    assert_eq!(desk.is().sla_next_at, due("2026-09-14T14:00-04"));
    let from = desk.house.next();
    for when in ["2026-09-14T14:00-04", "2026-09-14T14:00:01-04", "2026-09-15T14:00-04"] {
        desk.tick(when);
    }
    assert_eq!(desk.house.kinds(from), ["ticket.tag_added"]);
    // As another server reads the row.
    let stored = crate::model::fired::Fired::restore(&desk.is().fired.store()).expect("reads");
    assert_eq!(stored, desk.is().fired);
}

#[test]
fn while_is_asked_again_when_it_fires_and_another_rule_may_have_been_first() {
    let first = "name: first\norder: 1\non: {after: 1h, since: ticket.created_at}\ndo: [{set: {priority: LOW}}]\n";
    let second = "name: second\norder: 2\non: {after: 1h, since: ticket.created_at, while: ticket.priority != 'LOW'}\ndo: [{tag: {add: second}}]\n";
    let answers = "name: answers\non: ticket.priority_changed\nif: event.cause.workflow == 'first'\ndo: [{tag: {add: answered}}]\n";
    let mut desk = desk(&[first, second, answers]);
    let from = desk.house.next();
    desk.tick("2026-09-14T11:00-04");
    assert_eq!(desk.house.kinds(from), ["ticket.priority_changed", "ticket.tag_added"]);
    assert_eq!(desk.is().tags.0, ["answered"]);
    assert_eq!(
        desk.house
            .since(from + 1)
            .next()
            .and_then(|it| it.cause.as_ref().map(|cause| (cause.root_position, cause.depth))),
        Some((from, 2))
    );
    // It would hold again, and its hour has passed.
    desk.prioritize("2026-09-14T12:00-04", Priority::High);
    desk.tick("2026-09-14T12:00:01-04");
    assert!(desk.is().tags.0.contains(&"second".to_owned()), "late, but it holds now");
}

#[test]
fn what_had_passed_when_the_rule_became_active_fires_only_to_catch_up() {
    let rule = |catch_up| {
        format!(
            "name: old\non: {{after: 1h, since: ticket.created_at, catch_up: {catch_up}}}\ndo: [{{tag: {{add: old}}}}]\n"
        )
    };
    for (catch_up, active, next) in [
        (false, "2026-09-14T12:00-04", None),
        (false, "2026-09-14T10:59-04", due("2026-09-14T11:00-04")),
        // One after the other, at a rate of a hundred tickets a second.
        (true, "2026-09-14T12:00-04", due("2026-09-14T12:00:00.010-04")),
    ] {
        let mut desk = desk(&[]);
        let set = rule_set(&[&rule(catch_up)]);
        let since = set.timed_ids().map(|id| (id.to_owned(), at(active))).collect();
        desk.house.rules = set.active_since(since);
        desk.tick("2026-09-14T12:00-04");
        desk.tick("2026-09-14T12:00:00.005-04");
        let fired = next.filter(|next| *next < at("2026-09-14T12:00-04"));
        assert_eq!(desk.is().sla_next_at, next.filter(|_| fired.is_none()), "{catch_up} {active}");
        desk.tick("2026-09-14T12:00:00.010-04");
        assert_eq!(desk.is().tags.0.len(), usize::from(next.is_some()), "{catch_up} {active}");
    }
    let mut desk = desk(&[]);
    desk.house.rules = rule_set(&[&rule(true)]).active_since(BTreeMap::new());
    desk.tick("2026-09-14T12:00-04");
    assert_eq!(desk.is().sla_next_at, None, "nobody knows since when");
}

#[test]
fn a_timer_counts_the_hours_of_its_calendar_and_a_time_in_custom() {
    let hours = "name: hours\non: {after: 8h, since: ticket.created_at, calendar: us}\ndo: [{tag: {add: a}}]\n";
    let none = "name: none\non: {after: 8h, since: ticket.created_at, calendar: nowhere}\ndo: [{tag: {add: b}}]\n";
    let custom = "name: renews\non: {after: 24h, since: timestamp(ticket.custom.renewal)}\ndo: [{tag: {add: c}}]\n";
    let mut desk = Desk::without();
    desk.house.rules = rule_set(&[hours, none, custom]);
    desk.create("2026-09-14T13:00-04");
    assert_eq!(desk.is().sla_next_at, due("2026-09-15T13:00-04"), "nine to five");
    let renewal = ("renewal".into(), serde_json::json!("2026-09-13T15:00:00-04:00"));
    let update = edit(&desk.is(), TicketEdit { custom_keys: vec![renewal], ..TicketEdit::default() });
    desk.act("2026-09-14T14:00-04", &agent(), update);
    assert_eq!(desk.is().sla_next_at, due("2026-09-14T15:00-04"));
    desk.tick("2026-09-14T15:00-04");
    assert_eq!(desk.is().tags.0, ["c"]);
    desk.act(
        "2026-09-14T16:00-04",
        &admin(),
        DeleteTicket { ticket: TicketRef::Id(desk.is().id), etag: String::new() },
    );
    assert_eq!(desk.is().sla_next_at, None, "what is deleted waits for nothing");
}

#[test]
fn clocks_and_timers_share_the_next_instant_of_a_ticket() {
    let mut desk = Desk::new(resolution(60));
    desk.house.rules = rule_set(&["name: t\non: {after: 90m, since: ticket.created_at}\ndo: [{tag: {add: t}}]\n"]);
    desk.create("2026-09-14T10:00-04");
    assert!(desk.is().sla_next_at < due("2026-09-14T11:01-04"));
    desk.tick("2026-09-14T11:01-04");
    assert_eq!(desk.is().sla_next_at, due("2026-09-14T11:30-04"));
    // A set without timers forgets them when the ticket is next looked at.
    desk.house.rules = rule_set(&[]);
    desk.tick("2026-09-14T11:30-04");
    assert_eq!((desk.is().sla_next_at, desk.is().tags.0.len()), (None, 0));
    assert_eq!(desk.matched(), [""; 0]);
}
