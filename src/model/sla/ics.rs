//! Import of holidays from iCalendar (RFC 5545): all-day events, each on its local dates.
//!
//! What cannot be read exactly is refused with its line, never left out: a holiday that is missing moves deadlines. What is left out
//! on purpose is told.

mod event;
mod line;
mod moment;
mod repeat;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use jiff::civil::Date;

use self::event::{Event, MAX_DAYS};
use self::line::Property;
use self::repeat::Budget;
use super::hours::Holiday;
use crate::model::fold::fold;
use crate::model::limits::{HOLIDAYS, NAME_CHARS};

pub const MAX_BYTES: usize = 1 << 20;
/// Days that are looked at for the dates of all events that repeat.
const MAX_LOOKS: u32 = 4_000_000;
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
    #[error("it is not UTF-8: save the file as UTF-8")]
    NotUtf8,
    #[error("it does not begin with BEGIN:VCALENDAR: give the whole text of an .ics file")]
    NotACalendar,
    #[error("{0:?} is no property: it must be NAME:value")]
    NotAProperty(String),
    #[error("END:{0} does not end what was begun last")]
    Unbalanced(String),
    #[error("BEGIN:{0} is never ended: the text is cut off")]
    NeverEnded(String),
    #[error("it has no event, so no holiday")]
    NoEvents,
    #[error("the event has no DTSTART")]
    NoStart,
    #[error("{0} {1:?} is no date: write a day that exists, as in {0};VALUE=DATE:20261225")]
    NotADate(&'static str, String),
    #[error(
        "{0:?} is a time of day: only all-day events are holidays, as in DTSTART;VALUE=DATE:20261225; keep it out with exclude"
    )]
    TimeOfDay(String),
    #[error("the event ends on {0}, before it starts on {1}")]
    EndsBeforeItStarts(Date, Date),
    #[error("DURATION {0:?} is not of whole days or weeks, as in P1D")]
    NotDays(String),
    #[error("the event is longer than {MAX_DAYS} days")]
    TooLong,
    #[error("{property} {rule:?}: {why}; list its dates as events")]
    Repeats { property: &'static str, rule: String, why: String },
    #[error("{0} is not understood: list the dates as events, or keep it out with exclude")]
    NotUnderstood(&'static str),
    #[error(
        "the event makes a day off a working day (X-APPLE-SPECIAL-DAY), and has no hours: write a special date, and keep it out with exclude"
    )]
    WorkingDay,
    #[error("the events have more than {HOLIDAYS} days up to here")]
    TooMany,
    #[error("the events repeat over more than {MAX_LOOKS} days in all up to here: let them start later, without COUNT")]
    TooFar,
}

impl Problem {
    fn at(self, line: usize) -> IcsFault {
        IcsFault { line, problem: self }
    }
}

/// Why something of the text is no holiday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The request names it in `exclude`.
    Excluded,
    /// STATUS:CANCELLED.
    Cancelled,
    /// A later revision of the event stands in the text.
    Superseded,
    /// A repeated event without a day in the years asked for.
    OutsideYears,
    /// A component other than an event, such as VTODO.
    NoEvent,
}

/// What was left out on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    pub line: usize,
    /// Of the event; of another component, its word.
    pub name: String,
    /// The one day that is left out; `None`: the whole event.
    pub date: Option<Date>,
    pub why: Why,
}

/// What to read.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Of events that repeat, what falls into these years.
    pub years: RangeInclusive<i16>,
    /// Names, whatever their case, and dates (`2026-12-24`) that are kept out.
    pub exclude: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// In order, each date once.
    pub taken: Vec<Holiday>,
    pub left: Vec<Left>,
}

/// The holidays of an .ics text; an event of several days is as many holidays.
///
/// # Errors
/// Everything that cannot be read exactly, the first hundred of it.
pub fn holidays(text: &[u8], wanted: &Wanted) -> Result<Imported, Vec<IcsFault>> {
    if text.len() > MAX_BYTES {
        return Err(vec![Problem::TooLarge(text.len()).at(1)]);
    }
    let (events, mut left, mut found) = read_events(text);
    if found.is_empty() && events.is_empty() {
        found.push(Problem::NoEvents.at(1));
    }
    let mut reading =
        Reading { wanted: Excluding::of(wanted), days: BTreeMap::new(), room: HOLIDAYS, budget: Budget(MAX_LOOKS) };
    let unread = found.len();
    let Revised { events, replaced } = revised(events, &reading.wanted, &mut left, &mut found);
    let none = BTreeSet::new();
    for (day, event) in &events {
        // What stands for a day of another is told by itself.
        let replaced = replaced.get(&event.uid).filter(|_| day.is_none()).unwrap_or(&none);
        match reading.read(event, replaced) {
            Ok(more) => left.extend(more),
            Err(problem) => {
                let last = matches!(problem, Problem::TooMany | Problem::TooFar);
                found.push(problem.at(event.line));
                if last {
                    break;
                }
            }
        }
    }
    if !found.is_empty() {
        found[unread..].sort_by_key(|fault| fault.line);
        found.truncate(MAX_FAULTS);
        return Err(found);
    }
    left.sort_by_key(|left| (left.line, left.date));
    let taken = reading.days.into_iter().map(|(date, name)| Holiday { date: date.to_string(), name }).collect();
    Ok(Imported { taken, left })
}

