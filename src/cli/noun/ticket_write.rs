//! Verbs of `docket ticket` that write: each is an RPC and its request.

use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use super::args::{self, Etag};
use super::issue;
use super::ticket_args::{Assign, Escalate, Fields, Move, Plain, Rate, Reopen, Tag};
use crate::cli::error::CliError;
use crate::cli::session::{Session, written};
use crate::cli::show::Layout;
use crate::cli::show::layout::{ISSUE, TICKET};

#[derive(Debug, Subcommand)]
pub enum Write {
    /// Create a ticket; only a subject is required
    #[command(visible_alias = "new")]
    Create {
        #[command(flatten)]
        fields: Box<Fields>,
        #[command(flatten)]
        write: args::Write,
    },
    /// Change fields; a change of status follows the lifecycle, as with the other verbs
    #[command(visible_alias = "edit")]
    Update(WithFields<Fields>),
    /// Delete a ticket; undelete restores it
    #[command(visible_alias = "rm")]
    Delete(Plain),
    /// Restore a deleted ticket
    Undelete(Plain),
    /// Assign a ticket to an agent, a team, or both
    Assign(Assign),
    /// Add and remove tags
    Tag(Tag),
    /// Move a ticket to IN_PROGRESS
    Start(Move),
    /// Move a ticket to ON_HOLD
    Hold(Move),
    /// Move a ticket to ESCALATED, one level higher
    Escalate(Escalate),
    /// Move a ticket to RESOLVED
    Resolve(Move),
    /// Move a ticket to CLOSED
    Close(Move),
    /// Move a RESOLVED or CLOSED ticket to REOPENED, or create a follow-up
    Reopen(Reopen),
    /// Create a follow-up of a resolved or closed ticket; fields that are not given are copied
    FollowUp(WithFields<Fields>),
    /// Create an issue from a ticket, and link them; fields that are not given come from the ticket
    Convert(WithFields<issue::Fields>),
    /// Rate a resolved or closed ticket
    Rate(Rate),
}

/// A ticket, and the fields of what is created from it or changed in it.
#[derive(Debug, Args)]
pub struct WithFields<F: Args> {
    /// Number, display number or id: 42, TKT-0042
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

type Order = (&'static str, &'static Layout, Map<String, Value>);

/// The RPC, the kind of resource in its response, and its request.
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
        Write::FollowUp(WithFields { id, fields, etag, write }) => {
            ("CreateFollowUp", &TICKET, of(id, &etag, with("ticket", fields.given()?, written(&write)?))?)
        }
        Write::Convert(WithFields { id, fields, etag, write }) => {
            ("ConvertToIssue", &ISSUE, of(id, &etag, with("issue", fields.given()?, written(&write)?))?)
        }
        Write::Rate(args) => ("RateTicket", &TICKET, written(&args)?),
    })
}

fn update(args: WithFields<Fields>) -> Result<Map<String, Value>, CliError> {
    let WithFields { id, fields, etag, write } = args;
    let fields = fields.given()?;
    if fields.is_empty() {
        return Err(CliError::Usage("nothing to update: set a field, such as --status resolved".to_owned()));
    }
    Ok(with("ticket", of(id, &etag, fields)?, written(&write)?))
}

/// Adds id and etag to the fields.
fn of(id: String, etag: &Etag, mut fields: Map<String, Value>) -> Result<Map<String, Value>, CliError> {
    fields.insert("id".to_owned(), Value::String(id));
    fields.extend(written(etag)?);
    Ok(fields)
}

fn with(name: &str, resource: Map<String, Value>, mut request: Map<String, Value>) -> Map<String, Value> {
    request.insert(name.to_owned(), Value::Object(resource));
    request
}
