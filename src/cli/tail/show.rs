//! One activity, as a line.

use std::io::{self, Write};

use jiff::Timestamp;
use prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use prost_types::value::Kind;
use serde_json::Value;

use super::TailError;
use crate::cli::show::{FormatArgs, Output, Paint, plain};
use crate::grpc::pb;
use crate::grpc::rest::{self, Schema};

/// Values longer than this are cut.
const SHOWN: usize = 60;

pub struct Show {
    format: FormatArgs,
    paint: Paint,
    activity: MessageDescriptor,
}

impl Show {
    pub fn new(format: FormatArgs, paint: Paint) -> Result<Show, TailError> {
        Ok(Show { format, paint, activity: Schema::new()?.message("Activity")? })
    }

    pub fn activity(&self, activity: &pb::Activity) -> Result<(), TailError> {
        let text = match (self.format.output(), self.format.queried()) {
            (Output::Table, false) => line(activity, self.paint) + "\n",
            (Output::Json, false) => format!("{}\n", self.json(activity)?),
            (Output::Yaml, false) => {
                format!("---\n{}", serde_yaml::to_string(&self.json(activity)?).map_err(io::Error::other)?)
            }
            (output, true) => self.format.machine(&self.json(activity)?, output)?.unwrap_or_default(),
        };
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        // A line that has been decided on is not kept waiting for the next one.
        Ok(out.flush()?)
    }

    fn json(&self, activity: &pb::Activity) -> Result<Value, TailError> {
        let read = DynamicMessage::decode(self.activity.clone(), activity.encode_to_vec().as_slice());
        let read = read.map_err(io::Error::other)?;
        Ok(rest::json(&read).map_err(io::Error::other)?)
    }
}

pub fn line(activity: &pb::Activity, paint: Paint) -> String {
    let position = paint.on("2", &format!("{:>6}", activity.position));
    let time = paint.on("2", &time(activity));
    let kind = paint.on(hue(&activity.r#type), &format!("{:<22}", plain(&activity.r#type)));
    let rest = [about(activity), thing(activity), changed(activity), by(activity)];
    let rest: Vec<String> = rest.into_iter().flatten().collect();
    format!("{position}  {time}  {kind} {}", rest.join("  "))
}

fn hue(kind: &str) -> &'static str {
    match kind {
        "ticket.escalated" | "workflow.failed" => "31",
        "ticket.created" | "ticket.resolved" | "ticket.closed" | "issue.resolved" => "32",
        "ticket.message_added" | "ticket.note_added" | "ticket.message_edited" | "ticket.message_deleted" => "36",
        _ => "33",
    }
}

/// To the second, in UTC.
fn time(activity: &pb::Activity) -> String {
    let at = activity.occurred_at.as_ref().and_then(|at| Timestamp::from_second(at.seconds).ok());
    at.map(|at| at.to_string()).unwrap_or_default()
}

/// The ticket it happened to.
fn about(activity: &pb::Activity) -> Option<String> {
    match (&activity.ticket, activity.ticket_id.as_str()) {
        (Some(ticket), _) => Some(format!("{} {:?}", ticket.display_number, cut(&ticket.subject))),
        (None, "") => None,
        (None, ticket) => Some(plain(ticket)),
    }
}

/// What came to the ticket.
fn thing(activity: &pb::Activity) -> Option<String> {
    let pb::Activity { message, issue, task, .. } = activity;
    let message = message.as_ref().map(|message| format!("{:?}", cut(&message.body)));
    let issue = || issue.as_ref().map(|issue| format!("issue {:?}", cut(&issue.title)));
    let task = || task.as_ref().map(|task| format!("task {:?}", cut(&task.subject)));
    message.or_else(issue).or_else(task)
}

fn changed(activity: &pb::Activity) -> Option<String> {
    let shown = |found: &Option<prost_types::Value>| found.as_ref().map_or_else(|| "none".to_owned(), value);
    let one = |change: &pb::Change| {
        format!("{} {} -> {}", plain(&change.field), shown(&change.old_value), shown(&change.new_value))
    };
    let all: Vec<String> = activity.changes.iter().map(one).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

fn value(found: &prost_types::Value) -> String {
    match &found.kind {
        None | Some(Kind::NullValue(_)) => "none".to_owned(),
        Some(Kind::StringValue(text)) if text.is_empty() => "none".to_owned(),
        Some(Kind::StringValue(text)) => cut(text),
        Some(Kind::BoolValue(value)) => value.to_string(),
        Some(Kind::NumberValue(value)) => value.to_string(),
        Some(Kind::ListValue(list)) => {
            cut(&format!("[{}]", list.values.iter().map(value).collect::<Vec<_>>().join(", ")))
        }
        Some(Kind::StructValue(fields)) => format!("{} fields", fields.fields.len()),
    }
}

fn by(activity: &pb::Activity) -> Option<String> {
    match (&activity.cause, &activity.actor) {
        (Some(cause), _) => Some(format!("by rule {}, because of {}", plain(&cause.workflow), cause.parent_position)),
        (None, Some(actor)) => Some(format!("by {}", plain(&actor.id))),
        (None, None) => None,
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
    use super::*;

    fn escalated() -> pb::Activity {
        let text = |text: &str| Some(prost_types::Value { kind: Some(Kind::StringValue(text.to_owned())) });
        pb::Activity {
            position: 7,
            r#type: "ticket.escalated".to_owned(),
            occurred_at: Some(prost_types::Timestamp { seconds: 1_769_850_000, nanos: 1 }),
            ticket: Some(pb::Ticket {
                display_number: "TKT-0042".to_owned(),
                subject: "Login \x1b[2Jbroken".to_owned(),
                ..Default::default()
            }),
            changes: vec![pb::Change {
                field: "status".to_owned(),
                old_value: text("OPEN"),
                new_value: text("ESCALATED"),
            }],
            actor: Some(pb::Actor { id: "ann".to_owned(), ..Default::default() }),
            ..Default::default()
        }
    }

    #[test]
    fn a_line_says_what_happened_to_what_and_by_whom() {
        let mut activity = escalated();
        let line_of = |activity: &pb::Activity| line(activity, Paint::plain());
        assert_eq!(
            line_of(&activity),
            "     7  2026-01-31T09:00:00Z  ticket.escalated       TKT-0042 \"Login \u{fffd}[2Jbroken\"  \
             status OPEN -> ESCALATED  by ann"
        );
        activity.cause = Some(pb::Cause { workflow: "vip".to_owned(), parent_position: 3, ..Default::default() });
        assert!(line_of(&activity).ends_with("by rule vip, because of 3"));
        assert_eq!(line(&activity, Paint::always()).matches("\x1b[0m").count(), 3, "colour is ours alone");
    }
}
