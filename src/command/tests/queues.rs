//! Queues: tickets that rules found nobody for wait for an agent of their team.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const RULE: &str = "name: give\non: ticket.created\ndo:\n  - assign: {strategy: least_open, team: support, only_online: true, max_open: 1, when_none: queue}\n";

/// Ann and Bob are in support, and not there; one ticket each is what they take.
fn house(rules: &[&str]) -> House {
    let mut house = House::with(rules);
    house.add_team("support", &["ann", "bob"]);
    for id in ["ann", "bob"] {
        status(&mut house, id, AgentStatus::Offline, 0);
    }
    house
}

fn status(house: &mut House, id: &str, status: AgentStatus, capacity: i32) -> i64 {
    let next = house.next();
    let row = Agent { status, capacity, ..agent_row(id) };
    house.run(&agent(), UpsertEntry { row, etag: String::new() }).expect("an agent");
    next
}

fn waits(house: &mut House, subject: &str, priority: Priority) -> Arc<Ticket> {
    let ticket = house.ticket(&agent(), create(NewTicket { priority, ..new_ticket(subject) }));
    assert_eq!((ticket.assignee_id.as_str(), ticket.queued_at), ("", Some(house.now)), "{subject}");
    ticket
}

fn assignee(house: &House, ticket: &Ticket) -> String {
    house.now_is(ticket).assignee_id.clone()
}

#[test]
fn a_ticket_waits_until_somebody_is_there_for_it() {
    let mut house = house(&[RULE]);
    let next = house.next();
    let ticket = waits(&mut house, "x", Priority::Medium);
    assert_eq!(house.kinds(next), ["ticket.created", "ticket.assigned", "ticket.queued"]);
    let run = house.world.runs.last().expect("a run");
    assert_eq!(run.verdict, RunVerdict::Matched);
    let why = "least_open found nobody in team \"support\": ann is OFFLINE; bob is OFFLINE; the ticket waits for team \"support\"";
    assert_eq!(run.reason, why);

    let next = status(&mut house, "bob", AgentStatus::Online, 0);
    assert_eq!(house.kinds(next), ["agent.changed", "ticket.assigned"]);
    let given = house.world.activities.last().expect("the assignment").clone();
    let cause = given.cause.expect("a cause");
    assert_eq!((cause.workflow.as_str(), cause.parent_position, cause.depth), ("give", next, 1));
    assert_eq!(given.explanation.expect("an explanation")["chosen"], "bob");
    assert!(given.changes.iter().any(|change| change.field == "queued_at" && change.new_value.is_null()));
    let now = house.now_is(&ticket);
    assert_eq!((now.assignee_id.as_str(), now.queued_at, &now.queue), ("bob", None, &Value::Null));
    assert_eq!(house.world.head.queues, Default::default());
}

#[test]
fn the_most_urgent_come_first_and_then_the_oldest() {
    let mut house = house(&[RULE]);
    let old = waits(&mut house, "old", Priority::Medium);
    let young = waits(&mut house, "young", Priority::Medium);
    let urgent = waits(&mut house, "urgent", Priority::Urgent);
    status(&mut house, "ann", AgentStatus::Online, 0);
    assert_eq!([&old, &young, &urgent].map(|it| assignee(&house, it)), ["", "", "ann"], "one is what she takes");
    house.move_to(&urgent, Transition::Resolve, Status::Resolved).expect("resolved");
    assert_eq!([&old, &young].map(|it| assignee(&house, it)), ["ann", ""]);
    // Reassigned: her hands are free again.
    house.run(&agent(), assign(&old, "zoe")).expect("assigned");
    assert_eq!([&old, &young].map(|it| assignee(&house, it)), ["zoe", "ann"]);
    assert_eq!(house.world.head.queues, Default::default());
}

