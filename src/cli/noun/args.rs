//! Arguments that many verbs share. They are written as the request's own fields, so that a verb is little more than the
//! name of its RPC.

use std::ffi::OsStr;
use std::str::FromStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, Args, Command};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::cli::error::CliError;
use crate::cli::session::Limit;
use crate::cli::show::Kind;
use crate::grpc::rest::{self, Schema, fold};

/// How many rows a list shows unasked.
const ROWS: usize = 50;

/// One of the contract's words, in any case, with `_`, `-` or a space.
#[derive(Clone, Copy)]
pub struct Words(pub &'static [&'static str]);

impl TypedValueParser for Words {
    type Value = String;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<String, clap::Error> {
        let text = value.to_string_lossy();
        match self.0.iter().find(|word| fold(word) == fold(&text)) {
            Some(word) => Ok((*word).to_owned()),
            // Refuses it, with the words that there are.
            None => PossibleValuesParser::new(self.0).parse_ref(command, arg, value),
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0.iter().map(|word| PossibleValue::new(*word))))
    }
}

/// `key=value`; the value is JSON if it reads as such (`3`, `true`, `["a"]`), else a text.
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

/// As one object.
pub fn object<S: Serializer>(pairs: &[Pair], serializer: S) -> Result<S::Ok, S::Error> {
    let fields: Map<String, Value> = pairs.iter().map(|pair| (pair.key.clone(), pair.value.clone())).collect();
    fields.serialize(serializer)
}

/// What any write takes.
#[derive(Debug, Args, Serialize)]
pub struct Write {
    /// Decide, with the rules, and show what would be; write nothing
    #[arg(long)]
    validate_only: bool,
    /// Makes the write safe to send again: the same id is written once [default: a fresh one]
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

/// The etag that a decision was made by.
#[derive(Debug, Args, Serialize)]
pub struct Etag {
    /// Refuse if it has changed since it had this etag
    #[arg(long)]
    etag: Option<String>,
}

/// Which rows of a list, and how many.
#[derive(Debug, Args)]
pub struct Page {
    /// Only what this CEL expression is true of: "ticket.priority == 'HIGH' && 'vip' in ticket.tags"
    #[arg(long, value_name = "CEL")]
    filter: Option<String>,
    /// Fields, each with an optional desc: "priority desc, number"
    #[arg(long, value_name = "FIELDS")]
    order_by: Option<String>,
    #[command(flatten)]
    rows: Rows,
}

#[derive(Debug, Args)]
pub struct Rows {
    /// At most so many [default: 50]
    #[arg(long, short = 'n', value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// All there are
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

impl Rows {
    pub fn limit(&self) -> Limit {
        match (self.all, self.limit) {
            (true, _) => Limit::All,
            (_, Some(rows)) => Limit::Asked(rows as usize),
            _ => Limit::Default(ROWS),
        }
    }
}

impl Page {
    /// Of what is no list, and only filtered.
    pub fn of(filter: Option<String>) -> Page {
        Page { filter, order_by: None, rows: Rows { limit: None, all: false } }
    }

    pub fn limit(&self) -> Limit {
        self.rows.limit()
    }

    /// The request, narrowed by fields of what is listed.
    pub fn written(&self, kind: &Kind, narrowing: Map<String, Value>) -> Result<Map<String, Value>, CliError> {
        let message = Schema::new()?.message(kind.message)?;
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
            // Alone it goes as it was typed, so that the columns of its faults are right.
            ([_], Some(filter)) => filter.clone(),
            _ => conditions.join(" && "),
        };
        let mut written = Map::new();
        if !filter.is_empty() {
            written.insert("filter".to_owned(), Value::String(filter));
        }
        if let Some(order_by) = &self.order_by {
            written.insert("order_by".to_owned(), Value::from(order_by.as_str()));
        }
        Ok(written)
    }
}

/// A text given on the command line, from a file (`@file`), or from standard input (`-`).
pub fn text(given: &str) -> Result<String, CliError> {
    let unreadable = |what: &str| {
        let what = what.to_owned();
        move |error| CliError::Unreadable { what, error }
    };
    match (given, given.strip_prefix('@')) {
        ("-", _) => std::io::read_to_string(std::io::stdin()).map_err(unreadable("standard input")),
        (_, Some(path)) if std::path::Path::new(path).is_file() => {
            std::fs::read_to_string(path).map_err(unreadable(path))
        }
        _ => Ok(given.to_owned()),
    }
}
