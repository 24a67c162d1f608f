//! `docket ticket stats`: counts and times, in total and per group.

use clap::Args;
use serde::Serialize;
use serde_json::Value;

use super::args::Params;
use crate::cli::error::CliError;
use crate::cli::session::{Session, written};
use crate::cli::show::layout::{STATS, STATS_GROUP};
use crate::grpc::rest;

#[derive(Debug, Args, Serialize)]
pub struct Stats {
    /// CEL filter
    #[arg(long, value_name = "CEL")]
    filter: Option<String>,
    #[command(flatten)]
    #[serde(skip)]
    params: Params,
    /// Only tickets created within this duration before now: 12h, 7d
    #[arg(long, value_name = "LENGTH")]
    window: Option<String>,
    /// Also report per team, priority, category or channel
    #[arg(long, value_name = "FIELD", value_parser = ["team", "priority", "category", "channel"])]
    group_by: Option<String>,
}

pub async fn stats(session: &mut Session, args: Stats) -> Result<(), CliError> {
    let mut request = written(&args)?;
    request.extend(args.params.written());
    let answer = session.ask("GetTicketStats", request).await?;
    let figures = rest::json(&answer)?;
    session.show.one(&session.schema, &STATS, &figures)?;
    let groups = figures.get("groups").and_then(Value::as_array).cloned().unwrap_or_default();
    if session.show.for_people() && !groups.is_empty() {
        session.show.print("\n")?;
        session.show.many(&session.schema, &STATS_GROUP, groups)?;
    }
    Ok(())
}
