//! Opening hours of a calendar: the stored form, and the form that deadlines are computed with.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Fault;
use super::week::{self, Week, Written};
pub use super::week::{Day, Interval};
use super::zone::{DAY, Zone};
use crate::model::limits::{HOLIDAYS, INTERVALS, NAME_CHARS, SPECIAL_DATES};

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

/// A local date with hours of its own, in place of those of its weekday, and of a holiday.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpecialDate {
    /// `2026-12-24`.
    pub date: String,
    /// '' = none.
    #[serde(default)]
    pub name: String,
    /// None: it is closed.
    pub hours: Vec<OpenInterval>,
}

/// A part of a date, [open, close) in local wall time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenInterval {
    /// `09:00`.
    pub open: String,
    /// `12:00`; at most `24:00`.
    pub close: String,
}

/// When a calendar is open, as it is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Opening<'a> {
    pub weekly: &'a [Interval],
    pub holidays: &'a [Holiday],
    pub special_dates: &'a [SpecialDate],
}

/// A local date that does not have the hours of its weekday.
#[derive(Clone, Debug)]
pub(super) struct OwnDate {
    /// Days since 1970-01-01.
    pub day: i64,
    /// Of the holiday or of the special date.
    pub name: String,
    /// Microseconds since midnight, in order.
    pub open: Vec<(i64, i64)>,
}

/// When a calendar is open, ready to be reckoned with: cheap to clone, and made once for each version of a calendar.
#[derive(Clone, Debug)]
pub struct Hours {
    pub(super) zone: Arc<Zone>,
    pub(super) week: Week,
    /// Holidays and special dates, in order.
    pub(super) dates: Arc<[OwnDate]>,
}

impl Hours {
    /// Else everything that is wrong with them, each by its field: `time_zone`, `weekly[2].close`, `holidays[0].date`; the first
    /// hundred of them.
    /// No hours at all are well here; see [`Hours::has_hours`].
    pub fn new(zone: &str, written: Opening<'_>) -> Result<Hours, Vec<Fault>> {
        let mut found = Vec::new();
        let zone = Zone::named(zone).map_err(|why| found.push(Fault::new("time_zone".to_owned(), why))).ok();
        let week = week::compile(written.weekly, &mut found);
        let mut dates = days_off(written.holidays, &mut found);
        // On a date that is both, the special one counts.
        dates.extend(special(written.special_dates, &mut found));
        match zone {
            Some(zone) if found.is_empty() => Ok(Hours { zone, week, dates: dates.into_values().collect() }),
            Some(_) | None => {
                found.truncate(MAX_FAULTS);
                Err(found)
            }
        }
    }

    /// Every instant is open. One for all: each ticket that is written may ask for it.
    pub fn always() -> &'static Hours {
        static ALWAYS: LazyLock<Hours> =
            LazyLock::new(|| Hours { zone: Zone::utc(), week: Week::full(), dates: Arc::new([]) });
        &ALWAYS
    }

    /// Whether there are any hours; without, nothing ever falls due.
    pub fn has_hours(&self) -> bool {
        self.week.total() > 0 || self.dates.iter().any(|date| !date.open.is_empty())
    }

    /// The hours of a day, and the date that has them in place of its weekday's. `next`: the first of the dates not before it.
    pub(super) fn of_day(&self, day: i64, next: usize) -> (&[(i64, i64)], Option<&OwnDate>) {
        match self.dates.get(next).filter(|date| date.day == day) {
            Some(date) => (&date.open, Some(date)),
            None => (self.week.of_day(day), None),
        }
    }

    /// The place of the first of the dates not before this day.
    pub(super) fn dates_before(&self, day: i64) -> usize {
        // Centuries after the last of them are many spans: none is searched there.
        match self.dates.last() {
            Some(last) if last.day >= day => self.dates.partition_point(|date| date.day < day),
            Some(_) | None => self.dates.len(),
        }
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

fn days_off(holidays: &[Holiday], found: &mut Vec<Fault>) -> BTreeMap<i64, OwnDate> {
    if holidays.len() > HOLIDAYS {
        let many = format!("must have at most {HOLIDAYS} entries, has {}", holidays.len());
        found.push(Fault::new("holidays".to_owned(), many));
        return BTreeMap::new();
    }
    let written = holidays.iter().map(|Holiday { date, name }| (date, name, Vec::new()));
    dated("holidays", written, found)
}

fn special(dates: &[SpecialDate], found: &mut Vec<Fault>) -> BTreeMap<i64, OwnDate> {
    let intervals: usize = dates.iter().map(|date| date.hours.len()).sum();
    if dates.len() > SPECIAL_DATES || intervals > SPECIAL_DATES + INTERVALS {
        let most = SPECIAL_DATES + INTERVALS;
        let many = format!(
            "must have at most {SPECIAL_DATES} entries with {most} intervals in all, has {} with {intervals}",
            dates.len()
        );
        found.push(Fault::new("special_dates".to_owned(), many));
        return BTreeMap::new();
    }
    let mut written = Vec::with_capacity(dates.len());
    for (index, SpecialDate { date, name, hours }) in dates.iter().enumerate() {
        let intervals = hours.iter().enumerate().map(|(at, OpenInterval { open, close })| Written {
            field: format!("special_dates[{index}].hours[{at}]"),
            day: None,
            open,
            close,
        });
        written.push((date, name, week::hours_of_a_day(intervals.collect(), found)));
    }
    dated("special_dates", written.into_iter(), found)
}

/// By their days; each date stands there once.
fn dated<'a>(
    field: &str,
    written: impl Iterator<Item = (&'a String, &'a String, Vec<(i64, i64)>)>,
    found: &mut Vec<Fault>,
) -> BTreeMap<i64, OwnDate> {
    let mut first: HashMap<i64, usize> = HashMap::new();
    let mut dates = BTreeMap::new();
    for (index, (date, name, open)) in written.enumerate() {
        if name.chars().count() > NAME_CHARS {
            let long = format!("must have at most {NAME_CHARS} characters");
            found.push(Fault::new(format!("{field}[{index}].name"), long));
        }
        let mut wrong = |why: String| found.push(Fault::new(format!("{field}[{index}].date"), why));
        let Some(day) = parse_date(date).map(day_number) else {
            wrong(format!("{date:?} is no date: write a day that exists as YYYY-MM-DD"));
            continue;
        };
        match first.get(&day) {
            Some(other) => wrong(format!("{date} is {field}[{other}] already: name each date once")),
            None => drop(dates.insert(day, OwnDate { day, name: name.clone(), open })),
        }
        first.entry(day).or_insert(index);
    }
    dates
}

#[cfg(test)]
mod tests;
