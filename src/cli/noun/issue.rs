//! `docket issue`: verbs and arguments of issues.

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::{Map, Value};

use super::args::{Etag, Page, Pair, Words, Write, object, text};
use crate::cli::error::CliError;
use crate::cli::session::{ClientArgs, Session, run as run_session, written};
use crate::cli::show::layout::ISSUE;
use crate::model::words::{IssueStatus, IssueType, Priority};

#[derive(Debug, Args)]
pub struct IssueArgs {
    #[command(flatten)]
    client: ClientArgs,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Create an issue; only a title is required
    #[command(visible_alias = "new")]
    Create {
        #[command(flatten)]
        fields: Box<Fields>,
        /// Tickets that wait for it: 42, TKT-0042; comma-separated or repeated
        #[arg(long = "ticket", value_name = "TICKET", value_delimiter = ',')]
        ticket_ids: Vec<String>,
        #[command(flatten)]
        write: Write,
    },
    /// List issues, newest first
    #[command(visible_alias = "ls")]
    List {
        #[command(flatten)]
        narrowing: Narrowing,
        /// Only issues of this ticket
        #[arg(long = "ticket", value_name = "TICKET")]
        ticket_id: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// View an issue
    #[command(visible_alias = "get")]
    View { id: String },
    /// Change the given fields of an issue
    #[command(visible_alias = "edit")]
    Update {
        /// Id of the issue
        id: String,
        #[command(flatten)]
        fields: Box<Fields>,
        #[arg(long, value_parser = Words(IssueStatus::WORDS))]
        status: Option<String>,
        #[command(flatten)]
        etag: Etag,
        #[command(flatten)]
        write: Write,
    },
    /// Resolve an issue; each of its tickets gets an event
    Resolve(Which),
    /// Reopen a resolved issue
    Reopen(Which),
    /// Link an issue to a ticket
    Link(Tie),
    /// Unlink an issue from a ticket
    Unlink(Tie),
}

#[derive(Debug, Args, Serialize)]
struct Tie {
    #[command(flatten)]
    #[serde(flatten)]
    which: Which,
    /// The ticket: 42, TKT-0042
    ticket_id: String,
}

#[derive(Debug, Args, Serialize)]
struct Which {
    /// Id of the issue
    id: String,
    #[command(flatten)]
    #[serde(flatten)]
    etag: Etag,
    #[command(flatten)]
    #[serde(flatten)]
    write: Write,
}

#[derive(Debug, Args, Serialize)]
pub struct Fields {
    /// Title, 1 to 500 characters
    #[arg(long)]
    title: Option<String>,
    /// Description, in Markdown; - reads it from standard input, @FILE from a file
    #[arg(long)]
    description: Option<String>,
    #[arg(long, value_parser = Words(IssueType::WORDS))]
    r#type: Option<String>,
    #[arg(long, value_parser = Words(Priority::WORDS))]
    priority: Option<String>,
    #[arg(long = "reporter", value_name = "ID")]
    reporter_id: Option<String>,
    #[arg(long = "assignee", value_name = "ID")]
    assignee_id: Option<String>,
    #[arg(long)]
    project: Option<String>,
    /// URL in an external tracker
    #[arg(long = "url", value_name = "URL")]
    external_url: Option<String>,
    /// Custom field; repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    #[serde(serialize_with = "object")]
    metadata: Vec<Pair>,
}

#[derive(Debug, Args, Serialize)]
struct Narrowing {
    #[arg(long, value_delimiter = ',', value_parser = Words(IssueStatus::WORDS))]
    status: Vec<String>,
    #[arg(long, value_delimiter = ',', value_parser = Words(Priority::WORDS))]
    priority: Vec<String>,
    #[arg(long, value_delimiter = ',', value_parser = Words(IssueType::WORDS))]
    r#type: Vec<String>,
    #[arg(long = "assignee", value_name = "ID", value_delimiter = ',')]
    assignee_id: Vec<String>,
}

pub fn run(args: IssueArgs) -> Result<(), CliError> {
    let IssueArgs { client, verb } = args;
    run_session(client, |session| carry_out(session, verb))
}

async fn carry_out(mut session: Session, verb: Verb) -> Result<(), CliError> {
    match verb {
        Verb::Create { fields, ticket_ids, write } => {
            let mut issue = fields.given()?;
            issue.insert("ticket_ids".to_owned(), ticket_ids.into_iter().map(Value::String).collect());
            let mut request = written(&write)?;
            request.insert("issue".to_owned(), Value::Object(issue));
            session.write("CreateIssue", &ISSUE, request).await
        }
        Verb::List { narrowing, ticket_id, page } => {
            let mut request = page.written(&ISSUE, written(&narrowing)?)?;
            request.extend(ticket_id.map(|id| ("ticket_id".to_owned(), Value::String(id))));
            session.list("ListIssues", &ISSUE, request, page.limit()).await
        }
        Verb::View { id } => {
            session.view("GetIssue", &ISSUE, Map::from_iter([("id".to_owned(), Value::String(id))])).await
        }
        Verb::Update { id, fields, status, etag, write } => {
            let mut issue = fields.given()?;
            issue.extend(status.map(|status| ("status".to_owned(), Value::String(status))));
            if issue.is_empty() {
                return Err(CliError::Usage("nothing to update: set a field, such as --priority high".to_owned()));
            }
            issue.insert("id".to_owned(), Value::String(id));
            issue.extend(written(&etag)?);
            let mut request = written(&write)?;
            request.insert("issue".to_owned(), Value::Object(issue));
            session.write("UpdateIssue", &ISSUE, request).await
        }
        Verb::Resolve(which) => session.write("ResolveIssue", &ISSUE, written(&which)?).await,
        Verb::Reopen(which) => session.write("ReopenIssue", &ISSUE, written(&which)?).await,
        Verb::Link(tie) => session.write("LinkIssue", &ISSUE, written(&tie)?).await,
        Verb::Unlink(tie) => session.write("UnlinkIssue", &ISSUE, written(&tie)?).await,
    }
}

impl Fields {
    /// The given fields, with the description read from its source.
    pub fn given(mut self) -> Result<Map<String, Value>, CliError> {
        self.description = self.description.as_deref().map(text).transpose()?;
        written(&self)
    }
}
