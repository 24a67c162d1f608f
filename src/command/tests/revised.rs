//! Edited and deleted messages: permissions, the log, and the ticket's counts.

use proptest::prelude::*;

use super::*;
use crate::command::refusal::Kind;

fn lead() -> Caller {
    caller("lea", &[Role::Lead], None)
}

fn open_ticket(house: &mut House) -> Arc<Ticket> {
    house.ticket(&requester(), create(new_ticket("Help")))
}

#[test]
fn an_edit_keeps_both_texts_in_the_log_and_moves_nothing() {
    let mut house = House::new();
    let ticket = open_ticket(&mut house);
    house.move_to(&ticket, Transition::Resolve, Status::Resolved).expect("resolved");
    let said = house.message(&agent(), say(&ticket, "recieved", Visibility::Public));
    let (from, before) = (house.next(), house.now_is(&ticket));
    let edited = house.message(&agent(), reword(&said, "received"));
    assert_eq!((edited.body.as_str(), edited.etag_version, edited.position), ("received", 2, from));
    assert_eq!((edited.created_at, edited.updated_at), (said.created_at, house.now));
    assert_eq!(house.kinds(from), ["ticket.message_edited"]);
    let activity = house.since(from).next().expect("an activity");
    let change = &activity.changes[0];
    assert_eq!(activity.changes.len(), 1);
    assert_eq!(
        (change.field.as_str(), &change.old_value, &change.new_value),
        ("body", &"recieved".into(), &"received".into())
    );
    assert_eq!(activity.message.as_ref(), Some(&*edited));
    let after = house.now_is(&ticket);
    assert_eq!((after.status, after.first_response_at), (Status::Resolved, before.first_response_at));
    assert_eq!((after.message_count, after.last_message_at), (1, before.last_message_at));
    assert_eq!((after.etag(), after.version), (before.etag(), before.version + 1));
}

#[test]
fn the_same_text_again_and_a_second_deletion_change_nothing() {
    let mut house = House::new();
    let ticket = open_ticket(&mut house);
    let said = house.message(&agent(), say(&ticket, "hello", Visibility::Public));
    let image = house.image();
    house.message(&agent(), reword(&said, "hello"));
    assert_eq!(house.image(), image);
    let gone = house.message(&agent(), take_back(&said));
    assert_eq!((gone.body.as_str(), gone.deleted_by.as_str(), gone.deleted_at), ("", "ann", Some(house.now)));
    let image = house.image();
    house.message(&agent(), take_back(&said));
    assert_eq!(house.image(), image);
    let refusal = house.refused(&agent(), reword(&said, "hello again"));
    assert!(matches!(refusal, Refusal::MessageDeleted { .. }), "{refusal}");
}

#[test]
fn what_was_deleted_stands_in_no_later_activity() {
    let mut house = House::new();
    let ticket = open_ticket(&mut house);
    let said = house.message(&agent(), say(&ticket, "the password is 1234", Visibility::Public));
    let from = house.next();
    house.message(&agent(), take_back(&said));
    assert_eq!(house.kinds(from), ["ticket.message_deleted"]);
    assert!(!format!("{:?}", house.since(from).collect::<Vec<_>>()).contains("1234"));
}

#[test]
fn authors_change_what_they_said_and_moderators_what_anybody_did() {
    let mut house = House::with(&["name: greet\non: ticket.created\ndo:\n  - message: {body: Welcome}\n"]);
    let ticket = open_ticket(&mut house);
    let greeting = Arc::new(house.world.messages.inserts().next().expect("a greeting").clone());
    let hers = house.message(&requester(), say(&ticket, "hello?", Visibility::Public));
    let his = house.message(&agent(), say(&ticket, "hello", Visibility::Public));
    let (bea, admin) = (caller("bea", &[Role::Agent], None), caller("root", &[Role::Admin], None));
    for (who, message) in [(&bea, &hers), (&bea, &his), (&agent(), &hers), (&requester(), &his), (&agent(), &greeting)]
    {
        for action in [whichever(reword(message, "forged")), whichever(take_back(message))] {
            let refusal = house.refused(who, action);
            assert!(matches!(refusal, Refusal::Forbidden { .. }), "{refusal}");
        }
    }
    for (who, message) in
        [(&requester(), &hers), (&lead(), &hers), (&admin, &his), (&agent(), &his), (&lead(), &greeting)]
    {
        house.message(who, reword(message, &format!("as {} has it", who.sub())));
    }
    house.message(&requester(), take_back(&hers));
    house.message(&lead(), take_back(&greeting));
}

#[test]
fn who_posted_for_somebody_else_may_mend_it_and_so_may_the_author() {
    let mut house = House::new();
    let ticket = open_ticket(&mut house);
    let service = caller("mailgate", &[Role::Service], None);
    let mut post = say(&ticket, "by mail", Visibility::Public);
    post.message.author_id = "rita".into();
    let posted = house.message(&service, post);
    house.message(&service, reword(&posted, "without the signature"));
    house.message(&requester(), reword(&posted, "as I meant it"));
}

