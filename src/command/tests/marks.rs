//! Rules and clocks: marks that rules put on them, what the rules do there, and the policy that a rule chooses.

use super::desk::{Desk, at, due, resolution};
use super::*;
use crate::model::sla::clock::Warning;

/// Rules that tag a ticket with their names.
fn rules(on: &[(&str, &str)]) -> RuleSet {
    let text = |(name, on): &(&str, &str)| format!("name: {name}\non: {on}\ndo: [{{tag: {{add: {name}}}}}]\n");
    let all: Vec<String> = on.iter().map(text).collect();
    rule_set(&all.iter().map(String::as_str).collect::<Vec<_>>())
}

/// With a ticket of Monday 10:00 and these rules.
fn desk(edit: PolicyEdit, on: &[(&str, &str)]) -> Desk {
    let mut desk = Desk::new(edit);
    desk.house.rules = rules(on);
    desk.create("2026-09-14T10:00-04");
    desk
}

fn warn_at(marks: &[&str]) -> Option<Words> {
    Some(Words(marks.iter().map(|mark| (*mark).to_owned()).collect()))
}

const MARKS: &[(&str, &str)] = &[
    ("most", "{sla: resolution, at: 80%}"),
    ("hour", "{sla: resolution, at: -1h}"),
    ("missed", "{sla: resolution, at: breach}"),
    ("double", "{sla: resolution, at: 125%}"),
    ("over", "{sla: resolution, at: +2h}"),
];

impl Desk {
    fn tags(&self) -> Vec<String> {
        self.is().tags.0.clone()
    }

    fn marks(&self) -> Vec<String> {
        self.clock(SlaMetric::Resolution).warnings.into_iter().map(|warning| warning.mark).collect()
    }

    fn reasons(&self, from: i64) -> Vec<String> {
        let reason =
            |it: &Activity| it.data.as_ref().expect("data")["clocks"][0]["reason"].as_str().unwrap_or("").into();
        self.house.since(from).filter(|it| it.kind.as_str() == "sla.retargeted").map(reason).collect()
    }
}

#[test]
fn marks_of_rules_come_in_business_time_before_and_after_the_deadline() {
    // E1: on hold from Monday 13:00 to Tuesday 11:00, due on Tuesday at 16:00.
    let told = [
        ("sla.warning", "2026-09-15T14:24-04"),
        ("sla.warning", "2026-09-15T15:00-04"),
        ("sla.breached", "2026-09-15T16:00-04"),
        ("sla.warning", "2026-09-16T10:00-04"),
        ("sla.warning", "2026-09-16T10:00-04"),
    ];
    let told: Vec<(String, String)> = told.iter().map(|(kind, when)| ((*kind).into(), at(when).to_string())).collect();
    for ticks in [
        ["2026-09-15T14:24-04", "2026-09-15T15:30-04", "2026-09-15T16:01-04", "2026-09-16T10:00-04"].as_slice(),
        &["2026-09-21T12:00-04"],
    ] {
        let mut desk = desk(resolution(480), MARKS);
        let paused = desk.go("2026-09-14T13:00-04", Transition::Hold, Status::OnHold);
        assert_eq!(paused.sla_next_at, None, "a paused clock comes to no mark");
        desk.go("2026-09-15T11:00-04", Transition::Start, Status::InProgress);
        assert_eq!(desk.is().sla_next_at, due("2026-09-15T14:24-04"));
        let from = desk.house.next();
        ticks.iter().for_each(|when| drop(desk.tick(when)));
        assert_eq!(desk.told(from), told);
        assert_eq!(desk.tags(), ["most", "hour", "missed", "over", "double"], "each rule at its instant, in order");
        assert_eq!((desk.is().sla_next_at, desk.house.world.runs.len()), (None, 0));
    }
}

#[test]
fn what_is_done_in_time_comes_to_no_later_mark() {
    let mut desk = desk(resolution(60), MARKS);
    desk.tick("2026-09-14T11:00:01-04");
    desk.go("2026-09-14T12:00-04", Transition::Resolve, Status::Resolved);
    assert_eq!(desk.tags(), ["most", "missed", "double"], "no hour before a target of one hour, none after the end");
    assert_eq!(desk.is().sla_next_at, None);
}

