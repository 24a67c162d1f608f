//! What rules make for others: custom events, and what they hand to endpoints and agents.

use serde_json::json;

use super::issues::new_issue;
use super::*;
use crate::workflow::fixture;

const EMITS: &str = "
name: emits
on: ticket.created
do:
  - emit:
      type: custom.paid
      data: {number: '${ticket.number}', about: 'It is ${ticket.subject}', list: [1, '${ticket.tags}'], deep: {on: true}}
";

#[test]
fn an_event_of_a_rule_is_an_activity_of_the_ticket_that_other_rules_answer() {
    let answers = "name: answers\non: custom.paid\nif: event.data.number == 1\ndo: [{tag: {add: [paid]}}]\n";
    let any = "name: any\non: custom.*\nif: ticket != null && has(event.cause)\ndo: [{set: {priority: HIGH}}]\n";
    let other = "name: other\non: custom.unpaid\ndo: [{tag: {add: [unpaid]}}]\n";
    let mut house = House::with(&[EMITS, answers, any, other]);
    let ticket = house.ticket(&agent(), create(new_ticket("Rent")));
    let told = ["ticket.created", "custom.paid", "ticket.tag_added", "ticket.priority_changed"];
    assert_eq!(house.kinds(1), told, "in the order of their names");
    assert_eq!((ticket.tags.0.as_slice(), ticket.priority), (&["paid".to_owned()][..], Priority::High));
    let event = house.since(2).next().expect("the event");
    assert_eq!((event.ticket_id, event.ticket_version), (Some(ticket.id), 2));
    let data = json!({ "number": 1, "about": "It is Rent", "list": [1, []], "deep": { "on": true } });
    assert_eq!(event.data, Some(data));
    assert_eq!(event.cause.as_ref().map(|cause| cause.workflow.as_str()), Some("emits"));
    assert!(!event.kind.is_public(event.families), "requesters do not see it");
    let answer = house.since(3).next().and_then(|it| it.cause.clone()).expect("a cause");
    assert_eq!((answer.root_position, answer.parent_position, answer.depth), (1, 2, 2));
}

