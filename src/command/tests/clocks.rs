//! The worked cases of clocks, by their letters, and random histories. New York, Monday to Friday, 09:00 to 17:00.

use proptest::prelude::*;

use super::*;
use crate::command::sla::{CalendarEdit, PolicyEdit};
use crate::model::sla::calendar::{Calendar, CalendarRef};
use crate::model::sla::clock::{Clock, Clocks, Goal};
use crate::model::sla::hours::{Day, Holiday, Interval};
use crate::model::sla::ledger::Entry;
use crate::model::sla::policy::SlaPolicy;
use crate::model::sla::restore_entries;

/// `2026-09-18T16:30-04`.
pub(super) fn at(text: &str) -> Instant {
    Instant::from(text.parse::<jiff::Timestamp>().expect("an instant"))
}

/// A tenant with a calendar, a policy and a ticket.
pub(super) struct Desk {
    pub house: House,
    pub calendar: Arc<Calendar>,
    pub ticket: Option<Arc<Ticket>>,
}

pub(super) fn resolution(minutes: i32) -> PolicyEdit {
    PolicyEdit { resolution_minutes: Some(Some(minutes)), ..PolicyEdit::default() }
}

impl Desk {
    /// With one policy of business hours.
    pub fn new(edit: PolicyEdit) -> Desk {
        let mut desk = Desk::without();
        desk.promise("standard", edit);
        desk
    }

    pub fn without() -> Desk {
        let mut house = House::new();
        house.now = at("2026-01-01T00:00Z");
        let days = [Day::Monday, Day::Tuesday, Day::Wednesday, Day::Thursday, Day::Friday];
        let weekly = days.map(|day| Interval { day, open: "09:00".into(), close: "17:00".into() }).to_vec();
        let edit = CalendarEdit {
            name: Some("us".into()),
            time_zone: Some("America/New_York".into()),
            weekly: Some(weekly),
            holidays: Some(vec![Holiday { date: "2026-11-26".into(), name: "Thanksgiving".into() }]),
            ..CalendarEdit::default()
        };
        let made = house.run(&admin(), Action::CreateCalendar(Box::new(edit))).expect("a calendar");
        let Resource::Calendar(calendar) = made.resource else { panic!("no calendar") };
        Desk { house, calendar, ticket: None }
    }

    pub fn promise(&mut self, name: &str, edit: PolicyEdit) -> Arc<SlaPolicy> {
        let calendar = Some(Some(CalendarRef::Id(self.calendar.id)));
        let business_hours_only = edit.business_hours_only.or(Some(true));
        let edit = PolicyEdit { name: Some(name.into()), calendar, business_hours_only, ..edit };
        let made = self.house.run(&admin(), Action::CreatePolicy(Box::new(edit))).expect("a policy");
        let Resource::SlaPolicy(policy) = made.resource else { panic!("no policy") };
        policy
    }

    pub fn act(&mut self, when: &str, who: &Caller, action: Action) -> Outcome {
        self.house.now = at(when);
        match self.house.submit(&command(who, action)).expect("done") {
            Verdict::Done(outcome) => outcome,
            Verdict::Replay(_) => panic!("replayed"),
        }
    }

    pub fn create(&mut self, when: &str) -> Arc<Ticket> {
        self.create_with(when, Priority::Medium)
    }

    pub fn create_with(&mut self, when: &str, priority: Priority) -> Arc<Ticket> {
        let new = NewTicket { priority, ..new_ticket("It is broken") };
        let made = self.act(when, &agent(), create(new));
        let Resource::Ticket(ticket) = made.resource else { panic!("no ticket") };
        self.ticket = Some(ticket);
        self.is()
    }

    pub fn is(&self) -> Arc<Ticket> {
        let ticket = self.house.now_is(self.ticket.as_ref().expect("a ticket"));
        assert_eq!(Clocks::fold(&self.ledger()).all, ticket.clocks.all, "the clocks are what the ledger comes to");
        assert_eq!(Clocks::restore(&ticket.clocks.store()).as_ref(), Ok(&ticket.clocks));
        ticket
    }

