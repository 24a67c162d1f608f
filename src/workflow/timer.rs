//! Timers: `{after: 48h, since: ticket.resolved_at, while: …}` in `on`.

use std::fmt;

use aws_lc_rs::digest;

use super::cel::ast::{Expr, ExprKind, Path};
use super::cel::{self, Tracer, Unknowns, Value, parse_duration};
use super::explain::{Branch, branches};
use super::facts::Facts;
use super::schema::Root;
use super::trigger::{Slip, length, slip};
use crate::model::limits::MINUTES;
use crate::model::sla::count::deadline;
use crate::model::sla::hours::Hours;
use crate::model::ticket::Ticket;
use crate::model::time::Instant;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
/// At which a timer fires for what had passed when its rule became active: tickets a second, for each tenant.
const CATCH_UP_A_SECOND: i64 = 100;

/// A timer of each ticket: it follows from the ticket's row and the active rules alone.
#[derive(Clone, Debug)]
pub struct Timer {
    /// The same as long as it waits for the same instants: what has fired is remembered under it.
    pub key: u64,
    /// The same as long as nothing of it changes: since when it is active is remembered under it.
    pub id: String,
    /// By its name or id; absent: every hour counts.
    pub calendar: Option<String>,
    catch_up: bool,
    after: i64,
    since: Expr,
    while_holds: Vec<Expr>,
    text: String,
    /// How much of the text it is known again by.
    known_by: usize,
}

/// What a timer is made of, in the file's own words and checked.
pub struct Parts<'a> {
    pub rule: &'a str,
    /// Microseconds.
    pub after: i64,
    pub since: (&'a str, Expr),
    pub calendar: Option<&'a str>,
    pub while_holds: (&'a [String], Vec<Expr>),
    pub catch_up: bool,
}

impl Timer {
    pub fn new(parts: Parts<'_>) -> Timer {
        let Parts { rule, after, since: (since_text, since), calendar, while_holds: (texts, while_holds), catch_up } =
            parts;
        let mut text = format!("after: {}, since: {since_text}", length(after));
        if let Some(calendar) = calendar {
            text.push_str(&format!(", calendar: {calendar}"));
        }
        let (key, known_by) = (hash(rule, &text), text.len() + 1);
        match texts {
            [] => {}
            [one] => text.push_str(&format!(", while: {one}")),
            several => text.push_str(&format!(", while: [{}]", several.join(", "))),
        }
        if catch_up {
            text.push_str(", catch_up: true");
        }
        let id = format!("{:016x}", hash(rule, &text));
        let calendar = calendar.map(str::to_owned);
        Timer { key, id, calendar, catch_up, after, since, while_holds, text: format!("{{{text}}}"), known_by }
    }

    /// Whether it is the timer of this text, whatever else it waits for than its instants.
    pub fn is_as(&self, text: &str) -> bool {
        let rest = self.text.get(..self.known_by).and_then(|begins| text.strip_prefix(begins));
        rest.is_some_and(|rest| rest == "}" || rest.starts_with(", while: ") || rest.starts_with(", catch_up: "))
    }

    /// The instant from which it counts, where the ticket has it and `while` holds.
    pub fn since(&self, ticket: &Ticket) -> Option<Instant> {
        self.counts_from(ticket).filter(|_| self.holds(ticket))
    }

    /// The instant from which it counts, where the ticket has it.
    pub fn counts_from(&self, ticket: &Ticket) -> Option<Instant> {
        match cel::evaluate(&self.since, &facts(ticket)).ok()? {
            Value::Time(since) => Some(since),
            _ => None,
        }
    }

    /// Whether `while` holds; an error is no.
    pub fn holds(&self, ticket: &Ticket) -> bool {
        let facts = facts(ticket);
        self.while_holds.iter().all(|condition| cel::holds(condition, &facts).unwrap_or(false))
    }

    /// The field of tickets that changes with what is done to them and from which it counts, where no `while` ends it.
    pub fn unconditional(&self) -> Option<&str> {
        let ExprKind::Field(Path { root: Root::Ticket, names }) = &self.since.kind else { return None };
        let [name] = names.as_slice() else { return None };
        Some(name.as_str())
            .filter(|name| self.while_holds.is_empty() && matches!(*name, "updated_at" | "last_message_at"))
    }

    /// What `since` and `while` are on a ticket.
    pub fn branches(&self, ticket: &Ticket) -> Vec<Branch> {
        let unknowns = Unknowns::default();
        let (mut tracer, facts) = (Tracer::new(&unknowns), facts(ticket));
        let since = branches(&mut tracer, "since", std::slice::from_ref(&self.since), &facts);
        [since, branches(&mut tracer, "while", &self.while_holds, &facts)].concat()
    }

    /// When it fires; `None` where the calendar never comes to it.
    pub fn fires(&self, since: Instant, hours: &Hours) -> Option<Instant> {
        deadline(hours, since, self.after, &[])
    }

    /// When it fires on this ticket if its rule became active at `active`, after `at` perhaps: what had passed by then fires
    /// only to catch up, and then one ticket after the other.
    pub fn fires_since(&self, at: Instant, active: Instant, ticket: &Ticket) -> Option<Instant> {
        if at > active {
            return Some(at);
        }
        self.catch_up.then(|| active.plus_micros(ticket.number * (SECOND / CATCH_UP_A_SECOND)))
    }
}

/// Its own time is all that a timer may know of the time.
fn facts(ticket: &Ticket) -> Facts<'_> {
    Facts { ticket: Some(ticket), ..Facts::at(ticket.updated_at, &ticket.tenant_id) }
}

/// As it stands in a file.
impl fmt::Display for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

pub(super) fn hash(rule: &str, text: &str) -> u64 {
    // A byte that no name of a rule has.
    let hash = digest::digest(&digest::SHA256, format!("{rule}\0{text}").as_bytes());
    hash.as_ref().iter().take(8).fold(0, |all, byte| (all << 8) | u64::from(*byte))
}

/// Microseconds of `after`: `48h`, `1h30m`.
pub fn read_after(text: &str) -> Result<i64, Slip> {
    match parse_duration(text) {
        Some(micros) if micros <= 0 => slip(format!("`{text}` is no time after"), "1s at least"),
        Some(micros) if micros > i64::from(MINUTES) * MINUTE => {
            slip(format!("`{text}` is longer than a timer can be"), "at most 3650 days: 87600h")
        }
        Some(micros) if micros % SECOND == 0 => Ok(micros),
        Some(_) => slip(format!("`{text}` is no whole number of seconds"), "1s at least"),
        None => slip(format!("`{text}` is no length of time"), "hours, minutes and seconds: 48h, 1h30m, 90s"),
    }
}
