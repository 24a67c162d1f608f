//! Recurrence rules of holidays: yearly, on a day of a month or on a weekday of one.

use std::ops::RangeInclusive;

use jiff::civil::{Date, Weekday};

use super::line;

/// `FREQ=YEARLY`, with or without a day by which it is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// In years.
    interval: i16,
    count: Option<u32>,
    /// Inclusive.
    until: Option<Date>,
    on: On,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum On {
    /// A month and a day of it. 29 February is in leap years only.
    Day(i8, i8),
    /// The nth of a weekday in a month; -1 = the last.
    Nth(i8, i8, Weekday),
}

impl Repeat {
    /// `None` where anything of it is not understood.
    pub fn parse(rule: &str, start: Date) -> Option<Repeat> {
        let (mut yearly, mut interval, mut count, mut until) = (false, 1, None, None);
        let (mut month, mut day_of_month, mut weekday) = (None, None, None);
        for part in rule.split(';').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=')?;
            match name.to_ascii_uppercase().as_str() {
                "FREQ" => yearly = value.eq_ignore_ascii_case("YEARLY"),
                "INTERVAL" => interval = value.parse().ok().filter(|n| (1..=1_000).contains(n))?,
                "COUNT" => count = Some(value.parse().ok().filter(|n| *n > 0)?),
                // It may have a time of day.
                "UNTIL" => until = Some(line::date_of_time(value)?),
                "BYMONTH" => month = Some(value.parse().ok().filter(|n| (1..=12).contains(n))?),
                "BYMONTHDAY" => day_of_month = Some(value.parse().ok().filter(|n| (1..=31).contains(n))?),
                "BYDAY" => weekday = Some(nth_weekday(value)?),
                // Where weeks begin matters to no rule here.
                "WKST" => {}
                _ => return None,
            }
        }
        let on = match (month, day_of_month, weekday) {
            (None, None, None) => On::Day(start.month(), start.day()),
            (Some(month), day, None) => On::Day(month, day.unwrap_or(start.day())),
            (None, Some(_), None) => return None,
            (Some(month), None, Some((nth, weekday))) => On::Nth(month, nth, weekday),
            (_, _, Some(_)) => return None,
        };
        yearly.then_some(Repeat { interval, count, until, on })
    }

    /// Its dates within these years, the first of them not before `start`. `None`: they lie further from `start` than there is
    /// `room` for years to look at, which all events of an import share.
    pub fn dates(&self, start: Date, years: &RangeInclusive<i16>, room: &mut usize) -> Option<Vec<Date>> {
        let mut dates = Vec::new();
        let mut seen = 0;
        for year in (self.first(start, years)..=*years.end()).step_by(self.interval.unsigned_abs().into()) {
            *room = room.checked_sub(1)?;
            let Some(date) = self.on.in_year(year).filter(|date| *date >= start) else { continue };
            seen += 1;
            if self.count.is_some_and(|count| seen > count) || self.until.is_some_and(|until| date > until) {
                break;
            }
            if years.contains(&year) {
                dates.push(date);
            }
        }
        Some(dates)
    }

    /// The first year to look at: without a count, what is before the years asked for does not matter.
    fn first(&self, start: Date, years: &RangeInclusive<i16>) -> i16 {
        let before = years.start().saturating_sub(start.year());
        match self.count {
            None if before > 0 => start.year() + before / self.interval * self.interval,
            _ => start.year(),
        }
    }
}

impl On {
    fn in_year(self, year: i16) -> Option<Date> {
        match self {
            On::Day(month, day) => Date::new(year, month, day).ok(),
            On::Nth(month, nth, weekday) => Date::new(year, month, 1).ok()?.nth_weekday_of_month(nth, weekday).ok(),
        }
    }
}

/// `4TH`: the fourth Thursday. `-1MO`: the last Monday. One only.
fn nth_weekday(text: &str) -> Option<(i8, Weekday)> {
    let (nth, day) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let weekday = match day.to_ascii_uppercase().as_str() {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    };
    let nth = nth.parse().ok().filter(|n| (1..=5).contains(n) || (-5..=-1).contains(n))?;
    Some((nth, weekday))
}