    pub fn go(&mut self, when: &str, verb: Verb, to: Status) -> Arc<Ticket> {
        let action = go(&self.is(), verb, to);
        self.act(when, &agent(), action);
        self.is()
    }

    pub fn prioritize(&mut self, when: &str, priority: Priority) -> Arc<Ticket> {
        let action = edit(&self.is(), TicketEdit { priority: Some(priority), ..TicketEdit::default() });
        self.act(when, &agent(), action);
        self.is()
    }

    pub fn say(&mut self, when: &str, who: &Caller) -> Arc<Ticket> {
        let action = say(&self.is(), "Hello", Visibility::Public);
        self.act(when, who, action);
        self.is()
    }

    /// The timers' command.
    pub fn tick(&mut self, when: &str) -> Arc<Ticket> {
        let action = Action::FollowSla(vec![self.is().id]);
        self.act(when, &Caller::clock(TENANT), action);
        self.is()
    }

    pub fn clock(&self, metric: SlaMetric) -> Clock {
        self.is().clocks.of(metric).expect("a clock").clone()
    }

    pub fn due(&self) -> Option<Instant> {
        self.is().due_at
    }

    pub fn ledger(&self) -> Vec<Entry> {
        let ticket = self.house.now_is(self.ticket.as_ref().expect("a ticket"));
        let rows = self.house.world.ledger.iter().filter(|row| row.ticket_id == ticket.id);
        let rows: Vec<Entry> = rows.flat_map(|row| restore_entries(&row.body).expect("readable")).collect();
        assert!(ticket.clocks.begun.is_none() || rows.is_empty(), "what they show was not written");
        if ticket.clocks.begun.is_some() { ticket.clocks.starts() } else { rows }
    }

    /// What the activities from a position on are, and when what they tell took effect.
    pub fn told(&self, from: i64) -> Vec<(String, String)> {
        let clocks = self.house.since(from).filter(|it| it.kind.starts_with("sla."));
        let at = |it: &Activity| it.data.as_ref().expect("data")["clocks"][0]["at"].as_str().expect("at").to_owned();
        clocks.map(|it| (it.kind.clone(), at(it))).collect()
    }
}

pub(super) fn due(when: &str) -> Option<Instant> {
    Some(at(when))
}

#[test]
fn a_to_d_a_new_ticket_is_due_in_business_time() {
    for (minutes, created, wanted) in [
        (60, "2026-09-18T16:30-04", "2026-09-21T09:30-04"),
        (120, "2026-09-16T07:00-04", "2026-09-16T11:00-04"),
        (480, "2026-11-25T16:00-05", "2026-11-27T16:00-05"),
    ] {
        let mut desk = Desk::new(resolution(minutes));
        assert_eq!(desk.create(created).due_at, due(wanted), "{minutes} from {created}");
    }
    for (created, wanted) in
        [("2026-03-07T22:00-05", "2026-03-08T07:00-04"), ("2026-10-31T22:00-04", "2026-11-01T05:00-05")]
    {
        let mut desk = Desk::new(PolicyEdit { business_hours_only: Some(false), ..resolution(480) });
        assert_eq!(desk.create(created).due_at, due(wanted), "every hour from {created}");
    }
}

#[test]
fn a_new_ticket_tells_its_clocks_in_one_activity() {
    let mut desk = Desk::new(PolicyEdit { first_response_minutes: Some(Some(30)), ..resolution(60) });
    let from = desk.house.next();
    let ticket = desk.create("2026-09-14T10:00-04");
    assert_eq!(desk.house.kinds(from), ["ticket.created"]);
    assert_eq!(desk.house.since(from).next().expect("it").families, ["sla.applied"]);
    assert_eq!(ticket.first_response_due_at, due("2026-09-14T10:30-04"));
    assert_eq!(ticket.sla_next_at.map(|it| it.0 / 1_000_000), due("2026-09-14T10:30-04").map(|it| it.0 / 1_000_000));
}

