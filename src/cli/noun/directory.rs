//! `docket agent`, `team`, `org`, `contact`, `deal` and `asset`: the directory, which other systems own. All have the same verbs.

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::{Map, Value};

use super::args::{Etag, Page, Pair, Words, Write, object};
use super::merge;
use crate::cli::client::ClientError;
use crate::cli::error::CliError;
use crate::cli::session::{ClientArgs, Session, run as run_session, written};
use crate::cli::show::Layout;
use crate::cli::show::layout::{AGENT, ASSET, CONTACT, DEAL, ORGANIZATION, TEAM};
use crate::model::words::AgentStatus;

#[derive(Debug, Args)]
pub struct DirectoryArgs<F: Args> {
    #[command(flatten)]
    client: ClientArgs,
    #[command(subcommand)]
    verb: Verb<F>,
}

#[derive(Debug, Subcommand)]
enum Verb<F: Args> {
    /// List all
    #[command(visible_alias = "ls")]
    List {
        #[command(flatten)]
        page: Page,
    },
    /// View one
    #[command(visible_alias = "get")]
    View { id: String },
    /// Delete one
    #[command(visible_alias = "rm")]
    Delete {
        id: String,
        #[command(flatten)]
        etag: Etag,
        #[command(flatten)]
        write: Write,
    },
    /// Create one, or change the given fields
    Set {
        /// Its id in the system that owns it
        id: String,
        #[command(flatten)]
        fields: F,
        #[command(flatten)]
        write: Write,
    },
}

#[derive(Debug, Args, Serialize)]
pub struct Agent {
    #[arg(long)]
    name: Option<String>,
    #[arg(long)]
    email: Option<String>,
    #[arg(long, value_parser = Words(AgentStatus::WORDS))]
    status: Option<String>,
    /// Maximum number of open tickets; 0 = no limit
    #[arg(long)]
    capacity: Option<u32>,
    /// Skills, comma-separated or repeated; replaces all
    #[arg(long = "skill", value_name = "SKILL", value_delimiter = ',')]
    skills: Vec<String>,
    /// Weight when rules distribute tickets among agents; 0 = 1
    #[arg(long)]
    weight: Option<u32>,
}

#[derive(Debug, Args, Serialize)]
pub struct Team {
    #[arg(long)]
    name: Option<String>,
    /// Ids of its agents, comma-separated or repeated; replaces all
    #[arg(long = "member", value_name = "AGENT", value_delimiter = ',')]
    member_ids: Vec<String>,
}

#[derive(Debug, Args, Serialize)]
pub struct Organization {
    #[arg(long)]
    name: Option<String>,
    /// Tier, for rules: Enterprise
    #[arg(long)]
    tier: Option<String>,
    /// Subscription: plan=gold, status=active; repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    #[serde(serialize_with = "object")]
    subscription: Vec<Pair>,
    /// Custom attribute; repeatable
    #[arg(long = "attribute", value_name = "KEY=VALUE")]
    #[serde(serialize_with = "object")]
    attributes: Vec<Pair>,
}

#[derive(Debug, Args, Serialize)]
pub struct Contact {
    #[arg(long)]
    name: Option<String>,
    #[arg(long)]
    email: Option<String>,
    #[arg(long = "organization", visible_alias = "org", value_name = "ID")]
    organization_id: Option<String>,
    /// Custom attribute; repeatable
    #[arg(long = "attribute", value_name = "KEY=VALUE")]
    #[serde(serialize_with = "object")]
    attributes: Vec<Pair>,
}

#[derive(Debug, Args, Serialize)]
pub struct Deal {
    #[arg(long)]
    name: Option<String>,
    /// Stage, for rules: Negotiation
    #[arg(long)]
    stage: Option<String>,
    /// Custom attribute; repeatable
    #[arg(long = "attribute", value_name = "KEY=VALUE")]
    #[serde(serialize_with = "object")]
    attributes: Vec<Pair>,
}

