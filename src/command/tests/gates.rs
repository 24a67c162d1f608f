//! Before-rules: a gate is about the change, whichever call makes it. First the rules amend it, then they judge it.

use super::*;

fn edit_with(ticket: &Ticket, make: impl FnOnce(&mut TicketEdit)) -> Any {
    let mut fields = TicketEdit::default();
    make(&mut fields);
    whichever(edit(ticket, fields))
}

fn tag(ticket: &Ticket, add: &[&str]) -> Any {
    let add = add.iter().map(|tag| (*tag).to_owned()).collect();
    whichever(TagTicket { ticket: TicketRef::Id(ticket.id), etag: String::new(), add, remove: vec![] })
}

fn deny(name: &str, on: &str, condition: &str) -> String {
    format!("name: {name}\non: {on}\nif: \"{condition}\"\ndo:\n  - deny: {{message: never}}\n")
}

fn denied_by(refusal: &Refusal) -> &str {
    match refusal {
        Refusal::Denied { workflow, .. } => workflow,
        other => panic!("{other}"),
    }
}

/// What a rule on each before-event has heard of one command.
fn heard(house: &mut House, caller: &Caller, verb: Any) -> Vec<String> {
    let from = house.world.tally.len();
    house.run(caller, verb).expect("done");
    let rules = house.rules.rules();
    let heard = house.world.tally[from..].iter().filter(|(_, verdict)| *verdict == RunVerdict::Matched);
    heard.map(|(place, _)| rules[*place].name.clone()).collect()
}

/// One rule for each before-event, which hears it and changes nothing.
fn witnesses() -> Vec<String> {
    use crate::workflow::BeforeEvent;
    let rule = |event: &BeforeEvent| {
        let name = event.word().trim_start_matches("ticket.");
        format!("name: {name}\non: {}\ndo:\n  - deny: {{message: never}}\n    if: 'false'\n", event.word())
    };
    BeforeEvent::ALL.iter().map(rule).collect()
}

/// The rows of the table in docs/workflows.md: a call, and the events that it asks.
fn documented() -> Vec<(String, Vec<String>)> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/workflows.md");
    let page = std::fs::read_to_string(path).expect("is there");
    let table = page.split("| call | asks |").nth(1).expect("the table of calls");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let events = |cell: &str| cell.split(", ").map(|event| event.trim_matches('`').to_owned()).collect();
    rows.map(|row| match &cells(row)[..] {
        [call, asked] => (call.clone(), events(asked)),
        other => panic!("{other:?}"),
    })
    .collect()
}

/// The call of a row, on a ticket that is as the row needs it.
fn call(house: &mut House, row: &str) -> (Caller, Any) {
    let status = |house: &mut House, verb, to| {
        let ticket = house.ticket(&agent(), create(new_ticket("x")));
        house.move_to(&ticket, verb, to).expect("moved");
        ticket
    };
    let resolved = |house: &mut House| status(house, Transition::Resolve, Status::Resolved);
    let to = |ticket: &Ticket, status| edit_with(ticket, |t| t.status = Some(status));
    let open = house.ticket(&agent(), create(new_ticket("x")));
    let verb = match row {
        "CreateTicket" => whichever(create(new_ticket("y"))),
        "CreateFollowUp" => {
            let ticket = TicketRef::Id(resolved(house).id);
            whichever(CreateFollowUp { ticket, etag: String::new(), with: TicketEdit::default() })
        }
        "UpdateTicket of fields, TagTicket, RateTicket" => tag(&open, &["vip"]),
        "AssignTicket, UpdateTicket of assignee or team" => whichever(assign(&open, "ann")),
        "StartTicket, UpdateTicket to IN_PROGRESS" => to(&open, Status::InProgress),
        "HoldTicket, UpdateTicket to ON_HOLD" => go(&open, Transition::Hold, Status::OnHold),
        "ResolveTicket, UpdateTicket to RESOLVED" => go(&open, Transition::Resolve, Status::Resolved),
        "EscalateTicket, UpdateTicket to ESCALATED" => to(&open, Status::Escalated),
        "CloseTicket, UpdateTicket to CLOSED" => go(&open, Transition::Close, Status::Closed),
        "UpdateTicket to OPEN or PENDING" => to(&open, Status::Pending),
        "ReopenTicket, UpdateTicket of a RESOLVED ticket to OPEN, PENDING or REOPENED" => {
            to(&resolved(house), Status::Open)
        }
        "UpdateTicket of a RESOLVED ticket to IN_PROGRESS" => to(&resolved(house), Status::InProgress),
        "UpdateTicket of a RESOLVED ticket to ON_HOLD" => to(&resolved(house), Status::OnHold),
        "DeleteTicket" => whichever(DeleteTicket { ticket: TicketRef::Id(open.id), etag: String::new() }),
        "PostMessage, UpdateMessage" => whichever(say(&open, "hello", Visibility::Public)),
        "PostMessage of the requester on a PENDING ticket" => {
            let pending = status(house, Transition::Update, Status::Pending);
            return (requester(), whichever(say(&pending, "here it is", Visibility::Public)));
        }
        "PostMessage of the requester on a RESOLVED or CLOSED ticket" => {
            let verb = whichever(say(&resolved(house), "still broken", Visibility::Public));
            return (requester(), verb);
        }
        other => panic!("no call for {other}"),
    };
    (agent(), verb)
}

