//! Canned responses: names, and rules that send them.

use super::*;
use crate::command::refusal::Kind;
use crate::model::canned::CannedResponse;

fn keep(name: &str, body: &str) -> CreateCannedResponse {
    CreateCannedResponse { name: name.into(), title: "A reply".into(), body: body.into(), team_id: String::new() }
}

fn rename(canned: &CannedResponse, name: &str) -> UpdateCannedResponse {
    UpdateCannedResponse {
        canned: CannedRef::Id(canned.id),
        etag: String::new(),
        name: Some(name.into()),
        title: None,
        body: None,
        team_id: None,
    }
}

fn drop(which: CannedRef) -> DeleteCannedResponse {
    DeleteCannedResponse { canned: which, etag: String::new() }
}

fn by_name(name: &str) -> CannedRef {
    CannedRef::Name(name.into())
}

fn canned(house: &mut House, verb: impl Verb) -> Arc<CannedResponse> {
    match house.run(&agent(), verb).expect("done").resource {
        Resource::CannedResponse(canned) => canned,
        other => panic!("no canned response: {other:?}"),
    }
}

#[test]
fn one_is_kept_renamed_and_dropped_with_an_activity_each() {
    let mut house = House::new();
    let made = canned(&mut house, keep("welcome", "Hello"));
    let renamed = canned(&mut house, rename(&made, "hello"));
    assert_eq!((renamed.id, renamed.name.as_str(), renamed.etag_version), (made.id, "hello", 2));
    assert!(matches!(
        house.refused(&agent(), drop(by_name("welcome"))),
        Refusal::NotFound { kind: Kind::CannedResponse, .. }
    ));
    let gone = canned(&mut house, drop(by_name("hello")));
    assert_eq!((gone.deleted_at, gone.body.as_str()), (Some(house.now), "Hello"));
    assert_eq!(house.kinds(1), ["canned_response.changed"; 3]);
    assert_eq!(house.world.head.config_position, 3);
    let image = house.image();
    assert_eq!(canned(&mut house, drop(CannedRef::Id(made.id))), gone);
    assert_eq!(house.image(), image, "deleting again changes nothing");
    assert!(matches!(house.refused(&agent(), rename(&made, "x")), Refusal::NotFound { .. }));
}

#[test]
fn a_name_is_taken_as_long_as_somebody_has_it() {
    let mut house = House::new();
    let taken = |name: &str| Refusal::NameTaken { kind: Kind::CannedResponse, name: name.into() };
    let first = canned(&mut house, keep("welcome", "Hello"));
    assert_eq!(house.refused(&agent(), keep("welcome", "Hi")), taken("welcome"));
    assert_eq!(house.refused(&agent(), keep("Welcome", "Hi")), taken("Welcome"), "in any spelling");
    let second = canned(&mut house, keep("hello", "Hi"));
    assert_eq!(house.refused(&agent(), rename(&second, "welcome")), taken("welcome"));
    assert_eq!(canned(&mut house, rename(&first, "Welcome")).name, "Welcome", "its own may be spelt anew");
    canned(&mut house, rename(&first, "old"));
    canned(&mut house, rename(&second, "welcome"));
    canned(&mut house, drop(by_name("welcome")));
    let third = canned(&mut house, keep("welcome", "Hey"));
    let found = house.world.canned_response(&by_name("welcome")).expect("known").expect("there");
    assert_eq!(found.id, third.id);
}

#[test]
fn what_the_database_says_of_a_name_is_read_with_what_was_decided_since() {
    let mut house = House::new();
    let mut other = House::new();
    let stored = canned(&mut other, keep("welcome", "Hello"));
    house.world.canned_names.load("welcome".into(), Some(stored.id));
    house.world.canned.load(stored.id, Some(stored.clone()));
    assert!(matches!(house.refused(&agent(), keep("welcome", "Hi")), Refusal::NameTaken { .. }));
    canned(&mut house, rename(&stored, "old"));
    canned(&mut house, keep("welcome", "Hi"));
}

