//! Upserts: stamps, what Docket keeps, and no activity for no change.

use super::*;
use crate::model::directory::Organization;

fn upsert(id: &str, change: impl FnOnce(&mut Agent)) -> UpsertEntry<Agent> {
    let mut row = agent_row(id);
    change(&mut row);
    UpsertEntry { row, etag: String::new() }
}

fn agent_of(outcome: Outcome) -> Arc<Agent> {
    match outcome.resource {
        Resource::Agent(agent) => agent,
        other => panic!("no agent: {other:?}"),
    }
}

#[test]
fn an_upsert_takes_no_stamps_and_no_counts_from_its_caller() {
    let mut house = House::new();
    let made = agent_of(house.run(&agent(), upsert("bob", |_| {})).expect("made"));
    assert_eq!((made.open_count, made.etag_version, made.app_id.as_str()), (0, 1, ""));
    assert_eq!((made.created_by.as_str(), made.created_at, made.position), ("ann", house.now, 1));
    assert_eq!(house.world.head.config_position, 1);
    let data = house.world.activities[0].data.clone().expect("data");
    assert_eq!((data["id"].as_str(), data["status"].as_str()), (Some("bob"), Some("ONLINE")));
}

#[test]
fn the_same_again_is_no_change_and_another_keeps_the_stamps() {
    let mut house = House::new();
    let made = agent_of(house.run(&agent(), upsert("bob", |_| {})).expect("made"));
    let before = house.image();
    house.run(&agent(), upsert("bob", |_| {})).expect("again");
    assert_eq!(house.image(), before);
    let away = agent_of(house.run(&agent(), upsert("bob", |row| row.status = AgentStatus::Away)).expect("away"));
    assert_eq!((away.created_at, away.updated_at, away.etag_version), (made.created_at, house.now, 2));
    assert_eq!(house.kinds(1), ["agent.changed", "agent.changed"]);
}

#[test]
fn an_agent_who_was_assigned_before_anyone_knew_keeps_the_count() {
    let mut house = House::new();
    house.ticket(&agent(), create(NewTicket { assignee_id: "bob".into(), ..new_ticket("a") }));
    let known =
        |house: &House| house.world.agents.get(&"bob".to_owned()).flatten().map(|row| (row.known, row.open_count));
    assert_eq!(known(&house), Some((false, 1)));
    let made = agent_of(house.run(&agent(), upsert("bob", |_| {})).expect("made"));
    assert_eq!(known(&house), Some((true, 1)));
    assert_eq!((made.created_at, made.etag_version), (house.now, 1));
}

#[test]
fn an_app_cannot_replace_what_another_one_made() {
    let mut house = House::new();
    let row = Organization {
        id: "org".into(),
        name: "Org".into(),
        tier: "Enterprise".into(),
        source: "crm".into(),
        ..Organization::default()
    };
    let upsert = |etag: &str| UpsertEntry { row: row.clone(), etag: etag.into() };
    house.run(&caller("svc", &[Role::Service], Some("crm")), upsert("")).expect("made");
    let other = caller("svc", &[Role::Service], Some("shop"));
    assert!(matches!(house.refused(&other, upsert("")), Refusal::NotFound { .. }));
    assert!(matches!(house.refused(&agent(), upsert("ff")), Refusal::EtagMismatch { .. }));
    assert!(matches!(house.refused(&requester(), upsert("")), Refusal::Forbidden { .. }));
}

fn gone(id: &str) -> DeleteEntry<Agent> {
    DeleteEntry::<Agent>::new(id.into(), String::new())
}

#[test]
fn a_deleted_agent_counts_on_and_comes_back_with_another_etag() {
    let mut house = House::new();
    assert!(matches!(house.refused(&agent(), gone("bob")), Refusal::NotFound { .. }));
    house.add_agent("bob");
    house.ticket(&agent(), create(NewTicket { assignee_id: "bob".into(), ..new_ticket("a") }));
    let deleted = agent_of(house.run(&agent(), gone("bob")).expect("deleted"));
    assert_eq!((deleted.deleted_at, deleted.known, deleted.open_count), (Some(house.now), false, 1));
    let before = house.image();
    house.run(&agent(), gone("bob")).expect("again");
    assert_eq!(house.image(), before);
    house.ticket(&agent(), create(NewTicket { assignee_id: "bob".into(), ..new_ticket("b") }));
    let back = agent_of(house.run(&agent(), upsert("bob", |_| {})).expect("back"));
    assert_eq!((back.deleted_at, back.known, back.open_count, back.etag_version), (None, true, 2, 3));
}

#[test]
fn rules_find_nobody_in_a_deleted_team() {
    let rule = "name: rr\non: ticket.created\ndo:\n  - assign: {strategy: least_open, team: support}\n";
    let mut house = House::with(&[rule]);
    house.add_team("support", &["bob"]);
    assert_eq!(house.ticket(&agent(), create(new_ticket("a"))).assignee_id, "bob");
    house.run(&agent(), DeleteEntry::<Team>::new("support".into(), String::new())).expect("deleted");
    assert_eq!(house.ticket(&agent(), create(new_ticket("b"))).assignee_id, "");
}

#[test]
fn a_batch_of_upserts_is_all_or_none() {
    let mut house = House::new();
    let stale = UpsertEntry { row: agent_row("bob"), etag: "ff".into() };
    let refusal = house.refused(&agent(), UpsertAll(vec![upsert("ann", |_| {}), stale]));
    let Refusal::InBatch { path, refusal } = refusal else { panic!("{refusal}") };
    assert_eq!(path, "requests[1]");
    assert!(matches!(*refusal, Refusal::EtagMismatch { .. }));
    let all = UpsertAll(vec![upsert("ann", |_| {}), upsert("bob", |_| {}), upsert("ann", |row| row.weight = 2)]);
    let Resource::All(rows) = house.run(&agent(), all).expect("done").resource else { panic!("no batch") };
    assert_eq!((rows.len(), house.kinds(1).len()), (3, 3));
}