/// The newest revisions of all events.
struct Revised {
    /// Each with the day of a repeated one that it stands for.
    events: Vec<(Option<Date>, Event)>,
    /// These days, by the UID.
    replaced: BTreeMap<String, BTreeSet<Date>>,
}

fn revised(events: Vec<Event>, wanted: &Excluding, left: &mut Vec<Left>, found: &mut Vec<IcsFault>) -> Revised {
    let mut newest: BTreeMap<(String, Option<Date>), i64> = BTreeMap::new();
    let mut read = Vec::with_capacity(events.len());
    for event in events {
        match event.stands_for() {
            Ok(day) => {
                let at = newest.entry((event.uid.clone(), day)).or_insert(event.sequence);
                *at = event.sequence.max(*at);
                read.push((day, event));
            }
            // Nothing is read of it.
            Err(_) if wanted.names(&event.name()) => left.push(event.left(None, Why::Excluded)),
            Err(problem) => found.push(problem.at(event.line)),
        }
    }
    let mut replaced: BTreeMap<String, BTreeSet<Date>> = BTreeMap::new();
    let mut current = Vec::with_capacity(read.len());
    for (day, event) in read {
        // Without a UID, each is an event of its own.
        if !event.uid.is_empty() && newest.get(&(event.uid.clone(), day)).is_some_and(|at| event.sequence < *at) {
            left.push(event.left(None, Why::Superseded));
            continue;
        }
        if let Some(day) = day {
            replaced.entry(event.uid.clone()).or_default().insert(day);
        }
        current.push((day, event));
    }
    Revised { events: current, replaced }
}

/// Names and dates that are kept out.
struct Excluding {
    window: (Date, Date),
    names: BTreeSet<String>,
    dates: BTreeSet<Date>,
}

impl Excluding {
    fn of(wanted: &Wanted) -> Excluding {
        let date = |text: &String| super::hours::parse_date(text.trim());
        Excluding {
            window: (Date::constant(*wanted.years.start(), 1, 1), Date::constant(*wanted.years.end(), 12, 31)),
            names: wanted.exclude.iter().filter(|text| date(text).is_none()).map(|name| folded(name)).collect(),
            dates: wanted.exclude.iter().filter_map(date).collect(),
        }
    }

    fn names(&self, name: &str) -> bool {
        self.names.contains(&folded(name))
    }
}

fn folded(name: &str) -> String {
    fold(name.trim()).into_owned()
}

struct Reading {
    wanted: Excluding,
    days: BTreeMap<Date, String>,
    /// Days that more events may have.
    room: usize,
    budget: Budget,
}

impl Reading {
    /// Takes the days of an event; what of it is left out.
    fn read(&mut self, event: &Event, replaced: &BTreeSet<Date>) -> Result<Vec<Left>, Problem> {
        let name = event.name();
        if self.wanted.names(&name) {
            return Ok(vec![event.left(None, Why::Excluded)]);
        }
        if event.cancelled {
            return Ok(vec![event.left(None, Why::Cancelled)]);
        }
        let dates = event.dates(self.wanted.window, replaced, self.room, &mut self.budget)?;
        self.room -= dates.len();
        if dates.is_empty() {
            return Ok(vec![event.left(None, Why::OutsideYears)]);
        }
        let (out, taken): (Vec<Date>, Vec<Date>) = dates.into_iter().partition(|date| self.wanted.dates.contains(date));
        taken.into_iter().for_each(|date| put_name(self.days.entry(date).or_default(), &name));
        Ok(out.into_iter().map(|date| event.left(Some(date), Why::Excluded)).collect())
    }
}

fn read_events(text: &[u8]) -> (Vec<Event>, Vec<Left>, Vec<IcsFault>) {
    let (mut events, mut left, mut found) = (Vec::new(), Vec::new(), Vec::new());
    // What is open, outermost first, and where it began.
    let mut open: Vec<(String, usize)> = Vec::new();
    let lines = line::unfolded(text);
    if lines.is_empty() {
        found.push(Problem::NotACalendar.at(1));
    }
    for (number, content) in lines {
        let Ok(content) = String::from_utf8(content) else {
            found.push(Problem::NotUtf8.at(number));
            continue;
        };
        let Some(property) = Property::parse(&content) else {
            found.push(Problem::NotAProperty(content.chars().take(40).collect()).at(number));
            continue;
        };
        let begins = property.name == "BEGIN";
        if open.is_empty() && !(begins && property.word() == "VCALENDAR") {
            found.push(Problem::NotACalendar.at(number));
            return (events, left, found);
        }
        if begins {
            let word = property.word();
            match word.as_str() {
                "VEVENT" => events.push(Event::begun(number)),
                "VTODO" | "VJOURNAL" | "VFREEBUSY" => {
                    left.push(Left { line: number, name: word.clone(), date: None, why: Why::NoEvent });
                }
                _ => {}
            }
            open.push((word, number));
        } else if property.name == "END" {
            let (begun, _) = open.pop().unwrap_or_default();
            if begun != property.word() {
                found.push(Problem::Unbalanced(property.word()).at(number));
                return (events, left, found);
            }
        } else if open.last().is_some_and(|(name, _)| name == "VEVENT")
            && let Some(event) = events.last_mut()
        {
            event.take(&property);
        }
    }
    if let Some((name, number)) = open.pop() {
        found.push(Problem::NeverEnded(name).at(number));
    }
    (events, left, found)
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
