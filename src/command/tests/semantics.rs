//! After-rules: in order, each on the ticket as those before it left it; families; bounds; what they say and to whom.

use super::*;
use crate::command::action::NewIssue;

fn update(house: &mut House, ticket: &Ticket, make: impl FnOnce(&mut TicketEdit)) -> Arc<Ticket> {
    let mut fields = TicketEdit::default();
    make(&mut fields);
    house.ticket(&agent(), edit(ticket, fields))
}

fn verdicts(house: &House) -> Vec<(&str, RunVerdict)> {
    house.world.runs.iter().map(|run| (run.workflow.as_str(), run.verdict)).collect()
}

fn messages(house: &House) -> Vec<&str> {
    house.world.activities.iter().filter_map(|a| Some(a.message.as_ref()?.body.as_str())).collect()
}

#[test]
fn a_catch_all_takes_what_is_left() {
    let first =
        "name: billing\norder: 10\non: ticket.created\nif: ticket.category == 'billing'\ndo:\n  - assign: {to: bill}\n";
    let rest = "name: catch-all\norder: 900\non: ticket.created\nif: \"!has(ticket.assignee_id)\"\ndo:\n  - assign: {to: ann}\n";
    let mut house = House::with(&[first, rest]);
    house.add_agent("bill");
    house.add_agent("ann");
    let filed = |category: &str| create(NewTicket { category: category.into(), ..new_ticket("x") });
    assert_eq!(house.ticket(&agent(), filed("billing")).assignee_id, "bill");
    assert_eq!(house.ticket(&agent(), filed("general")).assignee_id, "ann");
}

#[test]
fn the_event_stays_as_it_was() {
    let first = "name: a-raise\non: ticket.priority_changed\ndo:\n  - set: {priority: URGENT}\n";
    let second = "name: b-look\non: ticket.priority_changed\nif: event.ticket.priority == 'HIGH' && ticket.priority == 'URGENT' \
                  && before.priority == 'LOW' && changed('priority', 'LOW', 'HIGH')\ndo:\n  - tag: {add: [seen]}\n";
    let mut house = House::with(&[first, second]);
    let ticket = house.ticket(&agent(), create(NewTicket { priority: Priority::Low, ..new_ticket("x") }));
    let after = update(&mut house, &ticket, |edit| edit.priority = Some(Priority::High));
    assert_eq!((after.priority, after.tags.0.as_slice()), (Priority::Urgent, ["seen".to_owned()].as_slice()));
}

#[test]
fn an_update_of_three_fields_is_one_event() {
    let rule = "name: told\non: ticket.updated\ndo:\n  - message: {visibility: INTERNAL, body: \"${event.type} at ${event.position}: \
                ${event.types} from ${changes.subject.old}, ${changes.priority.old}, ${changes.category.old} was ${before.priority}\"}\n";
    let mut house = House::with(&[rule]);
    let ticket = house.ticket(&agent(), create(new_ticket("x")));
    update(&mut house, &ticket, |edit| {
        edit.subject = Some("y".into());
        edit.priority = Some(Priority::High);
        edit.category = Some("billing".into());
    });
    assert_eq!(
        messages(&house),
        [
            "ticket.updated at 4: ticket.updated, ticket.category_changed, ticket.priority_changed from x, MEDIUM, general was MEDIUM"
        ]
    );
}

#[test]
fn a_plain_type_is_asked_for_each_activity_and_a_family_for_each_step() {
    let each = "name: each\non: [ticket.tag_added, ticket.tag_removed]\ndo:\n  - message: {visibility: INTERNAL, body: \"${event.type}\"}\n";
    let step = "name: step\non: ticket.updated\nif: \"!has(event.cause)\"\ndo:\n  - message: {visibility: INTERNAL, body: \"${changes.tags.old} to ${changes.tags.new}\"}\n";
    let mut house = House::with(&[each, step]);
    let ticket = house.ticket(&agent(), create(NewTicket { tags: Words(vec!["a".into()]), ..new_ticket("x") }));
    update(&mut house, &ticket, |edit| edit.tags = Some(Words(vec!["b".into()])));
    assert_eq!(messages(&house), ["ticket.tag_removed", "ticket.tag_added", "a to b"]);
}

