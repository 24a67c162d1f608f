//! Verbs of `docket ticket` that write: each is an RPC and its request.

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::{Map, Value};

use super::args::{self, Etag};
use super::ticket_args::{Assign, Escalate, Fields, Ids, Move, Plain, Rate, Reopen, Tag};
use super::{issue, many};
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
    Update(Update),
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

/// An update: the fields that it sets, and those that it takes away.
#[derive(Debug, Args)]
pub struct Update {
    #[command(flatten)]
    with: WithFields<Fields>,
    /// A field of your own to take away; may be given again, or several with commas
    #[arg(long, value_name = "KEY", value_delimiter = ',', help_heading = "Fields")]
    remove_custom: Vec<String>,
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
    let Order { rpc, kind, request, ids } = order(verb)?;
    many::write(session, rpc, kind, request, ids).await
}

/// The RPC, the kind of resource in its response, its request, and the tickets that it is sent for; none: they are in it.
struct Order {
    rpc: &'static str,
    kind: &'static Layout,
    request: Map<String, Value>,
    ids: Vec<String>,
}

fn order(verb: Write) -> Result<Order, CliError> {
    let one = |rpc, kind, request| Ok(Order { rpc, kind, request, ids: Vec::new() });
    match verb {
        Write::Create { fields, write } => {
            one("CreateTicket", &TICKET, with("ticket", fields.given()?, written(&write)?))
        }
        Write::Update(args) => one("UpdateTicket", &TICKET, update(args)?),
        Write::FollowUp(WithFields { id, fields, etag, write }) => {
            one("CreateFollowUp", &TICKET, of(id, &etag, with("ticket", fields.given()?, written(&write)?))?)
        }
        Write::Convert(WithFields { id, fields, etag, write }) => {
            one("ConvertToIssue", &ISSUE, of(id, &etag, with("issue", fields.given()?, written(&write)?))?)
        }
        Write::Rate(args) => one("RateTicket", &TICKET, written(&args)?),
        Write::Delete(args) => each("DeleteTicket", &args, &args.ids),
        Write::Undelete(args) => each("UndeleteTicket", &args, &args.ids),
        Write::Assign(args) => each("AssignTicket", &args, std::slice::from_ref(&args.ids)),
        Write::Tag(args) => each("TagTicket", &args, std::slice::from_ref(&args.ids)),
        Write::Start(args) => each("StartTicket", &args, &args.ids),
        Write::Hold(args) => each("HoldTicket", &args, &args.ids),
        Write::Escalate(args) => each("EscalateTicket", &args, &args.to.ids),
        Write::Resolve(args) => each("ResolveTicket", &args, &args.ids),
        Write::Close(args) => each("CloseTicket", &args, &args.ids),
        Write::Reopen(args) => each("ReopenTicket", &args, &args.back.ids),
    }
}

/// One request for each of the tickets.
fn each(rpc: &'static str, args: &impl Serialize, ids: &[Ids]) -> Result<Order, CliError> {
    let ids = ids.iter().flat_map(|ids| ids.0.clone()).collect();
    Ok(Order { rpc, kind: &TICKET, request: written(args)?, ids })
}

fn update(args: Update) -> Result<Map<String, Value>, CliError> {
    let Update { with: WithFields { id, fields, etag, write }, remove_custom } = args;
    let mut fields = fields.given()?;
    if !remove_custom.is_empty() {
        // Without a value, a field that the mask names is removed.
        let custom = fields.entry("custom").or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(custom) = custom {
            custom.extend(remove_custom.into_iter().map(|key| (key, Value::Null)));
        }
    }
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
