//! What a command does with a server: asks by the name of an RPC and JSON, and shows the answer.

use clap::Args;
use prost_reflect::{DynamicMessage, MethodDescriptor, ReflectMessage};
use serde::Serialize;
use serde_json::{Map, Value};

use super::client::{ClientError, ServerArgs};
use super::error::CliError;
use super::show::{Kind, Show, ShowArgs};
use crate::grpc::client::Client;
use crate::grpc::rest::{self, Schema};

/// The most rows that a page has.
const PAGE: usize = 500;

#[derive(Debug, Args)]
pub struct ClientArgs {
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    show: ShowArgs,
}

/// How many rows of a list are asked for.
#[derive(Clone, Copy, Debug)]
pub enum Limit {
    /// So many, as somebody said.
    Asked(usize),
    /// So many; that there are more is said.
    Default(usize),
    All,
}

impl Limit {
    fn rows(self) -> usize {
        match self {
            Limit::Asked(rows) | Limit::Default(rows) => rows,
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

/// Runs a command to its end.
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

/// The arguments as the request that they are written for; what was not given is not in it.
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
    /// What the command line wrote, as a request; checked before a server is looked for.
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

    /// One resource out of an answer.
    pub async fn resource(&mut self, rpc: &str, kind: &Kind, written: Map<String, Value>) -> Result<Value, CliError> {
        let answer = self.ask(rpc, written).await?;
        self.part(&answer, kind)
    }

    /// The kind's part of an answer.
    fn part(&self, answer: &DynamicMessage, kind: &Kind) -> Result<Value, CliError> {
        let message = self.schema.message(kind.message)?;
        let part = answer.fields().find_map(|(_, value)| value.as_message().filter(|m| m.descriptor() == message));
        Ok(part.map(rest::json).transpose()?.unwrap_or(Value::Null))
    }

    /// Asks, and shows the resource as a row: what a write has made of it.
    pub async fn write(&mut self, rpc: &str, kind: &Kind, written: Map<String, Value>) -> Result<(), CliError> {
        let tried = written.get("validate_only") == Some(&Value::Bool(true));
        let answer = self.ask(rpc, written).await?;
        let resource = self.part(&answer, kind)?;
        self.show.row(&self.schema, kind, resource)?;
        if tried {
            self.show.aside("decided only, with the rules: nothing was written");
        }
        if let Some(outcome) = answer.get_field_by_name("original_id").and_then(|id| id.as_str().map(str::to_owned))
            && !outcome.is_empty()
        {
            self.show.aside(&format!("{outcome} was not reopened: this ticket follows it up"));
        }
        Ok(())
    }

    /// Asks, and shows the resource whole.
    pub async fn view(&mut self, rpc: &str, kind: &Kind, written: Map<String, Value>) -> Result<(), CliError> {
        let resource = self.resource(rpc, kind, written).await?;
        Ok(self.show.one(&self.schema, kind, &resource)?)
    }

    /// Asks for pages, and shows their rows.
    pub async fn list(
        &mut self,
        rpc: &str,
        kind: &Kind,
        written: Map<String, Value>,
        limit: Limit,
    ) -> Result<(), CliError> {
        let rows = self.rows(rpc, written, limit).await?;
        let rows: Result<Vec<Value>, _> = rows.iter().map(rest::json).collect();
        Ok(self.show.many(&self.schema, kind, rows?)?)
    }

    /// The rows of as many pages as it takes. That there are more than were shown by default is said.
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
                self.show.aside("more than 500 match: these are of the newest 500; more words find older ones");
            }
            page += 1;
            let next = answer.get_field_by_name("next_page_token").and_then(|token| token.as_str().map(str::to_owned));
            let next = next.unwrap_or_default();
            if next.is_empty() {
                return Ok(rows);
            }
            if rows.len() >= limit.rows() {
                if let Limit::Default(shown) = limit {
                    self.show.aside(&format!("the first {shown}; there are more: --limit N or --all"));
                }
                return Ok(rows);
            }
            written.insert("page_token".to_owned(), Value::String(next));
        }
    }
}