#[test]
fn a_rules_run_is_a_step_of_its_own() {
    let maker =
        "name: maker\non: ticket.created\ndo:\n  - set: {priority: HIGH, category: billing}\n  - tag: {add: [a, b]}\n";
    let told = "name: told\non: ticket.updated\ndo:\n  - message: {visibility: INTERNAL, body: \"${event.types.size()} by ${event.cause.workflow}\"}\n";
    let mut house = House::with(&[maker, told]);
    house.ticket(&agent(), create(new_ticket("x")));
    assert_eq!(messages(&house), ["3 by maker"]);
}

#[test]
fn rules_that_answer_messages_with_messages_say_one_each() {
    for n in 1..=5 {
        let rules: Vec<String> = (0..n)
            .map(|i| format!("name: r{i}\non: ticket.message_added\ndo:\n  - message: {{body: \"answer {i}\"}}\n"))
            .collect();
        let mut house = House::with(&rules.iter().map(String::as_str).collect::<Vec<_>>());
        let ticket = house.ticket(&agent(), create(new_ticket("x")));
        house.run(&agent(), say(&ticket, "hello", Visibility::Public)).expect("said");
        assert_eq!(messages(&house).len(), 1 + n, "{n} rules");
        let held: Vec<_> = house.world.runs.iter().filter(|run| run.verdict == RunVerdict::Suppressed).collect();
        assert_eq!(held.len(), n, "each says once that it was held back");
        assert!(held.iter().all(|run| run.reason.contains("answers what rules do once")));
        let told: Vec<_> = house.world.activities.iter().filter(|a| a.kind.as_str() == "workflow.suppressed").collect();
        assert_eq!(told.len(), n);
        let named =
            |told: &&Activity| told.cause.as_ref().is_some_and(|cause| held.iter().any(|run| run.id == cause.run_id));
        assert!(told.iter().all(named), "each names its run");
    }
}

#[test]
fn in_answer_to_the_caller_a_rule_may_run_for_each_activity() {
    let rule = "name: each\non: [ticket.priority_changed, ticket.category_changed]\ndo:\n  - message: {visibility: INTERNAL, body: \"${event.type}\"}\n";
    let mut house = House::with(&[rule]);
    let ticket = house.ticket(&agent(), create(new_ticket("x")));
    update(&mut house, &ticket, |edit| {
        edit.priority = Some(Priority::High);
        edit.category = Some("billing".into());
    });
    assert_eq!(messages(&house), ["ticket.category_changed", "ticket.priority_changed"]);
    assert!(house.world.runs.is_empty());
}

