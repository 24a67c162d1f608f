//! Follow-up tickets, and ratings.

use super::lifecycle::ticket_in;
use super::*;

fn follow(ticket: &Ticket, with: TicketEdit) -> CreateFollowUp {
    CreateFollowUp { ticket: TicketRef::Id(ticket.id), etag: String::new(), with }
}

fn rate(ticket: &Ticket, satisfaction: f64, comment: &str) -> RateTicket {
    RateTicket { ticket: TicketRef::Id(ticket.id), etag: String::new(), satisfaction, comment: comment.into() }
}

fn done_ticket(house: &mut House) -> Arc<Ticket> {
    let new = NewTicket {
        description: "it smokes".into(),
        kind: TicketType::Problem,
        priority: Priority::High,
        category: "printers".into(),
        tags: Words(vec!["floor-2".into()]),
        assignee_id: "ann".into(),
        team_id: "support".into(),
        organization_id: "acme".into(),
        deal_id: "deal".into(),
        ..new_ticket("Printer")
    };
    let ticket = house.ticket(&agent(), create(new));
    house.move_to(&ticket, Transition::Resolve, Status::Resolved).expect("resolved");
    house.now_is(&ticket)
}

#[test]
fn a_follow_up_takes_over_what_the_request_leaves_empty() {
    let mut house = House::new();
    let old = done_ticket(&mut house);
    let from = house.next();
    let new = house.ticket(&agent(), follow(&old, TicketEdit::default()));
    let taken = |t: &Ticket| {
        let ids = [&t.requester_id, &t.requester_email, &t.team_id, &t.organization_id].map(String::clone);
        (t.subject.clone(), t.kind, t.priority, t.category.clone(), t.tags.clone(), ids)
    };
    assert_eq!(taken(&new), taken(&old));
    assert_eq!((new.description.as_str(), new.assignee_id.as_str(), new.deal_id.as_str()), ("", "", ""));
    assert_eq!((new.follow_up_of, new.status, new.number), (Some(old.id), Status::Open, 2));
    assert_eq!(house.kinds(from), ["ticket.created", "ticket.followed_up"]);
    let with = TicketEdit {
        subject: Some("Printer, again".into()),
        priority: Some(Priority::Urgent),
        assignee_id: Some("bob".into()),
        requester_id: Some("ron".into()),
        requester_email: Some(String::new()),
        ..TicketEdit::default()
    };
    let other = house.ticket(&agent(), follow(&old, with));
    assert_eq!((other.subject.as_str(), other.priority), ("Printer, again", Priority::Urgent));
    assert_eq!((other.requester_id.as_str(), other.requester_email.as_str()), ("ron", ""));
    assert_eq!((house.open_count("bob"), house.open_count("ann")), (1, 0));
}

#[test]
fn only_what_is_done_is_followed_up_and_what_is_deleted_is_not() {
    for status in Status::ALL {
        let mut house = House::new();
        let ticket = ticket_in(&mut house, *status);
        let action = follow(&ticket, TicketEdit::default());
        match status.is_done() {
            true => drop(house.ticket(&agent(), action)),
            false => assert!(matches!(house.refused(&agent(), action), Refusal::NotDone { verb: "follow up", .. })),
        }
    }
    let mut house = House::new();
    let ticket = done_ticket(&mut house);
    let delete = DeleteTicket { ticket: TicketRef::Id(ticket.id), etag: String::new() };
    house.run(&agent(), delete).expect("deleted");
    let refusal = house.refused(&agent(), follow(&ticket, TicketEdit::default()));
    assert_eq!(refusal, Refusal::Deleted { name: "TKT-0001".into() });
}

