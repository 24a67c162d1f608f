//! Limits of rules: how often one runs on a ticket.

use super::*;

const RULE: &str = "name: manager\non: ticket.escalated\nlimits: {per_ticket: 1/24h}\ndo:\n  - message: {body: Look, visibility: INTERNAL}\n";
const HOUR: i64 = DAY / 24;

fn escalate(house: &mut House, ticket: &Ticket) -> Vec<String> {
    let next = house.next();
    house.move_to(ticket, Transition::Escalate, Status::Escalated).expect("escalated");
    house.kinds(next).into_iter().map(str::to_owned).collect()
}

#[test]
fn one_escalation_a_day_reaches_the_manager() {
    let mut house = House::with(&[RULE]);
    let (one, other) =
        (house.ticket(&agent(), create(new_ticket("one"))), house.ticket(&agent(), create(new_ticket("other"))));
    assert_eq!(escalate(&mut house, &one), ["ticket.escalated", "ticket.note_added"]);
    house.now = house.now.plus_micros(23 * HOUR);
    assert_eq!(escalate(&mut house, &one), ["ticket.escalated", "workflow.suppressed"]);
    let run = house.world.runs.last().expect("a run").clone();
    assert_eq!((run.verdict, run.ticket_id), (RunVerdict::Suppressed, Some(one.id)));
    assert_eq!(run.reason, "limits.per_ticket: the rule has run once on this ticket within 24h");
    assert_eq!(escalate(&mut house, &other), ["ticket.escalated", "ticket.note_added"], "each ticket has its own");
    house.now = house.now.plus_micros(HOUR);
    assert_eq!(escalate(&mut house, &one), ["ticket.escalated", "ticket.note_added"], "a day later");
    let last = house.world.activities.last().and_then(|last| last.ticket.clone()).expect("its ticket");
    assert_eq!(last.rule_runs, house.now_is(&one).rule_runs, "the log has what the row has");
}

#[test]
fn what_does_nothing_or_fails_or_is_tried_is_no_run() {
    let rule =
        "name: once\non: ticket.updated\nlimits: {per_ticket: 1/1h}\ndo:\n  - set: {category: \"${ticket.subject}\"}\n";
    let mut house = House::with(&[rule]);
    let ticket = house.ticket(&agent(), create(NewTicket { category: "same".into(), ..new_ticket("same") }));
    let priority = |priority| TicketEdit { priority: Some(priority), ..TicketEdit::default() };
    house.ticket(&agent(), edit(&ticket, priority(Priority::High)));
    assert_eq!(house.now_is(&ticket).rule_runs, Default::default(), "the category was that already");
    let subject = |subject: &str| TicketEdit { subject: Some(subject.into()), ..TicketEdit::default() };
    let dry = Command { validate_only: true, ..command(&agent(), edit(&ticket, subject("dry"))) };
    house.submit(&dry).expect("tried");
    assert_eq!(house.ticket(&agent(), edit(&ticket, subject("one"))).category, "one");
    assert_eq!(house.ticket(&agent(), edit(&ticket, subject("two"))).category, "one", "held back");
    assert_eq!(house.ticket(&agent(), edit(&ticket, subject("one"))).category, "one");
    assert_eq!(house.world.runs.len(), 1, "nothing is said of what would have changed nothing");
}

#[test]
fn a_rule_that_is_gone_is_forgotten_with_the_next_run() {
    let mut house = House::with(&[RULE]);
    let ticket = house.ticket(&agent(), create(new_ticket("one")));
    escalate(&mut house, &ticket);
    house.rules = rule_set(&[&RULE.replace("name: manager", "name: renamed")]);
    assert_eq!(escalate(&mut house, &ticket), ["ticket.escalated", "ticket.note_added"]);
    assert!(!house.now_is(&ticket).rule_runs.store().contains("manager"));
}