#[test]
fn each_call_asks_the_events_of_its_change() {
    let rows = documented();
    assert!(rows.len() >= 17, "{rows:?}");
    for (row, expected) in rows {
        let rules = witnesses();
        let mut house = House::with(&rules.iter().map(String::as_str).collect::<Vec<_>>());
        let (caller, verb) = call(&mut house, &row);
        let mut asked = heard(&mut house, &caller, verb);
        let mut expected = expected;
        asked.sort();
        expected.sort();
        assert_eq!(asked, expected, "{row}");
    }
}

#[test]
fn verbs_and_updates_to_one_status_are_one_change() {
    for (verb, to) in [
        (Transition::Start, Status::InProgress),
        (Transition::Hold, Status::OnHold),
        (Transition::Resolve, Status::Resolved),
        (Transition::Escalate, Status::Escalated),
        (Transition::Close, Status::Closed),
    ] {
        let word = to.word();
        let mut house = House::with(&[&deny("no", "ticket.updating", &format!("ticket.status == '{word}'"))]);
        let ticket = house.ticket(&agent(), create(new_ticket("x")));
        for call in [go(&ticket, verb, to), go(&ticket, Transition::Update, to)] {
            assert_eq!(denied_by(&house.refused(&agent(), call)), "no", "{verb}");
        }
    }
}

#[test]
fn an_amendment_goes_through_the_same_doors() {
    let gate = deny("gate", "ticket.resolving", "true");
    let resolve = |on: &str| format!("name: resolver\non: {on}\ndo:\n  - set: {{status: RESOLVED}}\n");
    for (on, call) in [
        ("ticket.updating", (|t| edit_with(t, |e| e.subject = Some("y".into()))) as fn(&Ticket) -> Any),
        ("ticket.messaging", |t| whichever(say(t, "note", Visibility::Internal))),
    ] {
        let mut house = House::with(&[&gate, &resolve(on)]);
        let ticket = house.ticket(&agent(), create(new_ticket("x")));
        assert_eq!(denied_by(&house.refused(&agent(), call(&ticket))), "gate", "{on}");
        assert_eq!(house.now_is(&ticket).status, Status::Open);
    }
}

#[test]
fn a_tag_is_stripped_whoever_adds_it() {
    let strip = "name: strip\non: ticket.updating\ndo:\n  - tag: {remove: [vip]}\n";
    let mut house = House::with(&[strip]);
    let ticket = house.ticket(&agent(), create(new_ticket("x")));
    assert!(house.ticket(&agent(), tag(&ticket, &["vip", "eu"])).tags.0 == ["eu"]);
    let words = Words(vec!["vip".into(), "eu".into()]);
    let after = house.ticket(&agent(), edit_with(&ticket, |edit| edit.tags = Some(words)));
    assert_eq!(after.tags.0, ["eu"]);
}