#[test]
fn a_requester_follows_up_its_own_tickets_in_its_own_name() {
    let mut house = House::new();
    let ticket = done_ticket(&mut house);
    let of = |id: &str| TicketEdit { requester_id: Some(id.into()), ..TicketEdit::default() };
    let refusal = house.refused(&requester(), follow(&ticket, of("ron")));
    assert_eq!(refusal, Refusal::Reserved { fields: vec!["ticket.requester_id".into()] });
    let with = || of("rita");
    assert_eq!(house.ticket(&requester(), follow(&ticket, with())).requester_id, "rita");
    let ron = caller("ron", &[Role::Requester], None);
    assert!(matches!(house.refused(&ron, follow(&ticket, with())), Refusal::NotFound { .. }));
    let edit = TenantEdit { reopen_requester: Some(ReopenMode::Reject), ..TenantEdit::default() };
    house.run(&admin(), settings(edit, "")).expect("settings");
    assert!(matches!(house.refused(&requester(), follow(&ticket, with())), Refusal::ReopenRejected { .. }));
    house.ticket(&agent(), follow(&ticket, with()));
}

#[test]
fn a_follow_up_keeps_a_category_that_the_tenant_gave_up() {
    let mut house = House::new();
    let ticket = done_ticket(&mut house);
    let words = Some(Words(vec!["billing".into()]));
    house.run(&admin(), settings(TenantEdit { categories: words, ..TenantEdit::default() }, "")).expect("settings");
    assert_eq!(house.ticket(&agent(), follow(&ticket, TicketEdit::default())).category, "printers");
    let other = TicketEdit { category: Some("scanners".into()), ..TicketEdit::default() };
    assert!(matches!(house.refused(&agent(), follow(&ticket, other)), Refusal::Invalid { .. }));
}

#[test]
fn before_rules_have_their_say_on_a_follow_up() {
    let rule = "name: none\non: ticket.creating\nif: ticket.follow_up_of != ''\ndo:\n  - deny: {message: write anew}\n";
    let mut house = House::with(&[rule]);
    let ticket = done_ticket(&mut house);
    let refusal = house.refused(&agent(), follow(&ticket, TicketEdit::default()));
    assert!(matches!(refusal, Refusal::Denied { .. }), "{refusal}");
}

#[test]
fn a_requester_rates_what_is_done_and_may_think_again() {
    let mut house = House::new();
    let open = house.ticket(&requester(), create(new_ticket("Help")));
    let refusal = house.refused(&requester(), rate(&open, 5.0, ""));
    let text =
        "cannot rate TKT-0001: it is OPEN, and this is for RESOLVED and CLOSED tickets; rate it once it is resolved";
    assert_eq!(refusal.to_string(), text);
    house.move_to(&open, Transition::Resolve, Status::Resolved).expect("resolved");
    let from = house.next();
    let rated = house.ticket(&requester(), rate(&open, 4.0, "quick"));
    assert_eq!((rated.satisfaction, rated.satisfaction_comment.as_str()), (Some(4.0), "quick"));
    house.ticket(&requester(), rate(&open, 4.0, "quick"));
    let again = house.ticket(&requester(), rate(&open, 2.0, ""));
    assert_eq!((again.satisfaction, again.satisfaction_comment.as_str()), (Some(2.0), ""));
    assert_eq!(house.kinds(from), ["ticket.rated", "ticket.rated"], "the same again is no activity");
    assert_ne!(again.etag(), rated.etag());
    let back = house.ticket(&requester(), go(&open, Transition::Reopen, Status::Reopened));
    assert_eq!(back.satisfaction, Some(2.0));
    assert!(matches!(house.refused(&requester(), rate(&open, 1.0, "")), Refusal::NotDone { .. }));
    let stranger = caller("ron", &[Role::Requester], None);
    assert!(matches!(house.refused(&stranger, rate(&open, 1.0, "")), Refusal::NotFound { .. }));
}

#[test]
fn a_before_rule_of_updating_sees_the_rating() {
    let rule = "name: polite\non: ticket.updating\nif: changed('satisfaction') && ticket.satisfaction < 2.0\ndo:\n  - deny: {message: tell us more first}\n";
    let mut house = House::with(&[rule]);
    let ticket = done_ticket(&mut house);
    assert!(matches!(house.refused(&requester(), rate(&ticket, 1.0, "")), Refusal::Denied { .. }));
    house.ticket(&requester(), rate(&ticket, 2.0, ""));
}
