//! Client session of a command: sends requests by RPC name and JSON, and prints the responses.

use clap::Args;
use prost_reflect::{DynamicMessage, MethodDescriptor, ReflectMessage};
use serde::Serialize;
use serde_json::{Map, Value};

use super::client::{ClientError, ServerArgs};
use super::error::CliError;
use super::show::{Layout, Show, ShowArgs};
use crate::grpc::client::Client;
use crate::grpc::rest::{self, Schema};

/// Maximum page size.
const PAGE: usize = 500;

#[derive(Debug, Args)]
pub struct ClientArgs {
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    show: ShowArgs,
}

/// Maximum number of rows of a list.
#[derive(Clone, Copy, Debug)]
pub enum Limit {
    /// As given on the command line.
    Given(usize),
    /// The default; the user is told if there are more rows.
    Default(usize),
    All,
}

impl Limit {
    fn rows(self) -> usize {
        match self {
            Limit::Given(rows) | Limit::Default(rows) => rows,
            Limit::All => usize::MAX,
        }
    }
}

pub struct Session {
    pub schema: Schema,
    pub show: Show,
    server: ServerArgs,
    client: Option<Client>,
}

/// Runs a command to completion.
pub fn run<F: Future<Output = Result<(), CliError>>>(
    args: ClientArgs,
    command: impl FnOnce(Session) -> F,
) -> Result<(), CliError> {
    let ClientArgs { server, show } = args;
    let session = Session { schema: Schema::new()?, show: Show::new(show), server, client: None };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::Runtime)?;
    match runtime.block_on(command(session)) {
        Err(error) if error.is_unread() => Ok(()),
        ended => ended,
    }
}

/// Serializes arguments as request fields; omits those that were not given.
pub fn written(args: &impl Serialize) -> Result<Map<String, Value>, CliError> {
    let Value::Object(mut fields) = serde_json::to_value(args)? else { return Ok(Map::new()) };
    fields.retain(|_, value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(entries) => !entries.is_empty(),
        _ => true,
    });
    Ok(fields)
}

impl Session {
    /// Builds a request from the command line; checked before a connection is made.
    pub fn request(
        &self,
        rpc: &str,
        written: Map<String, Value>,
    ) -> Result<(MethodDescriptor, DynamicMessage), CliError> {
        let method = self.schema.method(rpc)?;
        let request = rest::request(&method.input(), Value::Object(written)).map_err(CliError::unreadable)?;
        Ok((method, request))
    }

    pub async fn send(
        &mut self,
        method: &MethodDescriptor,
        request: DynamicMessage,
    ) -> Result<DynamicMessage, CliError> {
        let client = match self.client.take() {
            Some(client) => client,
            None => self.server.connect().await?,
        };
        Ok(self.client.insert(client).unary(method, request).await.map_err(ClientError::from)?)
    }

    pub async fn ask(&mut self, rpc: &str, written: Map<String, Value>) -> Result<DynamicMessage, CliError> {
        let (method, request) = self.request(rpc, written)?;
        self.send(&method, request).await
    }

    /// Calls an RPC and returns the resource in its response.
    pub async fn resource(
        &mut self,
        rpc: &str,
        layout: &Layout,
        written: Map<String, Value>,
    ) -> Result<Value, CliError> {
        let answer = self.ask(rpc, written).await?;
        self.part(&answer, layout)
    }

    /// The field of a response that holds a resource of this kind.
    fn part(&self, answer: &DynamicMessage, layout: &Layout) -> Result<Value, CliError> {
        let message = self.schema.message(layout.message)?;
        let part = answer.fields().find_map(|(_, value)| value.as_message().filter(|m| m.descriptor() == message));
        Ok(part.map(rest::json).transpose()?.unwrap_or(Value::Null))
    }

    /// Calls an RPC that writes, and prints the resulting resource as a row.
    pub async fn write(&mut self, rpc: &str, layout: &Layout, written: Map<String, Value>) -> Result<(), CliError> {
        let tried = written.get("validate_only") == Some(&Value::Bool(true));
        let answer = self.ask(rpc, written).await?;
        self.wrote(&answer, layout, tried)
    }

    /// Prints the resource in the response to a write as a row. `tried`: nothing was written.
    pub fn wrote(&self, answer: &DynamicMessage, layout: &Layout, tried: bool) -> Result<(), CliError> {
        let resource = self.part(answer, layout)?;
        self.show.row(&self.schema, layout, resource)?;
        if tried {
            self.show.aside("dry run, including rules: nothing was written");
        }
        if let Some(outcome) = answer.get_field_by_name("original_id").and_then(|id| id.as_str().map(str::to_owned))
            && !outcome.is_empty()
        {
            self.show.aside(&format!("{outcome} was not reopened: this is a follow-up ticket"));
        }
        Ok(())
    }

    /// Calls an RPC, and prints the resource in full.
    pub async fn view(&mut self, rpc: &str, layout: &Layout, written: Map<String, Value>) -> Result<(), CliError> {
        let resource = self.resource(rpc, layout, written).await?;
        Ok(self.show.one(&self.schema, layout, &resource)?)
    }

    /// Lists resources page by page, and prints them as rows.
    pub async fn list(
        &mut self,
        rpc: &str,
        layout: &Layout,
        written: Map<String, Value>,
        limit: Limit,
    ) -> Result<(), CliError> {
        let rows = self.rows(rpc, written, limit).await?;
        let rows: Result<Vec<Value>, _> = rows.iter().map(rest::json).collect();
        Ok(self.show.many(&self.schema, layout, rows?)?)
    }

    /// Fetches as many pages as the limit requires. Tells the user if there are more rows than the default limit.
    pub async fn rows(
        &mut self,
        rpc: &str,
        mut written: Map<String, Value>,
        limit: Limit,
    ) -> Result<Vec<DynamicMessage>, CliError> {
        let (mut rows, mut page) = (Vec::new(), 0);
        loop {
            let wanted = limit.rows() - rows.len();
            written.insert("page_size".to_owned(), Value::from(wanted.min(PAGE)));
            let answer = self.ask(rpc, written.clone()).await?;
            let repeated = answer.fields().find_map(|(field, value)| {
                let messages = field.is_list() && field.kind().as_message().is_some();
                value.as_list().filter(|_| messages)
            });
            rows.extend(repeated.unwrap_or_default().iter().filter_map(|row| row.as_message().cloned()));
            if answer.get_field_by_name("newest_only").is_some_and(|only| only.as_bool() == Some(true)) && page == 0 {
                self.show.aside(
                    "more than 500 tickets match; only the newest 500 were searched: add words to find older ones",
                );
            }
            page += 1;
            let next = answer.get_field_by_name("next_page_token").and_then(|token| token.as_str().map(str::to_owned));
            let next = next.unwrap_or_default();
            if next.is_empty() {
                return Ok(rows);
            }
            if rows.len() >= limit.rows() {
                if let Limit::Default(shown) = limit {
                    self.show.aside(&format!("showing the first {shown}; use --limit N or --all for more"));
                }
                return Ok(rows);
            }
            written.insert("page_token".to_owned(), Value::String(next));
        }
    }
}
