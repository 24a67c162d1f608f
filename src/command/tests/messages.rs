//! Messages: their effect on counts and status, by state, author and visibility.

use super::*;

fn open_ticket(house: &mut House) -> Arc<Ticket> {
    house.ticket(&requester(), create(new_ticket("Help")))
}

#[test]
fn the_first_public_word_of_an_agent_is_the_first_response() {
    let mut house = House::new();
    let ticket = open_ticket(&mut house);
    house.ticket(&agent(), say(&ticket, "psst", Visibility::Internal));
    house.ticket(&requester(), say(&ticket, "hello?", Visibility::Public));
    house.ticket(&caller("bot", &[Role::Service], None), say(&ticket, "beep", Visibility::Public));
    assert_eq!(house.now_is(&ticket).first_response_at, None);
    let answered = house.ticket(&agent(), say(&ticket, "hello!", Visibility::Public));
    let first = answered.first_response_at;
    assert_eq!(first, Some(house.now));
    let later = house.ticket(&agent(), say(&ticket, "still here", Visibility::Public));
    assert_eq!(later.first_response_at, first, "set once, for ever");
}

#[test]
fn internal_notes_are_counted_apart() {
    let mut house = House::new();
    let ticket = open_ticket(&mut house);
    let from = house.next();
    house.ticket(&agent(), say(&ticket, "a", Visibility::Public));
    let public_at = house.now;
    let after = house.ticket(&agent(), say(&ticket, "b", Visibility::Internal));
    assert_eq!((after.message_count, after.public_message_count), (2, 1));
    assert_eq!((after.last_message_at, after.last_public_message_at), (Some(house.now), Some(public_at)));
    assert_eq!(house.kinds(from), ["ticket.message_added", "ticket.note_added"]);
    assert_eq!(after.etag(), ticket.etag(), "a message aborts nobody's edit");
    assert_eq!(after.version, ticket.version + 2);
}

#[test]
fn a_requesters_word_on_pending_brings_it_back() {
    let mut house = House::new();
    let ticket = open_ticket(&mut house);
    house.move_to(&ticket, Transition::Update, Status::Pending).expect("pending");
    let from = house.next();
    house.ticket(&agent(), say(&ticket, "ping", Visibility::Public));
    assert_eq!(house.now_is(&ticket).status, Status::Pending);
    let after = house.ticket(&requester(), say(&ticket, "here it is", Visibility::Public));
    assert_eq!(after.status, Status::Open);
    assert_eq!(house.kinds(from), ["ticket.message_added", "ticket.message_added", "ticket.status_changed"]);
}

#[test]
fn a_requesters_word_on_resolved_reopens_within_the_window_only() {
    for (wait, in_place) in [(7 * DAY - 2_000_000, true), (7 * DAY + 1, false)] {
        let mut house = House::new();
        let ticket = open_ticket(&mut house);
        house.move_to(&ticket, Transition::Resolve, Status::Resolved).expect("resolved");
        house.ticket(&agent(), say(&ticket, "all good?", Visibility::Public));
        assert_eq!(house.now_is(&ticket).status, Status::Resolved, "an agent's word moves nothing");
        house.now = house.now.plus_micros(wait - 1_000_000);
        let after = house.ticket(&requester(), say(&ticket, "no!", Visibility::Public));
        assert_eq!(after.id == ticket.id, in_place);
        if in_place {
            assert_eq!((after.status, after.reopen_count), (Status::Reopened, 1));
        } else {
            assert_eq!(after.follow_up_of, Some(ticket.id));
            assert_eq!(house.now_is(&ticket).status, Status::Resolved);
        }
    }
}

#[test]
fn a_requesters_word_on_closed_lands_on_a_follow_up() {
    let mut house = House::new();
    let new = NewTicket { team_id: "support".into(), tags: Words(vec!["vip".into()]), ..new_ticket("Help") };
    let ticket = house.ticket(&agent(), create(new));
    house.move_to(&ticket, Transition::Close, Status::Closed).expect("closed");
    let outcome = house.run(&requester(), say(&ticket, "it is back", Visibility::Public)).expect("done");
    let Resource::Message(message, follow_up) = outcome.resource else { panic!("no message") };
    assert_eq!(message.ticket_id, follow_up.id);
    assert_eq!((follow_up.number, follow_up.follow_up_of), (2, Some(ticket.id)));
    assert_eq!((follow_up.team_id.as_str(), &follow_up.tags), ("support", &ticket.tags));
    assert_eq!((follow_up.requester_id.as_str(), follow_up.message_count), ("rita", 1));
    assert_eq!(house.now_is(&ticket).status, Status::Closed);
}

#[test]
fn a_requester_who_reopens_a_closed_ticket_gets_a_follow_up() {
    let mut house = House::new();
    let ticket = open_ticket(&mut house);
    house.move_to(&ticket, Transition::Close, Status::Closed).expect("closed");
    let follow_up = house.ticket(&requester(), go(&ticket, Transition::Reopen, Status::Reopened));
    assert_eq!((follow_up.follow_up_of, follow_up.status), (Some(ticket.id), Status::Open));
    let in_place = house.ticket(&agent(), go(&ticket, Transition::Reopen, Status::Reopened));
    assert_eq!((in_place.id, in_place.status), (ticket.id, Status::Reopened));
}

#[test]
fn an_agents_public_word_on_closed_is_refused_and_a_note_is_not() {
    let mut house = House::new();
    let ticket = open_ticket(&mut house);
    house.move_to(&ticket, Transition::Close, Status::Closed).expect("closed");
    let refusal = house.refused(&agent(), say(&ticket, "bye", Visibility::Public));
    assert_eq!(refusal, Refusal::TicketClosed { name: "TKT-0001".into() });
    house.ticket(&agent(), say(&ticket, "for the record", Visibility::Internal));
}

#[test]
fn authors_are_who_they_say_only_for_programs() {
    let mut house = House::new();
    let ticket = open_ticket(&mut house);
    let as_rita = |body: &str, id: &str, email: &str| {
        let mut post = say(&ticket, body, Visibility::Public);
        post.message.author_id = id.into();
        post.message.author_email = email.into();
        post
    };
    let service = caller("mailgate", &[Role::Service], None);
    for action in [as_rita("by id", "rita", ""), as_rita("by mail", "", "rita@example.com")] {
        let Resource::Message(message, _) = house.run(&service, action).expect("posted").resource else {
            panic!("no message")
        };
        assert_eq!((message.author_id.as_str(), message.author_kind), ("rita", AuthorKind::Requester));
    }
    let Resource::Message(other, _) = house.run(&service, as_rita("somebody", "zoe", "")).expect("posted").resource
    else {
        panic!("no message")
    };
    assert_eq!((other.author_id.as_str(), other.author_kind), ("zoe", AuthorKind::Service));
    assert!(matches!(house.refused(&agent(), as_rita("forged", "rita", "")), Refusal::Forbidden { .. }));
}

#[test]
fn requesters_write_no_notes() {
    let mut house = House::new();
    let ticket = open_ticket(&mut house);
    assert!(matches!(house.refused(&requester(), say(&ticket, "x", Visibility::Internal)), Refusal::Forbidden { .. }));
}
