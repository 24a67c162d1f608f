//! Creating, editing, assigning, tagging, deleting: activities, timestamps, etags, permissions.

use super::*;
use crate::command::action::NewIssue;
use crate::command::refusal::Kind;

#[test]
fn a_new_ticket_has_every_stamp() {
    let mut house = House::new();
    let app = caller("svc", &[Role::Service], Some("crm"));
    let new = NewTicket { description: "It burns".into(), ..new_ticket("Fire") };
    let outcome = house.run(&app, create(new)).expect("created");
    let Resource::Ticket(ticket) = &outcome.resource else { panic!("no ticket") };
    assert_eq!((ticket.number, ticket.version, ticket.position, ticket.described_at), (1, 1, 1, 1));
    assert_eq!((ticket.status, ticket.app_id.as_str(), ticket.created_by.as_str()), (Status::Open, "crm", "svc"));
    assert_eq!((ticket.created_at, ticket.updated_at), (house.now, house.now));
    assert_eq!((outcome.first_position, outcome.position), (1, 1));
    let activity = &house.world.activities[0];
    assert_eq!((activity.kind.as_str(), activity.actor.kind), ("ticket.created", ActorKind::Service));
    assert_eq!(activity.changes[0].new_value, Value::from("It burns"));
    assert_eq!(activity.changes.len(), 1);
    assert_eq!(house.world.head.last_at, house.now);
}

#[test]
fn a_requesters_ticket_is_the_requesters() {
    let mut house = House::new();
    let named = |id: &str, email: &str| {
        create(NewTicket { requester_id: id.into(), requester_email: email.into(), ..new_ticket("Help") })
    };
    for verb in [named("", ""), named("rita", ""), named("", "Rita@Example.com")] {
        let ticket = house.ticket(&requester(), verb);
        assert_eq!((ticket.requester_id.as_str(), ticket.requester_email.as_str()), ("rita", "rita@example.com"));
    }
    let refusal = house.refused(&requester(), named("ron", "ron@example.com"));
    let fields = vec!["ticket.requester_id".into(), "ticket.requester_email".into()];
    assert_eq!(refusal, Refusal::Reserved { fields });
    // Whom the directory does not know has no address to name.
    let ron = caller("ron", &[Role::Requester], None);
    assert_eq!(house.ticket(&ron, named("ron", "")).requester_email, "");
    assert!(matches!(house.refused(&ron, named("", "ron@example.com")), Refusal::Reserved { .. }));
    assert_eq!(house.ticket(&agent(), named("ron", "ron@example.com")).requester_email, "ron@example.com");
}

#[test]
fn a_requester_is_of_the_organization_that_the_directory_knows() {
    let mut house = House::new();
    let mut knows = |id: &str, app: &str, deleted_at: Option<Instant>| {
        let (organization_id, app_id) = ("small".into(), app.into());
        let contact = Contact { organization_id, app_id, deleted_at, ..contact_row(id, "") };
        house.world.contacts.load(id.into(), Some(Arc::new(contact)));
        [None, Some("crm")].map(|app| {
            let new = NewTicket { requester_id: String::new(), requester_email: String::new(), ..new_ticket("Help") };
            house.ticket(&caller(id, &[Role::Requester, Role::Auditor], app), create(new)).organization_id.clone()
        })
    };
    assert_eq!(knows("ann", "", None), ["small", ""]);
    assert_eq!(knows("bob", "crm", None), ["small", "small"]);
    assert_eq!(knows("eve", "portal", None), ["small", ""]);
    assert_eq!(knows("gone", "", Some(Instant(1))), ["", ""]);
}

