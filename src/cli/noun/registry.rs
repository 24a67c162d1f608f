//! `docket tags` and `docket canned`: registered tags and canned responses. Both have the same verbs.

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::{Map, Value};

use super::args::{Etag, Page, Write, text};
use crate::cli::error::CliError;
use crate::cli::session::{ClientArgs, Session, run as run_session, written};
use crate::cli::show::Layout;
use crate::cli::show::layout::{CANNED_RESPONSE, TAG};

#[derive(Debug, Args)]
pub struct TagsArgs {
    #[command(flatten)]
    client: ClientArgs,
    #[command(subcommand)]
    verb: Verb<Tag>,
}

#[derive(Debug, Args)]
pub struct CannedArgs {
    #[command(flatten)]
    client: ClientArgs,
    #[command(subcommand)]
    verb: CannedVerb,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb<F: Args> {
    /// Create one
    #[command(visible_alias = "new")]
    Create {
        #[command(flatten)]
        fields: F,
        #[command(flatten)]
        write: Write,
    },
    /// List all
    #[command(visible_alias = "ls")]
    List {
        #[command(flatten)]
        page: Page,
    },
    /// View one
    #[command(visible_alias = "get")]
    View {
        /// Id or name
        id: String,
    },
    /// Change the given fields of one
    #[command(visible_alias = "edit")]
    Update {
        /// Id or name
        id: String,
        #[command(flatten)]
        fields: F,
        #[command(flatten)]
        etag: Etag,
        #[command(flatten)]
        write: Write,
    },
    /// Delete one
    #[command(visible_alias = "rm")]
    Delete {
        /// Id or name
        id: String,
        #[command(flatten)]
        etag: Etag,
        #[command(flatten)]
        write: Write,
    },
}

#[derive(Debug, Subcommand)]
enum CannedVerb {
    #[command(flatten)]
    Kept(Verb<CannedResponse>),
    /// Render one for a ticket
    Render {
        /// Id or name
        id: String,
        /// Ticket: 42, TKT-0042
        ticket: String,
    },
}

#[derive(Debug, Args, Serialize)]
struct Tag {
    /// Name, 1 to 64 characters
    #[arg(long)]
    name: Option<String>,
    /// Colour: #ef4444
    #[arg(long, visible_alias = "colour")]
    color: Option<String>,
    /// Team that owns it; '' = the whole tenant
    #[arg(long = "team", value_name = "ID")]
    team_id: Option<String>,
    #[arg(long)]
    description: Option<String>,
}

#[derive(Debug, Args, Serialize)]
struct CannedResponse {
    /// Name, used by rules and people
    #[arg(long)]
    name: Option<String>,
    #[arg(long)]
    title: Option<String>,
    /// Body, in Markdown with ${ … }; - reads it from standard input, @FILE from a file
    #[arg(long)]
    body: Option<String>,
    /// Team that owns it; '' = the whole tenant
    #[arg(long = "team", value_name = "ID")]
    team_id: Option<String>,
}

pub(super) trait Kept: Args + Serialize {
    const LAYOUT: &'static Layout;
    /// Field of the resource in requests.
    const FIELD: &'static str;
    /// Field of the resources in the list response.
    const MANY: &'static str;

    /// The given fields, with texts read from their sources.
    fn given(self) -> Result<Map<String, Value>, CliError>;
}

impl Kept for Tag {
    const LAYOUT: &'static Layout = &TAG;
    const FIELD: &'static str = "tag";
    const MANY: &'static str = "Tags";

    fn given(self) -> Result<Map<String, Value>, CliError> {
        written(&self)
    }
}

impl Kept for CannedResponse {
    const LAYOUT: &'static Layout = &CANNED_RESPONSE;
    const FIELD: &'static str = "canned_response";
    const MANY: &'static str = "CannedResponses";

    fn given(mut self) -> Result<Map<String, Value>, CliError> {
        self.body = self.body.as_deref().map(text).transpose()?;
        written(&self)
    }
}

pub fn tags(args: TagsArgs) -> Result<(), CliError> {
    let TagsArgs { client, verb } = args;
    run_session(client, async |mut session| carry_out(&mut session, verb).await)
}

pub fn canned(args: CannedArgs) -> Result<(), CliError> {
    let CannedArgs { client, verb } = args;
    run_session(client, async |mut session| match verb {
        CannedVerb::Kept(verb) => carry_out(&mut session, verb).await,
        CannedVerb::Render { id, ticket } => render(&mut session, id, ticket).await,
    })
}

pub(super) async fn carry_out<F: Kept>(session: &mut Session, verb: Verb<F>) -> Result<(), CliError> {
    let rpc = |verb: &str| format!("{verb}{}", F::LAYOUT.message);
    match verb {
        Verb::Create { fields, write } => {
            let mut request = written(&write)?;
            request.insert(F::FIELD.to_owned(), Value::Object(fields.given()?));
            session.write(&rpc("Create"), F::LAYOUT, request).await
        }
        Verb::List { page } => {
            let written = page.written(F::LAYOUT, Map::new())?;
            session.list(&format!("List{}", F::MANY), F::LAYOUT, written, page.limit()).await
        }
        Verb::View { id } => session.view(&rpc("Get"), F::LAYOUT, named(id)).await,
        Verb::Update { id, fields, etag, write } => {
            let mut fields = fields.given()?;
            if fields.is_empty() {
                return Err(CliError::Usage("nothing to update: set a field".to_owned()));
            }
            fields.extend(named(id));
            fields.extend(written(&etag)?);
            let mut request = written(&write)?;
            request.insert(F::FIELD.to_owned(), Value::Object(fields));
            session.write(&rpc("Update"), F::LAYOUT, request).await
        }
        Verb::Delete { id, etag, write } => {
            let mut request = named(id);
            request.extend(written(&etag)?);
            request.extend(written(&write)?);
            session.write(&rpc("Delete"), F::LAYOUT, request).await
        }
    }
}

pub(super) fn named(id: String) -> Map<String, Value> {
    Map::from_iter([("id".to_owned(), Value::String(id))])
}

async fn render(session: &mut Session, id: String, ticket: String) -> Result<(), CliError> {
    let mut request = named(id);
    request.insert("ticket_id".to_owned(), Value::String(ticket));
    let answer = session.ask("RenderCannedResponse", request).await?;
    let text = answer.get_field_by_name("text").and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default();
    match session.show.for_people() {
        true => Ok(session.show.print(&(text.trim_end().to_owned() + "\n"))?),
        false => Ok(session.show.value(&Value::String(text))?),
    }
}
