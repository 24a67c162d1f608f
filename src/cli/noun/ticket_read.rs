//! Verbs of `docket ticket` that read.

use clap::Subcommand;
use serde_json::{Map, Value};

use super::args::{Page, Params, Rows};
use super::ticket_args::Narrowing;
use super::ticket_stats::{Stats, stats};
use super::{history, ticket_view};
use crate::cli::error::CliError;
use crate::cli::session::{Session, written};
use crate::cli::show::layout::TICKET;

#[derive(Debug, Subcommand)]
pub enum Read {
    /// List tickets, newest first
    #[command(visible_alias = "ls")]
    List {
        #[command(flatten)]
        narrowing: Box<Narrowing>,
        #[command(flatten)]
        page: Page,
        /// Include deleted tickets
        #[arg(long)]
        deleted: bool,
    },
    /// View a ticket with its messages
    #[command(visible_alias = "get")]
    View {
        /// Number, display number or id: 42, TKT-0042
        id: String,
    },
    /// Search number, subject, description and messages of tickets; best match first
    Search {
        /// Words that must all occur; -word must not: 'paper jam -printer'
        #[arg(required = true, value_name = "WORD")]
        words: Vec<String>,
        /// CEL filter
        #[arg(long, value_name = "CEL")]
        filter: Option<String>,
        #[command(flatten)]
        params: Params,
        #[command(flatten)]
        rows: Rows,
    },
    /// Show ticket counts and response times
    Stats(Stats),
    /// List the activities of a ticket
    #[command(visible_alias = "activities")]
    History {
        /// Number, display number or id: 42, TKT-0042
        id: String,
        #[command(flatten)]
        rows: Rows,
    },
}

pub async fn carry_out(session: &mut Session, verb: Read) -> Result<(), CliError> {
    match verb {
        Read::List { narrowing, page, deleted } => {
            let mut request = page.written(&TICKET, written(&narrowing)?)?;
            request.insert("show_deleted".to_owned(), Value::Bool(deleted));
            session.list("ListTickets", &TICKET, request, page.limit()).await
        }
        Read::View { id } => ticket_view::view(session, id).await,
        Read::Search { words, filter, params, rows } => {
            let mut request = Map::from_iter([("query".to_owned(), Value::String(words.join(" ")))]);
            request.extend(filter.map(|filter| ("filter".to_owned(), Value::String(filter))));
            request.extend(params.written());
            session.list("SearchTickets", &TICKET, request, rows.limit()).await
        }
        Read::Stats(args) => stats(session, args).await,
        Read::History { id, rows } => history::history(session, id, rows.limit()).await,
    }
}
