//! Business time: its length between two times, and the time at which a given length has passed.

use super::hours::Hours;
use super::zone::{DAY, WEEK};
use crate::model::time::Instant;

/// 0001-01-01T00:00:00Z. Nothing before it counts.
pub const FIRST: Instant = Instant(-62_135_596_800_000_000);
/// 9999-12-31T23:59:59.999999Z, the last instant that can be sent. What would fall due later never does.
pub const LAST: Instant = Instant(253_402_300_799_999_999);

/// Time that does not count: [from, to).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    pub from: Instant,
    /// `None`: it lasts.
    pub to: Option<Instant>,
}

/// The earliest instant, not before `start`, by which so many microseconds were open and not paused: exactly at closing
/// where they run out there, `start` itself where there are none to count. `None`: never, or not up to [`LAST`].
/// Pauses stand in any order and may overlap.
pub fn deadline(hours: &Hours, start: Instant, target_micros: i64, pauses: &[Pause]) -> Option<Instant> {
    if target_micros <= 0 {
        return Some(start);
    }
    let mut left = target_micros;
    unpaused(start, LAST, pauses).find_map(|(from, to)| hours.spend(from, to, &mut left)).map(Instant)
}

/// How many microseconds of [from, to) were open and not paused.
pub fn counted(hours: &Hours, from: Instant, to: Instant, pauses: &[Pause]) -> i64 {
    let mut left = i64::MAX;
    for (from, to) in unpaused(from, to, pauses) {
        hours.spend(from, to, &mut left);
    }
    i64::MAX - left
}

/// By their beginnings; those that end before they begin are none.
pub(super) fn sorted(pauses: &[Pause]) -> Vec<(i64, i64)> {
    let ends = pauses.iter().map(|pause| (pause.from.0, pause.to.map_or(i64::MAX, |to| to.0)));
    let mut sorted: Vec<(i64, i64)> = ends.filter(|(from, to)| from < to).collect();
    sorted.sort_unstable();
    sorted
}

/// What the pauses leave of [from, to), in order.
fn unpaused(from: Instant, to: Instant, pauses: &[Pause]) -> impl Iterator<Item = (i64, i64)> {
    let (mut at, to) = (from.max(FIRST).0, to.min(LAST).0);
    sorted(pauses).into_iter().chain([(to, to)]).filter_map(move |(paused, resumed)| {
        let window = (at, paused.min(to));
        at = at.max(resumed);
        (window.0 < window.1).then_some(window)
    })
}

impl Hours {
    pub fn is_open(&self, at: Instant) -> bool {
        counted(self, at, Instant(at.0.saturating_add(1)), &[]) > 0
    }

    /// How many days are looked at to count what lies between these, in no order; not less: those beside dates of their own and changes of
    /// the clocks. All others are counted by the week.
    pub fn days_of(&self, a: Instant, b: Instant) -> usize {
        const A_WEEK: usize = 8;
        const CHANGES_A_YEAR: usize = 4;
        let (from, to) = (a.min(b).max(FIRST).0.div_euclid(DAY), a.max(b).min(LAST).0.div_euclid(DAY));
        let before = |day: i64| self.dates.partition_point(|date| date.day < day);
        let years = usize::try_from((to - from) / 365).unwrap_or_default() + 1;
        A_WEEK * (years * CHANGES_A_YEAR + before(to + 1).saturating_sub(before(from)))
    }

    /// Takes the open time of [from, to) from `left`, and stops at the instant at which nothing is left.
    fn spend(&self, from: i64, to: i64, left: &mut i64) -> Option<i64> {
        if !self.has_hours() {
            return None;
        }
        let mut at = from;
        for span in self.zone.spans(from) {
            let until = span.until.min(to);
            let local = self.spend_local(at + span.offset, until + span.offset, left);
            if let Some(local) = local {
                return Some(local - span.offset);
            }
            if until == to {
                break;
            }
            at = until;
        }
        None
    }

    /// The same in local time, where no clock is changed in between.
    fn spend_local(&self, from: i64, until: i64, left: &mut i64) -> Option<i64> {
        let mut at = from;
        let mut day = at.div_euclid(DAY);
        let mut next = self.dates_before(day);
        while at < until {
            let own = self.dates.get(next).map_or(i64::MAX, |date| date.day);
            let weeks = self.whole_weeks(until - at, own.saturating_sub(day), *left);
            *left -= weeks * self.week.total();
            at += weeks * WEEK;
            day += weeks * 7;
            let (hours, date) = self.of_day(day, next);
            for (open, close) in hours {
                let (begin, end) = ((day * DAY + open).max(at), (day * DAY + close).min(until));
                let length = (end - begin).max(0);
                if length >= *left {
                    return Some(begin + *left);
                }
                *left -= length;
            }
            next += usize::from(date.is_some());
            day += 1;
            at = day * DAY;
        }
        None
    }

    /// How many weeks can be taken at once: within the time there is, before the next date with hours of its own, and with
    /// something left after them, so that the instant is found in the week in which it is.
    fn whole_weeks(&self, time: i64, days_to_date: i64, left: i64) -> i64 {
        if left <= self.week.total() || time < WEEK || days_to_date == 0 {
            return 0;
        }
        // A week without hours takes nothing.
        let spent = (left - 1).checked_div(self.week.total()).unwrap_or(i64::MAX);
        (time / WEEK).min((days_to_date - 1) / 7).min(spent)
    }
}

#[cfg(test)]
mod tests;