#[test]
fn a_batch_is_numbered_in_order_or_not_at_all() {
    let mut house = House::new();
    let all = vec![new_ticket("a"), new_ticket("b"), new_ticket("c")];
    let outcome = house.run(&agent(), CreateTickets(all)).expect("created");
    let Resource::Tickets(tickets) = outcome.resource else { panic!("no tickets") };
    let numbers: Vec<_> = tickets.iter().map(|t| (t.subject.as_str(), t.number, t.position)).collect();
    assert_eq!(numbers, [("a", 1, 1), ("b", 2, 2), ("c", 3, 3)]);
    let tags = Words((0..65).map(|i| i.to_string()).collect());
    let bad = NewTicket { tags, ..new_ticket("too much") };
    let refusal = house.refused(&agent(), CreateTickets(vec![new_ticket("d"), bad]));
    let Refusal::InBatch { path, refusal } = refusal else { panic!("{refusal}") };
    assert_eq!(path, "requests[1]");
    assert!(matches!(*refusal, Refusal::LimitExceeded { limit: 64, .. }), "{refusal}");
}

#[test]
fn a_mask_becomes_one_activity_for_each_sort_of_change() {
    let mut house = House::new();
    let ticket = house.ticket(&agent(), create(NewTicket { tags: Words(vec!["old".into()]), ..new_ticket("a") }));
    let from = house.next();
    let masked = TicketEdit {
        subject: Some("b".into()),
        description: Some("now told".into()),
        priority: Some(Priority::High),
        category: Some("billing".into()),
        tags: Some(Words(vec!["new".into()])),
        assignee_id: Some("ann".into()),
        team_id: Some("support".into()),
        status: Some(Status::InProgress),
        custom_keys: vec![("severity".into(), 3.into())],
        ..TicketEdit::default()
    };
    let after = house.ticket(&agent(), edit(&ticket, masked));
    let expected = [
        "ticket.updated",
        "ticket.category_changed",
        "ticket.priority_changed",
        "ticket.tag_removed",
        "ticket.tag_added",
        "ticket.assigned",
        "ticket.status_changed",
    ];
    assert_eq!(house.kinds(from), expected);
    assert_eq!(after.version, ticket.version + 7);
    assert_eq!(after.described_at, from);
    assert_eq!(after.custom, serde_json::json!({ "severity": 3 }));
    let assigned = house.since(from).find(|a| a.kind.as_str() == "ticket.assigned").expect("assigned");
    let fields: Vec<&str> = assigned.changes.iter().map(|c| c.field.as_str()).collect();
    assert_eq!(fields, ["assignee_id", "team_id"]);
}

#[test]
fn what_changes_nothing_leaves_no_trace() {
    let mut house = House::new();
    let ticket = house.ticket(&agent(), create(new_ticket("a")));
    let before = house.image();
    let same = TicketEdit { subject: Some("a".into()), status: Some(Status::Open), ..TicketEdit::default() };
    let outcome = house.run(&agent(), edit(&ticket, same)).expect("done");
    assert_eq!(house.image(), before);
    assert!(outcome.first_position > outcome.position);
}

#[test]
fn a_stale_etag_is_refused_with_the_fresh_one() {
    let mut house = House::new();
    let ticket = house.ticket(&agent(), create(new_ticket("a")));
    let after = house.ticket(&agent(), assign(&ticket, "bob"));
    let stale =
        |etag: String| TagTicket { ticket: TicketRef::Number(1), etag, add: vec!["x".into()], remove: Vec::new() };
    let refusal = house.refused(&agent(), stale(ticket.etag()));
    let expected = Refusal::EtagMismatch { name: "TKT-0001".into(), sent: ticket.etag(), current: after.etag() };
    assert_eq!(refusal, expected);
    house.ticket(&agent(), stale(after.etag()));
}

#[test]
fn deleting_is_soft_idempotent_and_undone() {
    let mut house = House::new();
    let ticket = house.ticket(&agent(), create(NewTicket { assignee_id: "ann".into(), ..new_ticket("a") }));
    let name = TicketRef::Id(ticket.id);
    let delete = DeleteTicket { ticket: name.clone(), etag: ticket.etag() };
    let deleted = house.ticket(&agent(), delete.clone());
    assert_eq!((deleted.deleted_at, deleted.deleted_by.as_str()), (Some(house.now), "ann"));
    assert_eq!(house.open_count("ann"), 0);
    let before = house.image();
    house.ticket(&agent(), delete);
    assert_eq!(house.image(), before, "twice changes nothing");
    assert_eq!(house.refused(&agent(), assign(&ticket, "bob")), Refusal::Deleted { name: "TKT-0001".into() });
    let restored = house.ticket(&agent(), UndeleteTicket { ticket: name, etag: String::new() });
    assert_eq!((restored.deleted_at, restored.deleted_by.as_str()), (None, ""));
    assert_eq!(house.open_count("ann"), 1);
}