/// An issue that is linked to so many tickets.
fn issue_of(house: &mut House, tickets: usize) -> Uuid {
    let all: Vec<Arc<Ticket>> =
        (0..tickets).map(|i| house.ticket(&agent(), create(new_ticket(&format!("t{i}"))))).collect();
    let new = NewIssue {
        title: "Bug".into(),
        tickets: all.iter().map(|ticket| TicketRef::Id(ticket.id)).collect(),
        metadata: Value::Null,
        ..NewIssue::default()
    };
    match house.run(&agent(), CreateIssue(new)).expect("created").resource {
        Resource::Issue(issue) => issue.id,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_issue_resolves_all_of_its_tickets() {
    let rule = "name: back\non: issue.resolved\ndo:\n  - transition: {verb: resolve}\n  - tag: {add: [fixed]}\n";
    let mut house = House::with(&[rule]);
    let issue = issue_of(&mut house, 120);
    house.run(&agent(), ResolveIssue { issue, etag: String::new() }).expect("resolved");
    let tickets: Vec<_> = house.world.tickets.rows().map(|(_, ticket)| ticket).collect();
    assert_eq!(tickets.len(), 120);
    assert!(tickets.iter().all(|ticket| ticket.status == Status::Resolved && ticket.tags.has("fixed")));
    assert!(house.world.runs.is_empty());
}

#[test]
fn a_step_asks_at_once_for_what_its_tickets_lack() {
    let rule = "name: back\non: issue.resolved\nif: requester.name != 'x' && ticket.open_issue_count == 0\ndo:\n  - transition: {verb: resolve}\n";
    let mut house = House::with(&[]);
    let issue = issue_of(&mut house, 50);
    // The same rows in a world that knows the issue and its tickets only.
    let mut fresh = House::with(&[rule]);
    let known = house.world.issue(issue).expect("known");
    fresh.world.issues.load(issue, known.clone());
    let tickets = house.world.tickets.rows();
    tickets.for_each(|(id, ticket)| {
        fresh
            .world
            .tickets
            .load(id, Some(Arc::new(Ticket { requester_id: format!("r-{id}"), ..Ticket::clone(&ticket) })));
        fresh.world.ticket_issues.load(id, Some(Arc::new(vec![issue])));
    });
    let command = command(&agent(), ResolveIssue { issue, etag: String::new() });
    match run(&mut fresh.world, &command, &fresh.rules, fresh.now) {
        Err(Stop::Missing(wants)) => {
            let contacts = wants.iter().filter(|want| matches!(want, Want::Contact(_))).count();
            assert_eq!(contacts, 50, "one load is enough for all");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_ticket_has_a_hundred_activities_of_rules() {
    let rules: Vec<String> = (0..12)
        .map(|i| {
            let steps: String =
                (0..10).map(|k| format!("  - message: {{visibility: INTERNAL, body: \"m{i}-{k}\"}}\n")).collect();
            format!("name: noisy-{i:02}\non: issue.updated\ndo:\n{steps}")
        })
        .collect();
    let mut house = House::with(&rules.iter().map(String::as_str).collect::<Vec<_>>());
    let issue = issue_of(&mut house, 3);
    let edit = super::super::action::IssueEdit { title: Some("Other".into()), ..Default::default() };
    house.run(&agent(), UpdateIssue { issue, etag: String::new(), edit }).expect("updated");
    for (id, _) in house.world.tickets.rows() {
        let own = |a: &&Activity| a.ticket_id == Some(id) && a.cause.is_some();
        let said = house.world.activities.iter().filter(own).filter(|a| a.message.is_some()).count();
        let told =
            house.world.activities.iter().filter(own).filter(|a| a.kind.as_str() == "workflow.suppressed").count();
        assert_eq!((said, told), (100, 2), "what was held back is told on each ticket");
    }
}

#[test]
fn a_command_has_five_thousand_activities_of_rules() {
    let steps: String = (0..50).map(|k| format!("  - message: {{visibility: INTERNAL, body: \"m{k}\"}}\n")).collect();
    let rule = format!("name: noisy\non: issue.resolved\ndo:\n{steps}");
    let mut house = House::with(&[&rule]);
    let issue = issue_of(&mut house, 102);
    house.run(&agent(), ResolveIssue { issue, etag: String::new() }).expect("resolved");
    assert_eq!(messages(&house).len(), 5_000);
    let held =
        house.world.runs.iter().filter(|run| run.verdict == RunVerdict::Suppressed && run.reason.contains("5000"));
    assert_eq!(held.count(), 2, "on each ticket that went without");
}

#[test]
fn a_rule_stops_others_only_if_its_effects_stand() {
    let last = "name: b-last\non: ticket.created\ndo:\n  - tag: {add: [last]}\n";
    for (action, stops) in [("tag: {add: [first]}", true), ("assign: {to: nobody}", false)] {
        let first = format!("name: a-first\non: ticket.created\nstop: true\ndo:\n  - {action}\n");
        let mut house = House::with(&[&first, last]);
        let ticket = house.ticket(&agent(), create(new_ticket("x")));
        assert_eq!(ticket.tags.has("last"), !stops, "{action}");
    }
}

#[test]
fn a_rule_takes_leave_on_the_ticket_that_its_event_closed() {
    let bye = "name: bye\non: ticket.closed\ndo:\n  - message: {body: \"Closed: ${ticket.subject}\"}\n";
    let late = "name: late\non: ticket.rated\ndo:\n  - message: {body: thanks}\n";
    let mut house = House::with(&[bye, late]);
    let ticket = house.ticket(&agent(), create(new_ticket("x")));
    let closed = house.ticket(&agent(), go(&ticket, Transition::Close, Status::Closed));
    assert_eq!((closed.status, closed.public_message_count), (Status::Closed, 1));
    let said = house.world.activities.iter().find_map(|a| a.message.clone()).expect("a message");
    assert_eq!((said.body.as_str(), said.author_kind), ("Closed: x", AuthorKind::System));
    // Later it is as closed to rules as to agents.
    let rate =
        RateTicket { ticket: TicketRef::Id(ticket.id), etag: String::new(), satisfaction: 5.0, comment: String::new() };
    house.run(&agent(), rate).expect("rated");
    assert_eq!(verdicts(&house), [("late", RunVerdict::Failed)]);
}

#[test]
fn a_rule_mentions_in_its_own_words_only() {
    let quote = "name: quote\non: ticket.created\ndo:\n  - message: {visibility: INTERNAL, body: \"${ticket.subject} for @${ticket.category} and @ann\"}\n";
    let mut house = House::with(&[quote]);
    for id in ["eve", "ann", "bill"] {
        house.add_agent(id);
    }
    house.ticket(&requester(), create(NewTicket { category: "bill".into(), ..new_ticket("see @eve") }));
    let said = house.world.activities.iter().find_map(|a| a.message.clone()).expect("a message");
    assert_eq!(said.body, "see @eve for @bill and @ann");
    assert_eq!(said.mentions.0, ["bill", "ann"], "what it quotes mentions nobody");
}

#[test]
fn the_first_rule_of_the_readme_is_for_new_tickets_too() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let page = std::fs::read_to_string(path).expect("is there");
    let rule = page.split("```yaml rule workflows/vip.yaml\n").nth(1).and_then(|rest| rest.split("```").next());
    let mut house = House::with(&[rule.expect("the rule")]);
    let vip = NewTicket { tags: Words(vec!["vip".into()]), ..new_ticket("x") };
    assert_eq!(house.ticket(&agent(), create(vip)).priority, Priority::Urgent);
    let ticket = house.ticket(&agent(), create(new_ticket("y")));
    let tag =
        TagTicket { ticket: TicketRef::Id(ticket.id), etag: String::new(), add: vec!["vip".into()], remove: vec![] };
    assert_eq!(house.ticket(&agent(), tag).priority, Priority::Urgent);
}

#[test]
fn one_issue_for_a_ticket_whichever_rule_makes_it() {
    let make = |name: &str, once: &str| {
        format!("name: {name}\non: ticket.escalated\ndo:\n  - create_issue: {{title: \"{name}\", once: {once}}}\n")
    };
    let count = |house: &House| house.world.issues.inserts().count();
    let mut house = House::with(&[&make("old-name", "per_ticket")]);
    let ticket = house.ticket(&agent(), create(new_ticket("x")));
    house.move_to(&ticket, Transition::Escalate, Status::Escalated).expect("escalated");
    house.rules = rule_set(&[&make("new-name", "per_ticket")]);
    house.move_to(&ticket, Transition::Escalate, Status::Escalated).expect("again");
    assert_eq!(count(&house), 1, "another name is no other issue");
    let keyed = [make("a", "{key: security}"), make("b", "{key: security}"), make("c", "{key: legal}")];
    house.rules = rule_set(&keyed.iter().map(String::as_str).collect::<Vec<_>>());
    house.move_to(&ticket, Transition::Escalate, Status::Escalated).expect("again");
    house.move_to(&ticket, Transition::Escalate, Status::Escalated).expect("again");
    assert_eq!(count(&house), 3, "one for each key");
}

#[test]
fn a_ticket_waits_for_all_of_its_issues() {
    let rule =
        "name: back\non: issue.resolved\nif: ticket.open_issue_count == 0\ndo:\n  - transition: {verb: resolve}\n";
    let mut house = House::with(&[rule]);
    let ticket = house.ticket(&agent(), create(new_ticket("x")));
    let make = |house: &mut House| {
        let tickets = vec![TicketRef::Id(ticket.id)];
        let new = NewIssue { title: "Bug".into(), tickets, metadata: Value::Null, ..NewIssue::default() };
        match house.run(&agent(), CreateIssue(new)).expect("created").resource {
            Resource::Issue(issue) => ResolveIssue { issue: issue.id, etag: String::new() },
            other => panic!("{other:?}"),
        }
    };
    let (one, other) = (make(&mut house), make(&mut house));
    house.run(&agent(), one).expect("resolved");
    assert_eq!(house.now_is(&ticket).status, Status::Open);
    house.run(&agent(), other).expect("resolved");
    assert_eq!(house.now_is(&ticket).status, Status::Resolved);
}

#[test]
fn round_robin_goes_on_behind_one_who_left() {
    let rule = "name: rr\non: ticket.created\ndo:\n  - assign: {strategy: round_robin}\n";
    let mut house = House::with(&[rule]);
    house.add_team("support", &["cyd", "ann", "bob"]);
    let next = |house: &mut House| {
        let new = NewTicket { team_id: "support".into(), ..new_ticket("x") };
        house.ticket(&agent(), create(new)).assignee_id.clone()
    };
    assert_eq!([next(&mut house), next(&mut house)], ["ann", "bob"]);
    house.run(&agent(), UpsertEntry { row: team_row("support", &["ann", "cyd"]), etag: String::new() }).expect("left");
    assert_eq!([next(&mut house), next(&mut house)], ["cyd", "ann"]);
}

#[test]
fn an_assignment_to_nobody_says_why() {
    let rule = "name: least\non: ticket.created\ndo:\n  - assign: {strategy: least_open, only_online: true}\n";
    let mut house = House::with(&[rule]);
    house.add_team("support", &["ann"]);
    house.add_team("empty", &[]);
    for (team, why) in [
        ("support", "least_open found nobody in team \"support\": ann is OFFLINE"),
        ("empty", "least_open found nobody: team \"empty\" has no members"),
        ("lost", "least_open found nobody: the directory does not know team \"lost\""),
        ("", "least_open found nobody: the ticket has no team"),
    ] {
        if team == "support" {
            let away = Agent { status: AgentStatus::Offline, ..agent_row("ann") };
            house.run(&agent(), UpsertEntry { row: away, etag: String::new() }).expect("away");
        }
        let ticket = house.ticket(&agent(), create(NewTicket { team_id: team.into(), ..new_ticket("x") }));
        let run = house.world.runs.last().expect("a run");
        assert_eq!((run.verdict, run.reason.as_str(), run.ticket_id), (RunVerdict::Matched, why, Some(ticket.id)));
    }
}

#[test]
fn an_assignment_with_a_team_moves_the_ticket_there() {
    for (action, assignee) in [
        ("assign: {team: billing}", ""),
        ("assign: {strategy: least_open, team: billing}", "bill"),
        ("assign: {strategy: least_open, only_online: true, team: billing}", ""),
        ("assign: {to: ann, team: billing}", "ann"),
        ("set: {team_id: billing}", ""),
    ] {
        let rule = format!("name: route\non: ticket.created\ndo:\n  - {action}\n");
        let mut house = House::with(&[&rule]);
        house.add_agent("ann");
        house.add_team("billing", &["bill"]);
        let away = Agent { status: AgentStatus::Offline, ..agent_row("bill") };
        house.run(&agent(), UpsertEntry { row: away, etag: String::new() }).expect("away");
        let from = house.next();
        let ticket = house.ticket(&agent(), create(new_ticket("x")));
        assert_eq!((ticket.team_id.as_str(), ticket.assignee_id.as_str()), ("billing", assignee), "{action}");
        assert_eq!(house.kinds(from), ["ticket.created", "ticket.assigned"], "{action}");
    }
    for action in ["assign: {team: lost}", "set: {team_id: lost}", "assign: {strategy: least_open, team: lost}"] {
        let rule = format!("name: route\non: ticket.created\ndo:\n  - {action}\n");
        let mut house = House::with(&[&rule]);
        assert_eq!(house.ticket(&agent(), create(new_ticket("x"))).team_id, "");
        assert!(house.world.runs[0].reason.contains("there is no team \"lost\""), "{action}: {:?}", house.world.runs);
    }
}

#[test]
fn deciding_twice_makes_the_same_runs() {
    let bad = "name: bad\non: ticket.creating\ndo:\n  - set: {status: PENDING}\n";
    let ping = "name: ping\non: ticket.updated\ndo:\n  - set: {custom.n: \"${event.position}\"}\n";
    let set = "name: set\non: ticket.created\ndo:\n  - set: {priority: HIGH}\n";
    let command = command(&agent(), create(new_ticket("x")));
    let runs = |mut house: House| {
        house.submit(&command).expect("done");
        format!("{:?} {:?}", house.world.runs, house.world.activities)
    };
    assert_eq!(runs(House::with(&[bad, ping, set])), runs(House::with(&[bad, ping, set])));
}