#[test]
fn what_frees_is_a_new_member_or_more_capacity_too() {
    let rule = RULE.replace("max_open: 1, ", "");
    let mut house = house(&[&rule]);
    let one = waits(&mut house, "one", Priority::Medium);
    house.add_agent("cyd");
    status(&mut house, "cyd", AgentStatus::Online, 1);
    assert_eq!(assignee(&house, &one), "", "not of the team");
    house
        .run(&agent(), UpsertEntry { row: team_row("support", &["ann", "bob", "cyd"]), etag: String::new() })
        .expect("a team");
    assert_eq!(assignee(&house, &one), "cyd");
    let (two, three) = (waits(&mut house, "two", Priority::Medium), waits(&mut house, "three", Priority::Medium));
    status(&mut house, "cyd", AgentStatus::Online, 3);
    assert_eq!([&two, &three].map(|it| assignee(&house, it)), ["cyd", "cyd"]);
}

#[test]
fn who_is_served_or_gone_waits_no_longer() {
    let mut house = house(&[RULE]);
    let all: Vec<Arc<Ticket>> = (0..4).map(|i| waits(&mut house, &i.to_string(), Priority::Medium)).collect();
    house.run(&agent(), assign(&all[0], "zoe")).expect("assigned");
    house.move_to(&all[1], Transition::Resolve, Status::Resolved).expect("resolved");
    let id = TicketRef::Id(all[2].id);
    house.run(&admin(), DeleteTicket { ticket: id, etag: String::new() }).expect("deleted");
    for ticket in &all[..3] {
        assert_eq!(house.now_is(ticket).queued_at, None);
    }
    // Another team, another queue.
    let away = AssignTicket {
        ticket: TicketRef::Id(all[3].id),
        etag: String::new(),
        assignee_id: None,
        team_id: Some("night".into()),
    };
    house.add_team("night", &["nel"]);
    status(&mut house, "nel", AgentStatus::Offline, 0);
    house.run(&agent(), away).expect("moved");
    status(&mut house, "ann", AgentStatus::Online, 0);
    assert_eq!(assignee(&house, &all[3]), "");
    status(&mut house, "nel", AgentStatus::Online, 0);
    assert_eq!(assignee(&house, &all[3]), "nel");
    assert_eq!(house.world.head.queues, Default::default());
}

#[test]
fn one_command_drains_so_many_and_the_next_one_goes_on() {
    let rule = RULE.replace("max_open: 1, ", "");
    let mut house = house(&[&rule]);
    let all: Vec<Arc<Ticket>> = (0..45).map(|i| waits(&mut house, &i.to_string(), Priority::Medium)).collect();
    let waiting = |house: &House| all.iter().filter(|it| house.now_is(it).queued_at.is_some()).count();
    status(&mut house, "ann", AgentStatus::Online, 0);
    assert_eq!(waiting(&house), 25);
    status(&mut house, "ann", AgentStatus::Online, 100);
    assert_eq!(waiting(&house), 5);
    let dry = UpsertEntry {
        row: Agent { status: AgentStatus::Online, capacity: 99, ..agent_row("ann") },
        etag: String::new(),
    };
    house.submit(&Command { validate_only: true, ..command(&agent(), dry) }).expect("tried");
    assert_eq!(waiting(&house), 5, "a trial gives nothing away");
    house.move_to(&all[0], Transition::Resolve, Status::Resolved).expect("resolved");
    assert_eq!(waiting(&house), 0);
}

#[test]
fn one_that_rules_refuse_to_give_away_is_told_of_and_stops_nobody() {
    let door = "name: door\non: ticket.assigning\nif: ticket.assignee_id == 'ann' && ticket.subject == 'not hers'\ndo:\n  - deny: {message: never}\n";
    let greet = "name: greet\non: ticket.assigned\nif: ticket.assignee_id == 'ann'\ndo:\n  - tag: {add: [greeted]}\n";
    let mut house = house(&[RULE, door, greet]);
    let (one, two) = (waits(&mut house, "not hers", Priority::High), waits(&mut house, "hers", Priority::Low));
    let next = status(&mut house, "ann", AgentStatus::Online, 0);
    assert_eq!(house.kinds(next), ["agent.changed", "workflow.failed", "ticket.assigned", "ticket.tag_added"]);
    assert_eq!((assignee(&house, &one), house.now_is(&one).queued_at), (String::new(), None));
    assert_eq!(assignee(&house, &two), "ann", "and rules answer it");
    let run = house.world.runs.last().expect("a run");
    assert_eq!((run.workflow.as_str(), run.verdict, run.ticket_id), ("give", RunVerdict::Failed, Some(one.id)));
    assert!(run.reason.contains("never"), "{}", run.reason);
}

