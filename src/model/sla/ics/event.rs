//! A VEVENT: the properties that tell its days, and these days.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::Date;

use super::line::{self, Property};
use super::moment::{self, Moment};
use super::repeat::{Budget, Repeat};
use super::{Left, Problem, Why};
use crate::model::limits::NAME_CHARS;
use crate::model::line::kept;

/// Of one event.
pub const MAX_DAYS: i64 = 366;
/// What stands for the end of a name that is too long.
const CUT: char = '…';

/// As it is written.
#[derive(Debug, Default)]
pub struct Event {
    /// Where it begins.
    pub line: usize,
    pub uid: String,
    pub sequence: i64,
    pub cancelled: bool,
    summary: String,
    start: Option<String>,
    end: Option<String>,
    duration: Option<String>,
    rules: Vec<String>,
    also: Vec<String>,
    except: Vec<String>,
    except_rules: Vec<String>,
    /// The day of a repeated event that it stands for.
    instead_of: Option<String>,
    all_day: bool,
    /// What else it has that moves its dates.
    unread: Option<Problem>,
}

impl Event {
    pub fn begun(line: usize) -> Event {
        Event { line, ..Event::default() }
    }

    pub fn take(&mut self, property: &Property<'_>) {
        let value = property.value.trim();
        let each = || value.split(',').map(str::to_owned);
        match property.name.as_str() {
            "UID" => self.uid = value.to_owned(),
            "SEQUENCE" => self.sequence = value.parse().unwrap_or_default(),
            "SUMMARY" => self.summary = line::unescaped(value),
            "DTSTART" => self.start = Some(value.to_owned()),
            "DTEND" => self.end = Some(value.to_owned()),
            "DURATION" => self.duration = Some(value.to_owned()),
            "RRULE" => self.rules.push(value.to_owned()),
            "EXRULE" => self.except_rules.push(value.to_owned()),
            "RDATE" => self.also.extend(each()),
            "EXDATE" => self.except.extend(each()),
            "STATUS" => self.cancelled = value.eq_ignore_ascii_case("CANCELLED"),
            "RECURRENCE-ID" if property.has_parameter("RANGE") => {
                self.unread = Some(Problem::NotUnderstood("RECURRENCE-ID;RANGE"));
            }
            "RECURRENCE-ID" => self.instead_of = Some(value.to_owned()),
            "X-MICROSOFT-CDO-ALLDAYEVENT" => self.all_day = value.eq_ignore_ascii_case("TRUE"),
            "X-APPLE-SPECIAL-DAY" => match value.to_ascii_uppercase().as_str() {
                "WORK-HOLIDAY" => {}
                "ALTERNATE-WORKDAY" => self.unread = Some(Problem::WorkingDay),
                _ => self.unread = Some(Problem::NotUnderstood("this X-APPLE-SPECIAL-DAY")),
            },
            _ => {}
        }
    }

    /// '' where it has none; a long one is cut.
    pub fn name(&self) -> String {
        let seen = kept(&self.summary, usize::MAX).unwrap_or_default();
        match seen.char_indices().nth(NAME_CHARS) {
            None => seen,
            Some(_) => {
                let kept: String = seen.chars().take(NAME_CHARS - 1).collect();
                format!("{}{CUT}", kept.trim_end())
            }
        }
    }

    pub fn left(&self, date: Option<Date>, why: Why) -> Left {
        Left { line: self.line, name: self.name(), date, why }
    }

    pub fn repeats(&self) -> bool {
        !self.rules.is_empty() || !self.also.is_empty()
    }

    /// The day of the repeated event of its UID that it stands for.
    pub fn stands_for(&self) -> Result<Option<Date>, Problem> {
        self.instead_of.as_deref().map(|text| named("RECURRENCE-ID", text)).transpose()
    }

    /// Every date that it closes, at most `room` of them; of one that repeats, those within `window`. Its days in `replaced` are
    /// told by other events.
    pub fn dates(
        &self,
        window: (Date, Date),
        replaced: &BTreeSet<Date>,
        room: usize,
        budget: &mut Budget,
    ) -> Result<Vec<Date>, Problem> {
        if let Some(problem) = &self.unread {
            return Err(problem.clone());
        }
        let text = self.start.as_deref().ok_or(Problem::NoStart)?;
        let moment = Moment::parse(text).ok_or_else(|| Problem::NotADate("DTSTART", text.to_owned()))?;
        let start = moment.begins().ok_or_else(|| Problem::TimeOfDay(text.to_owned()))?;
        let length = self.length(moment, start)?;
        // What begins before the window may reach into it.
        let before = window.0.checked_sub((length as i64 - 1).days()).unwrap_or(window.0);
        let mut starts = self.starts(start, (before, window.1), budget)?;
        starts.retain(|date| !replaced.contains(date));
        if starts.len().saturating_mul(length) > room {
            return Err(Problem::TooMany);
        }
        let days = starts.into_iter().flat_map(|first| first.series(1.day()).take(length));
        let within = |day: &Date| !self.repeats() || (window.0..=window.1).contains(day);
        Ok(days.filter(within).collect())
    }

    /// The first days: the start itself, whatever the rules say, what they and RDATE add, without what is taken out.
    fn starts(&self, start: Date, window: (Date, Date), budget: &mut Budget) -> Result<BTreeSet<Date>, Problem> {
        let mut by_rules = |rules: &[String], property: &'static str| {
            let mut dates = BTreeSet::new();
            for rule in rules {
                let why = |why| Problem::Repeats { property, rule: rule.clone(), why };
                let repeat = Repeat::parse(rule, start).map_err(why)?;
                dates.extend(repeat.dates(window, budget).map_err(|_| Problem::TooFar)?);
            }
            Ok(dates)
        };
        let mut starts = by_rules(&self.rules, "RRULE")?;
        let except = by_rules(&self.except_rules, "EXRULE")?;
        starts.insert(start);
        for text in &self.also {
            starts.insert(named("RDATE", text)?);
        }
        for text in &self.except {
            starts.remove(&named("EXDATE", text)?);
        }
        Ok(starts.difference(&except).copied().collect())
    }

    /// In days.
    fn length(&self, moment: Moment, start: Date) -> Result<usize, Problem> {
        let whole = matches!(moment, Moment::Day(_)) || self.all_day;
        let days = match (&self.end, &self.duration) {
            (Some(text), _) => {
                let end = Moment::parse(text).ok_or_else(|| Problem::NotADate("DTEND", text.clone()))?;
                let end = end.ends().ok_or_else(|| Problem::TimeOfDay(text.clone()))?;
                if end < start {
                    return Err(Problem::EndsBeforeItStarts(end, start));
                }
                let days = i64::from((end - start).get_days());
                // It is exclusive; some programs write the day itself for one day.
                if whole { days.max(1) } else { days }
            }
            (None, Some(text)) => moment::days(text).ok_or_else(|| Problem::NotDays(text.clone()))?,
            (None, None) => whole.into(),
        };
        match days {
            0 => Err(Problem::TimeOfDay(self.start.clone().unwrap_or_default())),
            1..=MAX_DAYS => Ok(days as usize),
            _ => Err(Problem::TooLong),
        }
    }
}

/// A day that a property names.
fn named(property: &'static str, text: &str) -> Result<Date, Problem> {
    Moment::parse(text).and_then(Moment::names).ok_or_else(|| Problem::NotADate(property, text.trim().to_owned()))
}
