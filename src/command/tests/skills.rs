//! Assignment by skills: only who has all of them is a candidate, and the others are told of.

use super::*;

const RULE: &str = "name: skilled\non: ticket.created\nif: ticket.team_id != ''\ndo:\n  - assign: {strategy: least_open, skills: [vpn, \"${ticket.category == 'general' ? '' : ticket.category}\"]}\n";

/// Ann and Bob know something, Cyd nothing.
fn house() -> House {
    let mut house = House::with(&[RULE]);
    house.add_team("support", &["ann", "bob", "cyd"]);
    for (id, skills) in [("ann", &["VPN"][..]), ("bob", &["Vpn", "Straße"])] {
        let skills = Words(skills.iter().map(|skill| (*skill).to_owned()).collect());
        let row = Agent { skills, ..agent_row(id) };
        house.run(&agent(), UpsertEntry { row, etag: String::new() }).expect("skilled");
    }
    house
}

fn about(category: &str) -> NewTicket {
    NewTicket { team_id: "support".into(), category: category.into(), ..new_ticket("x") }
}

#[test]
fn only_who_has_all_of_them_is_a_candidate_in_whichever_case() {
    let mut house = house();
    let ticket = house.ticket(&agent(), create(about("STRASSE")));
    assert_eq!(ticket.assignee_id, "bob");
    let why = house.world.activities.last().and_then(|last| last.explanation.clone()).expect("an explanation");
    assert_eq!(why["skills"], serde_json::json!(["vpn", "STRASSE"]));
    assert_eq!(why["candidates"], serde_json::json!([{ "agent_id": "bob", "open_count": 0 }]));
    let left_out = serde_json::json!([
        { "agent_id": "ann", "reason": "lacks the skill STRASSE" },
        { "agent_id": "cyd", "reason": "lacks the skills vpn, STRASSE" },
    ]);
    assert_eq!(why["left_out"], left_out);
    assert!(house.world.runs.is_empty());
}

#[test]
fn a_template_that_comes_to_nothing_asks_for_nothing() {
    let mut house = house();
    assert_eq!(house.ticket(&agent(), create(about("general"))).assignee_id, "ann", "the first of two");
}

#[test]
fn a_run_says_who_lacks_what_where_nobody_is_found() {
    let mut house = house();
    let ticket = house.ticket(&agent(), create(about("cisco")));
    assert_eq!(ticket.assignee_id, "");
    let run = house.world.runs.last().expect("a run");
    assert_eq!(run.verdict, RunVerdict::Matched);
    assert_eq!(
        run.reason,
        "least_open found nobody in team \"support\": ann lacks the skill cisco; bob lacks the skill cisco; \
         cyd lacks the skills vpn, cisco"
    );
}
