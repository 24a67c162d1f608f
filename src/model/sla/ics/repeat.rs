//! Recurrence rules of whole days (RFC 5545, 3.3.10): a rule is a frame (a year, a month, a week, a day) and tests on its days.

use std::collections::BTreeSet;

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan, Unit};

use super::moment::Moment;

/// Days that are looked at, which all events of an import share.
pub struct Budget(pub u32);

impl Budget {
    fn spend(&mut self, days: u32) -> Result<(), TooFar> {
        self.0 = self.0.checked_sub(days).ok_or(TooFar)?;
        Ok(())
    }
}

/// The rule has no end within what may be looked at.
#[derive(Debug)]
pub struct TooFar;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frame {
    Year,
    Month,
    Week,
    Day,
}

/// One rule of an event that begins on `start`.
#[derive(Clone, Debug)]
pub struct Repeat {
    start: Date,
    frame: Frame,
    /// In frames.
    interval: i32,
    count: Option<u32>,
    /// Inclusive.
    until: Option<Date>,
    months: Vec<i32>,
    year_days: Vec<i32>,
    month_days: Vec<i32>,
    /// 0: every such weekday of the frame; else the nth, -1 the last.
    weekdays: Vec<(i32, Weekday)>,
    positions: Vec<i32>,
    week_start: Weekday,
}

