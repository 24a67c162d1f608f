//! Every activity type is written by some command, and every before-event runs the rules that wait for it.

use super::desk::*;
use super::*;
use crate::command::action::IssueEdit;
use crate::model::activity_type::ActivityType;
use crate::model::issue::Issue;
use crate::workflow::{BeforeEvent, fixture};

/// A rule for each before-event, by its name, that is asked and does nothing.
fn witnesses() -> Vec<String> {
    let one = |event: &BeforeEvent| {
        format!("name: {}\non: {}\nif: ticket.number < 0\ndo: [{{tag: {{add: x}}}}]\n", witness(*event), event.word())
    };
    BeforeEvent::ALL.iter().map(one).collect()
}

fn witness(event: BeforeEvent) -> String {
    event.word().replace('.', "-")
}

/// What fails, what is held back, what is handed out, and a task.
const RULES: &[&str] = &[
    "name: nobody\non: ticket.escalated\ndo: [{assign: {to: nobody}}]\n",
    "name: ping\non: ticket.tag_added\ndo: [{tag: {add: \"p${ticket.tags.size()}\"}}]\n",
    "name: pong\non: ticket.tag_added\ndo: [{tag: {add: \"q${ticket.tags.size()}\"}}]\n",
    "name: tell\non: ticket.rated\ndo: [{webhook: {endpoint: chat}}]\n",
    "name: wait\non: ticket.restored\ndo: [{assign: {to: ''}}, {assign: {strategy: least_open, team: support, skills: [alchemy], when_none: queue}}]\n",
    "name: task\non: ticket.closed\ndo: [{create_task: {subject: Look}}]\n",
];

/// A tenant in which everything has happened.
fn history() -> House {
    let rules = witnesses();
    let rules: Vec<&str> = rules.iter().map(String::as_str).chain(RULES.iter().copied()).collect();
    let promises = PolicyEdit {
        first_response_minutes: Some(Some(60)),
        next_response_minutes: Some(Some(60)),
        warn_at: Some(Words(vec!["80%".into()])),
        ..resolution(480)
    };
    let mut desk = Desk::new(promises);
    desk.house.rules = rule_set(&rules);
    clocks(&mut desk);
    let Desk { mut house, .. } = desk;
    let ticket = house.ticket(&agent(), create(new_ticket("Printer")));
    resources(&mut house);
    fields(&mut house, &ticket);
    thread(&mut house, &ticket);
    issues(&mut house, &ticket);
    house
}

fn clocks(desk: &mut Desk) {
    desk.create("2026-09-14T09:00-04");
    desk.say("2026-09-14T09:10-04", &agent());
    desk.say("2026-09-14T09:20-04", &requester());
    desk.go("2026-09-14T10:00-04", Transition::Hold, Status::OnHold);
    desk.go("2026-09-14T11:00-04", Transition::Start, Status::InProgress);
    desk.tick("2026-09-16T16:59-04");
    let policy = || PolicyRef::Name("standard".into());
    let edit = resolution(4_000);
    desk.act("2026-09-17T09:00-04", &admin(), UpdateSlaPolicy { policy: policy(), etag: String::new(), edit });
    desk.tick("2026-09-17T09:01-04");
    desk.act("2026-09-17T09:02-04", &admin(), DeleteSlaPolicy { policy: policy(), etag: String::new() });
    desk.tick("2026-09-17T09:03-04");
}

/// All of the directory, the registry and the settings.
fn resources(house: &mut House) {
    house.add_team("support", &["ann"]);
    let tag =
        CreateTag { name: "vip".into(), color: String::new(), team_id: String::new(), description: String::new() };
    let canned = CreateCannedResponse {
        name: "hello".into(),
        title: "Hello".into(),
        body: "Hello".into(),
        team_id: String::new(),
    };
    for verb in [
        whichever(UpsertEntry { row: fixture::organization(""), etag: String::new() }),
        whichever(UpsertEntry { row: fixture::contact(), etag: String::new() }),
        whichever(UpsertEntry { row: fixture::deal(), etag: String::new() }),
        whichever(UpsertEntry { row: fixture::asset(), etag: String::new() }),
        whichever(tag),
        whichever(canned),
        whichever(RevokeToken { revoked: Revoked::Subject("ann".into()) }),
        whichever(settings(TenantEdit { reopen_agent: Some(ReopenMode::InPlace), ..TenantEdit::default() }, "")),
    ] {
        house.run(&admin(), verb).expect("done");
    }
}

