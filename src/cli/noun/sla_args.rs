//! Policies and calendars, as a command line writes them.

use std::str::FromStr;

use clap::Args;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::args::{Words, text};
use super::registry::Kept;
use crate::cli::error::CliError;
use crate::cli::session::written;
use crate::cli::show::Kind;
use crate::cli::show::kind::{CALENDAR, SLA_POLICY};
use crate::model::sla::hours::Day;
use crate::model::words::{
    CountsAsResponse, OnPriorityChange, OnReopen, Priority, SlaPolicyStatus, Status, TicketType,
};

#[derive(Debug, Args, Serialize)]
pub(super) struct Import {
    /// The text; - reads it from standard input, @FILE from a file
    ics: String,
    /// Of events that repeat, the days from this year on [default: this year]
    #[arg(long, value_name = "YEAR")]
    first_year: Option<i32>,
    /// And up to this one [default: ten years later]
    #[arg(long, value_name = "YEAR")]
    last_year: Option<i32>,
}

#[derive(Debug, Args, Serialize)]
pub(super) struct Policy {
    /// How people call it, unique in the tenant
    #[arg(long)]
    name: Option<String>,
    #[arg(long)]
    description: Option<String>,
    #[arg(long, value_parser = Words(SlaPolicyStatus::WORDS))]
    status: Option<String>,
    /// Types of tickets that it is for [default: all]; may be given again, or several with commas
    #[arg(long = "type", value_delimiter = ',', value_parser = Words(TicketType::WORDS))]
    applies_to: Vec<String>,
    #[arg(long, value_parser = Words(Priority::WORDS))]
    priority: Option<String>,
    /// Whose tickets it is for; '' for any team's
    #[arg(long = "team", value_name = "ID")]
    team_id: Option<String>,
    /// Which tickets it is for: "organization.tier == 'Enterprise'"
    #[arg(long = "match", value_name = "CEL")]
    #[serde(rename = "match")]
    condition: Option<String>,
    /// Its place among those with a match; lower ones are asked first
    #[arg(long, value_name = "N")]
    position: Option<i32>,
    /// Minutes until the first answer
    #[arg(long, value_name = "MINUTES", visible_alias = "first-response-mins")]
    first_response_minutes: Option<i32>,
    /// Minutes until each later answer
    #[arg(long, value_name = "MINUTES", visible_alias = "next-response-mins")]
    next_response_minutes: Option<i32>,
    /// Minutes until it is resolved
    #[arg(long, value_name = "MINUTES", visible_alias = "resolution-mins")]
    resolution_minutes: Option<i32>,
    /// The calendar whose hours count: its id or its name [default: the tenant's]
    #[arg(long = "calendar", value_name = "CALENDAR")]
    calendar_id: Option<String>,
    /// Whether only the calendar's hours count
    #[arg(long, value_parser = ["true", "false"], num_args = 0..=1, default_missing_value = "true")]
    business_hours_only: Option<String>,
    /// States in which the time does not run [default: on-hold]; may be given again, or several with commas
    #[arg(long, value_delimiter = ',', value_parser = Words(Status::WORDS))]
    pause_on: Vec<String>,
    /// When to warn: 80% of the target, 1h before it; may be given again, or several with commas
    #[arg(long, value_name = "WHEN", value_delimiter = ',')]
    warn_at: Vec<String>,
    #[arg(long, value_parser = Words(OnPriorityChange::WORDS))]
    on_priority_change: Option<String>,
    #[arg(long, value_parser = Words(OnReopen::WORDS))]
    on_reopen: Option<String>,
    /// What answers a requester
    #[arg(long, value_parser = Words(CountsAsResponse::WORDS))]
    counts_as_response: Option<String>,
}

