//! Arguments of SLA policies and calendars.

use std::str::FromStr;

use clap::Args;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::args::Words;
use super::registry::Kept;
use crate::cli::error::CliError;
use crate::cli::session::written;
use crate::cli::show::Layout;
use crate::cli::show::layout::{CALENDAR, SLA_POLICY};
use crate::model::sla::hours::Day;
use crate::model::words::{
    CountsAsResponse, OnPriorityChange, OnReopen, Priority, SlaPolicyStatus, Status, TicketType,
};

#[derive(Debug, Args, Serialize)]
pub(super) struct Policy {
    /// Name, unique in the tenant
    #[arg(long)]
    name: Option<String>,
    #[arg(long)]
    description: Option<String>,
    #[arg(long, value_parser = Words(SlaPolicyStatus::WORDS))]
    status: Option<String>,
    /// Ticket types that it applies to, comma-separated or repeated [default: all]
    #[arg(long = "type", value_delimiter = ',', value_parser = Words(TicketType::WORDS))]
    applies_to: Vec<String>,
    #[arg(long, value_parser = Words(Priority::WORDS))]
    priority: Option<String>,
    /// Team whose tickets it applies to; '' = any team
    #[arg(long = "team", value_name = "ID")]
    team_id: Option<String>,
    /// Condition on the tickets that it applies to: "organization.tier == 'Enterprise'"
    #[arg(long = "match", value_name = "CEL")]
    #[serde(rename = "match")]
    condition: Option<String>,
    /// Order among policies with a match; lower values are evaluated first
    #[arg(long, value_name = "N")]
    position: Option<i32>,
    /// First response target
    #[arg(long, value_name = "MINUTES", visible_alias = "first-response-mins")]
    first_response_minutes: Option<i32>,
    /// Next response target
    #[arg(long, value_name = "MINUTES", visible_alias = "next-response-mins")]
    next_response_minutes: Option<i32>,
    /// Resolution target
    #[arg(long, value_name = "MINUTES", visible_alias = "resolution-mins")]
    resolution_minutes: Option<i32>,
    /// Calendar that defines business hours: id or name [default: the tenant's]
    #[arg(long = "calendar", value_name = "CALENDAR")]
    calendar_id: Option<String>,
    /// Count only business hours
    #[arg(long, value_parser = ["true", "false"], num_args = 0..=1, default_missing_value = "true")]
    business_hours_only: Option<String>,
    /// Statuses in which clocks are paused, comma-separated or repeated [default: on-hold]
    #[arg(long, value_delimiter = ',', value_parser = Words(Status::WORDS))]
    pause_on: Vec<String>,
    /// Warnings, comma-separated or repeated: at 80% of the target, 1h before the deadline
    #[arg(long, value_name = "WHEN", value_delimiter = ',')]
    warn_at: Vec<String>,
    #[arg(long, value_parser = Words(OnPriorityChange::WORDS))]
    on_priority_change: Option<String>,
    #[arg(long, value_parser = Words(OnReopen::WORDS))]
    on_reopen: Option<String>,
    /// What counts as a response
    #[arg(long, value_parser = Words(CountsAsResponse::WORDS))]
    counts_as_response: Option<String>,
}

#[derive(Debug, Args, Serialize)]
pub(super) struct Calendar {
    /// Name, unique in the tenant
    #[arg(long)]
    name: Option<String>,
    /// IANA time zone: Europe/Berlin
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// Weekly hours: "mon-fri 09:00-17:00"; repeatable; replaces all
    #[arg(long = "hours", value_name = "DAYS HOURS")]
    #[serde(serialize_with = "intervals")]
    weekly: Vec<Weekly>,
    /// Holiday: 2026-12-25, or with a name 2026-12-25=Christmas; repeatable; replaces all
    #[arg(long = "holiday", value_name = "DATE[=NAME]")]
    holidays: Vec<Holiday>,
    /// Date with hours of its own: "2026-12-24 09:00-12:00=Christmas Eve", "2026-12-31 closed"; repeatable; replaces all
    #[arg(long = "special-date", value_name = "DATE HOURS[=NAME]")]
    special_dates: Vec<SpecialDate>,
}

/// Hours that apply on several days.
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
            // Sat-Mon wraps around to three days.
            let count = (7 + last as usize - first as usize) % 7;
            all.extend((0..=count).map(|n| Day::ALL[(first as usize + n) % 7]));
        }
        Ok(Weekly { days: all, open: open.trim().to_owned(), close: close.trim().to_owned() })
    }
}

/// Finds a day by at least three letters of its name.
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
pub(super) struct Holiday {
    pub(super) date: String,
    name: String,
}

/// A date with hours of its own.
#[derive(Clone, Debug, Serialize)]
struct SpecialDate {
    date: String,
    name: String,
    hours: Vec<Value>,
}

impl FromStr for SpecialDate {
    type Err = String;

    fn from_str(text: &str) -> Result<SpecialDate, String> {
        const HOW: &str = "write a date and its hours, and a name if you like: \"2026-12-24 09:00-12:00=Christmas Eve\", \
                           \"2026-12-26 09:00-12:00,13:00-15:00\", \"2026-12-31 closed\"";
        let (when, name) = text.split_once('=').unwrap_or((text, ""));
        let (date, hours) = when.trim().split_once(' ').ok_or(HOW)?;
        let interval = |part: &str| {
            let (open, close) = part.split_once('-')?;
            Some(json!({"open": open.trim(), "close": close.trim()}))
        };
        let hours = match hours.trim() {
            "closed" => Vec::new(),
            hours => hours.split(',').map(interval).collect::<Option<Vec<Value>>>().ok_or(HOW)?,
        };
        Ok(SpecialDate { date: date.to_owned(), name: name.trim().to_owned(), hours })
    }
}

impl FromStr for Holiday {
    type Err = String;

    fn from_str(text: &str) -> Result<Holiday, String> {
        let (date, name) = text.split_once('=').unwrap_or((text, ""));
        Ok(Holiday { date: date.to_owned(), name: name.to_owned() })
    }
}

impl Kept for Policy {
    const LAYOUT: &'static Layout = &SLA_POLICY;
    const FIELD: &'static str = "sla_policy";
    const MANY: &'static str = "SlaPolicies";

    fn given(self) -> Result<Map<String, Value>, CliError> {
        written(&self)
    }
}

impl Kept for Calendar {
    const LAYOUT: &'static Layout = &CALENDAR;
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
        let special = |text: &str| {
            let SpecialDate { date, name, hours } = text.parse().expect(text);
            (date, name, hours.len())
        };
        assert_eq!(special("2026-12-24 09:00-12:00=Christmas Eve"), ("2026-12-24".into(), "Christmas Eve".into(), 1));
        assert_eq!(special("2026-12-26 09:00-12:00, 13:00-15:00"), ("2026-12-26".into(), String::new(), 2));
        assert_eq!(special("2026-12-31 closed").2, 0);
        for wrong in ["", "2026-12-24", "2026-12-24 noon", "2026-12-24 09:00"] {
            assert!(wrong.parse::<SpecialDate>().is_err(), "{wrong}");
        }
        for wrong in ["", "mon", "mon 09:00", "m 09:00-17:00", "mon-xyz 09:00-17:00"] {
            assert!(wrong.parse::<Weekly>().is_err(), "{wrong}");
        }
    }
}