#[test]
fn assigning_is_judged_by_who_would_have_it() {
    let mut house = House::with(&[&deny("not-eve", "ticket.assigning", "ticket.assignee_id == 'eve'")]);
    let ticket = house.ticket(&agent(), create(NewTicket { assignee_id: "eve".into(), ..new_ticket("x") }));
    assert_eq!(house.ticket(&agent(), assign(&ticket, "ann")).assignee_id, "ann", "away from her");
    assert_eq!(denied_by(&house.refused(&agent(), assign(&ticket, "eve"))), "not-eve");
    let escalate = Step { assignee_id: Some("eve".into()), ..Step::of(Transition::Escalate, Status::Escalated) };
    let escalate = MoveTicket { ticket: TicketRef::Id(ticket.id), etag: String::new(), step: escalate };
    assert_eq!(denied_by(&house.refused(&agent(), escalate)), "not-eve");
}

#[test]
fn nothing_comes_back_past_a_gate_on_reopening() {
    let mut house = House::with(&[&deny("gate", "ticket.reopening", "before.status == 'RESOLVED'")]);
    let ticket = house.ticket(&agent(), create(new_ticket("x")));
    house.move_to(&ticket, Transition::Resolve, Status::Resolved).expect("resolved");
    for to in [Status::Open, Status::Pending, Status::InProgress, Status::OnHold, Status::Reopened] {
        assert_eq!(denied_by(&house.refused(&agent(), go(&ticket, Transition::Update, to))), "gate", "{to}");
    }
    let verb = go(&ticket, Transition::Reopen, Status::Reopened);
    assert_eq!(denied_by(&house.refused(&agent(), verb)), "gate");
    let message = say(&ticket, "still broken", Visibility::Public);
    assert_eq!(denied_by(&house.refused(&requester(), message)), "gate");
}

#[test]
fn an_update_out_of_resolved_is_a_reopen() {
    let mut house = House::new();
    for to in [Status::Open, Status::Pending, Status::InProgress, Status::OnHold] {
        let ticket = house.ticket(&agent(), create(new_ticket("x")));
        house.move_to(&ticket, Transition::Resolve, Status::Resolved).expect("resolved");
        let from = house.next();
        let back = house.ticket(&agent(), go(&ticket, Transition::Update, to));
        assert_eq!((back.status, back.reopen_count, back.reopened_at.is_some()), (to, 1, true));
        assert_eq!(house.kinds(from), ["ticket.reopened"]);
    }
}

#[test]
fn a_change_is_judged_whole() {
    let mut house = House::with(&[&deny("filed", "ticket.resolving", "ticket.category == 'general'")]);
    let ticket = house.ticket(&agent(), create(new_ticket("x")));
    assert_eq!(denied_by(&house.refused(&agent(), go(&ticket, Transition::Resolve, Status::Resolved))), "filed");
    let both = edit_with(&ticket, |edit| {
        edit.category = Some("billing".into());
        edit.status = Some(Status::Resolved);
    });
    assert_eq!(house.ticket(&agent(), both).status, Status::Resolved);
}

#[test]
fn all_amend_before_any_judges() {
    let judge = "name: a-judge\norder: -1\non: ticket.creating\nif: ticket.priority == 'LOW'\ndo:\n  - deny: {message: too low}\n";
    let raise = "name: b-raise\non: ticket.creating\ndo:\n  - set: {priority: HIGH}\n";
    let see = "name: c-see\non: ticket.creating\nif: ticket.priority == 'HIGH'\ndo:\n  - tag: {add: [high]}\n";
    let mut house = House::with(&[judge, raise, see]);
    let ticket = house.ticket(&agent(), create(NewTicket { priority: Priority::Low, ..new_ticket("x") }));
    assert_eq!((ticket.priority, ticket.tags.0.as_slice()), (Priority::High, ["high".to_owned()].as_slice()));
}

#[test]
fn an_amendment_asks_its_own_events_and_each_rule_once() {
    let first =
        "name: a-first\non: [ticket.updating, ticket.assigning]\ndo:\n  - set: {custom.n: \"${event.types.size()}\"}\n";
    let second = "name: b-second\non: ticket.updating\ndo:\n  - set: {team_id: billing}\n";
    let third = "name: c-third\non: ticket.assigning\nif: ticket.team_id == 'billing'\ndo:\n  - tag: {add: [moved]}\n";
    let mut house = House::with(&[first, second, third]);
    house.add_team("billing", &[]);
    let ticket = house.ticket(&agent(), create(new_ticket("x")));
    let after = house.ticket(&agent(), edit_with(&ticket, |edit| edit.subject = Some("y".into())));
    assert_eq!((after.team_id.as_str(), after.tags.0.as_slice()), ("billing", ["moved".to_owned()].as_slice()));
    assert_eq!(after.custom["n"], 1, "asked about the update alone, and never again");
}

