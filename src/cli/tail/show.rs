//! One-line format of an activity.

use std::io::{self, Write};

use jiff::Timestamp;
use serde_json::Value;

use super::TailError;
use crate::cli::show::{FormatArgs, Output, Paint, ShowError, plain};
use crate::model::activity_type::{ActivityType, Tone};

/// Maximum length of a value, in characters; longer ones are truncated.
const SHOWN: usize = 60;

pub struct Show {
    format: FormatArgs,
    paint: Paint,
}

impl Show {
    pub fn new(format: FormatArgs, paint: Paint) -> Show {
        Show { format, paint }
    }

    /// Prints an activity, given as JSON of the API.
    pub fn activity(&self, activity: &Value) -> Result<(), TailError> {
        let text = match (self.format.output(), self.format.queried()) {
            (Output::Table, false) => line(activity, self.paint) + "\n",
            (Output::Json, false) => format!("{activity}\n"),
            (Output::Yaml, false) => format!("---\n{}", serde_yaml::to_string(activity).map_err(io::Error::other)?),
            (Output::Csv, false) => return Err(ShowError::NoTable.into()),
            (output, true) => self.format.machine(activity, output)?.unwrap_or_default(),
        };
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        // Flushed, so that a line does not wait for the next one.
        Ok(out.flush()?)
    }
}

/// The text of a field; '' if absent.
fn text<'a>(of: &'a Value, field: &str) -> &'a str {
    of[field].as_str().unwrap_or_default()
}

pub fn line(activity: &Value, paint: Paint) -> String {
    let kind = text(activity, "type");
    let position = paint.on("2", &format!("{:>6}", text(activity, "position")));
    let time = paint.on("2", &time(activity));
    let kind = paint.on(hue(kind), &format!("{:<22}", plain(kind)));
    let rest = [about(activity), thing(activity), changed(activity), by(activity)];
    let rest: Vec<String> = rest.into_iter().flatten().collect();
    format!("{position}  {time}  {kind} {}", rest.join("  "))
}

fn hue(kind: &str) -> &'static str {
    match ActivityType::read(kind).map_or(Tone::Plain, ActivityType::tone) {
        Tone::Bad => "31",
        Tone::Good => "32",
        Tone::Talk => "36",
        Tone::Plain => "33",
    }
}

/// Formats a time to the second, in UTC.
fn time(activity: &Value) -> String {
    let at = text(activity, "occurred_at").parse::<Timestamp>().ok();
    at.and_then(|at| Timestamp::from_second(at.as_second()).ok()).map(|at| at.to_string()).unwrap_or_default()
}

/// The ticket of the activity.
fn about(activity: &Value) -> Option<String> {
    match (&activity["ticket"], text(activity, "ticket_id")) {
        (ticket @ Value::Object(_), _) => {
            Some(format!("{} {:?}", text(ticket, "display_number"), cut(text(ticket, "subject"))))
        }
        (_, "") => None,
        (_, ticket) => Some(plain(ticket)),
    }
}

/// The message, issue or task that was added.
fn thing(activity: &Value) -> Option<String> {
    let of = |thing: &str| Some(&activity[thing]).filter(|thing| thing.is_object());
    let message = of("message").map(|message| format!("{:?}", cut(text(message, "body"))));
    let issue = || of("issue").map(|issue| format!("issue {:?}", cut(text(issue, "title"))));
    let task = || of("task").map(|task| format!("task {:?}", cut(text(task, "subject"))));
    message.or_else(issue).or_else(task)
}

fn changed(activity: &Value) -> Option<String> {
    let one = |change: &Value| {
        let (old, new) = (value(&change["old_value"]), value(&change["new_value"]));
        format!("{} {old} -> {new}", plain(text(change, "field")))
    };
    let all: Vec<String> = activity["changes"].as_array()?.iter().map(one).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

fn value(found: &Value) -> String {
    match found {
        Value::Null => "none".to_owned(),
        Value::String(text) if text.is_empty() => "none".to_owned(),
        Value::String(text) => cut(text),
        Value::Bool(yes) => yes.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Array(list) => cut(&format!("[{}]", list.iter().map(value).collect::<Vec<_>>().join(", "))),
        Value::Object(fields) => format!("{} fields", fields.len()),
    }
}

fn by(activity: &Value) -> Option<String> {
    match (&activity["cause"], &activity["actor"]) {
        (cause @ Value::Object(_), _) => {
            let rule = plain(text(cause, "workflow"));
            Some(match text(cause, "parent_position") {
                // A timer, a schedule, or somebody who ran it: no activity.
                "" | "0" => format!("by rule {rule}"),
                position => format!("by rule {rule}, because of {position}"),
            })
        }
        (_, actor @ Value::Object(_)) => Some(format!("by {}", plain(text(actor, "id")))),
        _ => None,
    }
}

fn cut(text: &str) -> String {
    let mut shown = plain(&text.chars().take(SHOWN).collect::<String>());
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn escalated() -> Value {
        json!({
            "position": "7",
            "type": "ticket.escalated",
            "occurred_at": "2026-01-31T09:00:00.000000001Z",
            "ticket": {"display_number": "TKT-0042", "subject": "Login \u{1b}[2Jbroken"},
            "changes": [{"field": "status", "old_value": "OPEN", "new_value": "ESCALATED"}],
            "actor": {"id": "ann"},
        })
    }

    #[test]
    fn a_line_says_what_happened_to_what_and_by_whom() {
        let mut activity = escalated();
        let line_of = |activity: &Value| line(activity, Paint::plain());
        assert_eq!(
            line_of(&activity),
            "     7  2026-01-31T09:00:00Z  ticket.escalated       TKT-0042 \"Login \u{fffd}[2Jbroken\"  \
             status OPEN -> ESCALATED  by ann"
        );
        activity["cause"] = json!({"workflow": "vip", "parent_position": "3"});
        assert!(line_of(&activity).ends_with("by rule vip, because of 3"));
        assert_eq!(line(&activity, Paint::always()).matches("\x1b[0m").count(), 3, "colour is ours alone");
    }
}