#[derive(Debug, Args, Serialize)]
pub struct Asset {
    #[arg(long)]
    name: Option<String>,
    /// Kind, for rules: printer
    #[arg(long)]
    kind: Option<String>,
    /// Custom attribute; repeatable
    #[arg(long = "attribute", value_name = "KEY=VALUE")]
    #[serde(serialize_with = "object")]
    attributes: Vec<Pair>,
}

/// RPCs of a kind of resource, and the field for it in requests.
pub trait Listed: Args + Serialize {
    const LAYOUT: &'static Layout;
    const FIELD: &'static str;
    const LIST: &'static str;
    const GET: &'static str;
    const UPSERT: &'static str;
    const DELETE: &'static str;
}

macro_rules! listed {
    ($($fields:ident: $kind:ident, $field:literal, $list:literal, $get:literal, $upsert:literal, $delete:literal;)+) => { $(
        impl Listed for $fields {
            const LAYOUT: &'static Layout = &$kind;
            const FIELD: &'static str = $field;
            const LIST: &'static str = $list;
            const GET: &'static str = $get;
            const UPSERT: &'static str = $upsert;
            const DELETE: &'static str = $delete;
        }
    )+ };
}

listed! {
    Agent: AGENT, "agent", "ListAgents", "GetAgent", "UpsertAgent", "DeleteAgent";
    Team: TEAM, "team", "ListTeams", "GetTeam", "UpsertTeam", "DeleteTeam";
    Organization: ORGANIZATION, "organization", "ListOrganizations", "GetOrganization", "UpsertOrganization", "DeleteOrganization";
    Contact: CONTACT, "contact", "ListContacts", "GetContact", "UpsertContact", "DeleteContact";
    Deal: DEAL, "deal", "ListDeals", "GetDeal", "UpsertDeal", "DeleteDeal";
    Asset: ASSET, "asset", "ListAssets", "GetAsset", "UpsertAsset", "DeleteAsset";
}

pub fn run<F: Listed>(args: DirectoryArgs<F>) -> Result<(), CliError> {
    let DirectoryArgs { client, verb } = args;
    run_session(client, |session| carry_out(session, verb))
}

async fn carry_out<F: Listed>(mut session: Session, verb: Verb<F>) -> Result<(), CliError> {
    match verb {
        Verb::List { page } => {
            session.list(F::LIST, F::LAYOUT, page.written(F::LAYOUT, Map::new())?, page.limit()).await
        }
        Verb::View { id } => session.view(F::GET, F::LAYOUT, named(&id)).await,
        Verb::Delete { id, etag, write } => {
            let mut request = named(&id);
            request.extend(written(&etag)?);
            request.extend(written(&write)?);
            session.write(F::DELETE, F::LAYOUT, request).await
        }
        Verb::Set { id, fields, write } => {
            let fields = written(&fields)?;
            let mut resource = stored::<F>(&mut session, &id).await?;
            // An upsert replaces the whole resource, so fields that were not given are copied.
            merge(&mut resource, fields);
            let mut request = written(&write)?;
            request.insert(F::FIELD.to_owned(), Value::Object(resource));
            session.write(F::UPSERT, F::LAYOUT, request).await
        }
    }
}

fn named(id: &str) -> Map<String, Value> {
    Map::from_iter([("id".to_owned(), Value::from(id))])
}

/// The stored resource, with the etag that guards the change; a new one if it does not exist.
async fn stored<F: Listed>(session: &mut Session, id: &str) -> Result<Map<String, Value>, CliError> {
    match session.resource(F::GET, F::LAYOUT, named(id)).await {
        Ok(Value::Object(resource)) => Ok(resource),
        Ok(_) => Ok(named(id)),
        Err(CliError::Client(ClientError::Refused(refused))) if refused.not_found => Ok(named(id)),
        Err(error) => Err(error),
    }
}
