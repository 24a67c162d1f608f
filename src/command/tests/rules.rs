//! Rules: order, repetition until none matches, bounds, failures, denials, assignment.

use super::*;
use crate::command::action::NewIssue;

const TRIAGE: &str = "
name: triage
on: ticket.created
if: ticket.team_id != ''
do:
  - assign: {strategy: least_open}
  - tag: {add: [triaged]}
";

#[test]
fn effects_name_their_rule_and_their_parent() {
    let mut house = House::with(&[TRIAGE]);
    house.add_team("support", &["ann", "bob"]);
    house.ticket(&agent(), create(NewTicket { assignee_id: "ann".into(), ..new_ticket("old") }));
    let from = house.next();
    let ticket = house.ticket(&requester(), create(NewTicket { team_id: "support".into(), ..new_ticket("new") }));
    assert_eq!((ticket.assignee_id.as_str(), ticket.tags.0.as_slice()), ("bob", ["triaged".to_owned()].as_slice()));
    assert_eq!(house.kinds(from), ["ticket.created", "ticket.assigned", "ticket.tag_added"]);
    let activities: Vec<&Activity> = house.since(from).collect();
    assert_eq!(activities[0].cause, None);
    let cause = activities[1].cause.as_ref().expect("a cause");
    assert_eq!((cause.root_position, cause.parent_position, cause.depth), (from, from, 1));
    assert_eq!(cause.workflow, "triage");
    assert_eq!(activities[2].cause.as_ref().map(|c| c.run_id), Some(cause.run_id), "one run, two effects");
    assert_eq!((activities[1].actor.kind, activities[1].actor.id.as_str()), (ActorKind::Workflow, "triage"));
    let why = activities[1].explanation.clone().expect("an explanation");
    assert_eq!(why["chosen"], "bob");
    assert_eq!(
        why["candidates"],
        serde_json::json!([
            { "agent_id": "ann", "open_count": 1 }, { "agent_id": "bob", "open_count": 0 },
        ])
    );
}

#[test]
fn round_robin_goes_round_and_remembers() {
    let rule = "name: rr\non: ticket.created\nif: ticket.team_id != ''\ndo:\n  - assign: {strategy: round_robin, only_online: true}\n";
    let mut house = House::with(&[rule]);
    house.add_team("support", &["ann", "bob", "cyd"]);
    let away = Agent { status: AgentStatus::Away, ..agent_row("bob") };
    house.run(&agent(), UpsertEntry { row: away, etag: String::new() }).expect("away");
    let mut next = || {
        let new = NewTicket { team_id: "support".into(), ..new_ticket("x") };
        house.ticket(&agent(), create(new)).assignee_id.clone()
    };
    assert_eq!([next(), next(), next()], ["ann", "cyd", "ann"]);
}

#[test]
fn a_before_rule_edits_what_is_about_to_be() {
    let rule = "name: vip\non: ticket.creating\nif: \"'vip' in ticket.tags\"\ndo:\n  - set: {priority: HIGH}\n  - tag: {add: [handled]}\n";
    let mut house = House::with(&[rule]);
    let ticket = house.ticket(&agent(), create(NewTicket { tags: Words(vec!["vip".into()]), ..new_ticket("x") }));
    assert_eq!((ticket.priority, ticket.tags.len()), (Priority::High, 2));
    assert_eq!(house.kinds(1), ["ticket.created"], "it is part of the caller's own write");
    assert_eq!(house.world.tally, [(0, RunVerdict::Matched)]);
}

