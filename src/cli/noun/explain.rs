//! `docket sla explain`: a clock, its ledger, and how its time was counted.

use std::collections::BTreeMap;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::cli::error::CliError;
use crate::cli::session::{Session, written};
use crate::grpc::rest;
use crate::model::words::SlaMetric;

use super::args::Words;

#[derive(Debug, Args, Serialize)]
pub struct Explain {
    /// Number, display number or id of the ticket
    id: String,
    /// Only this clock [default: all clocks]
    #[arg(long, value_parser = Words(SlaMetric::WORDS))]
    metric: Option<String>,
}

pub async fn explain(session: &mut Session, args: Explain) -> Result<(), CliError> {
    let id = args.id.clone();
    let metrics = match &args.metric {
        Some(metric) => vec![metric.clone()],
        None => {
            let sla = rest::json(&session.ask("GetTicketSla", Map::from_iter([("id".into(), json!(id))])).await?)?;
            list(&sla, "clocks").iter().map(|clock| text(clock, "metric").to_owned()).collect()
        }
    };
    let mut answers = Vec::new();
    for metric in metrics {
        let one = Explain { id: id.clone(), metric: Some(metric) };
        answers.push(rest::json(&session.ask("ExplainSla", written(&one)?).await?)?);
    }
    answers.retain(|answer| answer.get("clock").is_some_and(|clock| !clock.is_null()));
    if !session.show.for_people() {
        return Ok(session.show.value(&Value::Array(answers))?);
    }
    if answers.is_empty() {
        return Ok(session
            .show
            .print(&format!("{id} has no such clock: no policy that applies to it has such a target.\n"))?);
    }
    let names = names(session, &answers).await?;
    let told: Vec<String> = answers.iter().map(|answer| drawn(&id, answer, &names)).collect();
    Ok(session.show.print(&told.join("\n"))?)
}

/// Names of policies, by id.
type Names = BTreeMap<String, String>;

/// Current names of the policies in the ledgers.
async fn names(session: &mut Session, answers: &[Value]) -> Result<Names, CliError> {
    let mut names = Names::new();
    for row in answers.iter().flat_map(|answer| list(answer, "ledger")) {
        let id = text(row, "policy_id");
        if !id.is_empty() && !names.contains_key(id) {
            let answer = session.ask("GetSlaPolicy", Map::from_iter([("id".into(), json!(id))])).await?;
            names.insert(id.to_owned(), text(&rest::json(&answer)?["sla_policy"], "name").to_owned());
        }
    }
    Ok(names)
}

/// Renders one clock of a ticket.
fn drawn(id: &str, answer: &Value, names: &Names) -> String {
    let clock = &answer["clock"];
    let zone = Zone::of(text(&answer["calendar"], "time_zone"));
    let (metric, cycle) = (words(text(clock, "metric")), number(clock, "cycle"));
    let at = zone.show_or(time(answer, "at"));
    let summary: String =
        summary(answer, &zone).into_iter().map(|(name, what)| format!("  {name:<9} {what}\n")).collect();
    let happened: String = list(answer, "ledger").iter().map(|row| event(row, &zone, names)).collect();
    let due = text(clock, "due_at");
    let counted = stretches(list(answer, "segments"), due, &zone);
    let passed_over = match text(answer, "passed_over") {
        "" => String::new(),
        why => format!("  passed over: {why}\n"),
    };
    format!(
        "Ticket {id}: {metric}, clock {cycle} of that kind, as of {at}\n{summary}{passed_over}\n  What happened to it\n{happened}\n  \
         How its time was counted\n{counted}"
    )
}

