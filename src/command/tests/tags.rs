//! Registered tags: names, timestamps, and what they do not change.

use super::*;
use crate::command::refusal::Kind;
use crate::model::tag::Tag;

fn lead() -> Caller {
    caller("lea", &[Role::Lead], None)
}

fn register(name: &str) -> CreateTag {
    let (color, team_id, description) = ("#ef4444".into(), "support".into(), String::new());
    CreateTag { name: name.into(), color, team_id, description }
}

fn recolor(name: &str, color: &str, etag: &str) -> UpdateTag {
    let color = Some(color.into());
    UpdateTag { name: name.into(), etag: etag.into(), color, team_id: None, description: None }
}

fn drop(name: &str) -> DeleteTag {
    DeleteTag { name: name.into(), etag: String::new() }
}

fn tag(house: &mut House, verb: impl Verb) -> Arc<Tag> {
    match house.run(&lead(), verb).expect("done").resource {
        Resource::Tag(tag) => tag,
        other => panic!("no tag: {other:?}"),
    }
}

#[test]
fn a_tag_is_registered_changed_and_dropped_with_an_activity_each() {
    let mut house = House::new();
    let made = tag(&mut house, register("vip"));
    assert_eq!((made.color.as_str(), made.created_by.as_str(), made.etag_version), ("#ef4444", "lea", 1));
    let changed = tag(&mut house, recolor("vip", "#00FF00", "1"));
    assert_eq!((changed.color.as_str(), changed.team_id.as_str(), changed.etag_version), ("#00FF00", "support", 2));
    assert_eq!((changed.created_at, changed.updated_at), (made.created_at, house.now));
    let gone = tag(&mut house, drop("vip"));
    assert_eq!((gone.deleted_at, gone.deleted_by.as_str()), (Some(house.now), "lea"));
    assert_eq!(house.kinds(1), ["tag.changed"; 3]);
    assert_eq!(house.world.head.config_position, 3);
    let data = house.world.activities[2].data.clone().expect("data");
    assert_eq!((data["id"].as_str(), data["deleted_by"].as_str()), (Some("vip"), Some("lea")));
}

#[test]
fn names_are_unique_in_any_spelling() {
    let mut house = House::new();
    tag(&mut house, register("vip"));
    let refusal = house.refused(&lead(), register("vip"));
    assert_eq!(refusal, Refusal::NameTaken { kind: Kind::Tag, name: "vip".into() });
    let refusal = house.refused(&lead(), register("VIP"));
    assert_eq!(refusal, Refusal::NameTaken { kind: Kind::Tag, name: "VIP".into() });
    assert_eq!(tag(&mut house, recolor("Vip", "#00ff00", "")).name, "vip");
    // What was dropped comes back in the spelling of who makes it again.
    tag(&mut house, drop("ViP"));
    assert_eq!(tag(&mut house, register("VIP")).name, "VIP");
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn retag(ticket: &Ticket, add: &[&str], remove: &[&str]) -> TagTicket {
    TagTicket { ticket: TicketRef::Id(ticket.id), etag: String::new(), add: words(add), remove: words(remove) }
}

#[test]
fn a_tag_keeps_the_spelling_of_the_registry_or_of_the_ticket() {
    let mut house = House::new();
    tag(&mut house, register("VIP"));
    let ticket =
        house.ticket(&agent(), create(NewTicket { tags: Words(words(&["vip", "Straße"])), ..new_ticket("a") }));
    assert_eq!(ticket.tags.0, ["VIP", "Straße"]);
    let from = house.next();
    let same = house.ticket(&agent(), retag(&ticket, &["Vip", "STRASSE"], &[]));
    assert_eq!((same.tags.0.len(), house.next()), (2, from), "nothing is new");
    let less = house.ticket(&agent(), retag(&ticket, &["eu"], &["strasse"]));
    assert_eq!(less.tags.0, ["VIP", "eu"]);
    let edit = TicketEdit { tags: Some(Words(words(&["vip", "Web"]))), ..TicketEdit::default() };
    let update = UpdateTicket { ticket: TicketRef::Id(ticket.id), etag: String::new(), edit };
    assert_eq!(house.ticket(&agent(), update).tags.0, ["VIP", "Web"]);
}

#[test]
fn a_ticket_with_two_spellings_keeps_the_first_when_its_tags_are_written() {
    let mut house = House::new();
    let ticket = house.ticket(&agent(), create(NewTicket { tags: Words(words(&["vip"])), ..new_ticket("a") }));
    // As an earlier version left it.
    let old = Ticket { tags: Words(words(&["vip", "VIP", "eu"])), ..Ticket::clone(&house.now_is(&ticket)) };
    house.world.tickets.put(old.id, Arc::new(old));
    let kept = house.ticket(&agent(), retag(&ticket, &["web"], &[]));
    assert_eq!(kept.tags.0, ["vip", "eu", "web"]);
}

#[test]
fn a_dropped_name_is_free_and_its_etags_are_not_used_again() {
    let mut house = House::new();
    tag(&mut house, register("vip"));
    let gone = tag(&mut house, drop("vip"));
    let image = house.image();
    assert_eq!(tag(&mut house, drop("vip")), gone);
    assert_eq!(house.image(), image, "deleting again changes nothing");
    assert_eq!(house.refused(&lead(), recolor("vip", "", "")), Refusal::NotFound { kind: Kind::Tag, id: "vip".into() });
    let again = tag(&mut house, register("vip"));
    assert_eq!((again.deleted_at, again.created_at, again.etag_version), (None, house.now, 3));
    assert!(matches!(house.refused(&lead(), recolor("vip", "", "1")), Refusal::EtagMismatch { .. }));
}

#[test]
fn no_difference_is_no_change() {
    let mut house = House::new();
    tag(&mut house, register("vip"));
    let image = house.image();
    tag(&mut house, recolor("vip", "#ef4444", ""));
    assert_eq!(house.image(), image);
}

#[test]
fn tickets_keep_their_words() {
    let mut house = House::new();
    tag(&mut house, register("vip"));
    let ticket = house.ticket(&agent(), create(NewTicket { tags: Words(vec!["vip".into()]), ..new_ticket("a") }));
    tag(&mut house, drop("vip"));
    assert_eq!(house.now_is(&ticket), ticket);
}

#[test]
fn the_world_tells_which_words_are_not_registered() {
    let mut house = House::new();
    for name in ["vip", "beta"] {
        tag(&mut house, register(name));
    }
    tag(&mut house, drop("beta"));
    let words = Words(["vip", "beta", "nonsense"].map(str::to_owned).to_vec());
    let Err(Stop::Missing(wants)) = house.world.unregistered(&words) else { panic!("it knows them all") };
    assert_eq!(wants, [Want::Tag("nonsense".into())]);
    house.world.tags.load("nonsense".into(), None);
    assert_eq!(house.world.unregistered(&words).expect("an answer"), ["beta", "nonsense"]);
}

#[test]
fn an_app_reaches_its_own_tags_only() {
    let mut house = House::new();
    tag(&mut house, register("vip"));
    let crm = caller("crm", &[Role::Service], Some("crm"));
    for action in [whichever(recolor("vip", "", "")), whichever(drop("vip"))] {
        assert!(matches!(house.refused(&crm, action), Refusal::NotFound { kind: Kind::Tag, .. }));
    }
    assert!(matches!(house.refused(&requester(), register("x")), Refusal::Forbidden { .. }));
}
