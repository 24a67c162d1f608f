//! `docket workflow run`: runs a rule that waits for `manual`.

use clap::Args;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::numbers::Numbers;
use crate::cli::error::CliError;
use crate::cli::session::{self, ClientArgs, Session};
use crate::grpc::rest;

#[derive(Debug, Args)]
pub struct RunArgs {
    /// Name of the rule, which has `manual` in its `on`
    name: String,
    /// Number, display number or id of a ticket
    #[arg(required_unless_present = "for_tickets", conflicts_with = "for_tickets")]
    ticket: Option<String>,
    /// CEL over `ticket`: run it for each of these instead
    #[arg(long = "for", value_name = "FILTER")]
    for_tickets: Option<String>,
    /// Say what would become of it, and write nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    client: ClientArgs,
}

pub fn run(args: RunArgs) -> Result<(), CliError> {
    let RunArgs { name, ticket, for_tickets, dry_run, client } = args;
    let mut request =
        Map::from_iter([("workflow".to_owned(), json!(name)), ("validate_only".to_owned(), json!(dry_run))]);
    match (ticket, for_tickets) {
        (Some(ticket), _) => request.insert("ticket_id".into(), json!(ticket)),
        (None, filter) => request.insert("filter".into(), json!(filter.unwrap_or_default())),
    };
    session::run(client, |session| pages(session, request))
}

/// With a filter, page by page until no ticket is left.
async fn pages(mut session: Session, mut request: Map<String, Value>) -> Result<(), CliError> {
    let (mut counts, mut numbers): (Vec<(String, usize)>, Numbers) = Default::default();
    loop {
        // Sent again after a lost answer it is the same call.
        request.insert("request_id".into(), json!(Uuid::now_v7().to_string()));
        let answer = rest::json(&session.ask("RunWorkflow", request.clone()).await?)?;
        if !session.show.for_people() {
            session.show.value(&answer)?;
        }
        let several = answer.get("runs").and_then(Value::as_array).into_iter().flatten();
        let runs: Vec<&Value> = answer.get("run").filter(|run| run.is_object()).into_iter().chain(several).collect();
        if session.show.for_people() {
            let ids = runs.iter().filter_map(|run| run.get("ticket_id").and_then(Value::as_str));
            numbers.learn(&mut session, ids).await?;
        }
        for run in runs {
            let text = |key: &str| run.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            let verdict = text("verdict");
            if session.show.for_people() {
                session.show.print(&format!(
                    "{verdict:<11}  {}  {}\n",
                    numbers.of(&text("ticket_id")),
                    text("reason")
                ))?;
            }
            match counts.iter_mut().find(|(other, _)| *other == verdict) {
                Some((_, count)) => *count += 1,
                None => counts.push((verdict, 1)),
            }
        }
        match answer.get("next_page_token").and_then(Value::as_str) {
            Some(token) if !token.is_empty() => request.insert("page_token".into(), json!(token)),
            _ => break,
        };
    }
    let all: Vec<String> = counts.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect();
    if session.show.for_people() && all.len() + counts.iter().map(|(_, count)| count).sum::<usize>() != 2 {
        let all = if all.is_empty() { "no ticket".to_owned() } else { all.join(", ") };
        session.show.print(&format!("{all}\n"))?;
    }
    Ok(())
}
