//! Import of holidays from iCalendar (RFC 5545): all-day events, each on its local dates.
//!
//! What cannot be read exactly is refused with its line, never left out: a holiday that is missing moves deadlines.

mod line;
mod repeat;

use crate::model::limits::{HOLIDAYS, NAME_CHARS};
use crate::model::line::{Flaw, kept};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use jiff::ToSpan;
use jiff::civil::Date;

use self::line::Property;
use self::repeat::Repeat;
use super::hours::Holiday;

pub const MAX_BYTES: usize = 1 << 20;
/// Of one event.
const MAX_DAYS: i64 = 366;
/// Years that are looked at for the dates of all events.
const MAX_YEARS: usize = 200_000;
/// So many are told at once.
const MAX_FAULTS: usize = 100;

/// What is wrong with a line of the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct IcsFault {
    /// From 1; of an event, where it begins.
    pub line: usize,
    pub problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("the text has {0} bytes; at most {MAX_BYTES} are read: import it in parts")]
    TooLarge(usize),
    #[error("it does not begin with BEGIN:VCALENDAR: give the whole text of an .ics file")]
    NotACalendar,
    #[error("{0:?} is no property: it must be NAME:value")]
    NotAProperty(String),
    #[error("END:{0} does not end what was begun last")]
    Unbalanced(String),
    #[error("BEGIN:{0} is never ended: the text is cut off")]
    NeverEnded(String),
    #[error("it has no all-day event, so no holiday")]
    NoEvents,
    #[error("the event has no DTSTART")]
    NoStart,
    #[error("{0} {1:?} is no date: only all-day events are holidays, as in DTSTART;VALUE=DATE:20261225")]
    NotADate(&'static str, String),
    #[error("the event ends on {0}, before it starts on {1}")]
    EndsBeforeItStarts(Date, Date),
    #[error("DURATION {0:?} is not of whole days or weeks, as in P1D")]
    NotDays(String),
    #[error("the event is longer than {MAX_DAYS} days")]
    TooLong,
    #[error("RRULE {0:?} is not understood: only FREQ=YEARLY on one day of one month is; list its dates as events")]
    Repeats(String),
    #[error("{0} is not understood: list the dates as events")]
    NotUnderstood(&'static str),
    #[error("SUMMARY {0}")]
    Name(Flaw),
    #[error("the events have more than {HOLIDAYS} days up to here")]
    TooMany,
    #[error(
        "the events repeat over more than {MAX_YEARS} years in all up to here: let them start later, without COUNT"
    )]
    TooFar,
}

impl Problem {
    fn at(self, line: usize) -> IcsFault {
        IcsFault { line, problem: self }
    }
}

/// The holidays of an .ics text, in order, each date once. Of events that repeat, what falls into these years; an event
/// of several days is as many holidays; cancelled ones are none.
pub fn holidays(text: &str, repeated_in: RangeInclusive<i16>) -> Result<Vec<Holiday>, Vec<IcsFault>> {
    if text.len() > MAX_BYTES {
        return Err(vec![Problem::TooLarge(text.len()).at(1)]);
    }
    let (events, mut found) = read_events(text);
    let mut days: BTreeMap<Date, String> = BTreeMap::new();
    let (mut room, mut years) = (HOLIDAYS, MAX_YEARS);
    for (line, event) in &events {
        let named = event.name().and_then(|name| Ok((event.dates(&repeated_in, room, &mut years)?, name)));
        match named {
            Err(problem @ (Problem::TooMany | Problem::TooFar)) => {
                found.push(problem.at(*line));
                break;
            }
            Ok((dates, name)) => {
                room -= dates.len();
                dates.into_iter().for_each(|date| put_name(days.entry(date).or_default(), &name));
            }
            Err(problem) => found.push(problem.at(*line)),
        }
    }
    if found.is_empty() && events.is_empty() {
        found.push(Problem::NoEvents.at(1));
    }
    if !found.is_empty() {
        found.truncate(MAX_FAULTS);
        return Err(found);
    }
    Ok(days.into_iter().map(|(date, name)| Holiday { date: date.to_string(), name }).collect())
}

/// A VEVENT's properties that matter here, as they are written.
#[derive(Debug, Default)]
struct Event {
    summary: String,
    start: Option<String>,
    end: Option<String>,
    duration: Option<String>,
    rule: Option<String>,
    except: Vec<String>,
    cancelled: bool,
    /// What it has and nothing here reads, though it moves dates.
    unread: Option<&'static str>,
}