#[test]
fn e_a_hold_pauses_and_w_a_warning_is_in_business_time() {
    for (minutes, created, held, resumed, wanted) in [
        (480, "2026-09-14T10:00-04", "2026-09-14T13:00-04", "2026-09-15T11:00-04", "2026-09-15T16:00-04"),
        (480, "2026-09-18T15:00-04", "2026-09-18T16:00-04", "2026-09-21T10:00-04", "2026-09-21T17:00-04"),
        (960, "2026-11-24T10:00-05", "2026-11-25T12:00-05", "2026-11-30T11:00-05", "2026-11-30T17:00-05"),
    ] {
        let mut desk = Desk::new(PolicyEdit { warn_at: Some(Words(vec!["80%".into()])), ..resolution(minutes) });
        desk.create(created);
        let paused = desk.go(held, Verb::Hold, Status::OnHold);
        assert_eq!((paused.due_at, paused.sla_next_at), (None, None), "a paused clock is not due");
        desk.go(resumed, Verb::Start, Status::InProgress);
        assert_eq!(desk.due(), due(wanted));
        if minutes == 480 && created.starts_with("2026-09-14") {
            assert_eq!(desk.is().sla_next_at, due("2026-09-15T14:24-04"), "W1");
            let from = desk.house.next();
            desk.tick("2026-09-15T14:24-04");
            desk.tick("2026-09-15T14:25-04");
            assert_eq!(desk.told(from), [("sla.warning".into(), at("2026-09-15T14:24-04").to_string())]);
        }
    }
}

/// MEDIUM 1440, and something else for URGENT.
fn by_priority(urgent: PolicyEdit) -> Desk {
    let mut desk = Desk::without();
    desk.promise("medium", PolicyEdit { priority: Some(Some(Priority::Medium)), ..resolution(1440) });
    desk.promise("urgent", PolicyEdit { priority: Some(Some(Priority::Urgent)), ..urgent });
    desk.create("2026-09-14T09:00-04");
    desk.go("2026-09-14T10:00-04", Verb::Hold, Status::OnHold);
    desk
}

#[test]
fn f_used_time_is_never_lost() {
    let retargeted = |urgent| {
        let mut desk = by_priority(urgent);
        desk.go("2026-09-14T12:00-04", Verb::Start, Status::InProgress);
        desk.prioritize("2026-09-14T14:00-04", Priority::Urgent);
        desk
    };
    assert_eq!(retargeted(resolution(240)).due(), due("2026-09-14T15:00-04"), "F1");

    let breached = retargeted(resolution(120));
    assert_eq!(breached.due(), due("2026-09-14T13:00-04"), "F2");
    assert_eq!(breached.clock(SlaMetric::Resolution).breached_at, due("2026-09-14T13:00-04"), "F2, at once");

    let restart = PolicyEdit { on_priority_change: Some(OnPriorityChange::Restart), ..resolution(240) };
    assert_eq!(retargeted(restart).due(), due("2026-09-15T10:00-04"), "F4");

    let mut held = by_priority(resolution(240));
    held.prioritize("2026-09-14T11:00-04", Priority::Urgent);
    let clock = held.clock(SlaMetric::Resolution);
    assert_eq!((clock.state, clock.due), (ClockState::Paused, None), "F5");
    held.go("2026-09-14T12:00-04", Verb::Start, Status::InProgress);
    assert_eq!(held.due(), due("2026-09-14T15:00-04"), "F5: 180 were left");
}