#[test]
fn what_is_not_theirs_is_not_there() {
    let mut house = House::new();
    let ticket = house.ticket(&caller("svc", &[Role::Service], Some("crm")), create(new_ticket("a")));
    let gone = |id: &TicketRef| Refusal::NotFound { kind: Kind::Ticket, id: id.to_string() };
    let name = TicketRef::Id(ticket.id);
    let other_app = caller("svc", &[Role::Admin], Some("shop"));
    assert_eq!(house.refused(&other_app, assign(&ticket, "bob")), gone(&name));
    let stranger = caller("mallory", &[Role::Requester], None);
    assert_eq!(house.refused(&stranger, say(&ticket, "hi", Visibility::Public)), gone(&name));
    let nobody = TicketRef::Id(Uuid::from_u128(7));
    let missing = DeleteTicket { ticket: nobody.clone(), etag: String::new() };
    assert_eq!(house.refused(&agent(), missing), gone(&nobody));
    assert!(matches!(house.refused(&requester(), assign(&ticket, "rita")), Refusal::Forbidden { .. }));
}

#[test]
fn issues_and_tickets_know_each_other() {
    let mut house = House::new();
    let a = house.ticket(&agent(), create(new_ticket("a")));
    let b = house.ticket(&agent(), create(new_ticket("b")));
    let new = NewIssue {
        title: "Bug".into(),
        description: String::new(),
        kind: IssueType::Bug,
        priority: Priority::High,
        reporter_id: "ann".into(),
        assignee_id: String::new(),
        project: String::new(),
        external_url: String::new(),
        metadata: Value::Null,
        tickets: vec![TicketRef::Id(a.id), TicketRef::Number(1)],
        source: "docket".into(),
        source_type: SourceType::Api,
    };
    let issue = |resource| match resource {
        Resource::Issue(issue) => issue,
        other => panic!("no issue: {other:?}"),
    };
    let made = issue(house.run(&agent(), CreateIssue(new)).expect("created").resource);
    assert_eq!(made.ticket_ids.len(), 1, "one link for one ticket");
    let link =
        LinkIssue { issue: made.id, ticket: TicketRef::Id(b.id), etag: crate::model::ticket::etag(made.etag_version) };
    let linked = issue(house.run(&agent(), link.clone()).expect("linked").resource);
    assert_eq!(linked.ticket_ids.len(), 2);
    assert!(matches!(house.refused(&agent(), link), Refusal::EtagMismatch { .. }));
    let from = house.next();
    let outcome = house.run(&agent(), ResolveIssue { issue: made.id, etag: String::new() }).expect("resolved");
    let resolved = issue(outcome.resource);
    assert_eq!((resolved.status, resolved.resolved_at), (IssueStatus::Resolved, Some(house.now)));
    let told: Vec<_> = house.since(from).map(|x| (x.kind.as_str(), x.ticket_id)).collect();
    assert_eq!(told, [("issue.resolved", Some(a.id)), ("issue.resolved", Some(b.id))]);
    assert_eq!(resolved.position, outcome.position);
    assert_eq!(house.now_is(&a).etag(), a.etag());
    assert_eq!(*house.world.issues_of(b.id).expect("known"), vec![made.id]);
    let before = house.image();
    house.run(&agent(), ResolveIssue { issue: made.id, etag: String::new() }).expect("again");
    assert_eq!(house.image(), before);
    assert_eq!(house.world.issue_tickets.inserts().count(), 2);
}