#[test]
fn the_ticket_is_as_it_would_be_and_before_as_it_is() {
    let condition = "before.status == 'OPEN' && ticket.status == 'ESCALATED' && ticket.escalation_level == 1 \
                     && changed('status', 'OPEN', 'ESCALATED') && event.type == 'ticket.escalating'";
    let mut house = House::with(&[&deny("seen", "ticket.escalating", condition)]);
    let ticket = house.ticket(&agent(), create(new_ticket("x")));
    for verb in [Transition::Escalate, Transition::Update] {
        assert_eq!(denied_by(&house.refused(&agent(), go(&ticket, verb, Status::Escalated))), "seen");
    }
    let counted = "ticket.message_count == 1 && before.message_count == 0 && message.body == 'hello'";
    let mut house = House::with(&[&deny("seen", "ticket.messaging", counted)]);
    let ticket = house.ticket(&agent(), create(new_ticket("x")));
    assert_eq!(denied_by(&house.refused(&agent(), say(&ticket, "hello", Visibility::Public))), "seen");
}

#[test]
fn an_amendment_that_cannot_be_is_left_out_and_told() {
    let long = format!("subject: \"{}\"", "x".repeat(501));
    for (wish, on_error, tags) in [
        ("status: PENDING", "stop", 0),
        (long.as_str(), "stop", 0),
        ("category: unheard-of", "continue", 1),
        ("team_id: nobodys", "continue", 1),
    ] {
        let rule = format!(
            "name: wishful\non: ticket.creating\non_error: {on_error}\ndo:\n  - tag: {{add: [seen]}}\n  - set: {{{wish}}}\n"
        );
        let mut house = House::with(&[&rule]);
        let edit = TenantEdit { categories: Some(Words(vec!["billing".into()])), ..TenantEdit::default() };
        house.run(&admin(), settings(edit, "")).expect("settings");
        let from = house.next();
        let ticket = house.ticket(&agent(), create(new_ticket("x")));
        assert_eq!((ticket.subject.as_str(), ticket.status, ticket.tags.len()), ("x", Status::Open, tags), "{wish}");
        assert_eq!(house.kinds(from), ["ticket.created", "workflow.failed"], "{wish}");
        let run = house.world.runs.last().expect("a run");
        assert_eq!((run.workflow.as_str(), run.verdict), ("wishful", RunVerdict::Failed));
        assert_eq!(run.ticket_id, Some(ticket.id));
        let told = house.world.activities.last().expect("one");
        assert_eq!(told.actor.id, "wishful");
        assert_eq!(told.cause.as_ref().map(|cause| cause.run_id), Some(run.id), "the run that it names is there");
    }
}

#[test]
fn only_a_denial_refuses_the_caller() {
    let illegal = "name: mover\non: ticket.updating\ndo:\n  - set: {status: REOPENED}\n";
    let mut house = House::with(&[illegal]);
    let ticket = house.ticket(&agent(), create(new_ticket("x")));
    let from = house.next();
    let after = house.ticket(&agent(), edit_with(&ticket, |edit| edit.subject = Some("y".into())));
    assert_eq!((after.subject.as_str(), after.status), ("y", Status::Open));
    assert_eq!(house.kinds(from), ["ticket.updated", "workflow.failed"]);
}

#[test]
fn what_the_caller_got_wrong_is_the_callers() {
    // A rule may mend it; one that minds its own business is not blamed for it.
    let other = "name: other\non: ticket.creating\ndo:\n  - set: {priority: HIGH}\n";
    let mend = "name: mend\non: ticket.creating\nif: ticket.category == 'bills'\ndo:\n  - set: {category: billing}\n";
    let mut house = House::with(&[other, mend]);
    let edit = TenantEdit { categories: Some(Words(vec!["billing".into()])), ..TenantEdit::default() };
    house.run(&admin(), settings(edit, "")).expect("settings");
    let filed = |category: &str| create(NewTicket { category: category.into(), ..new_ticket("x") });
    assert_eq!(house.ticket(&agent(), filed("bills")).category, "billing");
    assert!(matches!(house.refused(&agent(), filed("nowhere")), Refusal::Invalid { .. }));
    assert!(house.world.runs.is_empty());
}

