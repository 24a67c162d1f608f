//! `docket tenant`: settings of the caller's tenant.

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::{Map, Value};

use super::args::{Etag, Pair, Words, Write, object};
use super::merge;
use crate::cli::error::CliError;
use crate::cli::session::{ClientArgs, Session, run as run_session, written};
use crate::cli::show::layout::TENANT;
use crate::model::words::{ReopenMode, TagMode};

#[derive(Debug, Args)]
pub struct TenantArgs {
    #[command(flatten)]
    client: ClientArgs,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// View the settings
    #[command(visible_alias = "get")]
    View,
    /// Change the given settings
    #[command(visible_alias = "update")]
    Set {
        #[command(flatten)]
        settings: Box<Settings>,
        #[command(flatten)]
        etag: Etag,
        #[command(flatten)]
        write: Write,
    },
}

#[derive(Debug, Args, Serialize)]
#[command(next_help_heading = "Settings")]
struct Settings {
    /// Policy for resolved and closed tickets that an agent reopens
    #[arg(long, value_parser = Words(ReopenMode::WORDS))]
    reopen_agent: Option<String>,
    /// Policy for resolved and closed tickets that their requester reopens
    #[arg(long, value_parser = Words(ReopenMode::WORDS))]
    reopen_requester: Option<String>,
    /// How long after resolution a requester's message reopens a ticket in place: 7d, 12h
    #[arg(long, value_name = "LENGTH")]
    push_back_window: Option<String>,
    /// Whether a requester's message returns a PENDING ticket to OPEN
    #[arg(long, value_parser = ["true", "false"])]
    requester_reply_reopens_pending: Option<String>,
    /// Whether tags must be registered
    #[arg(long, value_parser = Words(TagMode::WORDS))]
    tag_mode: Option<String>,
    /// Allowed categories, comma-separated or repeated; replaces all
    #[arg(long = "category", value_name = "CATEGORY", value_delimiter = ',')]
    categories: Vec<String>,
    /// Fields that requesters may set as well, comma-separated or repeated; replaces all: priority,tags
    #[arg(long = "requester-field", value_name = "FIELD", value_delimiter = ',')]
    requester_fields: Vec<String>,
    /// Attribute that rules read as tenant.attributes; repeatable
    #[arg(long = "attribute", value_name = "KEY=VALUE")]
    #[serde(serialize_with = "object")]
    attributes: Vec<Pair>,
    /// Default calendar of SLA policies: id or name; '' = none
    #[arg(long = "default-calendar", value_name = "CALENDAR")]
    default_calendar_id: Option<String>,
}

pub fn run(args: TenantArgs) -> Result<(), CliError> {
    let TenantArgs { client, verb } = args;
    run_session(client, |session| carry_out(session, verb))
}

async fn carry_out(mut session: Session, verb: Verb) -> Result<(), CliError> {
    let (settings, etag, write) = match verb {
        Verb::View => return session.view("GetTenant", &TENANT, Map::new()).await,
        Verb::Set { settings, etag, write } => (written(&settings)?, written(&etag)?, written(&write)?),
    };
    if settings.is_empty() {
        return Err(CliError::Usage("nothing to set: give a setting, such as --reopen-requester in-place".to_owned()));
    }
    let mut tenant = Map::new();
    if settings.contains_key("attributes")
        && let Value::Object(mut before) = session.resource("GetTenant", &TENANT, Map::new()).await?
    {
        // Attributes are replaced as a whole, so the existing ones are copied; the etag detects a concurrent change.
        tenant.extend(["attributes", "etag"].map(|name| (name.to_owned(), before.remove(name).unwrap_or_default())));
    }
    merge(&mut tenant, settings);
    tenant.extend(etag);
    let mut request = write;
    request.insert("tenant".to_owned(), Value::Object(tenant));
    session.write("UpdateTenant", &TENANT, request).await
}