impl Repeat {
    /// # Errors
    /// What of it is not understood, and that nothing else is.
    pub fn parse(rule: &str, start: Date) -> Result<Repeat, String> {
        let mut repeat = Repeat {
            start,
            frame: Frame::Day,
            interval: 1,
            count: None,
            until: None,
            months: Vec::new(),
            year_days: Vec::new(),
            month_days: Vec::new(),
            weekdays: Vec::new(),
            positions: Vec::new(),
            week_start: Weekday::Monday,
        };
        let mut seen: Vec<String> = Vec::new();
        for part in rule.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or_else(|| format!("{part:?} is not NAME=value"))?;
            let name = name.trim().to_ascii_uppercase();
            if seen.contains(&name) {
                return Err(format!("{name} stands there twice"));
            }
            repeat.take(&name, value.trim())?;
            seen.push(name);
        }
        if !seen.iter().any(|name| name == "FREQ") {
            return Err("it has no FREQ".to_owned());
        }
        repeat.complete()
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        let wrong = || format!("{name}={value} is not understood");
        let list = |least: i32, most: i32| numbers(value, least, most).ok_or_else(wrong);
        let number = |most: u32| value.parse().ok().filter(|n| (1..=most).contains(n)).ok_or_else(wrong);
        match name {
            "FREQ" => {
                self.frame = match value.to_ascii_uppercase().as_str() {
                    "YEARLY" => Frame::Year,
                    "MONTHLY" => Frame::Month,
                    "WEEKLY" => Frame::Week,
                    "DAILY" => Frame::Day,
                    _ => return Err(format!("{name}={value} is not of whole days")),
                }
            }
            "INTERVAL" => self.interval = number(10_000)? as i32,
            "COUNT" => self.count = Some(number(1_000_000)?),
            "UNTIL" => self.until = Some(Moment::parse(value).and_then(Moment::until).ok_or_else(wrong)?),
            "BYMONTH" => self.months = list(1, 12)?,
            "BYMONTHDAY" => self.month_days = list(-31, 31)?,
            "BYYEARDAY" => self.year_days = list(-366, 366)?,
            "BYSETPOS" => self.positions = list(-366, 366)?,
            "BYDAY" => self.weekdays = value.split(',').map(nth_weekday).collect::<Option<_>>().ok_or_else(wrong)?,
            "WKST" => self.week_start = weekday(value).ok_or_else(wrong)?,
            _ => return Err(format!("{name} is not understood")),
        }
        Ok(())
    }

    /// With the days that the start gives where the rule names none; refuses what has no meaning.
    fn complete(mut self) -> Result<Repeat, String> {
        let refused = |what: &str| Err(format!("{what} has no meaning here"));
        if !self.year_days.is_empty() && self.frame != Frame::Year {
            return refused("BYYEARDAY");
        }
        if !self.month_days.is_empty() && self.frame == Frame::Week {
            return refused("BYMONTHDAY");
        }
        if matches!(self.frame, Frame::Week | Frame::Day) && self.weekdays.iter().any(|(nth, _)| *nth != 0) {
            return refused("a number in BYDAY");
        }
        let none = self.year_days.is_empty() && self.month_days.is_empty() && self.weekdays.is_empty();
        if !self.positions.is_empty() && none && self.months.is_empty() {
            return refused("BYSETPOS without another BY");
        }
        match self.frame {
            Frame::Year if none => {
                if self.months.is_empty() {
                    self.months.push(self.start.month().into());
                }
                self.month_days.push(self.start.day().into());
            }
            Frame::Month if none => self.month_days.push(self.start.day().into()),
            Frame::Week if none => self.weekdays.push((0, self.start.weekday())),
            Frame::Year | Frame::Month | Frame::Week | Frame::Day => {}
        }
        Ok(self)
    }

    /// Its dates within [first, last], none before the start.
    pub fn dates(&self, (first, last): (Date, Date), budget: &mut Budget) -> Result<Vec<Date>, TooFar> {
        let last = self.until.map_or(last, |until| until.min(last));
        let (mut found, mut count) = (Vec::new(), self.count);
        let mut number = self.frames_before(first);
        // A frame that ends after the last year there is, ends there.
        while let Some(begin) = self.frame_at(number).filter(|begin| *begin <= last) {
            for date in self.within(begin, budget)?.into_iter().filter(|date| *date >= self.start) {
                if date > last || count == Some(0) {
                    return Ok(found);
                }
                count = count.map(|count| count - 1);
                if date >= first {
                    found.push(date);
                }
            }
            number += 1;
        }
        Ok(found)
    }

    /// How many frames can be left out: without a count, those before the first day asked for do not matter.
    fn frames_before(&self, first: Date) -> i32 {
        if self.count.is_some() || first <= self.start {
            return 0;
        }
        let days = || self.start.until((Unit::Day, first)).map_or(0, |span| span.get_days());
        let years = || i32::from(first.year()) - i32::from(self.start.year());
        let frames = match self.frame {
            Frame::Year => years(),
            Frame::Month => years() * 12 + i32::from(first.month()) - i32::from(self.start.month()),
            Frame::Week => days() / 7,
            Frame::Day => days(),
        };
        (frames / self.interval - 1).max(0)
    }

    /// Where the frame with this number begins.
    fn frame_at(&self, number: i32) -> Option<Date> {
        let frames = self.interval.checked_mul(number)?;
        let (begin, step): (Date, Span) = match self.frame {
            Frame::Year => (self.start.first_of_year(), Span::new().try_years(frames).ok()?),
            Frame::Month => (self.start.first_of_month(), Span::new().try_months(frames).ok()?),
            Frame::Week => {
                let after = self.start.weekday().since(self.week_start);
                // The first week of all is cut off.
                let begin = self.start.checked_sub(i32::from(after).days()).unwrap_or(self.start);
                (begin, Span::new().try_weeks(frames).ok()?)
            }
            Frame::Day => (self.start, Span::new().try_days(frames).ok()?),
        };
        begin.checked_add(step).ok()
    }

    /// The dates of the frame that begins here, in order.
    fn within(&self, begin: Date, budget: &mut Budget) -> Result<Vec<Date>, TooFar> {
        let mut dates = Vec::new();
        // A frame costs as much as some days, whether any of its days is looked at or not.
        budget.spend(16)?;
        for part in self.parts(begin) {
            let days = self.days_of(&part);
            budget.spend(days.len() as u32)?;
            dates.extend(days.into_iter().filter(|day| self.has(*day)));
        }
        if !self.positions.is_empty() {
            let all = dates.len() as i32;
            let mut at = 0;
            dates.retain(|_| {
                at += 1;
                self.positions.contains(&at) || self.positions.contains(&(at - all - 1))
            });
        }
        Ok(dates)
    }

    /// The frame in pieces within one month each; of months that the rule does not name, none.
    fn parts(&self, begin: Date) -> impl Iterator<Item = Part> {
        let names = |date: Date| self.months.is_empty() || self.months.contains(&i32::from(date.month()));
        let month = |date: Date| Part { first: date, len: date.days_in_month() as u32 };
        let parts: Vec<Part> = match self.frame {
            Frame::Year => (1..=12).filter_map(|month| Date::new(begin.year(), month, 1).ok()).map(month).collect(),
            Frame::Month => vec![month(begin)],
            Frame::Week => begin.series(1.day()).take(7).map(|first| Part { first, len: 1 }).collect(),
            Frame::Day => vec![Part { first: begin, len: 1 }],
        };
        parts.into_iter().filter(move |part| names(part.first))
    }

    /// The days to look at: of a month whose days are named, those alone.
    fn days_of(&self, part: &Part) -> Vec<Date> {
        let all = || part.first.series(1.day()).take(part.len as usize).collect();
        if part.len == 1 || self.month_days.is_empty() {
            return all();
        }
        let named = |day: &i32| if *day < 0 { part.len as i32 + 1 + day } else { *day };
        let numbers: BTreeSet<i32> = self.month_days.iter().map(named).collect();
        let date = |day: i32| Date::new(part.first.year(), part.first.month(), i8::try_from(day).ok()?).ok();
        numbers.into_iter().filter_map(date).collect()
    }

    fn has(&self, day: Date) -> bool {
        let (month, year) = (i32::from(day.days_in_month()), i32::from(day.days_in_year()));
        let is = |wanted: &[i32], at: i32, of: i32| {
            wanted.is_empty() || wanted.contains(&at) || wanted.contains(&(at - of - 1))
        };
        let (of_month, of_year) = (i32::from(day.day()), i32::from(day.day_of_year()));
        // In a year whose months are named, the nth weekday is that of the month.
        let (at, of) = match self.frame {
            Frame::Year if self.months.is_empty() => (of_year, year),
            Frame::Year | Frame::Month | Frame::Week | Frame::Day => (of_month, month),
        };
        let weekday = |(nth, weekday): &(i32, Weekday)| {
            *weekday == day.weekday() && (*nth == 0 || *nth == (at - 1) / 7 + 1 || *nth == -((of - at) / 7 + 1))
        };
        is(&self.month_days, of_month, month)
            && is(&self.year_days, of_year, year)
            && (self.weekdays.is_empty() || self.weekdays.iter().any(weekday))
    }
}

/// Days of one month.
struct Part {
    first: Date,
    len: u32,
}

fn numbers(text: &str, least: i32, most: i32) -> Option<Vec<i32>> {
    let read = |number: &str| number.trim().parse().ok().filter(|n: &i32| *n != 0 && (least..=most).contains(n));
    text.split(',').map(read).collect()
}

/// `4TH`: the fourth Thursday; `-1MO`: the last Monday; `SU`: every Sunday.
fn nth_weekday(text: &str) -> Option<(i32, Weekday)> {
    let text = text.trim();
    let (nth, day) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let nth = match nth {
        "" => 0,
        nth => nth.parse().ok().filter(|n: &i32| *n != 0 && (-53..=53).contains(n))?,
    };
    Some((nth, weekday(day)?))
}

fn weekday(text: &str) -> Option<Weekday> {
    Some(match text.trim().to_ascii_uppercase().as_str() {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    })
}
