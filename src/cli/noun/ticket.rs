//! `docket ticket`.

use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use super::args::{Etag, Page, Rows, Write, text};
use super::ticket_args::{Assign, Escalate, Fields, Move, Narrowing, Plain, Post, Rate, Reopen, Tag};
use super::ticket_stats::{Stats, stats};
use super::{history, issue, ticket_view};
use crate::cli::error::CliError;
use crate::cli::session::{ClientArgs, Session, run as run_session, written};
use crate::cli::show::kind::{ISSUE, MESSAGE, TICKET};

#[derive(Debug, Args)]
pub struct TicketArgs {
    #[command(flatten)]
    client: ClientArgs,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a ticket; a subject is enough
    #[command(visible_alias = "new")]
    Create {
        #[command(flatten)]
        fields: Box<Fields>,
        #[command(flatten)]
        write: Write,
    },
    /// List tickets, the newest first
    #[command(visible_alias = "ls")]
    List {
        #[command(flatten)]
        narrowing: Box<Narrowing>,
        #[command(flatten)]
        page: Page,
        /// Deleted ones, too
        #[arg(long)]
        deleted: bool,
    },
    /// Show a ticket with its thread
    #[command(visible_alias = "get")]
    View {
        /// Its id, number or display number: 42, TKT-0042
        id: String,
    },
    /// Change fields; a status goes through the lifecycle as the verbs do
    #[command(visible_alias = "edit")]
    Update {
        /// Its id, number or display number: 42, TKT-0042
        id: String,
        #[command(flatten)]
        fields: Box<Fields>,
        #[command(flatten)]
        etag: Etag,
        #[command(flatten)]
        write: Write,
    },
    /// Hide a ticket; undelete brings it back
    #[command(visible_alias = "rm")]
    Delete(Plain),
    /// Bring a deleted ticket back
    Undelete(Plain),
    /// Give a ticket to an agent, a team, or both
    Assign(Assign),
    /// Add and take away tags
    Tag(Tag),
    /// Write to the requester
    #[command(visible_alias = "reply")]
    Message(Post),
    /// Write to the other agents only
    Note(Post),
    /// List the messages and notes of a ticket
    Messages {
        /// Its id, number or display number: 42, TKT-0042
        id: String,
        #[command(flatten)]
        rows: Rows,
    },
    /// To IN_PROGRESS
    Start(Move),
    /// To ON_HOLD
    Hold(Move),
    /// To ESCALATED, one level higher
    Escalate(Escalate),
    /// To RESOLVED
    Resolve(Move),
    /// To CLOSED
    Close(Move),
    /// To REOPENED, from RESOLVED or CLOSED; or to a ticket that follows it up
    Reopen(Reopen),
    /// Make a ticket that follows a done one up; what is not given is copied
    FollowUp {
        /// The ticket to follow up: 42, TKT-0042
        id: String,
        #[command(flatten)]
        fields: Box<Fields>,
        #[command(flatten)]
        etag: Etag,
        #[command(flatten)]
        write: Write,
    },
    /// Make an issue out of a ticket, linked to it; what is not given comes from the ticket
    Convert {
        /// The ticket: 42, TKT-0042
        id: String,
        #[command(flatten)]
        fields: Box<issue::Fields>,
        #[command(flatten)]
        etag: Etag,
        #[command(flatten)]
        write: Write,
    },
    /// Say how well a resolved or closed ticket was dealt with
    Rate(Rate),
    /// Find tickets by words of their number, subject, description and messages, the best match first
    Search {
        /// All of them have to be there; -word must not: paper jam
        #[arg(required = true, value_name = "WORD", allow_hyphen_values = true)]
        words: Vec<String>,
        /// Only what this CEL expression is true of
        #[arg(long, value_name = "CEL")]
        filter: Option<String>,
        #[command(flatten)]
        rows: Rows,
    },
    /// Count tickets, and how long they take
    Stats(Stats),
    /// Write a message or a note of yours anew
    EditMessage {
        /// Its ticket: 42, TKT-0042
        ticket_id: String,
        message_id: String,
        /// What it is to say; - reads it from standard input, @FILE from a file
        body: String,
        #[command(flatten)]
        etag: Etag,
        #[command(flatten)]
        write: Write,
    },
    /// Take a message or a note of yours back
    DeleteMessage {
        /// Its ticket: 42, TKT-0042
        ticket_id: String,
        message_id: String,
        #[command(flatten)]
        etag: Etag,
        #[command(flatten)]
        write: Write,
    },
    /// Show what happened to a ticket
    #[command(visible_alias = "activities")]
    History {
        /// Its id, number or display number: 42, TKT-0042
        id: String,
        #[command(flatten)]
        rows: Rows,
    },
}