#[test]
fn g_reopening_goes_on_or_begins_anew() {
    let reopened = |on_reopen| {
        let mut desk = Desk::new(PolicyEdit { on_reopen: Some(on_reopen), ..resolution(480) });
        desk.create("2026-09-14T09:00-04");
        let resolved = desk.go("2026-09-14T14:00-04", Verb::Resolve, Status::Resolved);
        assert_eq!(resolved.sla_next_at, None);
        desk.go("2026-09-16T10:00-04", Verb::Reopen, Status::Reopened);
        desk
    };
    let goes_on = reopened(OnReopen::Continue);
    assert_eq!((goes_on.due(), goes_on.clock(SlaMetric::Resolution).cycle), (due("2026-09-16T13:00-04"), 1), "G1");
    let anew = reopened(OnReopen::NewCycle);
    assert_eq!((anew.due(), anew.clock(SlaMetric::Resolution).cycle), (due("2026-09-17T10:00-04"), 2), "G2");
    let first: Vec<LedgerKind> = anew.ledger().iter().filter(|row| row.cycle == 1).map(|row| row.kind).collect();
    assert_eq!(first, [LedgerKind::Start, LedgerKind::Fulfil], "G2: cycle 1 stays fulfilled");
}

#[test]
fn n_the_oldest_unanswered_message_waits() {
    let promises = PolicyEdit {
        first_response_minutes: Some(Some(60)),
        next_response_minutes: Some(Some(60)),
        ..PolicyEdit::default()
    };
    let mut desk = Desk::new(promises);
    desk.create("2026-09-18T09:00-04");
    desk.say("2026-09-18T09:10-04", &requester());
    assert!(desk.is().clocks.of(SlaMetric::NextResponse).is_none(), "not while the first response runs");
    desk.say("2026-09-18T09:20-04", &agent());
    assert_eq!(desk.clock(SlaMetric::FirstResponse).state, ClockState::Fulfilled);
    desk.say("2026-09-18T16:50-04", &requester());
    desk.say("2026-09-18T16:55-04", &requester());
    assert_eq!(desk.clock(SlaMetric::NextResponse).due, due("2026-09-21T09:50-04"));
    desk.say("2026-09-21T09:30-04", &agent());
    assert_eq!(desk.clock(SlaMetric::NextResponse).state, ClockState::Fulfilled);
    desk.say("2026-09-21T10:00-04", &requester());
    let clock = desk.clock(SlaMetric::NextResponse);
    assert_eq!((clock.cycle, clock.due), (2, due("2026-09-21T11:00-04")));
}

#[test]
fn a_resolve_a_second_late_cannot_hide_the_breach() {
    let mut desk = Desk::new(resolution(60));
    desk.create("2026-09-14T10:00-04");
    let from = desk.house.next();
    desk.go("2026-09-14T11:00:01-04", Verb::Resolve, Status::Resolved);
    assert_eq!(desk.house.kinds(from), ["sla.breached", "ticket.resolved", "sla.fulfilled"]);
    let breach = desk.house.since(from).next().expect("it").clone();
    assert_eq!((breach.actor.kind, breach.occurred_at), (ActorKind::System, at("2026-09-14T11:00:01-04")));
    let told = &breach.data.expect("data")["clocks"][0];
    assert_eq!((told["at"].as_str(), told["late_by"].as_str()), (Some("2026-09-14T15:00:00Z"), Some("1s")));
    let clock = desk.clock(SlaMetric::Resolution);
    assert_eq!((clock.state, clock.breached_at), (ClockState::Fulfilled, due("2026-09-14T11:00-04")));

    let mut prompt = Desk::new(resolution(60));
    prompt.create("2026-09-14T10:00-04");
    prompt.go("2026-09-14T11:00-04", Verb::Resolve, Status::Resolved);
    assert_eq!(prompt.clock(SlaMetric::Resolution).breached_at, None, "at the deadline is in time");
}

#[test]
fn each_warning_and_breach_is_told_once_and_a_breach_stays() {
    let mut desk = by_priority(resolution(120));
    desk.go("2026-09-14T12:00-04", Verb::Start, Status::InProgress);
    desk.prioritize("2026-09-14T14:00-04", Priority::Urgent);
    let from = desk.house.next();
    desk.tick("2026-09-14T15:00-04");
    assert_eq!(desk.told(from), [], "it was told at once");
    desk.prioritize("2026-09-14T16:00-04", Priority::Medium);
    let clock = desk.clock(SlaMetric::Resolution);
    assert_eq!(clock.breached_at, due("2026-09-14T13:00-04"), "never taken back");
    assert!(!clock.told && clock.due > due("2026-09-14T16:00-04"));
}

