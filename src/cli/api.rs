//! `docket api`: calls any RPC by its REST method and path.

use clap::Args;
use serde_json::Value;

use super::error::CliError;
use super::noun::args::text;
use super::session::{ClientArgs, Session, run as run_session};
use crate::grpc::rest::{self, HttpRequest, Routes};

#[derive(Debug, Args)]
pub struct ApiArgs {
    #[command(flatten)]
    client: ClientArgs,
    /// GET, POST, PUT, PATCH or DELETE
    verb: String,
    /// Path of the REST mapping: /api/v1/tickets/TKT-0042/messages
    path: String,
    /// Request body, as JSON; - reads it from standard input, @FILE from a file
    #[arg(short, long, value_name = "JSON")]
    data: Option<String>,
    /// Set a field of the request, or filter a list by a field: status=open; repeatable
    #[arg(short, long = "field", value_name = "NAME=VALUE", value_parser = pair)]
    q: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Prints the whole response.
pub fn run(args: ApiArgs) -> Result<(), CliError> {
    let ApiArgs { client, verb, path, data, q } = args;
    let body = data.map(|data| body(&data)).transpose()?;
    run_session(client, |session| carry_out(session, HttpRequest { verb, path, query: q, body }))
}

fn body(data: &str) -> Result<Value, CliError> {
    let text = text(data)?;
    serde_json::from_str(&text).map_err(|error| CliError::Usage(format!("the body (-d) is not valid JSON: {error}")))
}

async fn carry_out(mut session: Session, asked: HttpRequest) -> Result<(), CliError> {
    let (method, request) = Routes::new(&session.schema).request(asked)?;
    let answer = session.send(&method, request).await?;
    Ok(session.show.value(&rest::json(&answer)?)?)
}