#[derive(Debug, Args, Serialize)]
pub(super) struct Calendar {
    /// How people call it, unique in the tenant
    #[arg(long)]
    name: Option<String>,
    /// Europe/Berlin
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// "mon-fri 09:00-17:00"; may be given again; replaces all
    #[arg(long = "hours", value_name = "DAYS HOURS")]
    #[serde(serialize_with = "intervals")]
    weekly: Vec<Weekly>,
    /// 2026-12-25, or with its name 2026-12-25=Christmas; may be given again; replaces all
    #[arg(long = "holiday", value_name = "DATE[=NAME]")]
    holidays: Vec<Holiday>,
}

/// The same hours on some days.
#[derive(Clone, Debug)]
struct Weekly {
    days: Vec<Day>,
    open: String,
    close: String,
}

impl FromStr for Weekly {
    type Err = String;

    fn from_str(text: &str) -> Result<Weekly, String> {
        const HOW: &str = "write days and hours: \"mon-fri 09:00-17:00\", \"sat,sun 10:00-14:00\"";
        let (days, hours) = text.trim().split_once(' ').ok_or(HOW)?;
        let (open, close) = hours.trim().split_once('-').ok_or(HOW)?;
        let mut all = Vec::new();
        for part in days.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (day(first).ok_or(HOW)?, day(last).ok_or(HOW)?);
            // Sat-Mon is three days.
            let count = (7 + last as usize - first as usize) % 7;
            all.extend((0..=count).map(|n| Day::ALL[(first as usize + n) % 7]));
        }
        Ok(Weekly { days: all, open: open.trim().to_owned(), close: close.trim().to_owned() })
    }
}

/// By three letters or more of its name.
fn day(text: &str) -> Option<Day> {
    let wanted = text.trim().to_ascii_uppercase();
    Day::ALL.into_iter().find(|day| wanted.len() >= 3 && day.word().starts_with(&wanted))
}

fn intervals<S: Serializer>(weekly: &[Weekly], serializer: S) -> Result<S::Ok, S::Error> {
    let of = |Weekly { days, open, close }: &Weekly| {
        days.iter().map(|day| json!({"day": day.word(), "open": open, "close": close})).collect::<Vec<_>>()
    };
    weekly.iter().flat_map(of).collect::<Vec<Value>>().serialize(serializer)
}

#[derive(Clone, Debug, Serialize)]
struct Holiday {
    date: String,
    name: String,
}

impl FromStr for Holiday {
    type Err = String;

    fn from_str(text: &str) -> Result<Holiday, String> {
        let (date, name) = text.split_once('=').unwrap_or((text, ""));
        Ok(Holiday { date: date.to_owned(), name: name.to_owned() })
    }
}

impl Import {
    /// With the text itself.
    pub(super) fn given(self) -> Result<Map<String, Value>, CliError> {
        let ics = text(&self.ics)?;
        written(&Import { ics, ..self })
    }
}

impl Kept for Policy {
    const KIND: &'static Kind = &SLA_POLICY;
    const FIELD: &'static str = "sla_policy";
    const MANY: &'static str = "SlaPolicies";

    fn given(self) -> Result<Map<String, Value>, CliError> {
        written(&self)
    }
}

impl Kept for Calendar {
    const KIND: &'static Kind = &CALENDAR;
    const FIELD: &'static str = "calendar";
    const MANY: &'static str = "Calendars";

    fn given(self) -> Result<Map<String, Value>, CliError> {
        written(&self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_read_as_people_write_them() {
        let days = |text: &str| {
            let Weekly { days, open, close } = text.parse().expect(text);
            (days.iter().map(|day| &day.word()[..2]).collect::<Vec<_>>().join(" "), open, close)
        };
        assert_eq!(days("mon-fri 09:00-17:00"), ("MO TU WE TH FR".into(), "09:00".into(), "17:00".into()));
        assert_eq!(days("Saturday,sun 10:00 - 14:00").0, "SA SU");
        assert_eq!(days("fri-mon 00:00-24:00").0, "FR SA SU MO");
        for wrong in ["", "mon", "mon 09:00", "m 09:00-17:00", "mon-xyz 09:00-17:00"] {
            assert!(wrong.parse::<Weekly>().is_err(), "{wrong}");
        }
    }
}