#[test]
fn a_deleted_ticket_waits_and_a_policy_that_is_gone_voids() {
    let mut desk = Desk::new(resolution(480));
    let ticket = desk.create("2026-09-14T10:00-04");
    let name = TicketRef::Id(ticket.id);
    desk.act("2026-09-14T11:00-04", &admin(), Action::DeleteTicket { ticket: name.clone(), etag: String::new() });
    assert_eq!(desk.clock(SlaMetric::Resolution).state, ClockState::Paused);
    desk.act("2026-09-14T12:00-04", &admin(), Action::UndeleteTicket { ticket: name, etag: String::new() });
    assert_eq!(desk.due(), due("2026-09-15T11:00-04"));
    let policy = PolicyRef::Name("standard".into());
    desk.act("2026-09-14T13:00-04", &admin(), Action::DeletePolicy { policy, etag: String::new() });
    let from = desk.house.next();
    desk.tick("2026-09-14T13:01-04");
    assert_eq!(desk.house.kinds(from), ["sla.voided"]);
    assert_eq!((desk.due(), desk.is().sla_next_at), (None, None));
}

#[test]
fn an_edit_of_policy_or_calendar_moves_an_open_clock_and_says_why() {
    let mut desk = Desk::new(resolution(480));
    desk.create("2026-09-14T10:00-04");
    let policy = PolicyRef::Name("standard".into());
    let edit = Box::new(resolution(240));
    desk.act("2026-09-14T11:00-04", &admin(), Action::UpdatePolicy { policy, etag: String::new(), edit });
    let from = desk.house.next();
    desk.tick("2026-09-14T11:01-04");
    assert_eq!(desk.due(), due("2026-09-14T14:00-04"));
    let holidays = vec![Holiday { date: "2026-09-14".into(), name: String::new() }];
    let edit = Box::new(CalendarEdit { holidays: Some(holidays), ..CalendarEdit::default() });
    let calendar = CalendarRef::Id(desk.calendar.id);
    desk.act("2026-09-14T11:02-04", &admin(), Action::UpdateCalendar { calendar, etag: String::new(), edit });
    desk.tick("2026-09-14T11:03-04");
    assert_eq!(desk.due(), due("2026-09-15T13:00-04"));
    let moved = desk.house.since(from).filter(|it| it.kind == "sla.retargeted");
    let reasons: Vec<String> =
        moved.map(|it| it.data.as_ref().expect("data")["clocks"][0]["reason"].as_str().expect("why").into()).collect();
    assert_eq!(reasons, ["policy version 1 to 2", "calendar version 1 to 2"]);
}

#[derive(Clone, Debug)]
pub(super) enum Event {
    Prioritize(Priority),
    Hold,
    Start,
    Resolve,
    Reopen,
    Reply,
    Ask,
    Delete,
}

pub(super) fn events() -> impl Strategy<Value = Vec<(i64, Event)>> {
    let event = prop_oneof![
        prop::sample::select(Priority::ALL).prop_map(Event::Prioritize),
        Just(Event::Hold),
        Just(Event::Start),
        Just(Event::Resolve),
        Just(Event::Reopen),
        Just(Event::Reply),
        Just(Event::Ask),
        Just(Event::Delete),
    ];
    prop::collection::vec((1..200_000i64, event), 1..24)
}

