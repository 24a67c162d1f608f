//! Statistics: which facts of a ticket are counted, and how an activity changes the counts. Pure.

use std::collections::HashMap;

use super::activity::{Activity, Change};
use super::ticket::Ticket;
use super::time::Instant;
use super::words::{Channel, Priority, Status};

mod figures;
mod times;

pub use figures::{Figures, RATING_UNIT};
pub use times::Times;

const DAY_MICROS: i64 = 24 * 3_600 * 1_000_000;
/// The day of the sums over all days.
pub const ALL_DAYS: i32 = i32::MIN;

row! {
    /// The fields of a ticket that are counted.
    Facts in ticket, key(tenant_id, id) {
        status: Status,
        priority: Priority,
        category: String,
        channel: Channel,
        assignee_id: String,
        team_id: String,
        due_at: Option<Instant>,
        breached_at: Option<Instant>,
        first_response_at: Option<Instant>,
        resolved_at: Option<Instant>,
        escalated_at: Option<Instant>,
        satisfaction: Option<f64>,
        created_at: Instant,
        deleted_at: Option<Instant>,
    }
}

row! {
    /// One sum, as it is kept.
    Amount in statistic, key(tenant_id, dimension, day, value, measure) {
        tenant_id: String,
        /// [`Dimension::word`]
        dimension: String,
        day: i32,
        value: String,
        /// As [`Figures::measures`] has it.
        measure: String,
        amount: i64,
    }
}

/// What tickets are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// Nothing: all tickets have the value ''.
    All,
    Team,
    Priority,
    Category,
    Channel,
}

impl Dimension {
    pub const EACH: [Dimension; 5] =
        [Dimension::All, Dimension::Team, Dimension::Priority, Dimension::Category, Dimension::Channel];

    pub fn word(self) -> &'static str {
        match self {
            Dimension::All => "",
            Dimension::Team => "team",
            Dimension::Priority => "priority",
            Dimension::Category => "category",
            Dimension::Channel => "channel",
        }
    }

    pub fn parse(word: &str) -> Option<Dimension> {
        Dimension::EACH.into_iter().find(|dimension| dimension.word() == word)
    }

    /// The ticket's field, as filters name it and as its column is called.
    pub fn field(self) -> Option<&'static str> {
        match self {
            Dimension::All => None,
            Dimension::Team => Some("team_id"),
            Dimension::Priority => Some("priority"),
            Dimension::Category => Some("category"),
            Dimension::Channel => Some("channel"),
        }
    }
}

/// The day, in UTC, that holds an instant: days since 1970.
pub fn day(at: Instant) -> i32 {
    // The years of an instant are few enough.
    at.0.div_euclid(DAY_MICROS) as i32
}

/// The instant with which a day begins.
pub fn beginning(day: i32) -> Instant {
    Instant(i64::from(day) * DAY_MICROS)
}

impl Facts {
    pub fn of(ticket: &Ticket) -> Facts {
        Facts {
            status: ticket.status,
            priority: ticket.priority,
            category: ticket.category.clone(),
            channel: ticket.channel,
            assignee_id: ticket.assignee_id.clone(),
            team_id: ticket.team_id.clone(),
            due_at: ticket.due_at,
            breached_at: ticket.breached_at,
            first_response_at: ticket.first_response_at,
            resolved_at: ticket.resolved_at,
            escalated_at: ticket.escalated_at,
            satisfaction: ticket.satisfaction,
            created_at: ticket.created_at,
            deleted_at: ticket.deleted_at,
        }
    }

    /// As they were before these changes of the ticket were made. An error names the change that cannot be read.
    pub fn before(mut self, changes: &[Change]) -> Result<Facts, String> {
        for change in changes {
            self.undo(change).ok_or_else(|| format!("the old value of {} cannot be read", change.field))?;
        }
        Ok(self)
    }