pub fn run(args: TicketArgs) -> Result<(), CliError> {
    let TicketArgs { client, verb } = args;
    run_session(client, |session| carry_out(session, verb))
}

async fn carry_out(mut session: Session, verb: Verb) -> Result<(), CliError> {
    let session = &mut session;
    match verb {
        Verb::Create { fields, write } => {
            let mut request = written(&write)?;
            request.insert("ticket".to_owned(), Value::Object(fields.given()?));
            session.write("CreateTicket", &TICKET, request).await
        }
        Verb::List { narrowing, page, deleted } => {
            let mut request = page.written(&TICKET, written(&narrowing)?)?;
            request.insert("show_deleted".to_owned(), Value::Bool(deleted));
            session.list("ListTickets", &TICKET, request, page.limit()).await
        }
        Verb::View { id } => ticket_view::view(session, id).await,
        Verb::Update { id, fields, etag, write } => {
            let mut fields = fields.given()?;
            if fields.is_empty() {
                return Err(CliError::Usage("nothing to update: give a field, like --status resolved".to_owned()));
            }
            fields.insert("id".to_owned(), Value::String(id));
            fields.extend(written(&etag)?);
            let mut request = written(&write)?;
            request.insert("ticket".to_owned(), Value::Object(fields));
            session.write("UpdateTicket", &TICKET, request).await
        }
        Verb::Delete(args) => session.write("DeleteTicket", &TICKET, written(&args)?).await,
        Verb::Undelete(args) => session.write("UndeleteTicket", &TICKET, written(&args)?).await,
        Verb::Assign(args) => session.write("AssignTicket", &TICKET, written(&args)?).await,
        Verb::Tag(args) => session.write("TagTicket", &TICKET, written(&args)?).await,
        Verb::Message(args) => post(session, args, "PUBLIC").await,
        Verb::Note(args) => post(session, args, "INTERNAL").await,
        Verb::Messages { id, rows } => {
            let request = Map::from_iter([("ticket_id".to_owned(), Value::String(id))]);
            session.list("ListMessages", &MESSAGE, request, rows.limit()).await
        }
        Verb::Start(args) => session.write("StartTicket", &TICKET, written(&args)?).await,
        Verb::Hold(args) => session.write("HoldTicket", &TICKET, written(&args)?).await,
        Verb::Escalate(args) => session.write("EscalateTicket", &TICKET, written(&args)?).await,
        Verb::Resolve(args) => session.write("ResolveTicket", &TICKET, written(&args)?).await,
        Verb::Close(args) => session.write("CloseTicket", &TICKET, written(&args)?).await,
        Verb::Reopen(args) => session.write("ReopenTicket", &TICKET, written(&args)?).await,
        Verb::FollowUp { id, fields, etag, write } => {
            let mut request = written(&write)?;
            request.extend(written(&etag)?);
            request.insert("id".to_owned(), Value::String(id));
            request.insert("ticket".to_owned(), Value::Object(fields.given()?));
            session.write("CreateFollowUp", &TICKET, request).await
        }
        Verb::Convert { id, fields, etag, write } => {
            let mut request = written(&write)?;
            request.extend(written(&etag)?);
            request.insert("id".to_owned(), Value::String(id));
            request.insert("issue".to_owned(), Value::Object(fields.given()?));
            session.write("ConvertToIssue", &ISSUE, request).await
        }
        Verb::Rate(args) => session.write("RateTicket", &TICKET, written(&args)?).await,
        Verb::Search { words, filter, rows } => {
            let mut request = Map::from_iter([("query".to_owned(), Value::String(words.join(" ")))]);
            request.extend(filter.map(|filter| ("filter".to_owned(), Value::String(filter))));
            session.list("SearchTickets", &TICKET, request, rows.limit()).await
        }
        Verb::Stats(args) => stats(session, args).await,
        Verb::EditMessage { ticket_id, message_id, body, etag, write } => {
            let mut message = written(&etag)?;
            message.insert("id".to_owned(), Value::String(message_id));
            message.insert("body".to_owned(), Value::String(text(&body)?));
            let mut request = written(&write)?;
            request.insert("ticket_id".to_owned(), Value::String(ticket_id));
            request.insert("message".to_owned(), Value::Object(message));
            session.write("UpdateMessage", &MESSAGE, request).await
        }
        Verb::DeleteMessage { ticket_id, message_id, etag, write } => {
            let mut request = written(&write)?;
            request.extend(written(&etag)?);
            request.insert("ticket_id".to_owned(), Value::String(ticket_id));
            request.insert("id".to_owned(), Value::String(message_id));
            session.write("DeleteMessage", &MESSAGE, request).await
        }
        Verb::History { id, rows } => history::history(session, id, rows.limit()).await,
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