#[test]
fn a_denial_refuses_and_leaves_its_run() {
    let rule = "name: no-close\non: ticket.closing\nif: ticket.assignee_id == ''\ndo:\n  - deny: {message: \"assign ${ticket.display_number} first\"}\n";
    let mut house = House::with(&[rule]);
    let ticket = house.ticket(&agent(), create(new_ticket("x")));
    for action in [go(&ticket, Transition::Close, Status::Closed), go(&ticket, Transition::Update, Status::Closed)] {
        let refusal = house.refused(&agent(), action);
        let expected = Refusal::Denied { workflow: "no-close".into(), message: "assign TKT-0001 first".into() };
        assert_eq!(refusal, expected);
    }
    assert_eq!(house.world.runs.len(), 2);
    assert_eq!((house.world.runs[0].position, house.world.runs[0].ticket_id), (0, Some(ticket.id)));
    let trial = Command { validate_only: true, ..command(&agent(), go(&ticket, Transition::Close, Status::Closed)) };
    house.submit(&trial).expect_err("denied");
    assert_eq!(house.world.runs.len(), 2, "a trial leaves no run");
}

#[test]
fn an_error_in_a_before_rule_denies_or_is_ignored_by_its_policy() {
    for (policy, passes) in [("deny", false), ("ignore", true)] {
        let rule = format!(
            "name: broken\non: ticket.creating\nif: organization.tier == 'x'\nfailure_policy: {policy}\ndo:\n  - tag: {{add: [y]}}\n"
        );
        let mut house = House::with(&[&rule]);
        let done = house.run(&agent(), create(new_ticket("x")));
        assert_eq!(done.is_ok(), passes, "{policy}");
        assert_eq!(house.world.runs.iter().map(|run| run.verdict).collect::<Vec<_>>(), [RunVerdict::Error]);
    }
}

#[test]
fn a_failing_action_undoes_its_rule_alone_and_never_the_write() {
    let bad = "name: a-bad\non: ticket.created\ndo:\n  - tag: {add: [lost]}\n  - assign: {to: nobody}\n";
    let good = "name: b-good\non: ticket.created\ndo:\n  - tag: {add: [kept]}\n";
    let mut house = House::with(&[bad, good]);
    let ticket = house.ticket(&agent(), create(new_ticket("x")));
    assert_eq!(ticket.tags.0, ["kept"]);
    assert_eq!(house.kinds(1), ["ticket.created", "workflow.failed", "ticket.tag_added"]);
    let run = &house.world.runs[0];
    assert_eq!((run.workflow.as_str(), run.verdict, run.position), ("a-bad", RunVerdict::Failed, 1));
    assert!(run.reason.contains("nobody"), "{}", run.reason);
    assert_eq!(house.world.tally, [(0, RunVerdict::Failed), (1, RunVerdict::Matched)]);
    let last = house.world.activities.last().expect("one");
    assert_eq!((last.ticket_version, last.position), (3, 3), "versions stay dense over the undone ones");
}

#[test]
fn what_a_rule_writes_on_one_line_is_kept_as_one_or_refused_by_its_name() {
    let good = "name: good\non: ticket.created\ndo:\n  - set: {category: \" cafe\u{301}\\t\"}\n  - tag: {add: [\"\u{200b}vip \"]}\n";
    let bad = "name: late\non: ticket.created\ndo:\n  - set: {subject: \"${ticket.description}\"}\n";
    let mut house = House::with(&[good, bad]);
    let new = NewTicket { description: "two\nlines".into(), ..new_ticket("one line") };
    let ticket = house.ticket(&agent(), create(new));
    assert_eq!((ticket.subject.as_str(), ticket.category.as_str()), ("one line", "café"));
    assert_eq!(ticket.tags.0, ["vip"]);
    let run = &house.world.runs[0];
    assert_eq!((run.workflow.as_str(), run.verdict), ("late", RunVerdict::Failed));
    assert_eq!(run.reason, "subject: must be one line without control characters, has U+000A");
}

#[test]
fn on_error_continue_leaves_out_one_action() {
    let rule =
        "name: half\non: ticket.created\non_error: continue\ndo:\n  - assign: {to: nobody}\n  - tag: {add: [kept]}\n";
    let mut house = House::with(&[rule]);
    assert_eq!(house.ticket(&agent(), create(new_ticket("x"))).tags.0, ["kept"]);
    assert_eq!(house.world.runs[0].verdict, RunVerdict::Failed);
}