    /// `None`: the old value cannot be read. What is not counted is left alone.
    fn undo(&mut self, change: &Change) -> Option<()> {
        let Facts {
            status,
            priority,
            category,
            channel,
            assignee_id,
            team_id,
            due_at,
            breached_at,
            first_response_at,
            resolved_at,
            escalated_at,
            satisfaction,
            created_at: _,
            deleted_at,
        } = self;
        let old = &change.old_value;
        let text = || old.as_str().map(str::to_owned);
        let time = || match old.as_str() {
            Some(text) => text.parse().ok().map(|at: jiff::Timestamp| Some(Instant::from(at))),
            None => old.is_null().then_some(None),
        };
        match change.field.as_str() {
            "status" => *status = Status::parse(old.as_str()?)?,
            "priority" => *priority = Priority::parse(old.as_str()?)?,
            "category" => *category = text()?,
            "channel" => *channel = Channel::parse(old.as_str()?)?,
            "assignee_id" => *assignee_id = text()?,
            "team_id" => *team_id = text()?,
            "due_at" => *due_at = time()?,
            "breached_at" => *breached_at = time()?,
            "first_response_at" => *first_response_at = time()?,
            "resolved_at" => *resolved_at = time()?,
            "escalated_at" => *escalated_at = time()?,
            "satisfaction" if old.is_null() => *satisfaction = None,
            "satisfaction" => *satisfaction = Some(old.as_f64()?),
            "deleted_at" => *deleted_at = time()?,
            _ => {}
        }
        Some(())
    }

    pub fn value(&self, dimension: Dimension) -> &str {
        match dimension {
            Dimension::All => "",
            Dimension::Team => &self.team_id,
            Dimension::Priority => self.priority.word(),
            Dimension::Category => &self.category,
            Dimension::Channel => self.channel.word(),
        }
    }

    /// Open, and past its deadline at `now`.
    pub fn is_overdue(&self, now: Instant) -> bool {
        self.resolved_at.is_none() && self.due_at.is_some_and(|due| due < now)
    }
}

/// Figures of one dimension by the tickets' values there.
pub type ByValue = HashMap<String, Figures>;

/// Sums by day, dimension and value: of many tickets, or of what changed about them.
#[derive(Debug, Default, PartialEq)]
pub struct Tally {
    days: HashMap<i32, [ByValue; Dimension::EACH.len()]>,
}

impl Tally {
    /// Counts a ticket in (1) or out (-1); a deleted one counts for nothing.
    pub fn count(&mut self, facts: &Facts, sign: i64) {
        if facts.deleted_at.is_some() {
            return;
        }
        let dimensions = self.days.entry(day(facts.created_at)).or_default();
        for (dimension, by_value) in Dimension::EACH.into_iter().zip(dimensions) {
            change(by_value, facts.value(dimension), |figures| figures.count(facts, sign));
        }
    }

    /// Takes in what an activity changed. An error says what of it cannot be read.
    pub fn fold(&mut self, activity: &Activity) -> Result<(), String> {
        // An issue's activity stands beside its ticket: its changes are the issue's.
        let (Some(ticket), None) = (&activity.ticket, &activity.issue) else { return Ok(()) };
        let after = Facts::of(ticket);
        if activity.ticket_version > 1 {
            let broken = |what| format!("activity {}: {what}", activity.position);
            let before = after.clone().before(&activity.changes).map_err(broken)?;
            if before == after {
                return Ok(());
            }
            self.count(&before, -1);
        }
        self.count(&after, 1);
        Ok(())
    }

    /// What is to be added to the sums that are kept: of each day, and of all days.
    pub fn amounts(&self, tenant_id: &str) -> Vec<Amount> {
        let mut all_days: [ByValue; Dimension::EACH.len()] = Default::default();
        let mut amounts = Vec::new();
        for (day, dimensions) in &self.days {
            for (total, by_value) in all_days.iter_mut().zip(dimensions) {
                for (value, figures) in by_value {
                    change(total, value, |total| total.add(figures));
                }
            }
            push(tenant_id, *day, dimensions, &mut amounts);
        }
        push(tenant_id, ALL_DAYS, &all_days, &mut amounts);
        amounts
    }
}

/// Changes the figures of a value, zero where there were none.
pub fn change(by_value: &mut ByValue, value: &str, change: impl FnOnce(&mut Figures)) {
    // The value is copied once, not for each ticket.
    match by_value.get_mut(value) {
        Some(figures) => change(figures),
        None => {
            let mut figures = Figures::default();
            change(&mut figures);
            by_value.insert(value.to_owned(), figures);
        }
    }
}

fn push(tenant_id: &str, day: i32, dimensions: &[ByValue], amounts: &mut Vec<Amount>) {
    for (dimension, by_value) in Dimension::EACH.into_iter().zip(dimensions) {
        for (value, figures) in by_value {
            amounts.extend(figures.measures().into_iter().map(|(measure, amount)| Amount {
                tenant_id: tenant_id.to_owned(),
                dimension: dimension.word().to_owned(),
                day,
                value: value.clone(),
                measure,
                amount,
            }));
        }
    }
}
