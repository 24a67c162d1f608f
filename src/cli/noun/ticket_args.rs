//! What a ticket is made of and found by, as flags.

use std::str::FromStr;

use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value};

use super::args::{Etag, Pair, Words, Write, object, text};
use crate::cli::error::CliError;
use crate::cli::session::written;
use crate::model::words::{Channel, Priority, ReopenMode, Status, TicketType};

/// The fields of a ticket that a caller writes.
#[derive(Debug, Args, Serialize)]
#[command(next_help_heading = "Fields")]
pub struct Fields {
    /// 1 to 500 characters
    #[arg(long)]
    subject: Option<String>,
    /// Markdown; - reads it from standard input, @FILE from a file
    #[arg(long)]
    description: Option<String>,
    #[arg(long, value_parser = Words(TicketType::WORDS))]
    r#type: Option<String>,
    #[arg(long, value_parser = Words(Status::WORDS))]
    status: Option<String>,
    #[arg(long, value_parser = Words(Priority::WORDS))]
    priority: Option<String>,
    #[arg(long)]
    category: Option<String>,
    #[arg(long, value_parser = Words(Channel::WORDS))]
    channel: Option<String>,
    /// May be given again, or several with commas; an update replaces all of them (`docket ticket tag` adds)
    #[arg(long = "tag", value_name = "TAG", value_delimiter = ',')]
    tags: Vec<String>,
    /// A field of your own: region=eu, floor=3; may be given again
    #[arg(long, value_name = "KEY=VALUE")]
    #[serde(serialize_with = "object")]
    custom: Vec<Pair>,
    /// The agent who has it; '' for nobody
    #[arg(long = "assignee", value_name = "ID")]
    assignee_id: Option<String>,
    /// The team that has it; '' for none
    #[arg(long = "team", value_name = "ID")]
    team_id: Option<String>,
    /// Who asks
    #[arg(long = "requester", value_name = "ID")]
    requester_id: Option<String>,
    #[arg(long, value_name = "ADDRESS")]
    requester_email: Option<String>,
    #[arg(long, value_name = "NAME")]
    requester_name: Option<String>,
    #[arg(long = "organization", visible_alias = "org", value_name = "ID")]
    organization_id: Option<String>,
    #[arg(long = "deal", value_name = "ID")]
    deal_id: Option<String>,
    #[arg(long = "asset", value_name = "ID")]
    related_asset_id: Option<String>,
    #[arg(long = "vulnerability", value_name = "ID")]
    related_vulnerability_id: Option<String>,
    #[arg(long = "sla-policy", value_name = "ID")]
    sla_policy_id: Option<String>,
    /// Where it came from [default: docket]
    #[arg(long)]
    source: Option<String>,
}

impl Fields {
    /// What was given, with the text that the description names.
    pub fn given(mut self) -> Result<Map<String, Value>, CliError> {
        self.description = self.description.as_deref().map(text).transpose()?;
        written(&self)
    }
}

/// Narrows a list; several values of one flag mean any of them.
#[derive(Debug, Args, Serialize)]
#[command(next_help_heading = "Narrowing")]
pub struct Narrowing {
    #[arg(long, value_delimiter = ',', value_parser = Words(Status::WORDS))]
    status: Vec<String>,
    #[arg(long, value_delimiter = ',', value_parser = Words(Priority::WORDS))]
    priority: Vec<String>,
    #[arg(long, value_delimiter = ',', value_parser = Words(TicketType::WORDS))]
    r#type: Vec<String>,
    #[arg(long, value_delimiter = ',', value_parser = Words(Channel::WORDS))]
    channel: Vec<String>,
    #[arg(long, value_delimiter = ',')]
    category: Vec<String>,
    #[arg(long = "tag", value_name = "TAG", value_delimiter = ',')]
    tags: Vec<String>,
    /// '' lists what nobody has
    #[arg(long = "assignee", value_name = "ID", value_delimiter = ',')]
    assignee_id: Vec<String>,
    #[arg(long = "team", value_name = "ID", value_delimiter = ',')]
    team_id: Vec<String>,
    #[arg(long = "requester", value_name = "ID", value_delimiter = ',')]
    requester_id: Vec<String>,
    #[arg(long = "organization", visible_alias = "org", value_name = "ID", value_delimiter = ',')]
    organization_id: Vec<String>,
}

