//! `docket sla breaches` and `docket sla report`: missed deadlines, and SLA attainment.

use std::str::FromStr;
use std::time::SystemTime;

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Map, Value};

use super::args::{Page, Params, Words};
use super::registry::named;
use crate::cli::error::CliError;
use crate::cli::session::{Session, written};
use crate::cli::show::layout::{ATTAINMENT, BREACH, REPORT_GROUP, SLA_POLICY};
use crate::cli::token::parse_ttl;
use crate::grpc::rest;
use crate::model::words::{Priority, SlaMetric, TicketType};

/// Filter of clocks; several values of a flag match any of them.
#[derive(Debug, Args, Serialize)]
#[command(next_help_heading = "Narrowing")]
struct Narrowing {
    #[arg(long, value_delimiter = ',', value_parser = Words(SlaMetric::WORDS))]
    metric: Vec<String>,
    /// Policies, by id or name
    #[arg(long = "policy", value_name = "POLICY", value_delimiter = ',')]
    policy_id: Vec<String>,
    #[arg(long, value_delimiter = ',', value_parser = Words(Priority::WORDS))]
    priority: Vec<String>,
    #[arg(long, value_delimiter = ',', value_parser = Words(TicketType::WORDS))]
    r#type: Vec<String>,
    /// Teams; '' = tickets without a team
    #[arg(long = "team", value_name = "ID", value_delimiter = ',')]
    team_id: Vec<String>,
    #[arg(long = "organization", visible_alias = "org", value_name = "ID", value_delimiter = ',')]
    organization_id: Vec<String>,
}

#[derive(Debug, Args, Serialize)]
struct Window {
    /// Start of the period, inclusive: 2026-09-01, 2026-09-01T09:00:00Z, or a duration before now: 12h, 7d
    #[arg(long, value_name = "WHEN")]
    from: Option<Moment>,
    /// End of the period, exclusive
    #[arg(long, value_name = "WHEN")]
    to: Option<Moment>,
}

#[derive(Debug, Args)]
pub(super) struct Breaches {
    #[command(flatten)]
    window: Window,
    #[command(flatten)]
    narrowing: Box<Narrowing>,
    #[command(flatten)]
    page: Page,
}

#[derive(Debug, Args)]
pub(super) struct Report {
    /// Also report per policy, priority, team, type or organization
    #[arg(long = "by", visible_alias = "group-by", value_name = "FIELD", value_parser = ["policy", "priority", "team", "type", "organization"])]
    group_by: Option<String>,
    #[command(flatten)]
    window: Window,
    #[command(flatten)]
    narrowing: Box<Narrowing>,
    /// CEL filter: "sla_outcome.target > duration('1h')"
    #[arg(long, value_name = "CEL")]
    filter: Option<String>,
    #[command(flatten)]
    params: Params,
}

pub(super) async fn breaches(session: &mut Session, args: Breaches) -> Result<(), CliError> {
    let Breaches { window, narrowing, page } = args;
    let mut request = page.written(&BREACH, narrowed(session, *narrowing).await?)?;
    request.extend(written(&window)?);
    session.list("ListBreaches", &BREACH, request, page.limit()).await
}

pub(super) async fn report(session: &mut Session, args: Report) -> Result<(), CliError> {
    let Report { group_by, window, narrowing, filter, params } = args;
    let mut request = Page::of(filter, params).written(&BREACH, narrowed(session, *narrowing).await?)?;
    request.extend(written(&window)?);
    request.extend(group_by.map(|word| ("group_by".to_owned(), Value::String(word))));
    let mut answer = rest::json(&session.ask("GetSlaReport", request).await?)?;
    if !session.show.for_people() {
        return Ok(session.show.value(&answer)?);
    }
    let rows =
        |field: &str| answer.get_mut(field).and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
    let [mut all, mut groups] = ["all", "groups"].map(rows);
    all.iter_mut().for_each(rounded);
    groups.iter_mut().filter_map(|group| group.get_mut("attainment")).for_each(rounded);
    session.show.many(&session.schema, &ATTAINMENT, all)?;
    if !groups.is_empty() {
        session.show.print("\n")?;
        session.show.many(&session.schema, &REPORT_GROUP, groups)?;
    }
    let text = |field: &str| answer.get(field).and_then(Value::as_str).unwrap_or_default();
    session.show.aside(&format!("from {} to {}", session.show.time(text("from")), session.show.time(text("to"))));
    Ok(())
}

/// Replaces names of policies by their ids.
async fn narrowed(session: &mut Session, mut narrowing: Narrowing) -> Result<Map<String, Value>, CliError> {
    for policy in &mut narrowing.policy_id {
        let found = session.resource("GetSlaPolicy", &SLA_POLICY, named(policy.clone())).await?;
        *policy = found.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    }
    written(&narrowing)
}

/// A share, rounded to three decimal places.
fn rounded(attainment: &mut Value) {
    if let Some(share) = attainment.get_mut("share") {
        *share = share.as_f64().map_or(Value::Null, |exact| Value::from((exact * 1_000.0).round() / 1_000.0));
    }
}

/// Parses an instant: a timestamp, a date (its start in UTC), or a duration before now.
#[derive(Clone, Debug, Serialize)]
struct Moment(String);

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Moment, String> {
        let of = |at: Timestamp| Moment(at.to_string());
        if let Ok(at) = text.parse() {
            return Ok(of(at));
        }
        if let Ok(day) = text.parse::<Date>() {
            return day.to_zoned(TimeZone::UTC).map(|at| of(at.timestamp())).map_err(|error| error.to_string());
        }
        let ago = parse_ttl(text).map_err(|_| {
            format!("{text:?} is not a time: write a date such as 2026-09-01, a timestamp such as 2026-09-01T09:00:00Z, or a duration such as 7d")
        })?;
        let then = SystemTime::now().checked_sub(ago).and_then(|then| Timestamp::try_from(then).ok());
        then.map(of).ok_or_else(|| format!("{text} ago is out of range"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_times_days_and_lengths() {
        let at = |text: &str| text.parse::<Moment>().expect(text).0;
        assert_eq!(at("2026-09-01"), "2026-09-01T00:00:00Z");
        assert_eq!(at("2026-09-01T09:00:00+02:00"), "2026-09-01T07:00:00Z");
        assert!("7d".parse::<Moment>().is_ok());
        for wrong in ["", "yesterday", "2026-13-01", "09:00", "7w"] {
            assert!(wrong.parse::<Moment>().is_err(), "{wrong}");
        }
    }
}