fn fields(house: &mut House, ticket: &Ticket) {
    let (name, etag) = (|| TicketRef::Id(ticket.id), String::new);
    let all = TicketEdit {
        subject: Some("The printer".into()),
        category: Some("hardware".into()),
        priority: Some(Priority::High),
        tags: Some(Words(vec!["a".into()])),
        ..TicketEdit::default()
    };
    house.run(&agent(), edit(ticket, all)).expect("edited");
    house
        .run(&agent(), edit(ticket, TicketEdit { tags: Some(Words::default()), ..TicketEdit::default() }))
        .expect("bare");
    house.run(&agent(), assign(ticket, "ann")).expect("assigned");
    for (verb, to) in [
        (Transition::Update, Status::Pending),
        (Transition::Escalate, Status::Escalated),
        (Transition::Resolve, Status::Resolved),
        (Transition::Close, Status::Closed),
    ] {
        house.move_to(ticket, verb, to).expect("moved");
    }
    let rating = RateTicket { ticket: name(), etag: etag(), satisfaction: 4.0, comment: String::new() };
    house.run(&requester(), rating).expect("rated");
    house
        .run(&agent(), CreateFollowUp { ticket: name(), etag: etag(), with: TicketEdit::default() })
        .expect("followed");
    house.move_to(ticket, Transition::Reopen, Status::Reopened).expect("reopened");
    house.run(&admin(), DeleteTicket { ticket: name(), etag: etag() }).expect("deleted");
    house.run(&admin(), UndeleteTicket { ticket: name(), etag: etag() }).expect("restored");
}

fn thread(house: &mut House, ticket: &Ticket) {
    house.message(&agent(), say(ticket, "Hello", Visibility::Public));
    let note = house.message(&agent(), say(ticket, "For @ann", Visibility::Internal));
    let note = house.message(&agent(), reword(&note, "Never mind"));
    house.message(&agent(), take_back(&note));
}

fn issues(house: &mut House, ticket: &Ticket) {
    let with = IssueEdit { title: Some("Paper jam".into()), ..IssueEdit::default() };
    let convert = ConvertToIssue { ticket: TicketRef::Id(ticket.id), etag: String::new(), with };
    let made = house.run(&agent(), convert).expect("an issue");
    let Resource::Issue(issue) = made.resource else { panic!("no issue") };
    let to = |issue: &Issue, status| {
        let edit = IssueEdit { status: Some(status), ..IssueEdit::default() };
        UpdateIssue { issue: issue.id, etag: String::new(), edit }
    };
    for status in [IssueStatus::InProgress, IssueStatus::Resolved, IssueStatus::Open] {
        house.run(&agent(), to(&issue, status)).expect("moved");
    }
}

/// The words of those that are not among the others.
fn missing<T: PartialEq + Copy>(all: &[T], found: &[T], word: impl Fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().filter(|one| !found.contains(one)).map(|one| word(*one)).collect()
}

#[test]
fn every_type_is_written_by_some_command() {
    let house = history();
    let mut written: Vec<ActivityType> = house.world.activities.iter().filter_map(|it| it.kind.known()).collect();
    let never = missing(ActivityType::ALL, &written, ActivityType::word);
    assert_eq!(never, [""; 0], "in the list of types, and no command of this history writes them");
    written.retain(|kind| *kind != ActivityType::TicketRated);
    assert_eq!(
        missing(ActivityType::ALL, &written, ActivityType::word),
        ["ticket.rated"],
        "the check finds what is missing"
    );
}

#[test]
fn the_rules_of_every_before_event_are_asked_by_some_command() {
    let house = history();
    let rules = house.rules.rules();
    let ran = |event: &&BeforeEvent| house.world.tally.iter().any(|(place, _)| rules[*place].name == witness(**event));
    let mut asked: Vec<BeforeEvent> = BeforeEvent::ALL.iter().filter(ran).copied().collect();
    let never = missing(BeforeEvent::ALL, &asked, BeforeEvent::word);
    assert_eq!(never, [""; 0], "in the list of before-events, and no command of this history asks their rules");
    asked.retain(|event| *event != BeforeEvent::Deleting);
    assert_eq!(missing(BeforeEvent::ALL, &asked, BeforeEvent::word), ["ticket.deleting"]);
}
