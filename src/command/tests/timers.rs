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

const BY_HAND: &str = "name: calm
on: [manual, ticket.escalated]
if: ticket.priority != 'LOW'
do: [{set: {priority: LOW}}, {tag: {add: \"${event.type}\"}}]
";

#[test]
fn a_rule_that_waits_for_it_runs_by_hand_and_tells_what_became_of_it() {
    let mut desk = desk(&[BY_HAND, "name: other\non: ticket.created\ndo: [{tag: {add: x}}]\n"]);
    let ticket = TicketRef::Id(desk.is().id);
    let run = |workflow: &str| RunWorkflow { workflow: workflow.into(), tickets: Some(vec![ticket.clone()]) };
    let mut verdicts = Vec::new();
    for when in ["2026-09-14T11:00-04", "2026-09-14T11:01-04"] {
        let Resource::Runs(runs) = desk.act(when, &agent(), run("calm")).resource else { panic!("no runs") };
        verdicts.push((runs[0].verdict, runs[0].reason.clone()));
        assert!(desk.house.world.runs.contains(&runs[0]), "it is recorded");
    }
    assert_eq!(verdicts[0], (RunVerdict::Matched, "ann ran it".into()));
    assert_eq!(verdicts[1].0, RunVerdict::NotMatched);
    assert_eq!(
        (desk.is().priority, desk.is().tags.0.clone()),
        (Priority::Low, vec!["x".to_owned(), "manual".to_owned()])
    );
    let refused = |desk: &mut Desk, workflow: &str| desk.house.refused(&agent(), run(workflow)).to_string();
    assert!(refused(&mut desk, "other").contains("add it to its `on`"));
    assert!(refused(&mut desk, "gone").contains("there is no"));
}

#[test]
fn a_schedule_runs_once_for_each_ticket_that_its_filter_takes() {
    let weekly = "name: weekly
on: {schedule: \"0 9 * * MON\", timezone: America/New_York, for: ticket.status == 'OPEN'}
do: [{message: {body: \"Still open, ${ticket.display_number}\", visibility: INTERNAL}}]
";
    let report = "name: report\non: {schedule: \"0 9 * * MON\"}\ndo: [{emit: {type: custom.week}}]\n";
    let mut desk = desk(&[weekly, report]);
    let open = desk.is().id;
    let done = desk.create("2026-09-14T10:01-04").id;
    desk.go("2026-09-14T11:00-04", Transition::Resolve, Status::Resolved);
    let ids: Vec<String> = desk.house.rules.schedules().map(|timed| timed.by.id.clone()).collect();
    let came = at("2026-09-21T09:00-04");
    let run =
        |schedule: &String, tickets: Option<Vec<Uuid>>| RunSchedule { schedule: schedule.clone(), due: came, tickets };
    let from = desk.house.next();
    for when in ["2026-09-21T09:00:01-04", "2026-09-21T09:00:02-04"] {
        // A server that ended before it noted that it had been carried out sends it once more.
        desk.act(when, &Caller::clock(TENANT), run(&ids[1], Some(vec![open, done])));
    }
    assert_eq!(desk.house.kinds(from), ["ticket.note_added"]);
    let note = desk.house.since(from).next().expect("a note").clone();
    assert_eq!((note.ticket_id, note.occurred_at), (Some(open), at("2026-09-21T09:00:01-04")));
    let from = desk.house.next();
    desk.act("2026-09-21T09:00:03-04", &Caller::clock(TENANT), run(&ids[0], None));
    assert_eq!(desk.house.kinds(from), ["custom.week"]);
    desk.act("2026-09-21T09:00:04-04", &Caller::clock(TENANT), run(&"gone".to_owned(), None));
    assert_eq!(desk.house.kinds(from).len(), 1, "a schedule that is no more does nothing");
}

#[test]
fn what_cannot_be_in_a_timer_says_why() {
    let findings = |on: &str| -> String {
        let source = format!("name: a\non: {on}\ndo: [{{tag: {{add: x}}}}]\n");
        let found = RuleSet::from_sources(vec![("r.yaml".into(), source)]).expect_err(on);
        found
            .iter()
            .map(|d| format!("{}:{} {} | {}", d.line, d.column, d.message, d.hint))
            .collect::<Vec<_>>()
            .join("\n")
    };
    for (on, expected) in [
        ("{after: 48h}", "2:5 the key `since` is missing"),
        ("{since: ticket.created_at}", "the key `sla` is missing"),
        ("{after: 2d, since: ticket.created_at}", "2:13 `2d` is no length of time | hours, minutes and seconds: 48h"),
        ("{after: 0s, since: ticket.created_at}", "`0s` is no time after"),
        ("{after: 1h, since: ticket.status}", "2:24 `ticket.status` is no time of the ticket"),
        ("{after: 1h, since: ticket.created_at + duration('1h')}", "is no time of the ticket"),
        ("{after: 1h, since: now}", "now"),
        ("{after: 1h, since: ticket.resolvd_at}", "did you mean `resolved_at`?"),
        ("{after: 1h, since: ticket.created_at, while: ticket.priority}", "must be true or false"),
        ("{after: 1h, since: ticket.created_at, while: now > ticket.created_at}", "now"),
        (
            "{after: 1h, since: ticket.created_at, whlie: 'true'}",
            "a trigger with `after` has no key `whlie` | did you mean `while`?",
        ),
        ("{after: 1h, since: ticket.created_at, calendar: ' '}", "no calendar is named"),
        ("{schedule: 0 9 * * MON, timezone: Mars/Base}", "there is no time zone \"Mars/Base\""),
        ("{schedule: \"0 0 30 2 *\", for: ticket.number > 0}", "`0 0 30 2 *` never comes"),
        ("{schedule: \"0 9 * * MON\", for: tikcet.number > 0}", "tikcet"),
        ("{schedule: \"0 9 * * MON\"}", "needs one | name the tickets with `for`"),
        ("{schedule: \"0 9 * * MON\", after: 1h}", "has no key"),
        ("timer", "there is no event `timer` | write {after: 48h"),
        ("[ticket.creating, manual]", "make two rules of it"),
    ] {
        let found = findings(on);
        assert!(found.contains(expected), "{on}: {found}");
    }
    let many = |count: usize| -> Vec<(String, String)> {
        let rule = |n: usize| {
            format!("name: r{n}\non: {{after: {n}h, since: ticket.created_at}}\ndo: [{{tag: {{add: x}}}}]\n")
        };
        (1..=count).map(|n| (format!("{n:02}.yaml"), rule(n))).collect()
    };
    assert!(RuleSet::from_sources(many(50)).is_ok());
    let found = RuleSet::from_sources(many(51)).expect_err("too many");
    assert_eq!((found.len(), found[0].code), (1, "too-many-timers"));
}
