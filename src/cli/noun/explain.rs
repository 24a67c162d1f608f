//! `docket sla explain`: a clock, what happened to it, and how its time was counted, for a reader who has nothing else.

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::cli::error::CliError;
use crate::cli::session::{Session, written};
use crate::grpc::rest::write;
use crate::model::words::SlaMetric;

use super::args::Words;

#[derive(Debug, Args, Serialize)]
pub struct Explain {
    /// The ticket's number, its display number or its id
    id: String,
    /// One of its clocks [default: all of them]
    #[arg(long, value_parser = Words(SlaMetric::WORDS))]
    metric: Option<String>,
}

pub async fn explain(session: &mut Session, args: Explain) -> Result<(), CliError> {
    let id = args.id.clone();
    let metrics = match &args.metric {
        Some(metric) => vec![metric.clone()],
        None => {
            let sla = write::json(&session.ask("GetTicketSla", Map::from_iter([("id".into(), json!(id))])).await?)?;
            list(&sla, "clocks").iter().map(|clock| text(clock, "metric").to_owned()).collect()
        }
    };
    let mut answers = Vec::new();
    for metric in metrics {
        let one = Explain { id: id.clone(), metric: Some(metric) };
        answers.push(write::json(&session.ask("ExplainSla", written(&one)?).await?)?);
    }
    answers.retain(|answer| answer.get("clock").is_some_and(|clock| !clock.is_null()));
    if !session.show.for_people() {
        return Ok(session.show.value(&Value::Array(answers))?);
    }
    if answers.is_empty() {
        return Ok(session
            .show
            .print(&format!("{id} has no such clock: no policy that is for it has a target of this kind.\n"))?);
    }
    let told: Vec<String> = answers.iter().map(drawn).collect();
    Ok(session.show.print(&told.join("\n"))?)
}

/// The whole of one clock.
fn drawn(answer: &Value) -> String {
    let (clock, policy, calendar) = (&answer["clock"], &answer["policy"], &answer["calendar"]);
    let zone = Zone::of(text(calendar, "time_zone"));
    let mut out = String::new();
    let mut line = |name: &str, what: String| out.push_str(&format!("  {name:<9} {what}\n"));
    let state = words(text(clock, "state"));
    let breached = match time(clock, "breached_at") {
        Some(at) => format!(", BREACHED at {}", zone.show(at)),
        None => String::new(),
    };
    line("state", format!("{state}{breached}"));
    let hours = match text(calendar, "name") {
        "" => "every hour counts".to_owned(),
        name => {
            format!("in the hours of calendar {name:?} (version {}, {})", number(clock, "calendar_version"), zone.name)
        }
    };
    let target = length(text(clock, "target"));
    let version = number(clock, "policy_version");
    line("promise", format!("{target}, by policy {:?} (version {version}); {hours}", text(policy, "name")));
    let left = match text(clock, "remaining") {
        "" => String::new(),
        remaining => format!(", {} left", length(remaining)),
    };
    line("counted", format!("{} of {target}{left}", length(text(clock, "elapsed"))));
    line(
        "due",
        match (time(clock, "due_at"), text(clock, "state")) {
            (Some(at), "RUNNING" | "CLOCK_STATE_RUNNING") => format!("{}: the target runs out there", zone.show(at)),
            (Some(at), _) => format!("was {}", zone.show(at)),
            (None, state) if state.ends_with("PAUSED") => {
                "not while it is paused; what is left then goes on".to_owned()
            }
            (None, _) => "never".to_owned(),
        },
    );
    let metric = words(text(clock, "metric"));
    let cycle = number(clock, "cycle");
    let head = format!("{metric} (clock {cycle} of its kind), as of {}\n", zone.show_or(time(answer, "at")));
    let happened: String = list(answer, "ledger").iter().map(|row| event(row, &zone)).collect();
    let counted: String = list(answer, "segments").iter().map(stretch).collect();
    let more = if answer["more_segments"] == true { "  … and more\n" } else { "" };
    format!("{head}{out}\n  What happened to it\n{happened}\n  How its time was counted\n{counted}{more}")
}