#[test]
fn what_is_handed_out_is_recorded_for_whoever_delivers_it() {
    let rule = "
name: tell
on: ticket.escalated
do:
  - webhook: {endpoint: chat, payload: {text: 'Look at ${ticket.display_number}', tags: '${ticket.tags}'}}
  - webhook: {endpoint: bell}
  - dispatch_agent: {agent: '${ticket.requester_id}', prompt: \"Sum up\\n${ticket.subject}\"}
";
    let mut house = House::with(&[rule]);
    let ticket = house.ticket(&agent(), create(new_ticket("Rent")));
    let etag = ticket.etag_version;
    let from = house.next();
    house.move_to(&ticket, Transition::Escalate, Status::Escalated).expect("escalated");
    assert_eq!(house.kinds(from + 1), ["workflow.dispatched"; 3]);
    let data: Vec<Value> = house.since(from + 1).filter_map(|it| it.data.clone()).collect();
    assert_eq!(
        data,
        [
            json!({ "action": "webhook", "endpoint": "chat", "payload": { "text": "Look at TKT-0001", "tags": [] } }),
            json!({ "action": "webhook", "endpoint": "bell", "payload": null }),
            json!({ "action": "dispatch_agent", "agent": ticket.requester_id, "prompt": "Sum up\nRent" }),
        ]
    );
    assert!(house.since(from + 1).all(|it| it.ticket_id == Some(ticket.id) && !it.kind.is_public(it.families)));
    assert_eq!(house.now_is(&ticket).etag_version, etag + 1, "only the escalation changed it");
}

#[test]
fn they_need_no_ticket_and_no_living_one() {
    let all = "do:\n  - emit: {type: custom.seen, data: {type: '${event.type}'}}\n  - webhook: {endpoint: chat}\n  - dispatch_agent: {agent: scribe, prompt: Note it}\n";
    let rule = format!("name: seen\non: [agent.changed, issue.created, ticket.deleted]\n{all}");
    let mut house = House::with(&[&rule]);
    let made = ["custom.seen", "workflow.dispatched", "workflow.dispatched"];
    let kinds = |house: &House, from: i64| house.kinds(from).into_iter().map(str::to_owned).collect::<Vec<_>>();
    let from = house.next();
    house.run(&admin(), UpsertEntry { row: agent_row("eve"), etag: String::new() }).expect("an agent");
    assert_eq!(kinds(&house, from), [&["agent.changed"][..], &made].concat());
    assert!(house.since(from).all(|it| it.ticket_id.is_none()));
    let from = house.next();
    house.run(&agent(), CreateIssue(new_issue("of no ticket"))).expect("an issue");
    assert_eq!(kinds(&house, from), [&["issue.created"][..], &made].concat());
    let ticket = house.ticket(&agent(), create(new_ticket("Rent")));
    let from = house.next();
    house.run(&admin(), DeleteTicket { ticket: TicketRef::Id(ticket.id), etag: String::new() }).expect("deleted");
    assert_eq!(kinds(&house, from), [&["ticket.deleted"][..], &made].concat());
    assert!(house.since(from).all(|it| it.ticket_id == Some(ticket.id)));
    assert!(house.world.runs.is_empty());
}

#[test]
fn an_answer_to_an_event_without_a_ticket_has_none_to_act_on() {
    let emits = "name: emits\non: agent.changed\ndo: [{emit: {type: custom.seen}}]\n";
    let answers = "name: answers\non: custom.seen\ndo: [{tag: {add: [seen]}}]\n";
    let mut house = House::with(&[emits, answers]);
    house.run(&admin(), UpsertEntry { row: agent_row("eve"), etag: String::new() }).expect("an agent");
    assert_eq!(house.kinds(1), ["agent.changed", "custom.seen", "workflow.failed"]);
    assert_eq!(house.since(2).next().and_then(|it| it.data.clone()), Some(json!({})));
}

#[test]
fn an_event_that_a_rule_answers_with_itself_ends() {
    let echo = "name: echo\non: [ticket.created, custom.echo]\ndo: [{emit: {type: custom.echo}}]\n";
    let mut house = House::with(&[echo]);
    house.ticket(&agent(), create(new_ticket("Rent")));
    assert_eq!(house.kinds(1), ["ticket.created", "custom.echo", "workflow.suppressed"]);
}

#[test]
fn what_is_too_large_or_too_deep_is_the_rules_failure() {
    let deep = "{a: ".repeat(16) + "1" + &"}".repeat(16);
    let long = "x".repeat(300);
    for (action, reason) in [
        (
            "emit: {type: custom.a, data: {a: '${ticket.description}'}}".to_owned(),
            "data: must have at most 16384 bytes",
        ),
        (
            "webhook: {endpoint: chat, payload: ['${ticket.description}']}".to_owned(),
            "payload: must have at most 16384",
        ),
        (format!("webhook: {{endpoint: chat, payload: [{deep}]}}"), "payload: must be at most 16 maps and lists deep"),
        (format!("webhook: {{endpoint: {long}}}"), "endpoint: must have"),
        ("dispatch_agent: {agent: '', prompt: Go}".to_owned(), "agent: must have 1 to 128"),
        ("dispatch_agent: {agent: ann, prompt: ''}".to_owned(), "prompt: must have 1 to"),
    ] {
        let mut house = House::with(&[&format!("name: big\non: ticket.created\ndo:\n  - {action}\n")]);
        house.ticket(&agent(), create(NewTicket { description: "x".repeat(20_000), ..new_ticket("Rent") }));
        assert_eq!(house.kinds(1), ["ticket.created", "workflow.failed"], "{action}");
        let run = &house.world.runs[0];
        assert_eq!(run.verdict, RunVerdict::Failed);
        assert!(run.reason.contains(reason), "{action}: {}", run.reason);
    }
    let fits = format!("name: deep\non: ticket.created\ndo:\n  - webhook: {{endpoint: chat, payload: {deep}}}\n");
    let mut house = House::with(&[&fits]);
    house.ticket(&agent(), create(new_ticket("Rent")));
    assert_eq!(house.kinds(1), ["ticket.created", "workflow.dispatched"]);
    // More than any text may have is not even put together.
    let many = ["'${ticket.description}'"; 4].join(", ");
    let rule = format!("name: many\non: ticket.created\ndo:\n  - webhook: {{endpoint: chat, payload: [{many}]}}\n");
    let mut house = House::with(&[&rule]);
    house.ticket(&agent(), create(NewTicket { description: "x".repeat(20_000), ..new_ticket("Rent") }));
    assert_eq!((house.kinds(1), house.world.runs[0].verdict), (vec!["ticket.created"], RunVerdict::Error));
    assert_eq!(house.world.runs[0].reason, "do[0] (webhook): a value of more than 64 KiB");
}

#[test]
fn data_is_names_and_values_when_it_is_evaluated_too() {
    let rule = "name: a\non: organization.changed\ndo: [{emit: {type: custom.a, data: '${event.data}'}}]\n";
    let text = "name: b\non: organization.changed\ndo: [{emit: {type: custom.b, data: '${event.type}'}}]\n";
    let mut house = House::with(&[rule, text]);
    let row = fixture::organization("");
    let id = row.id.clone();
    house.run(&admin(), UpsertEntry { row, etag: String::new() }).expect("an organization");
    assert_eq!(house.kinds(1), ["organization.changed", "custom.a"]);
    assert_eq!(house.since(2).next().and_then(|it| it.data.clone()).expect("data")["id"], json!(id));
    assert_eq!(house.world.runs[0].reason, "do[0] (emit): data has no names and values");
}
