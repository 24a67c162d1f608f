//! `docket workflow explain`: why a rule ran for an event, or did not, as a tree of values.

use clap::Args;
use serde_json::{Map, Value, json};

use crate::cli::error::CliError;
use crate::cli::session::{self, ClientArgs, Session};
use crate::grpc::rest;

#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Name of the rule
    name: String,
    /// Number, display number or id of a ticket: the newest of its events that the rule waits for
    #[arg(required_unless_present = "position", conflicts_with = "position")]
    ticket: Option<String>,
    /// Position of an activity in the log, instead of a ticket
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..))]
    position: Option<i64>,
    #[command(flatten)]
    client: ClientArgs,
}

pub fn run(args: ExplainArgs) -> Result<(), CliError> {
    let ExplainArgs { name, ticket, position, client } = args;
    session::run(client, |session| explain(session, name, ticket, position))
}

async fn explain(
    mut session: Session,
    name: String,
    ticket: Option<String>,
    position: Option<i64>,
) -> Result<(), CliError> {
    let about = match (ticket, position) {
        (Some(ticket), _) => ("ticket_id".to_owned(), json!(ticket)),
        (None, position) => ("position".to_owned(), json!(position)),
    };
    let request = Map::from_iter([("workflow".to_owned(), json!(name)), about]);
    let answer = rest::json(&session.ask("ExplainWorkflow", request).await?)?;
    if !session.show.for_people() {
        return Ok(session.show.value(&answer)?);
    }
    Ok(session.show.print(&drawn(&name, &answer))?)
}

/// Columns of an expression; what is longer is cut.
const WIDTH: usize = 84;

fn drawn(name: &str, answer: &Value) -> String {
    let verdict = match text(answer, "verdict") {
        "" | "UNSPECIFIED" => "UNKNOWN",
        verdict => verdict,
    };
    let mut out = format!("{verdict}: rule {name}");
    if !text(answer, "event").is_empty() {
        out.push_str(&format!(" on {}", text(answer, "event")));
    }
    if !text(answer, "position").is_empty() && text(answer, "position") != "0" {
        out.push_str(&format!(", position {}", text(answer, "position")));
    }
    out.push_str(&format!("\n  {}\n", text(answer, "reason")));
    out.push_str(&columns(list(answer, "tree"), "  "));
    let effects: Vec<String> =
        list(answer, "effects").iter().map(|it| it.as_str().unwrap_or_default().to_owned()).collect();
    if !effects.is_empty() {
        out.push_str(&format!("\n  its actions: {}\n", effects.join("; ")));
    }
    list(answer, "triggers").iter().for_each(|one| out.push_str(&trigger(one)));
    let earlier: Vec<String> =
        list(answer, "earlier").iter().map(|it| it.as_str().unwrap_or_default().to_owned()).collect();
    if !earlier.is_empty() {
        out.push_str(&format!("\n  earlier events for this rule: --position {}\n", earlier.join(", ")));
    }
    out
}

/// Conditions with their values in columns, behind an empty line.
fn columns(tree: &[Value], indent: &str) -> String {
    let mut rows = Vec::new();
    tree.iter().for_each(|one| lines(one, 0, &mut rows));
    let key = rows.iter().map(|row| row.key.chars().count()).max().unwrap_or_default();
    let wide = rows.iter().map(|row| row.expression.chars().count()).max().unwrap_or_default();
    let mut out = if rows.is_empty() { String::new() } else { "\n".to_owned() };
    for Row { key: of, expression, value, decides } in rows {
        let point = if decides { "   <-- this decides" } else { "" };
        out.push_str(&format!("{indent}{of:<key$}  {expression:<wide$}  {value}{point}\n"));
    }
    out
}

/// A timer or a schedule: what it says, its times, and its conditions.
fn trigger(one: &Value) -> String {
    let mut out = format!("\n  {}\n    {}\n", one_line(text(one, "trigger")), one_line(text(one, "reason")));
    let times = [("since", "since"), ("due_at", "due"), ("next_at", "next"), ("active_since", "active since")];
    let times: Vec<String> = times
        .into_iter()
        .filter(|(field, _)| !text(one, field).is_empty())
        .map(|(field, word)| format!("{word} {}", text(one, field)))
        .collect();
    if !times.is_empty() {
        out.push_str(&format!("    {}\n", times.join(", ")));
    }
    out.push_str(&columns(list(one, "tree"), "    "));
    out
}

struct Row {
    key: String,
    expression: String,
    value: String,
    decides: bool,
}

fn lines(one: &Value, depth: usize, into: &mut Vec<Row>) {
    let value = match (text(one, "error"), text(one, "unknown")) {
        ("", "") => worth(one.get("value").unwrap_or(&Value::Null)),
        ("", why) => format!("unknown: {why}"),
        (why, _) => format!("error: {why}"),
    };
    let indented = format!("{}{}", "  ".repeat(depth), one_line(text(one, "expression")));
    let expression = match indented.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &indented[..end]),
        None => indented,
    };
    let decides = one.get("decides") == Some(&Value::Bool(true));
    into.push(Row { key: text(one, "key").to_owned(), expression, value, decides });
    list(one, "parts").iter().for_each(|part| lines(part, depth + 1, into));
}

/// A value as a condition would have it.
fn worth(value: &Value) -> String {
    match value {
        Value::String(text) => format!("'{}'", one_line(text)),
        Value::Array(items) => format!("[{}]", items.iter().map(worth).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r', '\t'], " ")
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_stands_in_columns_and_points_at_what_decides() {
        let answer = json!({
            "verdict": "NOT_MATCHED", "reason": "if is false", "position": "12", "event": "ticket.created", "earlier": ["4", "2"],
            "tree": [{"key": "if", "expression": "ticket.number > 7 && 'vip' in ticket.tags", "value": false, "parts": [
                {"expression": "ticket.number > 7", "value": true, "parts": [{"expression": "ticket.number", "value": 42}]},
                {"expression": "'vip' in ticket.tags", "value": false, "decides": true, "parts": [
                    {"expression": "ticket.tags", "value": ["eu"]}, {"expression": "organization.tier", "unknown": "changed since"}]}]}],
        });
        let told = drawn("vip", &answer);
        let expected = "\
NOT_MATCHED: rule vip on ticket.created, position 12
  if is false

  if  ticket.number > 7 && 'vip' in ticket.tags  false
        ticket.number > 7                        true
          ticket.number                          42
        'vip' in ticket.tags                     false   <-- this decides
          ticket.tags                            ['eu']
          organization.tier                      unknown: changed since

  earlier events for this rule: --position 4, 2
";
        assert_eq!(told, expected);
    }
}