fn read_events(text: &str) -> (Vec<(usize, Event)>, Vec<IcsFault>) {
    let (mut events, mut found) = (Vec::new(), Vec::new());
    // What is open, outermost first, and where it began.
    let mut open: Vec<(String, usize)> = Vec::new();
    for (number, content) in line::unfolded(text) {
        let Some(property) = Property::parse(&content) else {
            found.push(Problem::NotAProperty(content.chars().take(40).collect()).at(number));
            continue;
        };
        let begins = property.name == "BEGIN";
        if open.is_empty() && !(begins && property.word() == "VCALENDAR") {
            found.push(Problem::NotACalendar.at(number));
            return (events, found);
        }
        if begins {
            open.push((property.word(), number));
            if property.word() == "VEVENT" {
                events.push((number, Event::default()));
            }
        } else if property.name == "END" {
            let (begun, _) = open.pop().unwrap_or_default();
            if begun != property.word() {
                found.push(Problem::Unbalanced(property.word()).at(number));
                return (events, found);
            }
        } else if open.last().is_some_and(|(name, _)| name == "VEVENT")
            && let Some((_, event)) = events.last_mut()
        {
            event.take(property);
        }
    }
    if let Some((name, number)) = open.pop() {
        found.push(Problem::NeverEnded(name).at(number));
    } else if text.trim().is_empty() {
        found.push(Problem::NotACalendar.at(1));
    }
    (events, found)
}

impl Event {
    fn take(&mut self, property: Property<'_>) {
        let value = property.value.trim();
        match property.name.as_str() {
            "SUMMARY" => self.summary = line::unescaped(value),
            "DTSTART" => self.start = Some(value.to_owned()),
            "DTEND" => self.end = Some(value.to_owned()),
            "DURATION" => self.duration = Some(value.to_owned()),
            "RRULE" if self.rule.is_some() => self.unread = Some("a second RRULE"),
            "RRULE" => self.rule = Some(value.to_owned()),
            "EXDATE" => self.except.extend(value.split(',').map(str::to_owned)),
            "STATUS" => self.cancelled = value.eq_ignore_ascii_case("CANCELLED"),
            "RDATE" => self.unread = Some("RDATE"),
            "RECURRENCE-ID" => self.unread = Some("RECURRENCE-ID"),
            _ => {}
        }
    }

    /// '' where it has none, or none that can be seen.
    fn name(&self) -> Result<String, Problem> {
        match kept(&self.summary, NAME_CHARS) {
            Err(Flaw::Blank) => Ok(String::new()),
            name => name.map_err(Problem::Name),
        }
    }

    /// Every date that it closes, at most `room` of them. `years`: see [`Repeat::dates`].
    fn dates(&self, repeated_in: &RangeInclusive<i16>, room: usize, years: &mut usize) -> Result<Vec<Date>, Problem> {
        if let Some(what) = self.unread {
            return Err(Problem::NotUnderstood(what));
        }
        if self.cancelled {
            return Ok(Vec::new());
        }
        let start = date_of("DTSTART", self.start.as_deref().ok_or(Problem::NoStart)?)?;
        let length = self.length(start)?;
        let except: BTreeSet<Date> =
            self.except.iter().map(|text| date_of("EXDATE", text)).collect::<Result<_, _>>()?;
        let starts = match &self.rule {
            Some(rule) => {
                let repeat = Repeat::parse(rule, start).ok_or_else(|| Problem::Repeats(rule.clone()))?;
                repeat.dates(start, repeated_in, years).ok_or(Problem::TooFar)?
            }
            None => vec![start],
        };
        let starts: Vec<Date> = starts.into_iter().filter(|first| !except.contains(first)).collect();
        if starts.len().saturating_mul(length) > room {
            return Err(Problem::TooMany);
        }
        Ok(starts.into_iter().flat_map(|first| first.series(1.day()).take(length)).collect())
    }

    /// In days.
    fn length(&self, start: Date) -> Result<usize, Problem> {
        let days = match (&self.end, &self.duration) {
            (Some(end), _) => {
                let end = date_of("DTEND", end)?;
                if end < start {
                    return Err(Problem::EndsBeforeItStarts(end, start));
                }
                // It is exclusive; some programs write the day itself for one day.
                (end - start).get_days().max(1).into()
            }
            (None, Some(text)) => line::days(text).ok_or_else(|| Problem::NotDays(text.clone()))?,
            (None, None) => 1,
        };
        match days {
            1..=MAX_DAYS => Ok(days as usize),
            _ => Err(Problem::TooLong),
        }
    }
}

/// `20261225`; a time after it is not of a day.
fn date_of(property: &'static str, text: &str) -> Result<Date, Problem> {
    line::date(text).ok_or_else(|| Problem::NotADate(property, text.to_owned()))
}

/// A date that two events name has both names, as far as there is room.
fn put_name(name: &mut String, other: &str) {
    if name.is_empty() {
        *name = other.to_owned();
    } else if !other.is_empty() && !name.split(" / ").any(|part| part == other) {
        let both = format!("{name} / {other}");
        if both.chars().count() <= NAME_CHARS {
            *name = both;
        }
    }
}

#[cfg(test)]
mod tests;