#[test]
fn a_denied_effect_is_the_rules_failure() {
    let deny = "name: no-close\non: ticket.closing\ndo:\n  - deny: {message: never}\n";
    let close = "name: closer\non: ticket.created\ndo:\n  - transition: {verb: close}\n";
    let mut house = House::with(&[deny, close]);
    assert_eq!(house.ticket(&agent(), create(new_ticket("x"))).status, Status::Open);
    let runs: Vec<_> = house.world.runs.iter().map(|run| (run.workflow.as_str(), run.verdict)).collect();
    assert_eq!(runs, [("closer", RunVerdict::Failed)]);
}

#[test]
fn two_rules_that_answer_each_other_come_to_rest() {
    let ping = "name: ping\non: ticket.tag_added\ndo:\n  - tag: {add: [\"p${ticket.tags.size()}\"]}\n";
    let pong = "name: pong\non: ticket.tag_added\ndo:\n  - tag: {add: [\"q${ticket.tags.size()}\"]}\n";
    let mut house = House::with(&[ping, pong]);
    let ticket = house.ticket(&agent(), create(new_ticket("x")));
    let tag =
        TagTicket { ticket: TicketRef::Id(ticket.id), etag: String::new(), add: vec!["go".into()], remove: vec![] };
    let after = house.ticket(&agent(), tag);
    for activity in &house.world.activities {
        assert!(activity.cause.as_ref().is_none_or(|cause| cause.depth <= 2), "{activity:?}");
    }
    let suppressed = house.world.activities.iter().filter(|a| a.kind.as_str() == "workflow.suppressed").count();
    assert_eq!(suppressed, 2, "each says once that it was held back: {:?}", after.tags);
    assert!(
        house
            .world
            .runs
            .iter()
            .all(|run| run.verdict == RunVerdict::Suppressed && run.reason.contains("answers what rules do once"))
    );
}

#[test]
fn no_chain_is_longer_than_eight_rules() {
    let rules: Vec<String> = (1..=12)
        .map(|i| {
            let if_ = format!("'t{}' in ticket.tags && !('t{i}' in ticket.tags)", i - 1);
            // The next one comes before it: only the activity of its tag brings its turn.
            format!("name: step-{:02}\non: ticket.tag_added\nif: \"{if_}\"\ndo:\n  - tag: {{add: [t{i}]}}\n", 20 - i)
        })
        .collect();
    let mut house = House::with(&rules.iter().map(String::as_str).collect::<Vec<_>>());
    let ticket = house.ticket(&agent(), create(new_ticket("x")));
    let tag =
        TagTicket { ticket: TicketRef::Id(ticket.id), etag: String::new(), add: vec!["t0".into()], remove: vec![] };
    assert_eq!(house.ticket(&agent(), tag).tags.len(), 9);
    let run = house.world.runs.last().expect("a run");
    assert_eq!((run.workflow.as_str(), run.verdict), ("step-11", RunVerdict::Suppressed));
    assert!(run.reason.contains("more than 8 deep"), "{}", run.reason);
}

#[test]
fn rules_make_a_hundred_activities_and_no_more() {
    // 60 rules that each answer every change with two others.
    let rules: Vec<String> = (0..60)
        .map(|i| {
            format!("name: noisy-{i:02}\non: ticket.updated\ndo:\n  - message: {{body: hm, visibility: INTERNAL}}\n  - set: {{custom.k{i}: \"${{event.position}}\"}}\n")
        })
        .collect();
    let mut house = House::with(&rules.iter().map(String::as_str).collect::<Vec<_>>());
    let ticket = house.ticket(&agent(), create(new_ticket("x")));
    let subject = TicketEdit { subject: Some("y".into()), ..TicketEdit::default() };
    house.ticket(&agent(), edit(&ticket, subject));
    let by_rules = house
        .world
        .activities
        .iter()
        .filter(|a| a.cause.is_some() && !a.kind.as_str().starts_with("workflow."))
        .count();
    assert_eq!(by_rules, 100);
    let held = |why: &str| house.world.runs.iter().filter(|run| run.reason.contains(why)).count();
    assert_eq!((held("more than 100 activities"), held("answers what rules do once")), (10, 50));
}

