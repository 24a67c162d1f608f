//! Settings: permissions, checks, use by rules, and cost.

use super::issues::new_issue;
use super::*;
use crate::model::tenant::Tenant;

fn written(outcome: Outcome) -> Arc<Tenant> {
    match outcome.resource {
        Resource::Tenant(tenant) => tenant,
        other => panic!("no settings: {other:?}"),
    }
}

fn categories(words: &[&str]) -> TenantEdit {
    TenantEdit { categories: Some(Words(words.iter().map(|w| (*w).to_owned()).collect())), ..TenantEdit::default() }
}

fn in_category(category: &str) -> CreateTicket {
    create(NewTicket { category: category.into(), ..new_ticket("x") })
}

#[test]
fn the_first_write_makes_the_row_and_the_same_again_changes_nothing() {
    let mut house = House::new();
    let made = written(house.run(&admin(), settings(TenantEdit::default(), "0")).expect("made"));
    assert_eq!((made.created_at, made.created_by.as_str(), made.etag_version), (house.now, "root", 1));
    assert_eq!((made.source.as_str(), made.position, house.world.head.config_position), ("docket", 1, 1));
    let same = house.image();
    house.run(&admin(), settings(TenantEdit::default(), "1")).expect("again");
    assert_eq!(house.image(), same);
    let next = written(house.run(&admin(), settings(categories(&["billing"]), "1")).expect("changed"));
    assert_eq!((next.created_at, next.updated_at, next.etag_version), (made.created_at, house.now, 2));
    assert_eq!(house.kinds(1), ["tenant.changed", "tenant.changed"]);
    let data = house.world.activities[1].data.clone().expect("data");
    assert_eq!((&data["id"], &data["push_back_window"]), (&Value::from(TENANT), &Value::from("604800s")));
    assert_eq!((&data["reopen_requester"], &data["categories"][0]), (&"FOLLOW_UP".into(), &"billing".into()));
    assert!(matches!(house.refused(&admin(), settings(categories(&[]), "1")), Refusal::EtagMismatch { .. }));
}

#[test]
fn a_token_of_one_app_does_not_speak_for_the_tenant() {
    let mut house = House::new();
    let app = caller("root", &[Role::Admin], Some("crm"));
    assert!(matches!(house.refused(&app, settings(TenantEdit::default(), "")), Refusal::Forbidden { .. }));
}

#[test]
fn a_trial_of_settings_settles_nothing() {
    let mut house = House::new();
    let before = house.image();
    let action = settings(categories(&["billing"]), "");
    let trial = Command { validate_only: true, ..command(&admin(), action) };
    assert!(matches!(house.submit(&trial), Ok(Verdict::Done(_))));
    assert_eq!(house.image(), before);
    house.ticket(&agent(), in_category("anything"));
}

#[test]
fn a_category_is_one_of_the_tenants_or_general() {
    let mut house = House::new();
    let old = house.ticket(&agent(), in_category("from before"));
    house.run(&admin(), settings(categories(&["billing", "access"]), "")).expect("set");
    house.ticket(&agent(), in_category("billing"));
    house.ticket(&agent(), in_category("general"));
    let refusal = house.refused(&agent(), in_category("biling"));
    assert_eq!(
        refusal.to_string(),
        "ticket.category: \"biling\" is none of the tenant's categories (billing, access, general); \
         did you mean \"billing\"?"
    );
    // What it has it keeps, and other fields are written all the same.
    let edited = |category: &str| {
        edit(&old, TicketEdit { category: Some(category.into()), subject: Some("y".into()), ..TicketEdit::default() })
    };
    assert_eq!(house.ticket(&agent(), edited("from before")).subject, "y");
    assert!(matches!(house.refused(&agent(), edited("nonsense")), Refusal::Invalid { .. }));
    house.ticket(&agent(), edited("access"));
    assert!(matches!(house.refused(&agent(), edited("from before")), Refusal::Invalid { .. }));
}

#[test]
fn a_batch_names_the_ticket_whose_category_is_none() {
    let mut house = House::new();
    house.run(&admin(), settings(categories(&["billing"]), "")).expect("set");
    let other = NewTicket { category: "sales".into(), ..new_ticket("b") };
    let refusal = house.refused(&agent(), CreateTickets(vec![new_ticket("a"), other]));
    let Refusal::Invalid { violations, .. } = refusal else { panic!("{refusal}") };
    assert_eq!(violations[0].field, "requests[1].ticket.category");
}

#[test]
fn rules_write_no_other_category_either() {
    let rule = "name: sorter\non: ticket.created\ndo:\n  - set: {category: sales}\n";
    let mut house = House::with(&[rule]);
    house.run(&admin(), settings(categories(&["billing"]), "")).expect("set");
    let from = house.next();
    assert_eq!(house.ticket(&agent(), create(new_ticket("x"))).category, "general");
    assert_eq!(house.kinds(from), ["ticket.created", "workflow.failed"]);
}

#[test]
fn a_rule_reads_the_tenant_and_is_only_its_tenants() {
    let rules = [
        "name: pro\non: [ticket.created, issue.created]\ntenants: tenant.attributes.plan == 'pro'\ndo:\n  - tag: {add: [pro]}\n",
        "name: seats\non: ticket.created\nif: has(tenant.attributes.seats) && tenant.attributes.seats > 5\ndo:\n  - set: {priority: HIGH}\n",
    ];
    let mut house = House::with(&rules);
    let plain = house.ticket(&agent(), create(new_ticket("x")));
    assert_eq!((plain.tags.len(), plain.priority), (0, Priority::Medium));
    assert!(house.world.runs.is_empty(), "a selector that cannot be read selects nothing, and is no error");
    let attributes = Some(serde_json::json!({ "plan": "pro", "seats": 7 }));
    house.run(&admin(), settings(TenantEdit { attributes, ..TenantEdit::default() }, "")).expect("set");
    let pro = house.ticket(&agent(), create(new_ticket("x")));
    assert_eq!((pro.tags.0.as_slice(), pro.priority), (&["pro".to_owned()][..], Priority::High));
    // An activity without a ticket reads them too: there is nothing to tag, which is the rule's failure.
    let from = house.next();
    house.run(&agent(), CreateIssue(new_issue("of no ticket"))).expect("created");
    assert_eq!(house.kinds(from), ["issue.created", "workflow.failed"]);
}

/// What a command misses when it is decided first, in a tenant whose configuration has come to this position.
fn missed(config_position: i64, verb: impl Verb) -> Vec<Want> {
    let house = House::new();
    let head = Head { position: 9, config_position, ..house.world.head.clone() };
    match run(&mut World::new(head), &command(&agent(), verb), &house.rules, house.now) {
        Ok(_) => Vec::new(),
        Err(Stop::Missing(wants)) => wants,
        Err(Stop::Refused(refusal)) => panic!("{refusal}"),
    }
}

#[test]
fn a_new_ticket_looks_for_settings_only_where_there_can_be_some_and_they_count() {
    assert_eq!(missed(0, in_category("billing")), []);
    assert_eq!(missed(7, in_category("billing")), [Want::Settings]);
    // Its clocks are asked for all the same.
    assert_eq!(missed(7, create(new_ticket("of the general kind"))), [Want::SlaConfig]);
}