#[test]
fn a_mark_of_policy_and_rules_is_one_warning_and_all_of_its_rules_run() {
    let policy = PolicyEdit { warn_at: warn_at(&["80%", "3600s"]), ..resolution(480) };
    let on = [
        ("one", "{sla: resolution, at: 80%}"),
        ("two", "{sla: resolution, at: 80%}"),
        ("three", "{sla: resolution, at: -60m}"),
        ("four", "sla.warning"),
        ("other", "{sla: first_response, at: 80%}"),
    ];
    let mut desk = desk(policy, &on);
    let from = desk.house.next();
    desk.tick("2026-09-14T16:30-04");
    assert_eq!(desk.marks(), ["3600s"]);
    desk.tick("2026-09-15T09:00-04");
    assert_eq!(desk.house.since(from).filter(|it| it.kind.as_str() == "sla.warning").count(), 2);
    assert_eq!(desk.tags(), ["four", "one", "two", "three"]);
}

#[test]
fn open_clocks_get_the_marks_of_a_set_that_becomes_active() {
    let mut desk = desk(resolution(480), &[]);
    assert_eq!(desk.marks(), [""; 0]);
    desk.house.rules = rules(&[
        ("early", "{sla: resolution, at: 10%}"),
        ("late", "{sla: resolution, at: 90%}"),
        ("theirs", "{sla: first_response, at: 90%}"),
    ]);
    let from = desk.house.next();
    desk.tick("2026-09-14T12:00-04");
    assert_eq!(desk.marks(), ["90%"], "what was passed does not come");
    assert_eq!(desk.reasons(from), ["rules wait for other marks"]);
    let from = desk.house.next();
    desk.tick("2026-09-14T12:30-04");
    assert_eq!(desk.house.kinds(from), [""; 0], "and that was all");

    // A paused clock, too; and with the set goes its mark.
    desk.go("2026-09-14T13:00-04", Transition::Hold, Status::OnHold);
    desk.house.rules = rules(&[("most", "{sla: resolution, at: 80%}")]);
    desk.tick("2026-09-14T14:00-04");
    assert_eq!(desk.clock(SlaMetric::Resolution).warnings, [Warning { mark: "80%".into(), at: None }]);
    desk.go("2026-09-14T15:00-04", Transition::Start, Status::InProgress);
    assert_eq!(desk.is().sla_next_at, due("2026-09-15T10:24-04"));
    desk.house.rules = rules(&[]);
    desk.tick("2026-09-14T15:30-04");
    assert_eq!(desk.marks(), [""; 0]);
    assert_eq!(desk.tags(), [""; 0]);
}

#[test]
fn a_new_target_has_the_marks_too_and_those_that_wait_come_at_once() {
    let mut desk = Desk::without();
    desk.house.rules = rules(&[("half", "{sla: resolution, at: 50%}"), ("quarter", "{sla: resolution, at: 25%}")]);
    desk.promise("medium", PolicyEdit { priority: Some(Some(Priority::Medium)), ..resolution(480) });
    desk.promise("urgent", PolicyEdit { priority: Some(Some(Priority::Urgent)), ..resolution(120) });
    desk.create("2026-09-14T09:00-04");
    desk.tick("2026-09-14T11:00-04");
    assert_eq!(desk.tags(), ["quarter"]);
    desk.prioritize("2026-09-14T11:30-04", Priority::Urgent);
    assert_eq!(desk.tags(), ["quarter", "half"], "150 of 120 minutes are used");
    assert!(desk.clock(SlaMetric::Resolution).breached_at.is_some());
}

#[test]
fn a_rule_of_other_tenants_puts_no_mark_on_these_clocks() {
    let rule =
        "name: pro\ntenants: tenant.attributes.plan == 'pro'\non: {sla: resolution, at: 80%}\ndo: [{tag: {add: x}}]\n";
    let mut desk = Desk::new(resolution(480));
    desk.house.rules = rule_set(&[rule]);
    desk.create("2026-09-14T10:00-04");
    assert_eq!(desk.marks(), [""; 0]);
    let attributes = Some(serde_json::json!({"plan": "pro"}));
    desk.act("2026-09-14T10:30-04", &admin(), settings(TenantEdit { attributes, ..TenantEdit::default() }, ""));
    desk.tick("2026-09-14T10:31-04");
    assert_eq!(desk.marks(), ["80%"]);
}

#[test]
fn timers_of_many_tickets_are_bounded_each_by_itself() {
    let rule = "name: loud\non: {sla: resolution, at: breach}\ndo:\n  - tag: {add: [a]}\n  - set: {priority: LOW}\n  - message: {body: late, visibility: INTERNAL}\n";
    let mut desk = Desk::new(resolution(60));
    desk.house.rules = rule_set(&[rule]);
    let ids: Vec<Uuid> = (0..50)
        .map(|_| {
            desk.create("2026-09-14T10:00-04");
            desk.is().id
        })
        .collect();
    desk.act("2026-09-14T12:00-04", &Caller::clock(TENANT), FollowSla(ids.clone()));
    assert_eq!(desk.house.world.runs, [], "150 activities of 50 commands' worth");
    let tagged = |id: &Uuid| desk.house.world.tickets.get(id).flatten().is_some_and(|ticket| ticket.tags.has("a"));
    assert!(ids.iter().all(tagged));
}

