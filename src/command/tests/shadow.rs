//! Rollout: rules in shadow, which are recorded and do nothing, and rules that act on a share of the tickets.

use super::*;

fn shadow(source: &str) -> String {
    format!("{source}rollout: shadow\n")
}

fn shadows(house: &House) -> Vec<(&str, i64, Option<Uuid>, &str)> {
    let runs = house.world.runs.iter().filter(|run| run.verdict == RunVerdict::Shadow);
    runs.map(|run| (run.workflow.as_str(), run.position, run.ticket_id, run.reason.as_str())).collect()
}

#[test]
fn it_says_what_it_would_do_and_does_nothing() {
    let rule = shadow(
        "name: vip\non: ticket.created\nif: ticket.priority == 'MEDIUM'\nstop: true\ndo:\n  - set: {priority: HIGH}\n  - tag: {add: [vip]}\n",
    );
    let later = "name: later\non: ticket.created\norder: 1\ndo:\n  - tag: {add: [late]}\n";
    let mut house = House::with(&[&rule, later]);
    let ticket = house.ticket(&agent(), create(new_ticket("x")));
    assert_eq!((ticket.priority, ticket.tags.0.as_slice()), (Priority::Medium, ["late".to_owned()].as_slice()));
    assert_eq!(house.kinds(1), ["ticket.created", "ticket.tag_added"]);
    let would = "would set priority to HIGH, add tag vip, let no later rule run for this event";
    assert_eq!(shadows(&house), [("vip", 1, Some(ticket.id), would)]);
    assert_eq!(house.world.tally, [(0, RunVerdict::Shadow), (1, RunVerdict::Matched)]);
}

#[test]
fn a_before_rule_neither_amends_nor_denies() {
    let rule = shadow(
        "name: door\non: ticket.creating\ndo:\n  - set: {priority: LOW}\n  - deny: {message: \"no ${ticket.subject}\"}\n",
    );
    let mut house = House::with(&[&rule]);
    let ticket = house.ticket(&agent(), create(new_ticket("x")));
    assert_eq!(ticket.priority, Priority::Medium);
    assert_eq!(house.kinds(1), ["ticket.created"]);
    assert_eq!(shadows(&house), [("door", 0, Some(ticket.id), "would set priority to LOW, deny: \"no x\"")]);
    assert_eq!(house.world.tally, [(0, RunVerdict::Shadow)]);
}

#[test]
fn an_error_is_recorded_and_refuses_nothing() {
    let rule = shadow(
        "name: broken\non: ticket.creating\nif: organization.tier == 'x'\nfailure_policy: deny\ndo:\n  - deny: {message: no}\n",
    );
    let mut house = House::with(&[&rule]);
    house.ticket(&agent(), create(new_ticket("x")));
    assert_eq!(house.world.runs.iter().map(|run| run.verdict).collect::<Vec<_>>(), [RunVerdict::Error]);
}

#[test]
fn a_name_that_the_tenant_lacks_is_an_error_in_shadow_too() {
    let rule = shadow("name: sorry\non: ticket.created\ndo:\n  - message: {canned: nowhere}\n");
    let mut house = House::with(&[&rule]);
    house.ticket(&agent(), create(new_ticket("x")));
    assert_eq!(house.world.runs[0].verdict, RunVerdict::Error);
    assert!(house.world.runs[0].reason.contains("nowhere"), "{}", house.world.runs[0].reason);
}

#[test]
fn one_run_tells_of_each_ticket_however_often_the_rule_matches() {
    let noisy = "name: noisy\non: ticket.created\ndo:\n  - message: {body: one, visibility: INTERNAL}\n  - message: {body: two, visibility: INTERNAL}\n  - set: {category: a}\n  - set: {custom.b: 1}\n";
    let notes = shadow("name: notes\non: ticket.note_added\ndo:\n  - tag: {add: [noted]}\n");
    let door = shadow("name: door\non: ticket.updating\ndo:\n  - deny: {message: no}\n");
    let mut house = House::with(&[noisy, &notes, &door]);
    house.run(&agent(), CreateTickets((0..3).map(|i| new_ticket(&i.to_string())).collect())).expect("created");
    let mut all: Vec<(&str, Option<Uuid>)> = shadows(&house).iter().map(|run| (run.0, run.2)).collect();
    assert_eq!(all.len(), 6);
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 6, "two rules, three tickets");
    assert_eq!(house.world.tally.iter().filter(|(_, verdict)| *verdict == RunVerdict::Shadow).count(), 12);
}

#[test]
fn what_another_rule_refuses_is_told_without_a_ticket_and_a_trial_tells_nothing() {
    let tagger = shadow("name: tagger\non: ticket.creating\ndo:\n  - tag: {add: [x]}\n");
    let deny = "name: deny\non: ticket.creating\ndo:\n  - deny: {message: never}\n";
    let mut house = House::with(&[&tagger, deny]);
    let trial = Command { validate_only: true, ..command(&agent(), create(new_ticket("x"))) };
    house.submit(&trial).expect_err("denied");
    assert!(house.world.runs.is_empty());
    house.refused(&agent(), create(new_ticket("x")));
    assert_eq!(shadows(&house), [("tagger", 0, None, "would add tag x")]);
}

#[test]
fn a_share_of_the_tickets_is_in_before_they_are_made_and_afterwards() {
    let rule = |name: &str, on: &str, tag: &str| {
        format!("name: {name}\non: {on}\nrollout: {{percent: 50}}\ndo:\n  - tag: {{add: [{tag}]}}\n")
    };
    let early = rule("half", "[ticket.creating, ticket.updating]", "early");
    let mut house = House::with(&[&early]);
    let mut inside = 0;
    for i in 0..40 {
        let ticket = house.ticket(&agent(), create(new_ticket(&i.to_string())));
        let tagged = ticket.tags.has("early");
        inside += usize::from(tagged);
        let again = TicketEdit { subject: Some("y".into()), ..TicketEdit::default() };
        assert_eq!(house.ticket(&agent(), edit(&ticket, again)).tags.has("early"), tagged, "it stays as it was");
    }
    assert!((8..=32).contains(&inside), "{inside} of 40");
    let asked = |verdict| house.world.tally.iter().filter(|(_, is)| *is == verdict).count();
    assert_eq!((asked(RunVerdict::Matched), asked(RunVerdict::NotMatched)), (2 * inside, 80 - 2 * inside));
    assert!(house.world.runs.is_empty());
}
