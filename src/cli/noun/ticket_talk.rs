//! Verbs of `docket ticket` for messages to the requester and internal notes.

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::{Map, Value};

use super::args::{Etag, Rows, Write, text};
use super::ticket_args::Post;
use crate::cli::error::CliError;
use crate::cli::session::{Session, written};
use crate::cli::show::layout::MESSAGE;

#[derive(Debug, Subcommand)]
pub enum Talk {
    /// Post a message to the requester
    #[command(visible_alias = "reply")]
    Message(Post),
    /// Post an internal note, for agents only
    Note(Post),
    /// List the messages and notes of a ticket
    Messages {
        /// Number, display number or id: 42, TKT-0042
        id: String,
        #[command(flatten)]
        rows: Rows,
    },
    /// Edit one of your messages or notes
    EditMessage {
        #[command(flatten)]
        which: Which,
        /// New body, in Markdown; - reads it from standard input, @FILE from a file
        body: String,
        #[command(flatten)]
        etag: Etag,
        #[command(flatten)]
        write: Write,
    },
    /// Delete one of your messages or notes
    DeleteMessage {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        etag: Etag,
        #[command(flatten)]
        write: Write,
    },
}

#[derive(Debug, Args, Serialize)]
pub struct Which {
    /// Ticket: 42, TKT-0042
    ticket_id: String,
    #[serde(skip)]
    message_id: String,
}

pub async fn carry_out(session: &mut Session, verb: Talk) -> Result<(), CliError> {
    match verb {
        Talk::Message(args) => post(session, args, "PUBLIC").await,
        Talk::Note(args) => post(session, args, "INTERNAL").await,
        Talk::Messages { id, rows } => {
            let request = Map::from_iter([("ticket_id".to_owned(), Value::String(id))]);
            session.list("ListMessages", &MESSAGE, request, rows.limit()).await
        }
        Talk::EditMessage { which, body, etag, write } => {
            let mut message = written(&etag)?;
            message.insert("body".to_owned(), Value::String(text(&body)?));
            let mut request = written(&which)?;
            message.insert("id".to_owned(), Value::String(which.message_id));
            request.extend(written(&write)?);
            request.insert("message".to_owned(), Value::Object(message));
            session.write("UpdateMessage", &MESSAGE, request).await
        }
        Talk::DeleteMessage { which, etag, write } => {
            let mut request = written(&which)?;
            request.extend(written(&etag)?);
            request.extend(written(&write)?);
            request.insert("id".to_owned(), Value::String(which.message_id));
            session.write("DeleteMessage", &MESSAGE, request).await
        }
    }
}

async fn post(session: &mut Session, args: Post, visibility: &str) -> Result<(), CliError> {
    let mut request = written(&args)?;
    let mut message = Map::from_iter([
        ("body".to_owned(), Value::String(text(&args.body)?)),
        ("visibility".to_owned(), Value::from(visibility)),
    ]);
    message.extend(request.remove("author_id").map(|author| ("author_id".to_owned(), author)));
    request.insert("message".to_owned(), Value::Object(message));
    session.write("PostMessage", &MESSAGE, request).await
}