#[test]
fn a_rule_reads_the_clock_that_it_waits_for() {
    let rule = "
name: tell
on: {sla: resolution, at: breach}
if: has(sla.resolution) && sla.resolution.breached && event.data.clocks[0].metric == 'RESOLUTION'
do:
  - set: {custom.due: '${sla.resolution.due_at}'}
  - set: {custom.late: '${event.data.clocks[0].late_by}'}
";
    let mut desk = Desk::new(resolution(60));
    desk.house.rules = rule_set(&[rule]);
    desk.create("2026-09-14T10:00-04");
    desk.tick("2026-09-14T11:05-04");
    let custom = &desk.is().custom;
    assert_eq!(custom["due"], at("2026-09-14T11:00-04").to_string());
    assert_eq!(custom["late"], "300s");
}

/// A policy for everybody, `gold` for whom a rule chooses it, `old` that is retired.
fn choosing(policy: &str) -> Desk {
    let mut desk = Desk::new(resolution(480));
    desk.promise("gold", PolicyEdit { condition: Some("'vip' in ticket.tags".into()), ..resolution(60) });
    let old = desk.promise("old", PolicyEdit { condition: Some("false".into()), ..resolution(60) });
    let retire = DeleteSlaPolicy { policy: PolicyRef::Id(old.id), etag: String::new() };
    desk.house.run(&admin(), retire).expect("retired");
    let rule =
        format!("name: choose\non: ticket.created\ndo:\n  - tag: {{add: [seen]}}\n  - sla: {{policy: {policy}}}\n");
    desk.house.rules = rule_set(&[&rule]);
    desk
}

#[test]
fn a_rule_chooses_a_policy_and_the_clocks_follow_in_the_same_write() {
    let mut desk = choosing("gold");
    let from = desk.house.next();
    desk.create("2026-09-14T10:00-04");
    assert_eq!(desk.due(), due("2026-09-14T11:00-04"));
    assert_eq!(desk.house.kinds(from), ["ticket.created", "ticket.tag_added", "ticket.updated", "sla.retargeted"]);
    assert!(desk.house.since(from).skip(1).all(|it| it.cause.as_ref().is_some_and(|cause| cause.workflow == "choose")));
    let gold = desk.is().sla_policy_id;
    assert_eq!(desk.clock(SlaMetric::Resolution).goal.policy_id, gold.expect("a policy"));

    // By its id, too; and what is so already is no change.
    let id = PolicyRef::Id(gold.expect("a policy")).to_string();
    let rule = format!("name: again\non: ticket.tag_added\ndo:\n  - sla: {{policy: '{id}'}}\n");
    desk.house.rules = rule_set(&[&rule]);
    let from = desk.house.next();
    let tag = |desk: &Desk, tag: &str| TagTicket {
        ticket: TicketRef::Id(desk.is().id),
        etag: String::new(),
        add: vec![tag.into()],
        remove: vec![],
    };
    let action = tag(&desk, "x");
    desk.act("2026-09-14T10:10-04", &agent(), action);
    assert_eq!(desk.house.kinds(from), ["ticket.tag_added"]);
    desk.house.rules = rule_set(&["name: clear\non: ticket.tag_added\ndo:\n  - sla: {policy: ''}\n"]);
    let action = tag(&desk, "y");
    desk.act("2026-09-14T10:20-04", &agent(), action);
    assert_eq!((desk.is().sla_policy_id, desk.due()), (None, due("2026-09-15T10:00-04")));
}

#[test]
fn a_policy_that_the_tenant_lacks_is_an_error_and_one_that_is_retired_a_failure() {
    for (policy, verdict, reason) in [
        ("platinum", RunVerdict::Error, "SLA policy \"platinum\": this tenant has none of this name"),
        ("slp_00000000000000000000000000", RunVerdict::Error, "this tenant has none of this name"),
        ("old", RunVerdict::Failed, "is no ACTIVE SLA policy"),
    ] {
        let mut desk = choosing(policy);
        desk.create("2026-09-14T10:00-04");
        assert_eq!((desk.due(), desk.tags().len()), (due("2026-09-15T10:00-04"), 0), "{policy}: nothing is done");
        let runs: Vec<_> = desk.house.world.runs.iter().map(|run| run.verdict).collect();
        assert_eq!(runs, [verdict], "{policy}");
        assert!(desk.house.world.runs[0].reason.contains(reason), "{}", desk.house.world.runs[0].reason);
    }
}
