//! Arguments shared by many verbs. They serialize to fields of the request, so that a verb is little more than the name of its RPC.

use std::io::Read as _;

use std::ffi::OsStr;
use std::str::FromStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, Args, Command};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::cli::error::CliError;
use crate::cli::session::Limit;
use crate::cli::show::Layout;
use crate::grpc::rest::{self, Schema, fold};

/// Default number of rows of a list.
const ROWS: usize = 50;

/// Parser of an enum value; ignores case, and accepts `_`, `-` and space alike.
#[derive(Clone, Copy)]
pub struct Words(pub &'static [&'static str]);

impl TypedValueParser for Words {
    type Value = String;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<String, clap::Error> {
        let text = value.to_string_lossy();
        match self.0.iter().find(|word| fold(word) == fold(&text)) {
            Some(word) => Ok((*word).to_owned()),
            // Rejects it with the list of values.
            None => PossibleValuesParser::new(self.0).parse_ref(command, arg, value),
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0.iter().map(|word| PossibleValue::new(*word))))
    }
}

/// `key=value`; the value is parsed as JSON (`3`, `true`, `["a"]`) if possible, and is a string otherwise.
#[derive(Clone, Debug)]
pub struct Pair {
    key: String,
    value: Value,
}

impl FromStr for Pair {
    type Err = String;

    fn from_str(text: &str) -> Result<Pair, String> {
        let (key, value) = text.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or("write KEY=VALUE")?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        Ok(Pair { key: key.to_owned(), value })
    }
}

/// Serializes pairs as one object.
pub fn object<S: Serializer>(pairs: &[Pair], serializer: S) -> Result<S::Ok, S::Error> {
    let fields: Map<String, Value> = pairs.iter().map(|pair| (pair.key.clone(), pair.value.clone())).collect();
    fields.serialize(serializer)
}

/// Arguments of all writes.
#[derive(Debug, Args, Serialize)]
pub struct Write {
    /// Dry run: execute the command and its rules, and show the result; write nothing
    #[arg(long)]
    validate_only: bool,
    /// Idempotency key: requests with the same id are executed once [default: a new id]
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

/// Precondition of a write.
#[derive(Debug, Args, Serialize)]
pub struct Etag {
    /// Fail unless the resource has this etag
    #[arg(long)]
    etag: Option<String>,
}

/// Values that a filter reads.
#[derive(Debug, Default, Args)]
pub struct Params {
    /// Value that the filter reads as params.NAME: a text (NAME=VALUE), or JSON (NAME:=JSON); repeatable
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = param)]
    params: Vec<(String, Value)>,
}

impl Params {
    /// As a request has them; a filter that reads none has no such field.
    pub fn written(&self) -> Option<(String, Value)> {
        let params = Map::from_iter(self.params.iter().cloned());
        (!params.is_empty()).then(|| ("filter_params".to_owned(), Value::Object(params)))
    }
}

fn param(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE, or NAME:=JSON for what is no text")?;
    match name.strip_suffix(':') {
        None => Ok((name.to_owned(), Value::from(value))),
        Some(name) => match serde_json::from_str(value) {
            Ok(json) => Ok((name.to_owned(), json)),
            Err(error) => Err(format!("behind := stands JSON, as in seats:=10: {error}")),
        },
    }
}

/// Filter, order and limit of a list.
#[derive(Debug, Args)]
pub struct Page {
    /// CEL filter: "ticket.priority == 'HIGH' && 'vip' in ticket.tags"
    #[arg(long, value_name = "CEL")]
    filter: Option<String>,
    #[command(flatten)]
    params: Params,
    /// Sort by these fields, each with an optional desc: "priority desc, number"
    #[arg(long, value_name = "FIELDS")]
    order_by: Option<String>,
    #[command(flatten)]
    rows: Rows,
}

#[derive(Debug, Args)]
pub struct Rows {
    /// Maximum number of rows [default: 50]
    #[arg(long, short = 'n', value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Show all rows
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

impl Rows {
    pub fn limit(&self) -> Limit {
        match (self.all, self.limit) {
            (true, _) => Limit::All,
            (_, Some(rows)) => Limit::Given(rows as usize),
            _ => Limit::Default(ROWS),
        }
    }
}

impl Page {
    /// A filter without order or limit, for requests that are not lists.
    pub fn of(filter: Option<String>, params: Params) -> Page {
        Page { filter, params, order_by: None, rows: Rows { limit: None, all: false } }
    }

    pub fn limit(&self) -> Limit {
        self.rows.limit()
    }

    /// The request, with conditions on fields of the listed resource added to the filter.
    pub fn written(&self, layout: &Layout, narrowing: Map<String, Value>) -> Result<Map<String, Value>, CliError> {
        let message = Schema::new()?.message(layout.message)?;
        let mut conditions: Vec<String> = self.filter.iter().map(|filter| format!("({filter})")).collect();
        for (field, values) in narrowing {
            let values: Vec<String> = match values {
                Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                Value::String(text) => vec![text],
                _ => continue,
            };
            let condition = rest::condition(&message, &field, &values);
            conditions.push(condition.map_err(|violation| CliError::unreadable(vec![violation]))?);
        }
        let filter = match (conditions.as_slice(), &self.filter) {
            // A single filter is sent as typed, so that columns in its errors are right.
            ([_], Some(filter)) => filter.clone(),
            _ => conditions.join(" && "),
        };
        let mut written = Map::new();
        if !filter.is_empty() {
            written.insert("filter".to_owned(), Value::String(filter));
        }
        written.extend(self.params.written());
        written.extend(self.order_by.iter().map(|order_by| ("order_by".to_owned(), Value::from(order_by.as_str()))));
        Ok(written)
    }
}

/// Reads a text from the command line, a file (`@file`), or standard input (`-`).
pub fn text(given: &str) -> Result<String, CliError> {
    let (what, bytes) = source(given)?;
    String::from_utf8(bytes).map_err(|error| {
        let error = std::io::Error::new(std::io::ErrorKind::InvalidData, error);
        CliError::Unreadable { what: what.to_owned(), error }
    })
}

/// The same, as the bytes that stand there.
pub fn bytes(given: &str) -> Result<Vec<u8>, CliError> {
    source(given).map(|(_, bytes)| bytes)
}

/// What it is called, and its bytes.
fn source(given: &str) -> Result<(&str, Vec<u8>), CliError> {
    let (what, read) = match (given, given.strip_prefix('@')) {
        ("-", _) => {
            let mut read = Vec::new();
            ("standard input", std::io::stdin().read_to_end(&mut read).map(|_| read))
        }
        (_, Some(path)) if std::path::Path::new(path).is_file() => (path, std::fs::read(path)),
        _ => return Ok((given, given.as_bytes().to_vec())),
    };
    let read = read.map_err(|error| CliError::Unreadable { what: what.to_owned(), error })?;
    Ok((what, read))
}
