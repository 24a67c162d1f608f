//! A tenant with a calendar, a policy and a ticket, at times that a test chooses. New York, Monday to Friday, 09:00 to
//! 17:00.

use super::*;
use crate::model::sla::calendar::{Calendar, CalendarRef};
use crate::model::sla::clock::{Clock, Clocks};
use crate::model::sla::hours::{Day, Holiday, Interval};
use crate::model::sla::ledger::Entry;
use crate::model::sla::policy::SlaPolicy;
use crate::model::sla::restore_entries;

/// `2026-09-18T16:30-04`.
pub(super) fn at(text: &str) -> Instant {
    Instant::from(text.parse::<jiff::Timestamp>().expect("an instant"))
}

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
        let made = house.run(&admin(), CreateCalendar(edit)).expect("a calendar");
        let Resource::Calendar(calendar) = made.resource else { panic!("no calendar") };
        Desk { house, calendar, ticket: None }
    }

    pub fn promise(&mut self, name: &str, edit: PolicyEdit) -> Arc<SlaPolicy> {
        let calendar = Some(Some(CalendarRef::Id(self.calendar.id)));
        let business_hours_only = edit.business_hours_only.or(Some(true));
        let edit = PolicyEdit { name: Some(name.into()), calendar, business_hours_only, ..edit };
        let made = self.house.run(&admin(), CreateSlaPolicy(edit)).expect("a policy");
        let Resource::SlaPolicy(policy) = made.resource else { panic!("no policy") };
        policy
    }

    pub fn act(&mut self, when: &str, who: &Caller, verb: impl Verb) -> Outcome {
        self.house.now = at(when);
        match self.house.submit(&command(who, verb)).expect("done") {
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

    pub fn go(&mut self, when: &str, verb: Transition, to: Status) -> Arc<Ticket> {
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
        let action = FollowSla(vec![self.is().id]);
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
        let clocks = self.house.since(from).filter(|it| it.kind.as_str().starts_with("sla."));
        let at = |it: &Activity| it.data.as_ref().expect("data")["clocks"][0]["at"].as_str().expect("at").to_owned();
        clocks.map(|it| (it.kind.to_string(), at(it))).collect()
    }
}

pub(super) fn due(when: &str) -> Option<Instant> {
    Some(at(when))
}