/// Plays a history; `scan`: with the timers' command between any two events.
pub(super) fn play(history: &[(i64, Event)], restart: bool, scan: bool) -> Desk {
    let mut desk = Desk::without();
    // Marks of rules beside those of the policies: one that both have, one before and one after the deadline.
    let marks = "[{sla: resolution, at: 50%}, {sla: first_response, at: -5m}, {sla: resolution, at: +30m}]";
    desk.house.rules = rule_set(&[&format!("name: marks\non: {marks}\nstop: true\ndo: []\n")]);
    let on_priority_change = Some(if restart { OnPriorityChange::Restart } else { OnPriorityChange::Retroactive });
    let warn_at = Some(Words(vec!["50%".into(), "600s".into()]));
    let common = PolicyEdit { on_priority_change, warn_at, next_response_minutes: Some(Some(45)), ..resolution(600) };
    desk.promise("any", PolicyEdit { first_response_minutes: Some(Some(30)), ..common.clone() });
    desk.promise("urgent", PolicyEdit { priority: Some(Some(Priority::Urgent)), ..common });
    desk.create("2026-09-14T10:00-04");
    for (seconds, event) in history {
        let ticket = desk.is();
        let name = TicketRef::Id(ticket.id);
        let action = match event {
            Event::Prioritize(to) => edit(&ticket, TicketEdit { priority: Some(*to), ..TicketEdit::default() }),
            Event::Hold => go(&ticket, Verb::Hold, Status::OnHold),
            Event::Start => go(&ticket, Verb::Start, Status::InProgress),
            Event::Resolve => go(&ticket, Verb::Resolve, Status::Resolved),
            Event::Reopen => go(&ticket, Verb::Reopen, Status::Reopened),
            Event::Reply => say(&ticket, "Done", Visibility::Public),
            Event::Ask => say(&ticket, "Well?", Visibility::Public),
            Event::Delete if ticket.deleted_at.is_some() => {
                Action::UndeleteTicket { ticket: name, etag: String::new() }
            }
            Event::Delete => Action::DeleteTicket { ticket: name, etag: String::new() },
        };
        let who = if matches!(event, Event::Ask) { requester() } else { admin() };
        let until = desk.house.now.plus_micros(seconds * 1_000_000);
        if scan {
            for part in [0.3, 0.9] {
                let now = desk.house.now;
                desk.house.now = now.plus_micros(((until.0 - now.0) as f64 * part) as i64);
                let fire = command(&Caller::clock(TENANT), Action::FollowSla(vec![ticket.id]));
                desk.house.submit(&fire).expect("done");
            }
        }
        desk.house.now = until;
        // Whether it was legal does not matter here.
        let _ = desk.house.submit(&command(&who, action));
    }
    let fire = Action::FollowSla(vec![desk.is().id]);
    desk.house.submit(&command(&Caller::clock(TENANT), fire)).expect("done");
    desk
}

/// What a row says, but for how late a timer was, and for ids: a policy's is its place among those that were met.
fn plain(entries: Vec<Entry>) -> Vec<Entry> {
    let mut met: Vec<Uuid> = Vec::new();
    let mut place = |id: Uuid| {
        let at = met.iter().position(|other| *other == id).unwrap_or(met.len());
        if at == met.len() {
            met.push(id);
        }
        Uuid::from_u128(at as u128)
    };
    let mut goal = |goal: Goal| Goal { policy_id: place(goal.policy_id), calendar_id: None, ..goal };
    entries.into_iter().map(|row| Entry { late: 0, goal: row.goal.clone().map(&mut goal), ..row }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        std::env::var("DOCKET_HISTORIES").ok().and_then(|text| text.parse().ok()).unwrap_or(300)
    ))]

    /// When the timers look changes nothing: every command settles its ticket first.
    #[test]
    fn clocks_are_the_same_whenever_the_timers_look(history in events(), restart: bool) {
        let (lazy, eager) = (play(&history, restart, false), play(&history, restart, true));
        prop_assert_eq!(plain(lazy.ledger()), plain(eager.ledger()));
        let ends = lazy.is().clocks.all.iter().all(|clock| clock.is_open() == clock.ended_at.is_none());
        prop_assert!(ends);
    }
}
