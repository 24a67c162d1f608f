//! `docket issue`.

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::{Map, Value};

use super::args::{Etag, Page, Pair, Words, Write, object, text};
use crate::cli::error::CliError;
use crate::cli::session::{ClientArgs, Session, run as run_session, written};
use crate::cli::show::kind::ISSUE;
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
    /// Make an issue; a title is enough
    #[command(visible_alias = "new")]
    Create {
        #[command(flatten)]
        fields: Box<Fields>,
        /// Tickets that wait for it: 42, TKT-0042; may be given again
        #[arg(long = "ticket", value_name = "TICKET", value_delimiter = ',')]
        ticket_ids: Vec<String>,
        #[command(flatten)]
        write: Write,
    },
    /// List issues, the newest first
    #[command(visible_alias = "ls")]
    List {
        #[command(flatten)]
        narrowing: Narrowing,
        /// Only those of this ticket
        #[arg(long = "ticket", value_name = "TICKET")]
        ticket_id: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// Show an issue
    #[command(visible_alias = "get")]
    View { id: String },
    /// Change what is given of an issue
    #[command(visible_alias = "edit")]
    Update {
        /// Of the issue
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
    /// Resolve an issue, which is an event of each of its tickets
    Resolve(Which),
    /// Take up a resolved issue again
    Reopen(Which),
    /// Tie an issue to a ticket
    Link(Tie),
    /// Untie an issue from a ticket
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
    /// Of the issue
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
    /// 1 to 500 characters
    #[arg(long)]
    title: Option<String>,
    /// Markdown; - reads it from standard input, @FILE from a file
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
    /// Where the work is tracked
    #[arg(long = "url", value_name = "URL")]
    external_url: Option<String>,
    /// A field of your own; may be given again
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
                return Err(CliError::Usage("nothing to update: give a field, like --priority high".to_owned()));
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
    /// What was given, with the text that the description names.
    pub fn given(mut self) -> Result<Map<String, Value>, CliError> {
        self.description = self.description.as_deref().map(text).transpose()?;
        written(&self)
    }
}
