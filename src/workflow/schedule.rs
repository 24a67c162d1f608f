//! Schedules: `{schedule: "0 9 * * MON-FRI", timezone: Europe/Berlin, for: …}` in `on`.

use std::fmt;

use croner::Cron;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::cel::{Tracer, Unknowns};
use super::explain::{Branch, branches};
use super::facts::Facts;
use super::filter::Filter;
use super::timer::hash;
use crate::model::ticket::Ticket;
use crate::model::time::Instant;

/// One timer for each tenant.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// The same as long as nothing of it changes: what has run is remembered under it.
    pub id: String,
    /// The same as a number: which tickets it has run for is remembered under it.
    pub key: u64,
    /// The tickets that it runs for; `None`: it runs once, without a ticket.
    pub tickets: Option<Filter>,
    cron: Cron,
    zone: TimeZone,
    text: String,
}

impl Schedule {
    pub fn new(
        rule: &str,
        (pattern, cron): (&str, Cron),
        zone: (Option<&str>, TimeZone),
        tickets: Option<Filter>,
    ) -> Schedule {
        let (zone_name, zone) = zone;
        let mut text = format!("schedule: {pattern}");
        if let Some(name) = zone_name {
            text.push_str(&format!(", timezone: {name}"));
        }
        if let Some(filter) = &tickets {
            text.push_str(&format!(", for: {}", filter.source()));
        }
        let key = hash(rule, &text);
        Schedule { id: format!("{key:016x}"), key, tickets, cron, zone, text: format!("{{{text}}}") }
    }

    /// The last time that it came by `now`.
    pub fn last(&self, now: Instant) -> Option<Instant> {
        self.search(now, |cron, now| cron.find_previous_occurrence(now, true).ok())
    }

    /// The first time that it comes after `then`.
    pub fn next(&self, then: Instant) -> Option<Instant> {
        self.search(then, |cron, then| cron.find_next_occurrence(then, false).ok())
    }

    /// What `for` is on a ticket at an instant.
    pub fn branches(&self, ticket: &Ticket, at: Instant) -> Vec<Branch> {
        let Some(filter) = &self.tickets else { return Vec::new() };
        let unknowns = Unknowns::default();
        let facts = Facts { ticket: Some(ticket), ..Facts::at(at, "") };
        branches(&mut Tracer::new(&unknowns), "for", std::slice::from_ref(filter.expr()), &facts)
    }

    fn search(&self, from: Instant, find: impl Fn(&Cron, &Zoned) -> Option<Zoned>) -> Option<Instant> {
        let from = Timestamp::from_microsecond(from.0).ok()?.to_zoned(self.zone.clone());
        Some(Instant(find(&self.cron, &from)?.timestamp().as_microsecond()))
    }
}

/// As it stands in a file.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sla::zone::Zone;
    use crate::model::time::Written;
    use crate::workflow::cron::read_cron;

    fn at(text: &str) -> Instant {
        Written::parse(text).expect(text).at
    }

    fn schedule(pattern: &str, zone: &str) -> Schedule {
        let time_zone = Zone::named(zone).expect(zone).time_zone().clone();
        Schedule::new("a", (pattern, read_cron(pattern).expect(pattern)), (Some(zone), time_zone), None)
    }

    #[test]
    fn it_comes_by_the_wall_clock_of_its_zone() {
        for (pattern, zone, then, last, next) in [
            ("0 9 * * MON-FRI", "UTC", "2026-11-28T12:00:00Z", "2026-11-27T09:00:00Z", "2026-11-30T09:00:00Z"),
            (
                "0 9 * * MON-FRI",
                "Europe/Berlin",
                "2026-11-30T08:00:00Z",
                "2026-11-30T08:00:00Z",
                "2026-12-01T08:00:00Z",
            ),
            ("*/15 * * * *", "Asia/Kathmandu", "2026-11-30T00:01:00Z", "2026-11-30T00:00:00Z", "2026-11-30T00:15:00Z"),
            ("0 0 29 2 *", "UTC", "2026-11-30T00:00:00Z", "2024-02-29T00:00:00Z", "2028-02-29T00:00:00Z"),
            // The clocks go forward at two: what lies in the gap comes once, after it.
            ("30 2 * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", "2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z"),
            // They go back at three: what comes twice that night comes once.
            ("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"),
        ] {
            let schedule = schedule(pattern, zone);
            assert_eq!(schedule.last(at(then)), Some(at(last)), "{pattern} {zone} before {then}");
            assert_eq!(schedule.next(at(then)), Some(at(next)), "{pattern} {zone} after {then}");
        }
    }
}
