//! What `docket ticket` does to tickets: each verb is an RPC and its request.

use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use super::args::{self, Etag};
use super::issue;
use super::ticket_args::{Assign, Escalate, Fields, Move, Plain, Rate, Reopen, Tag};
use crate::cli::error::CliError;
use crate::cli::session::{Session, written};
use crate::cli::show::Kind;
use crate::cli::show::kind::{ISSUE, TICKET};

#[derive(Debug, Subcommand)]
pub enum Write {
    /// Make a ticket; a subject is enough
    #[command(visible_alias = "new")]
    Create {
        #[command(flatten)]
        fields: Box<Fields>,
        #[command(flatten)]
        write: args::Write,
    },
    /// Change fields; a status goes through the lifecycle as the verbs do
    #[command(visible_alias = "edit")]
    Update(Given<Fields>),
    /// Hide a ticket; undelete brings it back
    #[command(visible_alias = "rm")]
    Delete(Plain),
    /// Bring a deleted ticket back
    Undelete(Plain),
    /// Give a ticket to an agent, a team, or both
    Assign(Assign),
    /// Add and take away tags
    Tag(Tag),
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
    FollowUp(Given<Fields>),
    /// Make an issue out of a ticket, linked to it; what is not given comes from the ticket
    Convert(Given<issue::Fields>),
    /// Say how well a resolved or closed ticket was dealt with
    Rate(Rate),
}

/// What is to be made of a ticket.
#[derive(Debug, Args)]
pub struct Given<F: Args> {
    /// Its id, number or display number: 42, TKT-0042
    id: String,
    #[command(flatten)]
    fields: Box<F>,
    #[command(flatten)]
    etag: Etag,
    #[command(flatten)]
    write: args::Write,
}

pub async fn carry_out(session: &mut Session, verb: Write) -> Result<(), CliError> {
    let (rpc, kind, request) = order(verb)?;
    session.write(rpc, kind, request).await
}

type Order = (&'static str, &'static Kind, Map<String, Value>);

/// The RPC, what it answers with, and its request.
fn order(verb: Write) -> Result<Order, CliError> {
    Ok(match verb {
        Write::Create { fields, write } => ("CreateTicket", &TICKET, with("ticket", fields.given()?, written(&write)?)),
        Write::Update(args) => ("UpdateTicket", &TICKET, update(args)?),
        Write::Delete(args) => ("DeleteTicket", &TICKET, written(&args)?),
        Write::Undelete(args) => ("UndeleteTicket", &TICKET, written(&args)?),
        Write::Assign(args) => ("AssignTicket", &TICKET, written(&args)?),
        Write::Tag(args) => ("TagTicket", &TICKET, written(&args)?),
        Write::Start(args) => ("StartTicket", &TICKET, written(&args)?),
        Write::Hold(args) => ("HoldTicket", &TICKET, written(&args)?),
        Write::Escalate(args) => ("EscalateTicket", &TICKET, written(&args)?),
        Write::Resolve(args) => ("ResolveTicket", &TICKET, written(&args)?),
        Write::Close(args) => ("CloseTicket", &TICKET, written(&args)?),
        Write::Reopen(args) => ("ReopenTicket", &TICKET, written(&args)?),
        Write::FollowUp(Given { id, fields, etag, write }) => {
            ("CreateFollowUp", &TICKET, of(id, &etag, with("ticket", fields.given()?, written(&write)?))?)
        }
        Write::Convert(Given { id, fields, etag, write }) => {
            ("ConvertToIssue", &ISSUE, of(id, &etag, with("issue", fields.given()?, written(&write)?))?)
        }
        Write::Rate(args) => ("RateTicket", &TICKET, written(&args)?),
    })
}

fn update(args: Given<Fields>) -> Result<Map<String, Value>, CliError> {
    let Given { id, fields, etag, write } = args;
    let fields = fields.given()?;
    if fields.is_empty() {
        return Err(CliError::Usage("nothing to update: give a field, like --status resolved".to_owned()));
    }
    Ok(with("ticket", of(id, &etag, fields)?, written(&write)?))
}

/// The id and the etag, where they belong.
fn of(id: String, etag: &Etag, mut fields: Map<String, Value>) -> Result<Map<String, Value>, CliError> {
    fields.insert("id".to_owned(), Value::String(id));
    fields.extend(written(etag)?);
    Ok(fields)
}

fn with(name: &str, resource: Map<String, Value>, mut request: Map<String, Value>) -> Map<String, Value> {
    request.insert(name.to_owned(), Value::Object(resource));
    request
}
