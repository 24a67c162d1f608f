//! Request ids, validate_only, savepoints, and repeated execution.

use super::*;

#[test]
fn the_same_request_again_is_a_replay_and_another_is_refused() {
    let mut house = House::new();
    let first = Command { request: request("once", 1), ..command(&agent(), create(new_ticket("a"))) };
    let Verdict::Done(outcome) = house.submit(&first).expect("done") else { panic!("replay") };
    let Resource::Ticket(ticket) = outcome.resource else { panic!("no ticket") };
    let again = Command { request: request("once", 1), ..command(&agent(), create(new_ticket("a"))) };
    let before = house.image();
    let Verdict::Replay(answered) = house.submit(&again).expect("a replay") else { panic!("done twice") };
    assert_eq!(answered.resource_id, crate::model::id::show(crate::model::id::TICKET, ticket.id));
    assert_eq!((answered.resource_position, answered.first_position, answered.position), (1, 1, 1));
    let other = Command { request: request("once", 2), ..command(&agent(), create(new_ticket("b"))) };
    let refusal = house.submit(&other).expect_err("refused");
    assert_eq!(refusal, Refusal::RequestIdReused { request_id: "once".into() });
    assert_eq!(house.image(), before);
    assert_eq!(house.world.activities[0].request_id, "once");
}

#[test]
fn a_refused_request_uses_nothing_up() {
    let mut house = House::new();
    let nobody = DeleteTicket { ticket: TicketRef::Number(9), etag: String::new() };
    let refused = Command { request: request("x", 1), ..command(&agent(), nobody) };
    house.submit(&refused).expect_err("refused");
    let good = Command { request: request("x", 2), ..command(&agent(), create(new_ticket("a"))) };
    assert!(matches!(house.submit(&good), Ok(Verdict::Done(_))));
}

#[test]
fn a_trial_answers_and_leaves_the_world_as_it_was() {
    let rule = "name: tagger\non: ticket.created\ndo:\n  - tag: {add: [seen]}\n";
    let mut house = House::with(&[rule]);
    let before = house.image();
    let trial = Command { validate_only: true, request: request("x", 1), ..command(&agent(), create(new_ticket("a"))) };
    let Verdict::Done(outcome) = house.submit(&trial).expect("answered") else { panic!("replay") };
    let Resource::Ticket(ticket) = outcome.resource else { panic!("no ticket") };
    assert_eq!((ticket.tags.0.as_slice(), outcome.position), (["seen".to_owned()].as_slice(), 2));
    assert_eq!(house.image(), before);
    assert!(house.world.tally.is_empty() && house.world.runs.is_empty());
    assert!(matches!(house.submit(&Command { validate_only: false, ..trial }), Ok(Verdict::Done(_))));
}

#[test]
fn deciding_twice_makes_the_same_ids() {
    let command = command(&agent(), CreateTickets(vec![new_ticket("a"), new_ticket("b")]));
    let ids = |mut house: House| match house.submit(&command).expect("done") {
        Verdict::Done(Outcome { resource: Resource::Tickets(all), .. }) => all.iter().map(|t| t.id).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let first = ids(House::new());
    assert_eq!(first, ids(House::new()));
    assert_ne!(first[0], first[1]);
}

#[test]
fn a_miss_leaves_no_trace_and_names_everything_at_once() {
    let mut house = House::new();
    let ticket = house.ticket(&agent(), create(NewTicket { assignee_id: "ann".into(), ..new_ticket("a") }));
    let mut fresh = House::new();
    fresh.world.tickets.load(ticket.id, Some(ticket.clone()));
    let command = command(&agent(), assign(&ticket, "bob"));
    let before = fresh.image();
    match run(&mut fresh.world, &command, &fresh.rules, fresh.now) {
        Err(Stop::Missing(wants)) => assert_eq!(wants, [Want::Agent("ann".into()), Want::Agent("bob".into())]),
        other => panic!("{other:?}"),
    }
    assert_eq!(fresh.image(), before);
}

#[test]
fn what_can_be_named_is_wanted_beforehand() {
    let rule =
        "name: vip\non: ticket.creating\nif: organization.tier == 'Enterprise'\ndo:\n  - set: {priority: HIGH}\n";
    let house = House::with(&[rule]);
    let new = NewTicket { organization_id: "org".into(), assignee_id: "bob".into(), ..new_ticket("a") };
    let create = Command { request: request("x", 1), ..command(&agent(), create(new)) };
    let key = create.request.as_ref().expect("a key").key;
    let wants = super::super::wants(&create, &house.rules);
    assert_eq!(wants, [Want::Request(key), Want::Agent("bob".into()), Want::Organization("org".into())]);
}

#[test]
fn the_team_that_a_strategy_chooses_from_is_wanted_beforehand() {
    let rule = "name: rr\non: ticket.created\ndo:\n  - assign: {strategy: round_robin}\n";
    let create = command(&agent(), create(NewTicket { team_id: "support".into(), ..new_ticket("a") }));
    let with = |house: House| super::super::wants(&create, &house.rules);
    assert_eq!(with(House::with(&[rule])), [Want::Team("support".into())]);
    assert_eq!(with(House::new()), []);
}

#[test]
fn each_ticket_of_a_batch_has_the_bounds_to_itself() {
    let rule = "name: tagger\non: ticket.created\ndo:\n  - tag: {add: [seen]}\n";
    let mut house = House::with(&[rule]);
    let all = (0..150).map(|i| new_ticket(&i.to_string())).collect();
    let outcome = house.run(&agent(), CreateTickets(all)).expect("created");
    let Resource::Tickets(tickets) = outcome.resource else { panic!("no tickets") };
    assert!(tickets.iter().all(|ticket| ticket.tags.has("seen") && ticket.version == 2));
    assert_eq!(outcome.position, 300);
}
