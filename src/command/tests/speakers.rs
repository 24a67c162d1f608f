//! Who speaks, and what answers: the person is judged, and not the token.

use super::desk::{Desk, due};
use super::*;

fn gateway() -> Caller {
    caller("gateway", &[Role::Service], None)
}

fn of(ticket: &Ticket, author_id: &str, author_email: &str) -> PostMessage {
    let PostMessage { ticket, message } = say(ticket, "Hello", Visibility::Public);
    PostMessage {
        ticket,
        message: NewMessage { author_id: author_id.into(), author_email: author_email.into(), ..message },
    }
}

#[test]
fn the_author_is_the_person_whoever_posts() {
    let mut house = House::new();
    house.add_agent("bob");
    let ticket = house.ticket(&gateway(), create(new_ticket("a")));
    let known_by_id = NewTicket { requester_email: String::new(), ..new_ticket("b") };
    let known_by_id = house.ticket(&gateway(), create(known_by_id));
    let known_by_mail = NewTicket { requester_id: String::new(), ..new_ticket("c") };
    let known_by_mail = house.ticket(&gateway(), create(known_by_mail));
    for (ticket, id, email, kind, author) in [
        (&ticket, "bob", "", AuthorKind::Agent, "bob"),
        (&ticket, "bob", "bob@example.com", AuthorKind::Agent, "bob"),
        (&ticket, "rita", "", AuthorKind::Requester, "rita"),
        (&ticket, "", "Rita@Example.com", AuthorKind::Requester, "rita"),
        (&ticket, "ext-7", "RITA@example.com", AuthorKind::Requester, "ext-7"),
        (&ticket, "", "carl@example.com", AuthorKind::Service, ""),
        (&ticket, "", "", AuthorKind::Service, "gateway"),
        (&known_by_id, "", "rita@EXAMPLE.com", AuthorKind::Requester, "rita"),
        (&known_by_mail, "rita", "", AuthorKind::Requester, "rita"),
        (&known_by_mail, "", "rita@example.com", AuthorKind::Requester, ""),
        (&known_by_mail, "carl", "", AuthorKind::Service, "carl"),
    ] {
        let message = house.message(&gateway(), of(ticket, id, email));
        assert_eq!((message.author_kind, message.author_id.as_str()), (kind, author), "{id:?} {email:?}");
    }
    // A requester's own address, in any spelling.
    let own = house.message(&requester(), of(&ticket, "", "RITA@example.com"));
    assert_eq!(own.author_kind, AuthorKind::Requester);
    assert!(matches!(house.refused(&agent(), of(&ticket, "bob", "")), Refusal::Forbidden { .. }));
}

fn first_response(counts: CountsAsResponse) -> PolicyEdit {
    PolicyEdit {
        first_response_minutes: Some(Some(60)),
        next_response_minutes: Some(Some(60)),
        business_hours_only: Some(false),
        counts_as_response: Some(counts),
        ..PolicyEdit::default()
    }
}

fn open(desk: &mut Desk, who: &Caller, description: &str) -> Arc<Ticket> {
    let new = NewTicket { description: description.into(), ..new_ticket("It is broken") };
    let Resource::Ticket(ticket) = desk.act("2026-09-14T10:00Z", who, create(new)).resource else { panic!("a ticket") };
    desk.ticket = Some(ticket);
    desk.is()
}

#[test]
fn an_agent_for_whom_a_gateway_posts_answers() {
    let mut desk = Desk::new(first_response(CountsAsResponse::AgentPublic));
    desk.house.add_agent("bob");
    open(&mut desk, &gateway(), "");
    let action = of(&desk.is(), "bob", "");
    desk.act("2026-09-14T10:30Z", &gateway(), action);
    assert_eq!(desk.clock(SlaMetric::FirstResponse).state, ClockState::Fulfilled);
    assert_eq!(desk.is().first_response_at, due("2026-09-14T10:30Z"));
}

#[test]
fn the_requester_counts_as_creator_whoever_made_the_ticket() {
    for maker in [agent(), gateway()] {
        let mut desk = Desk::new(first_response(CountsAsResponse::NonCreator));
        open(&mut desk, &maker, "Rita called");
        assert_eq!(desk.is().first_response_due_at, due("2026-09-14T11:00Z"), "it is the requester's words");
        desk.say("2026-09-14T10:10Z", &requester());
        assert_eq!(desk.clock(SlaMetric::FirstResponse).state, ClockState::Running, "no answer to herself");
        desk.say("2026-09-14T10:20Z", &maker);
        assert_eq!(desk.clock(SlaMetric::FirstResponse).state, ClockState::Fulfilled, "whoever else writes answers");
        desk.say("2026-09-14T10:30Z", &requester());
        assert_eq!(desk.clock(SlaMetric::NextResponse).due, due("2026-09-14T11:30Z"));
        desk.say("2026-09-14T10:40Z", &gateway());
        assert_eq!(desk.clock(SlaMetric::NextResponse).state, ClockState::Fulfilled);
    }
}

#[test]
fn a_ticket_that_an_agent_writes_to_somebody_is_its_own_first_response() {
    let agents_own = |maker: &Caller, description: &str| {
        let mut desk = Desk::new(first_response(CountsAsResponse::AgentPublic));
        let ticket = open(&mut desk, maker, description);
        assert_eq!(ticket.first_response_at.is_some(), ticket.first_response_due_at.is_none());
        ticket.first_response_at.is_some()
    };
    assert!(agents_own(&agent(), "We will call you on Monday"));
    assert!(agents_own(&admin(), "We will call you on Monday"));
    assert!(!agents_own(&agent(), ""), "without a word to them they wait");
    assert!(!agents_own(&gateway(), "It does not start"), "what a program brings is the requester's");
    assert!(!agents_own(&requester(), "It does not start"));
    assert!(!agents_own(&caller("rita", &[Role::Agent], None), "I cannot log in"), "to oneself");
    // The next question is a question.
    let mut desk = Desk::new(first_response(CountsAsResponse::AgentPublic));
    open(&mut desk, &agent(), "We will call you on Monday");
    desk.say("2026-09-14T10:30Z", &requester());
    assert_eq!(desk.clock(SlaMetric::NextResponse).due, due("2026-09-14T11:30Z"));
}