#[derive(Clone, Copy, Debug)]
enum Turn {
    Open(Priority),
    Resolve(usize),
    Reopen(usize),
    Give(usize),
    Take(usize),
    Move(usize),
    Comes(usize),
    Goes(usize),
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = prop_oneof![
        3 => prop::sample::select(Priority::ALL).prop_map(Turn::Open),
        2 => (0..20usize).prop_map(Turn::Resolve),
        1 => (0..20usize).prop_map(Turn::Reopen),
        1 => (0..20usize).prop_map(Turn::Give),
        1 => (0..20usize).prop_map(Turn::Take),
        1 => (0..20usize).prop_map(Turn::Move),
        1 => (0..2usize).prop_map(Turn::Comes),
        1 => (0..2usize).prop_map(Turn::Goes),
    ];
    prop::collection::vec(turn, 1..40)
}

fn play(house: &mut House, tickets: &mut Vec<Arc<Ticket>>, turn: Turn) {
    let at = |at: usize| tickets.get(at % tickets.len().max(1)).map(|ticket| house.now_is(ticket));
    let verb = match turn {
        Turn::Open(priority) => {
            tickets.push(house.ticket(&agent(), create(NewTicket { priority, ..new_ticket("x") })));
            return;
        }
        Turn::Comes(who) | Turn::Goes(who) => {
            let there = if matches!(turn, Turn::Comes(_)) { AgentStatus::Online } else { AgentStatus::Offline };
            status(house, ["ann", "bob"][who], there, 0);
            return;
        }
        Turn::Resolve(which) => at(which).map(|it| go(&it, Transition::Resolve, Status::Resolved)),
        Turn::Reopen(which) => at(which).map(|it| go(&it, Transition::Reopen, Status::Reopened)),
        Turn::Give(which) => at(which).map(|it| whichever(assign(&it, "zoe"))),
        Turn::Take(which) => at(which).map(|it| whichever(assign(&it, ""))),
        Turn::Move(which) => at(which).map(|it| {
            let (ticket, team_id) = (TicketRef::Id(it.id), Some("night".into()));
            whichever(AssignTicket { ticket, etag: String::new(), assignee_id: None, team_id })
        }),
    };
    if let Some(verb) = verb {
        // Whether it was legal does not matter here.
        let _ = house.run(&agent(), verb);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The head counts what waits; nobody waits who has an agent or is done; and where somebody is free, nobody waits for them.
    #[test]
    fn the_head_counts_what_waits_and_nobody_waits_in_vain(turns in turns()) {
        let mut house = house(&[RULE]);
        let mut tickets = Vec::new();
        for turn in turns {
            play(&mut house, &mut tickets, turn);
            let mut waiting: BTreeMap<String, i64> = BTreeMap::new();
            for ticket in tickets.iter().map(|ticket| house.now_is(ticket)).filter(|ticket| ticket.queued_at.is_some()) {
                prop_assert!(ticket.can_wait(), "{ticket:?}");
                *waiting.entry(ticket.team_id.clone()).or_default() += 1;
            }
            prop_assert_eq!(serde_json::json!(waiting), serde_json::json!(house.world.head.queues.counts()));
            let free = ["ann", "bob"].iter().any(|id| {
                let agent = house.world.agents.get(*id).flatten().expect("known");
                agent.status == AgentStatus::Online && agent.open_count == 0
            });
            prop_assert!(!(free && waiting.contains_key("support")), "{:?} left {:?} waiting", turn, waiting);
        }
    }
}
