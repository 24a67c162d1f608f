//! Weekly hours: the text form, and microseconds of each weekday.

use serde::{Deserialize, Serialize};

use super::Fault;
use super::zone::{DAY, WEEK};
use crate::model::limits::INTERVALS;

const MINUTE: i64 = 60 * 1_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Day {
    /// Monday first, as google.type.DayOfWeek counts them from 1.
    pub const ALL: [Day; 7] =
        [Day::Monday, Day::Tuesday, Day::Wednesday, Day::Thursday, Day::Friday, Day::Saturday, Day::Sunday];

    pub fn word(self) -> &'static str {
        match self {
            Day::Monday => "MONDAY",
            Day::Tuesday => "TUESDAY",
            Day::Wednesday => "WEDNESDAY",
            Day::Thursday => "THURSDAY",
            Day::Friday => "FRIDAY",
            Day::Saturday => "SATURDAY",
            Day::Sunday => "SUNDAY",
        }
    }
}

/// A part of a weekday, [open, close) in local wall time. As it is written: [`super::hours::Hours::new`] says whether it can be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    pub day: Day,
    /// `09:00`.
    pub open: String,
    /// `17:00`; at most `24:00`.
    pub close: String,
}

/// Open hours of each weekday, Monday first: [open, close) since midnight, in order, none touching another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Week {
    days: [Vec<(i64, i64)>; 7],
    total: i64,
}

impl Week {
    fn of(days: [Vec<(i64, i64)>; 7]) -> Week {
        let total = days.iter().flatten().map(|(open, close)| close - open).sum();
        Week { days, total }
    }

    /// Every hour of every day.
    pub fn full() -> Week {
        Week::of(std::array::from_fn(|_| vec![(0, DAY)]))
    }

    /// Open microseconds of a week without holidays.
    pub fn total(&self) -> i64 {
        self.total
    }

    pub fn is_full(&self) -> bool {
        self.total == WEEK
    }

    /// The hours of the local day that is so many days after 1970-01-01, a Thursday.
    pub fn of_day(&self, day: i64) -> &[(i64, i64)] {
        &self.days[(day + 3).rem_euclid(7) as usize]
    }
}

/// A minute of the day in microseconds: `09:00`, `24:00`.
fn parse_clock(text: &str) -> Option<i64> {
    let &[h1 @ b'0'..=b'9', h2 @ b'0'..=b'9', b':', m1 @ b'0'..=b'9', m2 @ b'0'..=b'9'] = text.as_bytes() else {
        return None;
    };
    let two = |a: u8, b: u8| i64::from(a - b'0') * 10 + i64::from(b - b'0');
    let minute = two(h1, h2) * 60 + two(m1, m2);
    (two(m1, m2) < 60 && minute <= 24 * 60).then_some(minute * MINUTE)
}

/// The week, and in `found` what is wrong with it.
pub(super) fn compile(weekly: &[Interval], found: &mut Vec<Fault>) -> Week {
    if weekly.len() > INTERVALS {
        let many = format!("must have at most {INTERVALS} entries, has {}", weekly.len());
        found.push(Fault::new("weekly".to_owned(), many));
        return Week::of(Default::default());
    }
    let of = |day: Day| {
        let its = weekly.iter().enumerate().filter(move |(_, interval)| interval.day == day);
        its.map(|(index, Interval { day, open, close })| Written {
            field: format!("weekly[{index}]"),
            day: Some(*day),
            open,
            close,
        })
    };
    Week::of(Day::ALL.map(|day| hours_of_a_day(of(day).collect(), found)))
}

/// An interval of a day as it is written, and the field that it stands in.
pub(super) struct Written<'a> {
    pub field: String,
    pub day: Option<Day>,
    pub open: &'a str,
    pub close: &'a str,
}

impl Written<'_> {
    fn bounds(&self, found: &mut Vec<Fault>) -> Option<(i64, i64)> {
        let mut wrong = |part: &str, why: String| found.push(Fault::new(format!("{}.{part}", self.field), why));
        let (open, close) = (parse_clock(self.open), parse_clock(self.close));
        if open.is_none_or(|open| open == DAY) {
            wrong("open", format!("{:?} is no time to open: write HH:MM, from 00:00 to 23:59", self.open));
        }
        if close.is_none() {
            wrong("close", format!("{:?} is no time to close: write HH:MM, up to 24:00", self.close));
        }
        let (open, close) = (open.filter(|open| *open < DAY)?, close?);
        if close <= open {
            let night = "write a shift over midnight as two, one until 24:00 and one from 00:00 of the next day";
            let Written { open, close, .. } = self;
            wrong("close", format!("{close} is not later than {open}, when it opens; {night}"));
            return None;
        }
        Some((open, close))
    }
}

/// The intervals of one day in order: what touches becomes one, what overlaps is a fault.
pub(super) fn hours_of_a_day(written: Vec<Written<'_>>, found: &mut Vec<Fault>) -> Vec<(i64, i64)> {
    let mut read: Vec<(i64, i64, usize)> = Vec::with_capacity(written.len());
    for (index, interval) in written.iter().enumerate() {
        read.extend(interval.bounds(found).map(|(open, close)| (open, close, index)));
    }
    read.sort_unstable();
    let mut hours: Vec<(i64, i64)> = Vec::new();
    // The one that reaches furthest is the one that others overlap.
    let mut furthest = 0;
    for (open, close, index) in read {
        let Some(last) = hours.last_mut().filter(|last| open <= last.1) else {
            hours.push((open, close));
            furthest = index;
            continue;
        };
        if open < last.1 {
            let Written { field, day, open, close } = &written[furthest];
            let day = day.map_or(String::new(), |day| format!("{} ", day.word()));
            let other = format!("overlaps {field}, {day}{open} to {close}");
            found.push(Fault::new(format!("{}.open", written[index].field), other));
        }
        if close > last.1 {
            last.1 = close;
            furthest = index;
        }
    }
    hours
}