fn event(row: &Value, zone: &Zone) -> String {
    let at = zone.show_or(time(row, "at"));
    let mut what = words(text(row, "kind")).to_lowercase();
    let mut add = |part: String| what = format!("{what}; {part}");
    if !text(row, "reason").is_empty() {
        add(text(row, "reason").to_owned());
    }
    if !text(row, "mark").is_empty() {
        add(format!("at {}", text(row, "mark")));
    }
    if !text(row, "target").is_empty() {
        let restart = if row["restart"] == true { "the time used is forgotten" } else { "the time used counts" };
        let kept = if text(row, "kind").ends_with("RETARGET") { format!(", {restart}") } else { String::new() };
        add(format!("target {}{kept}", length(text(row, "target"))));
    }
    if let Some(due) = time(row, "due_at") {
        add(format!("due {}", zone.show(due)));
    }
    if !matches!(text(row, "late_by"), "" | "0s") {
        add(format!("told {} late", length(text(row, "late_by"))));
    }
    format!("    {at}  {what}\n")
}

fn stretch(part: &Value) -> String {
    let (from, to) = (text(part, "local_from").replace('T', " "), text(part, "local_to").replace('T', " "));
    let kind = words(text(part, "kind")).to_lowercase();
    let kind = kind.rsplit(' ').next().unwrap_or_default();
    let what = match (kind, text(part, "holiday")) {
        ("counted", _) => format!("counted, {} by then", length(text(part, "counted"))),
        (kind, "") => kind.to_owned(),
        (kind, holiday) => format!("{kind} ({holiday})"),
    };
    format!("    {from}  to  {to}  {what}\n")
}

struct Zone {
    name: String,
    zone: TimeZone,
}

impl Zone {
    /// UTC where there is none.
    fn of(name: &str) -> Zone {
        match TimeZone::get(name) {
            Ok(zone) if !name.is_empty() => Zone { name: name.to_owned(), zone },
            _ => Zone { name: "UTC".to_owned(), zone: TimeZone::UTC },
        }
    }

    fn show(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%a %Y-%m-%d %H:%M:%S%:z").to_string()
    }

    fn show_or(&self, at: Option<Timestamp>) -> String {
        at.map_or_else(|| "?".to_owned(), |at| self.show(at))
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, field: &str) -> i64 {
    value.get(field).and_then(Value::as_i64).unwrap_or_default()
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn time(value: &Value, field: &str) -> Option<Timestamp> {
    text(value, field).parse().ok()
}

/// `FIRST_RESPONSE` as `FIRST RESPONSE`.
fn words(word: &str) -> String {
    word.replace('_', " ")
}

/// `28800s` as `8h`, `5430.5s` as `1h 30m 30s`.
fn length(text: &str) -> String {
    let seconds =
        text.trim_end_matches('s').split('.').next().and_then(|it| it.parse::<i64>().ok()).unwrap_or_default();
    let parts = [(seconds / 3_600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let shown: Vec<String> = parts.iter().filter(|(n, _)| *n != 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    if shown.is_empty() { "0s".to_owned() } else { shown.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_told_to_a_reader_who_has_nothing_else() {
        let answer = json!({
            "at": "2026-09-14T18:00:00Z",
            "clock": {"metric": "RESOLUTION", "cycle": 1, "state": "RUNNING", "policy_version": 2, "calendar_version": 1,
                "target": "14400s", "elapsed": "10800s", "remaining": "3600s", "due_at": "2026-09-14T19:00:00Z"},
            "policy": {"name": "gold"},
            "calendar": {"name": "us", "time_zone": "America/New_York"},
            "ledger": [{"kind": "RETARGET", "at": "2026-09-14T18:00:00Z", "reason": "priority MEDIUM to URGENT",
                "target": "14400s", "due_at": "2026-09-14T19:00:00Z"}],
            "segments": [{"kind": "CLOSED", "holiday": "Labour Day", "local_from": "2026-09-14T09:00:00-04:00",
                "local_to": "2026-09-14T10:00:00-04:00"}],
        });
        let told = drawn(&answer);
        for wanted in [
            "4h, by policy \"gold\" (version 2); in the hours of calendar \"us\" (version 1, America/New_York)",
            "3h of 4h, 1h left",
            "Mon 2026-09-14 15:00:00-04:00: the target runs out there",
            "retarget; priority MEDIUM to URGENT; target 4h, the time used counts; due Mon 2026-09-14 15:00:00-04:00",
            "closed (Labour Day)",
        ] {
            assert!(told.contains(wanted), "{wanted}\n{told}");
        }
    }
}
