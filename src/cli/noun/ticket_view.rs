//! `docket ticket view`: a ticket with its messages.

use serde_json::{Map, Value};

use crate::cli::error::CliError;
use crate::cli::session::{Limit, Session};
use crate::cli::show::layout::TICKET;
use crate::cli::show::{paragraphs, plain};
use crate::grpc::rest;

/// In JSON and YAML, the thread is the field `messages` of the ticket.
pub async fn view(session: &mut Session, id: String) -> Result<(), CliError> {
    let asked = |name: &str| Map::from_iter([(name.to_owned(), Value::from(id.as_str()))]);
    let mut ticket = session.resource("GetTicket", &TICKET, asked("id")).await?;
    let messages = session.rows("ListMessages", asked("ticket_id"), Limit::All).await?;
    let messages: Result<Vec<Value>, _> = messages.iter().map(rest::json).collect();
    let messages = messages?;
    if !session.show.for_people() {
        ticket["messages"] = Value::Array(messages);
        return Ok(session.show.one(&session.schema, &TICKET, &ticket)?);
    }
    let mut text = session.show.card(&session.schema, &TICKET, &ticket)?;
    messages.iter().for_each(|message| text.push_str(&entry(session, message)));
    Ok(session.show.print(&text)?)
}

/// Renders a message: author, time, visibility and body.
fn entry(session: &Session, message: &Value) -> String {
    let said = |field: &str| message.get(field).and_then(Value::as_str).unwrap_or_default();
    let author = [said("author_id"), said("author_email"), said("workflow"), "somebody"];
    let author = author.into_iter().find(|name| !name.is_empty()).map(plain).unwrap_or_default();
    let note = if said("visibility") == "INTERNAL" { ", an internal note" } else { "" };
    let head = format!("{author}, {}{note}", session.show.time(said("created_at")));
    let hue = if note.is_empty() { "36" } else { "33" };
    let body = paragraphs(said("body"), "  ", session.show.width());
    format!("\n{}\n{body}", session.show.paint().on(hue, &head))
}
