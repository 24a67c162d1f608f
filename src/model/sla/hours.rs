//! Opening hours of a calendar: the stored form, and the form that deadlines are computed with.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Fault;
use super::week::{self, Week};
pub use super::week::{Day, Interval};
use super::zone::{DAY, Zone};
use crate::model::limits::{HOLIDAYS, NAME_CHARS};

/// So many are told at once.
const MAX_FAULTS: usize = 100;

/// A local date that is closed all day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    /// `2026-12-25`.
    pub date: String,
    /// '' = none.
    #[serde(default)]
    pub name: String,
}

/// When a calendar is open, ready to be reckoned with: cheap to clone, and made once for each version of a calendar.
#[derive(Clone, Debug)]
pub struct Hours {
    pub(super) zone: Arc<Zone>,
    pub(super) week: Week,
    /// The holidays' days since 1970-01-01, in order, with their names.
    pub(super) holidays: Arc<[(i64, String)]>,
}

impl Hours {
    /// Else everything that is wrong with them, each by its field: `time_zone`, `weekly[2].close`, `holidays[0].date`; the first
    /// hundred of them.
    /// No hours at all are well here; see [`Hours::has_hours`].
    pub fn new(zone: &str, weekly: &[Interval], holidays: &[Holiday]) -> Result<Hours, Vec<Fault>> {
        let mut found = Vec::new();
        let zone = Zone::named(zone).map_err(|why| found.push(Fault::new("time_zone".to_owned(), why))).ok();
        let week = week::compile(weekly, &mut found);
        let holidays = days_off(holidays, &mut found);
        match zone {
            Some(zone) if found.is_empty() => Ok(Hours { zone, week, holidays: holidays.into() }),
            Some(_) | None => {
                found.truncate(MAX_FAULTS);
                Err(found)
            }
        }
    }

    /// Every instant is open. One for all: each ticket that is written may ask for it.
    pub fn always() -> &'static Hours {
        static ALWAYS: LazyLock<Hours> =
            LazyLock::new(|| Hours { zone: Zone::utc(), week: Week::full(), holidays: Arc::new([]) });
        &ALWAYS
    }

    /// Whether the week has any hours; without, nothing ever falls due.
    pub fn has_hours(&self) -> bool {
        self.week.total() > 0
    }

    pub fn zone(&self) -> &Zone {
        &self.zone
    }
}

/// `YYYY-MM-DD` and nothing else, from year 1.
pub(super) fn parse_date(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    let well = bytes.len() == 10
        && bytes.iter().enumerate().all(|(i, b)| if matches!(i, 4 | 7) { *b == b'-' } else { b.is_ascii_digit() });
    let date = Date::new(
        text.get(..4).filter(|_| well)?.parse().ok()?,
        text.get(5..7)?.parse().ok()?,
        text.get(8..)?.parse().ok()?,
    );
    date.ok().filter(|date| date.year() > 0)
}

/// Days since 1970-01-01.
fn day_number(date: Date) -> i64 {
    let midnight = date.to_datetime(jiff::civil::Time::midnight());
    jiff::tz::Offset::UTC.to_timestamp(midnight).map_or(0, |at| at.as_microsecond().div_euclid(DAY))
}

fn days_off(holidays: &[Holiday], found: &mut Vec<Fault>) -> Vec<(i64, String)> {
    if holidays.len() > HOLIDAYS {
        let many = format!("must have at most {HOLIDAYS} entries, has {}", holidays.len());
        found.push(Fault::new("holidays".to_owned(), many));
        return Vec::new();
    }
    let mut first: HashMap<Date, usize> = HashMap::new();
    let mut days = Vec::with_capacity(holidays.len());
    for (index, holiday) in holidays.iter().enumerate() {
        if holiday.name.chars().count() > NAME_CHARS {
            let long = format!("must have at most {NAME_CHARS} characters");
            found.push(Fault::new(format!("holidays[{index}].name"), long));
        }
        let mut wrong = |why: String| found.push(Fault::new(format!("holidays[{index}].date"), why));
        let Some(date) = parse_date(&holiday.date) else {
            wrong(format!("{:?} is no date: write a day that exists as YYYY-MM-DD", holiday.date));
            continue;
        };
        match first.get(&date) {
            Some(other) => wrong(format!("{date} is holidays[{other}] already: name each date once")),
            None => days.push((day_number(date), holiday.name.clone())),
        }
        first.entry(date).or_insert(index);
    }
    days.sort_by_key(|(day, _)| *day);
    days
}

#[cfg(test)]
mod tests;