#[test]
fn what_has_no_value_keeps_a_door_shut_and_helps_nobody() {
    let failing =
        |what: &str| format!("name: broken\non: ticket.creating\nif: organization.tier == 'x'\ndo:\n  - {what}\n");
    for (what, passes) in [("tag: {add: [y]}", true), ("deny: {message: no}", false)] {
        let mut house = House::with(&[&failing(what)]);
        assert_eq!(house.run(&agent(), create(new_ticket("x"))).is_ok(), passes, "{what}");
        assert_eq!(house.world.runs.iter().map(|run| run.verdict).collect::<Vec<_>>(), [RunVerdict::Error]);
    }
}

#[test]
fn a_rule_that_stops_lets_those_through_that_it_knows() {
    let trusted = "name: a-trusted\non: ticket.closing\nif: actor.id == 'ann'\ndo: []\nstop: true\n";
    let gate = "name: b-gate\non: ticket.closing\ndo:\n  - deny: {message: never}\n";
    let mut house = House::with(&[trusted, gate]);
    let ticket = house.ticket(&agent(), create(new_ticket("x")));
    let close =
        |who: &Caller, house: &mut House| house.run(who, go(&ticket, Transition::Close, Status::Closed)).is_ok();
    assert!(!close(&admin(), &mut house));
    assert!(close(&agent(), &mut house));
    // It stops the judges of what it waits for, and no others.
    let other = "name: b-other\non: ticket.updating\ndo:\n  - deny: {message: never}\n";
    let mut house = House::with(&[trusted, other]);
    let ticket = house.ticket(&agent(), create(new_ticket("x")));
    assert_eq!(denied_by(&house.refused(&agent(), go(&ticket, Transition::Close, Status::Closed))), "b-other");
}

#[test]
fn a_denied_effect_names_both_rules_and_the_write_stands() {
    let gate = deny("gate", "ticket.assigning", "ticket.assignee_id == 'eve'");
    let giver = "name: giver\non: ticket.created\ndo:\n  - assign: {to: eve}\n";
    let mut house = House::with(&[&gate, giver]);
    house.add_agent("eve");
    let ticket = house.ticket(&agent(), create(new_ticket("x")));
    assert_eq!(ticket.assignee_id, "");
    let [run] = &house.world.runs[..] else { panic!("{:?}", house.world.runs) };
    assert_eq!(
        (run.workflow.as_str(), run.verdict, run.reason.as_str()),
        ("giver", RunVerdict::Failed, "never (rule gate)")
    );
}

#[test]
fn what_an_amendment_leaves_out_of_a_rules_effect_is_recorded_too() {
    let wishful = "name: wishful\non: ticket.assigning\ndo:\n  - set: {status: REOPENED}\n";
    let giver = "name: giver\non: ticket.created\ndo:\n  - assign: {to: eve}\n";
    let mut house = House::with(&[wishful, giver]);
    house.add_agent("eve");
    let from = house.next();
    assert_eq!(house.ticket(&agent(), create(new_ticket("x"))).assignee_id, "eve");
    assert_eq!(house.kinds(from), ["ticket.created", "ticket.assigned", "workflow.failed"]);
    let [run] = &house.world.runs[..] else { panic!("{:?}", house.world.runs) };
    assert_eq!((run.workflow.as_str(), run.verdict), ("wishful", RunVerdict::Failed));
    let cause = house.world.activities.last().and_then(|told| told.cause.as_ref()).expect("a cause");
    assert_eq!((cause.workflow.as_str(), cause.depth, cause.root_position), ("wishful", 2, from));
}

#[test]
fn a_refusal_of_one_of_a_batch_names_it() {
    let mut house = House::with(&[&deny("no-low", "ticket.creating", "ticket.priority == 'LOW'")]);
    let low = NewTicket { priority: Priority::Low, ..new_ticket("b") };
    let refusal = house.refused(&agent(), CreateTickets(vec![new_ticket("a"), low, new_ticket("c")]));
    assert_eq!(refusal.to_string(), "requests[1]: never (rule no-low)");
    assert!(matches!(refusal, Refusal::InBatch { .. }));
    assert!(house.world.activities.is_empty());
}