#[test]
fn a_note_is_not_there_for_a_requester_and_stays_a_note() {
    let mut house = House::new();
    let ticket = open_ticket(&mut house);
    let note = house.message(&agent(), say(&ticket, "psst", Visibility::Internal));
    let nowhere = Message { id: Uuid::from_u128(9), ..Message::clone(&note) };
    for message in [&*note, &nowhere] {
        let id = crate::model::id::show(crate::model::id::MESSAGE, message.id);
        assert_eq!(house.refused(&requester(), reword(message, "x")), Refusal::NotFound { kind: Kind::Message, id });
    }
    let other = house.ticket(&requester(), create(new_ticket("Another")));
    let elsewhere = Message { ticket_id: other.id, ..Message::clone(&note) };
    assert!(matches!(house.refused(&lead(), take_back(&elsewhere)), Refusal::NotFound { kind: Kind::Message, .. }));
    let mut louder = reword(&note, "louder");
    louder.edit.visibility = Some(Visibility::Public);
    let refusal = house.refused(&lead(), louder);
    assert!(matches!(refusal, Refusal::VisibilityFixed { is: Visibility::Internal, .. }), "{refusal}");
}

#[test]
fn the_thread_of_a_ticket_is_its_apps_whoever_wrote_in_it() {
    let mut house = House::new();
    let crm = caller("crm", &[Role::Admin], Some("crm"));
    let ticket = house.ticket(&crm, create(new_ticket("Of the app")));
    let said = house.message(&agent(), say(&ticket, "by a person", Visibility::Public));
    let shop = caller("shop", &[Role::Admin], Some("shop"));
    assert!(matches!(house.refused(&shop, take_back(&said)), Refusal::NotFound { kind: Kind::Ticket, .. }));
    house.message(&crm, take_back(&said));
}

#[test]
fn a_stale_etag_is_refused_and_a_deleted_ticket_too() {
    let mut house = House::new();
    let ticket = open_ticket(&mut house);
    let said = house.message(&agent(), say(&ticket, "hello", Visibility::Public));
    house.message(&agent(), reword(&said, "hello there"));
    let stale = || "1".to_owned();
    let edit = UpdateMessage { etag: stale(), ..reword(&said, "x") };
    assert!(matches!(house.refused(&agent(), edit), Refusal::EtagMismatch { .. }));
    let delete = DeleteMessage { etag: stale(), ..take_back(&said) };
    assert!(matches!(house.refused(&agent(), delete), Refusal::EtagMismatch { .. }));
    house.ticket(&agent(), DeleteTicket { ticket: TicketRef::Id(ticket.id), etag: String::new() });
    assert!(matches!(house.refused(&agent(), take_back(&said)), Refusal::Deleted { .. }));
}

#[test]
fn a_rule_that_guards_what_is_posted_guards_edits() {
    let rule = "name: no-cards\non: ticket.messaging\nif: message.body.contains('4111')\ndo:\n  - deny: {message: no card numbers}\n";
    let mut house = House::with(&[rule]);
    let ticket = open_ticket(&mut house);
    let said = house.message(&agent(), say(&ticket, "your card?", Visibility::Public));
    let refusal = house.run(&agent(), reword(&said, "is it 4111?")).expect_err("a denial");
    assert!(matches!(refusal, Refusal::Denied { .. }), "{refusal}");
}

#[test]
fn rules_answer_edits_and_deletions() {
    let rule = "name: watch\non: [ticket.message_edited, ticket.message_deleted]\nif: message.visibility == 'PUBLIC'\ndo:\n  - tag: {add: [revised]}\n";
    let mut house = House::with(&[rule]);
    let ticket = open_ticket(&mut house);
    let said = house.message(&agent(), say(&ticket, "hello", Visibility::Public));
    let edited = house.ticket(&agent(), reword(&said, "hello there"));
    assert!(edited.tags.has("revised"));
}

/// Ten messages of either visibility, and which of them go, in which order.
fn threads() -> impl Strategy<Value = (Vec<bool>, Vec<usize>)> {
    (prop::collection::vec(any::<bool>(), 10), Just((0..10).collect::<Vec<usize>>()).prop_shuffle(), 0..10usize)
        .prop_map(|(public, order, gone)| (public, order[..gone].to_vec()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// A ticket counts and dates the messages that are there, whichever went; what the database held counts as well.
    #[test]
    fn counts_and_times_are_of_the_messages_that_are_left((public, gone) in threads(), stored in 0..10usize) {
        let mut house = House::new();
        let ticket = open_ticket(&mut house);
        let mut said: Vec<Arc<Message>> = Vec::new();
        for public in &public {
            let visibility = if *public { Visibility::Public } else { Visibility::Internal };
            said.push(house.message(&agent(), say(&ticket, "word", visibility)));
        }
        // As if these had been committed by an earlier batch.
        let entries = said[..stored].iter().map(|message| crate::model::message::Entry::of(message)).collect();
        house.world.messages = Default::default();
        for (at, message) in said.iter().enumerate() {
            if at < stored {
                house.world.messages.load(message.id, Some(message.clone()));
            } else {
                house.world.messages.put(message.id, message.clone());
            }
        }
        house.world.threads.load(ticket.id, Some(entries));
        for at in &gone {
            house.message(&agent(), take_back(&said[*at]));
        }
        let left = || said.iter().enumerate().filter(|(at, _)| !gone.contains(at)).map(|(_, message)| message);
        let open = || left().filter(|message| message.visibility == Visibility::Public);
        let after = house.now_is(&ticket);
        prop_assert_eq!(after.message_count, left().count() as i64);
        prop_assert_eq!(after.public_message_count, open().count() as i64);
        prop_assert_eq!(after.last_message_at, left().map(|message| message.created_at).max());
        prop_assert_eq!(after.last_public_message_at, open().map(|message| message.created_at).max());
        prop_assert!(after.first_response_at.is_some() || !public.contains(&true), "set once, for ever");
    }
}