/// Tickets that an argument names, with commas between them.
#[derive(Clone, Debug)]
pub struct Ids(pub Vec<String>);

impl FromStr for Ids {
    type Err = String;

    fn from_str(text: &str) -> Result<Ids, String> {
        let ids: Vec<String> = text.split(',').map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect();
        if ids.is_empty() {
            Err("write an id, number or display number: 42, TKT-0042".to_owned())
        } else {
            Ok(Ids(ids))
        }
    }
}

/// A verb: which tickets, and why.
#[derive(Debug, Args, Serialize)]
pub struct Move {
    /// Ids, numbers or display numbers: 42, TKT-0042
    #[arg(required = true, value_name = "ID")]
    #[serde(skip)]
    pub ids: Vec<Ids>,
    /// Stands in the activity
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    etag: Etag,
    #[command(flatten)]
    #[serde(flatten)]
    write: Write,
}

/// A verb that takes no reason.
#[derive(Debug, Args, Serialize)]
pub struct Plain {
    /// Ids, numbers or display numbers: 42, TKT-0042
    #[arg(required = true, value_name = "ID")]
    #[serde(skip)]
    pub ids: Vec<Ids>,
    #[command(flatten)]
    #[serde(flatten)]
    etag: Etag,
    #[command(flatten)]
    #[serde(flatten)]
    write: Write,
}

#[derive(Debug, Args, Serialize)]
pub struct Escalate {
    #[command(flatten)]
    #[serde(flatten)]
    pub to: Move,
    /// The team of the higher tier
    #[arg(long = "team", value_name = "ID")]
    team_id: Option<String>,
    /// Who takes it there
    #[arg(long = "assignee", value_name = "ID")]
    assignee_id: Option<String>,
}

#[derive(Debug, Args, Serialize)]
pub struct Reopen {
    #[command(flatten)]
    #[serde(flatten)]
    pub back: Move,
    /// How it comes back [default: as the tenant's settings say]
    #[arg(long, value_parser = Words(ReopenMode::WORDS))]
    mode: Option<String>,
}

#[derive(Debug, Args, Serialize)]
pub struct Rate {
    /// Its id, number or display number: 42, TKT-0042
    id: String,
    /// 1 to 5
    #[arg(value_name = "STARS")]
    satisfaction: f64,
    #[arg(long)]
    comment: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    etag: Etag,
    #[command(flatten)]
    #[serde(flatten)]
    write: Write,
}

#[derive(Debug, Args, Serialize)]
pub struct Assign {
    /// Id, number or display number, or several with commas: 42, TKT-0042,43
    #[arg(value_name = "ID")]
    #[serde(skip)]
    pub ids: Ids,
    /// The agent who is to have it; '' for nobody
    #[arg(value_name = "ASSIGNEE", required_unless_present = "team_id")]
    assignee_id: Option<String>,
    /// The team that is to have it; '' for none
    #[arg(long = "team", value_name = "ID")]
    team_id: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    etag: Etag,
    #[command(flatten)]
    #[serde(flatten)]
    write: Write,
}

#[derive(Debug, Args, Serialize)]
pub struct Tag {
    /// Id, number or display number, or several with commas: 42, TKT-0042,43
    #[arg(value_name = "ID")]
    #[serde(skip)]
    pub ids: Ids,
    /// Tags to add
    #[arg(value_name = "TAG", required_unless_present = "remove")]
    add: Vec<String>,
    /// A tag to take away; may be given again, or several with commas
    #[arg(long, value_name = "TAG", value_delimiter = ',')]
    remove: Vec<String>,
    #[command(flatten)]
    #[serde(flatten)]
    etag: Etag,
    #[command(flatten)]
    #[serde(flatten)]
    write: Write,
}

#[derive(Debug, Args, Serialize)]
pub struct Post {
    /// Its id, number or display number: 42, TKT-0042
    pub ticket_id: String,
    /// What to say, in Markdown; - reads it from standard input, @FILE from a file
    #[serde(skip)]
    pub body: String,
    /// Writes for this person (service and importer roles)
    #[arg(long, value_name = "ID")]
    author_id: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    write: Write,
}
