//! How answers are printed: tables and cards for people, JSON and YAML for programs; plain where nobody looks.

use std::io::{self, Write};

use clap::{Args, ValueEnum};
use serde_json::Value;
use serde_json_path::JsonPath;

use crate::grpc::rest::{Schema, SchemaError};

mod card;
mod cell;
pub mod kind;
pub mod paint;
mod table;

pub use card::paragraphs;
pub use cell::plain;
pub use kind::Kind;
pub use paint::Paint;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people: in colour and no wider than the terminal where there is one
    #[default]
    #[value(alias = "text")]
    Table,
    /// The contract's field names, bare words (OPEN), 64-bit numbers as texts, times in RFC 3339
    Json,
    /// The same
    Yaml,
}

/// What every command that prints an answer takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct FormatArgs {
    #[arg(short, long, global = true, value_enum, default_value_t)]
    output: Output,
    /// The same as -o json
    #[arg(long, global = true)]
    json: bool,
    /// Print only what this JSONPath (RFC 9535) finds in the JSON, a line each: '$[*].id'
    #[arg(long, global = true, value_name = "JSONPATH", value_parser = json_path)]
    query: Option<JsonPath>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct ShowArgs {
    #[command(flatten)]
    format: FormatArgs,
    /// Columns of a table, with commas: any fields, as id,subject,custom.region
    #[arg(long, global = true, value_delimiter = ',', value_name = "FIELDS")]
    columns: Vec<String>,
    /// Times of tables in this machine's zone; otherwise in UTC (JSON and YAML always are)
    #[arg(long, global = true)]
    local: bool,
}

fn json_path(text: &str) -> Result<JsonPath, String> {
    JsonPath::parse(text).map_err(|error| format!("{error}; a JSONPath begins with $, like $[*].id or $.subject"))
}

#[derive(Debug, thiserror::Error)]
pub enum ShowError {
    #[error("{of} has no field {name:?} for a column; {hint}")]
    NoSuchColumn { of: String, name: String, hint: String },
    #[error(transparent)]
    Schema(#[from] SchemaError),
    #[error("cannot write: {0}")]
    Write(#[from] io::Error),
}

impl FormatArgs {
    pub fn output(&self) -> Output {
        if self.json { Output::Json } else { self.output }
    }

    /// Whether only a part is wanted.
    pub fn queried(&self) -> bool {
        self.query.is_some()
    }

    /// A value for a program; `None` where a person is to read it.
    pub fn machine(&self, value: &Value, output: Output) -> Result<Option<String>, ShowError> {
        let rendered = |value: &Value| match output {
            Output::Yaml => serde_yaml::to_string(value).map_err(io::Error::other),
            Output::Json | Output::Table => {
                serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(io::Error::other)
            }
        };
        Ok(match (&self.query, output) {
            (None, Output::Table) => None,
            (None, _) => Some(rendered(value)?),
            (Some(query), Output::Table) => Some(query.query(value).iter().map(|found| bare(found) + "\n").collect()),
            (Some(query), _) => Some(rendered(&query.query(value).iter().map(|found| (*found).clone()).collect())?),
        })
    }
}

/// A text without quotes, anything else as JSON on one line.
fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), plain)
}

/// Where and how a command prints.
pub struct Show {
    args: ShowArgs,
    paint: Paint,
    /// Of the terminal; `None` where there is none, and nothing is cut or left out.
    width: Option<usize>,
}

impl Show {
    pub fn new(args: ShowArgs) -> Show {
        Show { args, paint: Paint::of_stdout(), width: paint::width() }
    }

    pub fn output(&self) -> Output {
        self.args.format.output()
    }

    /// Whether a person reads the answer itself, and so what is said beside it.
    pub fn for_people(&self) -> bool {
        self.output() == Output::Table && self.args.format.query.is_none()
    }

    pub fn paint(&self) -> Paint {
        self.paint
    }

    pub fn width(&self) -> Option<usize> {
        self.width
    }

    /// A list.
    pub fn many(&self, schema: &Schema, kind: &Kind, rows: Vec<Value>) -> Result<(), ShowError> {
        let columns = self.columns(schema, kind)?;
        let rows = Value::Array(rows);
        match self.args.format.machine(&rows, self.output())? {
            Some(text) => self.print(&text),
            None => {
                let rows = rows.as_array().map(Vec::as_slice).unwrap_or_default();
                let table = table::Table::new(&columns, rows, self.args.local);
                let fitted = table.fit(self.width, self.args.columns.is_empty());
                if !fitted.shed.is_empty() {
                    self.aside(&format!(
                        "not shown here: {}; -o json, --columns or a wider terminal shows it",
                        fitted.shed
                    ));
                }
                self.print(&fitted.render(self.paint))
            }
        }
    }

    /// One resource, whole.
    pub fn one(&self, schema: &Schema, kind: &Kind, resource: &Value) -> Result<(), ShowError> {
        match self.args.format.machine(resource, self.output())? {
            Some(text) => self.print(&text),
            None if !self.args.columns.is_empty() => self.many(schema, kind, vec![resource.clone()]),
            None => self.print(&self.card(schema, kind, resource)?),
        }
    }

    /// One resource as a row of its table: what a write has made of it.
    pub fn row(&self, schema: &Schema, kind: &Kind, resource: Value) -> Result<(), ShowError> {
        match self.args.format.machine(&resource, self.output())? {
            Some(text) => self.print(&text),
            None => self.many(schema, kind, vec![resource]),
        }
    }

    pub fn card(&self, schema: &Schema, kind: &Kind, resource: &Value) -> Result<String, ShowError> {
        let message = schema.message(kind.message)?;
        Ok(card::card(&message, kind, resource, self.args.local, self.paint, self.width))
    }

    /// What has no table of its own.
    pub fn value(&self, value: &Value) -> Result<(), ShowError> {
        let output = match self.output() {
            Output::Table if self.args.format.query.is_none() => Output::Json,
            output => output,
        };
        let text = self.args.format.machine(value, output)?;
        self.print(&text.unwrap_or_default())
    }

    pub fn time(&self, text: &str) -> String {
        cell::time(text, self.args.local)
    }

    pub fn print(&self, text: &str) -> Result<(), ShowError> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        Ok(out.flush()?)
    }

    /// What is said beside the answer, where it cannot end up in a file.
    pub fn aside(&self, text: &str) {
        eprintln!("{}", self.paint.on("2", text));
    }

    fn columns(&self, schema: &Schema, kind: &Kind) -> Result<Vec<table::Head>, ShowError> {
        let message = schema.message(kind.message)?;
        let head = |path: &str, title: &str, rank: u8| {
            let field = cell::Field::find(&message, path).ok_or_else(|| {
                let names: Vec<String> = message.fields().map(|field| field.name().to_owned()).collect();
                let hint = crate::workflow::suggest(path, names.iter().map(String::as_str));
                ShowError::NoSuchColumn { of: kind.message.to_owned(), name: path.to_owned(), hint }
            })?;
            Ok(table::Head { field, title: title.to_owned(), rank })
        };
        if self.args.columns.is_empty() {
            return kind.columns.iter().map(|column| head(column.path, column.title, column.rank)).collect();
        }
        self.args.columns.iter().map(|path| head(path, &path.to_uppercase(), 0)).collect()
    }
}
