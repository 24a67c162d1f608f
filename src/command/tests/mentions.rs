//! Mentions: the mentioned agents, the activities, and rules on them.

use super::*;

fn house() -> House {
    let mut house = House::new();
    for id in ["bob", "ann", "dots."] {
        house.add_agent(id);
    }
    house
}

fn rename(house: &mut House, id: &str, name: &str) {
    let row = Agent { name: name.into(), ..agent_row(id) };
    house.run(&agent(), UpsertEntry { row, etag: String::new() }).expect("an agent");
}

fn mentioned(house: &mut House, body: &str) -> Vec<String> {
    let ticket = house.ticket(&requester(), create(new_ticket("Help")));
    house.message(&agent(), say(&ticket, body, Visibility::Internal)).mentions.0.clone()
}

#[test]
fn an_agent_is_named_by_id_or_by_a_name_of_its_own() {
    let mut house = house();
    assert_eq!(mentioned(&mut house, "@bob and @ANN, not @nobody or `@ann`"), ["bob", "ann"]);
    rename(&mut house, "ann", "Bob");
    assert_eq!(mentioned(&mut house, "@Bob"), ["ann"], "names count as they are written");
    rename(&mut house, "eve", "Bob");
    assert_eq!(mentioned(&mut house, "@Bob"), [""; 0], "two of them have this name");
    rename(&mut house, "eve", "bob");
    assert_eq!(mentioned(&mut house, "@bob"), ["bob"], "an id comes before a name");
}

#[test]
fn an_assignee_whom_nobody_registered_is_no_agent() {
    let mut house = house();
    house.ticket(&agent(), create(NewTicket { assignee_id: "ghost".into(), ..new_ticket("a") }));
    assert_eq!(mentioned(&mut house, "@ghost"), [""; 0]);
}

#[test]
fn marks_at_the_end_of_a_name_are_the_sentences() {
    let mut house = house();
    assert_eq!(mentioned(&mut house, "@bob. @ann... @dots."), ["bob", "ann", "dots."]);
    assert_eq!(mentioned(&mut house, "@dots"), [""; 0]);
}

#[test]
fn what_the_database_says_of_names_is_read_with_what_was_decided_since() {
    let mut house = House::new();
    let stored = |id: &str| Arc::new(Agent { name: "Sam".into(), ..agent_row(id) });
    house.world.named.load("Sam".into(), Some(vec!["sam1".into(), "sam2".into()]));
    for id in ["sam1", "sam2"] {
        house.world.agents.load(id.into(), Some(stored(id)));
    }
    assert_eq!(mentioned(&mut house, "@Sam"), [""; 0]);
    rename(&mut house, "sam2", "Samuel");
    assert_eq!(mentioned(&mut house, "@Sam"), ["sam1"]);
    assert_eq!(mentioned(&mut house, "@Samuel"), ["sam2"]);
}

#[test]
fn an_application_mentions_agents_that_it_entered_itself() {
    let mut house = house();
    let desk = |app| caller("desk", &[Role::Agent, Role::Admin], Some(app));
    let enter = |house: &mut House, app, id: &str| {
        let row = Agent { name: "Sam".into(), ..agent_row(id) };
        house.run(&desk(app), UpsertEntry { row, etag: String::new() }).expect("an agent");
    };
    enter(&mut house, "crm", "sam1");
    let (portals, crms) =
        (house.ticket(&desk("portal"), create(new_ticket("a"))), house.ticket(&desk("crm"), create(new_ticket("b"))));
    let told = |house: &mut House, who: &Caller, ticket: &Ticket| {
        house.message(who, say(ticket, "@Sam @sam1 @bob", Visibility::Internal)).mentions.0.clone()
    };
    assert_eq!(told(&mut house, &desk("portal"), &portals), [""; 0]);
    assert_eq!(told(&mut house, &desk("crm"), &crms), ["sam1"]);
    assert_eq!(told(&mut house, &agent(), &portals), ["sam1", "bob"]);
    // Somebody of that name elsewhere does not make it ambiguous: that would tell of them, too.
    enter(&mut house, "portal", "sam2");
    assert_eq!(told(&mut house, &desk("portal"), &portals), ["sam2"]);
}

#[test]
fn one_activity_follows_a_message_that_mentions_somebody() {
    let mut house = house();
    let ticket = house.ticket(&requester(), create(new_ticket("Help")));
    let from = house.next();
    let said = house.message(&agent(), say(&ticket, "@bob, @ann: look", Visibility::Internal));
    assert_eq!(house.kinds(from), ["ticket.note_added", "ticket.mentioned"]);
    let last = house.world.activities.last().expect("an activity");
    assert_eq!((last.message.as_ref(), last.position), (Some(&*said), said.position + 1));
    let data = last.data.clone().expect("data");
    assert_eq!(data["agent_ids"], serde_json::json!(["bob", "ann"]));
    assert_eq!(house.now_is(&ticket).etag(), ticket.etag());
    let from = house.next();
    house.message(&agent(), say(&ticket, "nobody@example.com", Visibility::Public));
    assert_eq!(house.kinds(from), ["ticket.message_added"]);
}

#[test]
fn an_edit_tells_of_those_only_whom_it_adds() {
    let mut house = house();
    let ticket = house.ticket(&requester(), create(new_ticket("Help")));
    let said = house.message(&agent(), say(&ticket, "@bob", Visibility::Internal));
    let from = house.next();
    let both = house.message(&agent(), reword(&said, "@ann and @bob"));
    assert_eq!(both.mentions.0, ["ann", "bob"]);
    assert_eq!(house.kinds(from), ["ticket.message_edited", "ticket.mentioned"]);
    assert_eq!(
        house.world.activities.last().and_then(|a| a.data.clone()).expect("data")["agent_ids"],
        serde_json::json!(["ann"])
    );
    let from = house.next();
    let none = house.message(&agent(), reword(&said, "never mind"));
    assert_eq!((house.kinds(from), none.mentions.len()), (vec!["ticket.message_edited"], 0));
    house.message(&agent(), reword(&said, "@bob"));
    let gone = house.message(&agent(), take_back(&said));
    assert!(gone.mentions.is_empty());
}

#[test]
fn rules_answer_mentions_and_know_who_is_meant() {
    let rule = "name: dispatch\non: ticket.mentioned\nif: \"'bob' in message.mentions && 'bob' in event.data.agent_ids\"\ndo:\n  - assign: {to: bob}\n";
    let mut house = House::with(&[rule]);
    house.add_agent("bob");
    let ticket = house.ticket(&requester(), create(new_ticket("Help")));
    let after = house.ticket(&agent(), say(&ticket, "@bob please", Visibility::Internal));
    assert_eq!(after.assignee_id, "bob");
}