const GREET: &str = "name: greet\non: ticket.created\ndo:\n  - message: {canned: welcome}\n";

#[test]
fn a_rule_sends_it_with_what_it_reads_around_the_ticket() {
    let mut house = House::with(&[GREET]);
    house.add_agent("bob");
    canned(&mut house, keep("welcome", "${ticket.display_number} is with ${assignee.name}, says ${actor.id}. $${x}"));
    let ticket = house.ticket(&agent(), create(NewTicket { assignee_id: "bob".into(), ..new_ticket("a") }));
    let said = house.world.messages.inserts().next().expect("a message");
    assert_eq!(said.body, "TKT-0001 is with BOB, says ann. ${x}");
    assert_eq!((said.workflow.as_str(), said.visibility), ("greet", Visibility::Public));
    assert_eq!(ticket.message_count, 1);
}

#[test]
fn it_mentions_in_its_own_words_only() {
    let mut house = House::with(&[GREET]);
    house.add_agent("eve");
    house.add_agent("ann");
    canned(&mut house, keep("welcome", "@ann: ${ticket.subject}"));
    house.ticket(&agent(), create(new_ticket("ask @eve")));
    let said = house.world.messages.inserts().next().expect("a message");
    assert_eq!((said.body.as_str(), said.mentions.0.as_slice()), ("@ann: ask @eve", ["ann".to_owned()].as_slice()));
}

#[test]
fn a_name_that_the_tenant_lacks_and_a_field_without_a_value_are_errors_of_the_rule() {
    let mut house = House::with(&[GREET]);
    let reason = |house: &House| house.world.runs.last().map(|run| (run.verdict, run.reason.clone()));
    let ticket = house.ticket(&agent(), create(new_ticket("a")));
    assert_eq!(ticket.message_count, 0);
    assert_eq!(
        reason(&house),
        Some((RunVerdict::Error, "canned response \"welcome\": this tenant has none of this name".into()))
    );
    canned(&mut house, keep("welcome", "Dear ${organization.name}"));
    house.ticket(&agent(), create(new_ticket("b")));
    let (verdict, why) = reason(&house).expect("a run");
    assert_eq!(verdict, RunVerdict::Error);
    assert!(why.starts_with("canned response \"welcome\": `${organization.name}`: "), "{why}");
    canned(&mut house, drop(by_name("welcome")));
    house.ticket(&agent(), create(new_ticket("c")));
    assert!(reason(&house).expect("a run").1.contains("none of this name"));
}

#[test]
fn a_rule_may_call_it_by_its_id() {
    let mut house = House::new();
    let made = canned(&mut house, keep("welcome", "Hello"));
    let shown = crate::model::id::show(crate::model::id::CANNED_RESPONSE, made.id);
    let rule = GREET.replace("canned: welcome", &format!("canned: {shown}, visibility: INTERNAL"));
    house.rules = House::with(&[&rule]).rules;
    house.ticket(&agent(), create(new_ticket("a")));
    let said = house.world.messages.inserts().next().expect("a message");
    assert_eq!((said.body.as_str(), said.visibility), ("Hello", Visibility::Internal));
}

#[test]
fn an_app_reaches_its_own_only() {
    let mut house = House::new();
    let made = canned(&mut house, keep("welcome", "Hello"));
    let crm = caller("crm", &[Role::Service], Some("crm"));
    for action in
        [whichever(rename(&made, "mine")), whichever(drop(by_name("welcome"))), whichever(drop(CannedRef::Id(made.id)))]
    {
        assert!(matches!(house.refused(&crm, action), Refusal::NotFound { kind: Kind::CannedResponse, .. }));
    }
    assert!(matches!(house.refused(&requester(), keep("x", "y")), Refusal::Forbidden { .. }));
}