fn summary(answer: &Value, zone: &Zone) -> [(&'static str, String); 4] {
    let (clock, policy, calendar) = (&answer["clock"], &answer["policy"], &answer["calendar"]);
    let state = words(text(clock, "state"));
    let breached = match time(clock, "breached_at") {
        Some(at) => format!(", BREACHED at {}", zone.show(at)),
        None => String::new(),
    };
    let hours = match text(calendar, "name") {
        "" => "all hours count".to_owned(),
        name => {
            let version = number(clock, "calendar_version");
            format!("during the hours of calendar {name:?} (version {version}): {}, {}", weekly(calendar), zone.name)
        }
    };
    let (target, version) = (length(text(clock, "target")), number(clock, "policy_version"));
    let over = seconds(text(clock, "elapsed")) - seconds(text(clock, "target"));
    let left = match (text(clock, "remaining"), over) {
        (_, 1..) => format!(": {} over", shown(over)),
        ("", _) => String::new(),
        (remaining, _) => format!(", {} left", length(remaining)),
    };
    let due = match (time(clock, "due_at"), text(clock, "state")) {
        (Some(at), _) => format!("{}, when the target is used up", zone.show(at)),
        (None, "PAUSED") => "none while paused; the remaining time continues afterwards".to_owned(),
        (None, "RUNNING") => "never".to_owned(),
        (None, _) => "none: it has ended".to_owned(),
    };
    [
        ("state", format!("{state}{breached}")),
        ("promise", format!("{target}, by policy {:?} (version {version}); {hours}", text(policy, "name"))),
        ("counted", format!("{} used of {target}{left}", length(text(clock, "elapsed")))),
        ("due", due),
    ]
}

fn event(row: &Value, zone: &Zone, names: &Names) -> String {
    let mut parts = vec![words(text(row, "kind")).to_lowercase()];
    if !text(row, "reason").is_empty() {
        parts.push(text(row, "reason").to_owned());
    }
    if !text(row, "actor_id").is_empty() {
        parts.push(format!("by {}", text(row, "actor_id")));
    }
    match text(row, "mark") {
        "" => {}
        mark if mark.ends_with('%') => parts.push(format!("{mark} of the target is used")),
        mark => parts.push(match mark.strip_prefix('+') {
            Some(after) => format!("{} over", length(after)),
            None => format!("{} are left", length(mark)),
        }),
    }
    if !text(row, "target").is_empty() {
        let kept = match (text(row, "kind"), row["restart"] == true) {
            ("RETARGET", true) => ", the time used is reset",
            ("RETARGET", false) => ", the time used is kept",
            _ => "",
        };
        let (id, version) = (text(row, "policy_id"), number(row, "policy_version"));
        let (policy, target) = (names.get(id).map_or(id, String::as_str), length(text(row, "target")));
        parts.push(format!("target {target} by policy {policy:?} (version {version}){kept}"));
    }
    if let Some(due) = time(row, "due_at") {
        parts.push(format!("due {}", zone.show(due)));
    }
    if let Some(counted) = time(row, "counted_at").filter(|counted| Some(*counted) != time(row, "at")) {
        parts.push(format!("missed by a change at {}", zone.show(counted)));
    }
    if !matches!(text(row, "late_by"), "" | "0s") {
        parts.push(format!("recorded {} later", length(text(row, "late_by"))));
    }
    format!("    {}  {}\n", zone.show_or(time(row, "at")), parts.join("; "))
}

/// One line for each, and one where some are left out.
fn stretches(parts: &[Value], due: &str, zone: &Zone) -> String {
    let mut lines = String::new();
    for (n, part) in parts.iter().enumerate() {
        if n > 0 && text(part, "from") != text(&parts[n - 1], "to") {
            lines.push_str("    …\n");
        }
        lines.push_str(&stretch(part, due, zone));
    }
    lines
}

fn stretch(part: &Value, due: &str, zone: &Zone) -> String {
    let (from, to) = (time(part, "from"), time(part, "to"));
    let what = match (words(text(part, "kind")).to_lowercase().as_str(), text(part, "holiday")) {
        ("counted", _) => {
            let here = to.map_or(0, Timestamp::as_second) - from.map_or(0, Timestamp::as_second);
            let end = if !due.is_empty() && text(part, "to") == due { ": the target is used up" } else { "" };
            format!("counted {}, {} in all{end}", shown(here), length(text(part, "counted")))
        }
        (kind, "") => match (text(part, "reason"), text(part, "actor_id")) {
            ("", _) => kind.to_owned(),
            (reason, "") => format!("{kind}: {reason}"),
            (reason, by) => format!("{kind}: {reason}, by {by}"),
        },
        (kind, holiday) => format!("{kind} ({holiday})"),
    };
    format!("    {}  to  {}  {what}\n", zone.show_or(from), zone.show_or(to))
}

/// Renders weekly hours, with the days that have the same hours together: `MON TUE 09:00-17:00`.
fn weekly(calendar: &Value) -> String {
    let mut by_hours: Vec<(String, Vec<String>)> = Vec::new();
    for part in list(calendar, "weekly") {
        let hours = format!("{}-{}", text(part, "open"), text(part, "close"));
        let day: String = text(part, "day").chars().take(3).collect();
        match by_hours.iter_mut().find(|(known, _)| *known == hours) {
            Some((_, days)) => days.push(day),
            None => by_hours.push((hours, vec![day])),
        }
    }
    let parts: Vec<String> = by_hours.iter().map(|(hours, days)| format!("{} {hours}", days.join(" "))).collect();
    parts.join(", ")
}

struct Zone {
    name: String,
    zone: TimeZone,
}

impl Zone {
    /// UTC if the name is empty.
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
    shown(seconds(text))
}

fn seconds(text: &str) -> i64 {
    text.trim_end_matches('s').split('.').next().and_then(|it| it.parse().ok()).unwrap_or_default()
}

fn shown(seconds: i64) -> String {
    let parts = [(seconds / 3_600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let parts: Vec<String> = parts.iter().filter(|(n, _)| *n != 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    if parts.is_empty() { "0s".to_owned() } else { parts.join(" ") }
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
            "calendar": {"name": "us", "time_zone": "America/New_York", "weekly": [
                {"day": "MONDAY", "open": "09:00", "close": "17:00"}, {"day": "TUESDAY", "open": "09:00", "close": "17:00"}]},
            "ledger": [{"kind": "RETARGET", "at": "2026-09-14T18:00:00Z", "reason": "priority MEDIUM to URGENT",
                "policy_id": "slp_1", "policy_version": 2, "target": "14400s", "due_at": "2026-09-14T19:00:00Z"},
                {"kind": "PAUSE", "at": "2026-09-14T17:00:00Z", "reason": "status ON_HOLD: parts", "actor_id": "ann"},
                {"kind": "BREACH", "at": "2026-09-14T17:00:00Z", "counted_at": "2026-09-14T18:00:00Z"}],
            "passed_over": "SLA policy \"fast\" is INACTIVE",
            "segments": [
                {"kind": "CLOSED", "holiday": "Labour Day", "from": "2026-09-14T13:00:00Z", "to": "2026-09-14T14:00:00Z"},
                {"kind": "PAUSED", "from": "2026-09-14T14:00:00Z", "to": "2026-09-14T14:30:00Z",
                    "reason": "status ON_HOLD: parts", "actor_id": "ann"},
                {"kind": "COUNTED", "from": "2026-09-14T15:00:00Z", "to": "2026-09-14T19:00:00Z", "counted": "14400s"}],
        });
        let told = drawn("7", &answer, &Names::from([("slp_1".to_owned(), "gold".to_owned())]));
        for wanted in [
            "Ticket 7: RESOLUTION, clock 1",
            "4h, by policy \"gold\" (version 2); during the hours of calendar \"us\" (version 1): MON TUE 09:00-17:00, America",
            "3h used of 4h, 1h left",
            "Mon 2026-09-14 15:00:00-04:00, when the target is used up",
            "retarget; priority MEDIUM to URGENT; target 4h by policy \"gold\" (version 2), the time used is kept; due Mon",
            "counted 4h, 4h in all: the target is used up",
            "closed (Labour Day)",
            "passed over: SLA policy \"fast\" is INACTIVE",
            "pause; status ON_HOLD: parts; by ann",
            "breach; missed by a change at Mon 2026-09-14 14:00:00-04:00",
            "paused: status ON_HOLD: parts, by ann\n    …\n",
        ] {
            assert!(told.contains(wanted), "{wanted}\n{told}");
        }
    }
}