#[test]
fn each_rule_can_read_the_event_as_it_was() {
    let first = "name: a-first\non: ticket.created\ndo:\n  - set: {priority: URGENT}\n";
    let second = "name: b-second\non: ticket.created\nif: event.ticket.priority == 'MEDIUM' && ticket.priority == 'URGENT'\ndo:\n  - tag: {add: [was-medium]}\n";
    let mut house = House::with(&[first, second]);
    let ticket = house.ticket(&agent(), create(new_ticket("x")));
    assert_eq!((ticket.priority, ticket.tags.0.as_slice()), (Priority::Urgent, ["was-medium".to_owned()].as_slice()));
}

#[test]
fn before_and_changes_are_those_of_the_activity() {
    let rule = "name: raised\non: ticket.priority_changed\nif: before.priority == 'LOW' && changes.priority.new == 'HIGH'\ndo:\n  - tag: {add: [raised]}\n";
    let mut house = House::with(&[rule]);
    let ticket = house.ticket(&agent(), create(NewTicket { priority: Priority::Low, ..new_ticket("x") }));
    let high = TicketEdit { priority: Some(Priority::High), ..TicketEdit::default() };
    assert_eq!(house.ticket(&agent(), edit(&ticket, high)).tags.0, ["raised"]);
}

#[test]
fn an_escalation_becomes_one_issue_and_its_resolve_resolves() {
    let make = "name: to-issue\non: ticket.escalated\ndo:\n  - create_issue: {title: \"Escalation: ${ticket.subject}\", type: BUG, once: per_ticket}\n";
    let resolve = "name: from-issue\non: issue.resolved\ndo:\n  - transition: {verb: resolve, reason: fixed}\n";
    let mut house = House::with(&[make, resolve]);
    let ticket = house.ticket(&agent(), create(new_ticket("Login")));
    house.move_to(&ticket, Transition::Escalate, Status::Escalated).expect("escalated");
    house.move_to(&ticket, Transition::Escalate, Status::Escalated).expect("again");
    let issues: Vec<_> = house.world.issues.inserts().cloned().collect();
    assert_eq!(issues.len(), 1);
    assert_eq!((issues[0].title.as_str(), issues[0].reporter_id.as_str()), ("Escalation: Login", "rita"));
    assert_eq!(issues[0].workflow, "to-issue");
    house.run(&agent(), ResolveIssue { issue: issues[0].id, etag: String::new() }).expect("resolved");
    assert_eq!(house.now_is(&ticket).status, Status::Resolved);
    let last = house.world.activities.last().expect("one");
    assert_eq!(
        (last.kind.as_str(), last.cause.as_ref().map(|c| c.workflow.as_str())),
        ("ticket.resolved", Some("from-issue"))
    );
}

#[test]
fn an_event_without_a_ticket_gives_actions_nothing_to_act_on() {
    let rule = "name: lost\non: issue.created\ndo:\n  - tag: {add: [x]}\n";
    let mut house = House::with(&[rule]);
    let new = NewIssue {
        title: "Bug".into(),
        description: String::new(),
        kind: IssueType::Bug,
        priority: Priority::Low,
        reporter_id: String::new(),
        assignee_id: String::new(),
        project: String::new(),
        external_url: String::new(),
        metadata: Value::Null,
        tickets: Vec::new(),
        source: String::new(),
        source_type: SourceType::Api,
    };
    house.run(&agent(), CreateIssue(new)).expect("created");
    assert_eq!(house.kinds(1), ["issue.created", "workflow.failed"]);
}
