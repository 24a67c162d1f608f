//! `docket sla calendar import-holidays`, `add-holiday` and `remove-holiday`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::args::{Etag, Write, bytes};
use super::registry::named;
use super::sla_args::Holiday;
use crate::cli::error::CliError;
use crate::cli::session::{Session, written};
use crate::cli::show::layout::CALENDAR;
use crate::grpc::rest;

/// More events that were left out are counted.
const TOLD: usize = 10;

#[derive(Debug, Args, Serialize)]
pub(super) struct Import {
    /// iCalendar data; - reads it from standard input, @FILE from a file
    #[serde(skip)]
    ics: String,
    /// First year of recurring events [default: this year]
    #[arg(long, value_name = "YEAR")]
    first_year: Option<i32>,
    /// Last year of recurring events [default: ten years later]
    #[arg(long, value_name = "YEAR")]
    last_year: Option<i32>,
    /// Event to leave out, by its name or a date: "Team lunch", 2026-12-24; repeatable
    #[arg(long, value_name = "NAME|DATE")]
    exclude: Vec<String>,
}

impl Import {
    /// The given fields, with the data read from its source, as the bytes that it has.
    pub(super) fn given(self) -> Result<Map<String, Value>, CliError> {
        let mut fields = written(&self)?;
        fields.insert("content".to_owned(), Value::String(STANDARD.encode(bytes(&self.ics)?)));
        Ok(fields)
    }
}

pub(super) async fn import(
    session: &mut Session,
    id: String,
    import: Import,
    (etag, write): (Etag, Write),
) -> Result<(), CliError> {
    let mut request = named(id);
    request.extend(import.given()?);
    request.extend(written(&etag)?);
    request.extend(written(&write)?);
    let tried = request.get("validate_only") == Some(&Value::Bool(true));
    let answer = session.ask("ImportHolidays", request).await?;
    session.wrote(&answer, &CALENDAR, tried)?;
    let answer = rest::json(&answer)?;
    let all = |field: &str| answer.get(field).and_then(Value::as_array).cloned().unwrap_or_default();
    if session.show.for_people() {
        session.show.aside(&format!("days of the file that are holidays: {}", all("taken").len()));
    }
    let left_out = all("left_out");
    for left in left_out.iter().take(TOLD) {
        let word = |field: &str| left.get(field).and_then(Value::as_str).unwrap_or_default();
        let line = left.get("line").and_then(Value::as_i64).unwrap_or_default();
        let day =
            Some(word("date")).filter(|date| !date.is_empty()).map(|date| format!(" on {date}")).unwrap_or_default();
        session.show.aside(&format!("left out: line {line}: {:?}{day}: {}", word("name"), word("reason")));
    }
    let size = answer.get("left_out_size").and_then(Value::as_u64).unwrap_or_default() as usize;
    if size > TOLD {
        session.show.aside(&format!("left out: {} more", size - TOLD));
    }
    Ok(())
}

/// Writes the calendar's holidays as `change` leaves them. A write by others meanwhile is refused by the etag that was read.
pub(super) async fn change(
    session: &mut Session,
    id: String,
    write: Write,
    change: impl FnOnce(&mut Vec<Value>) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let calendar = session.resource("GetCalendar", &CALENDAR, named(id)).await?;
    let mut holidays = calendar.get("holidays").and_then(Value::as_array).cloned().unwrap_or_default();
    change(&mut holidays)?;
    let mut request = written(&write)?;
    let fields = json!({"id": calendar["id"], "etag": calendar["etag"], "holidays": holidays});
    request.insert("calendar".to_owned(), fields);
    session.write("UpdateCalendar", &CALENDAR, request).await
}

pub(super) fn add(holidays: &mut Vec<Value>, more: Vec<Holiday>) -> Result<(), CliError> {
    for holiday in more {
        holidays.retain(|known| known["date"] != holiday.date.as_str());
        holidays.push(serde_json::to_value(holiday)?);
    }
    Ok(())
}

pub(super) fn remove(holidays: &mut Vec<Value>, dates: &[String]) -> Result<(), CliError> {
    for date in dates {
        let had = holidays.len();
        holidays.retain(|known| known["date"] != date.as_str());
        if holidays.len() == had {
            return Err(CliError::Usage(format!("the calendar has no holiday on {date}: nothing was removed")));
        }
    }
    Ok(())
}
