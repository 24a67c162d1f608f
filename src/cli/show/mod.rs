//! Output: tables and cards for people, JSON and YAML for programs. Without a terminal, no colour and no truncation.

use std::io::{self, Write};

use clap::{Args, ValueEnum};
use serde_json::Value;
use serde_json_path::JsonPath;

use crate::grpc::rest::{Schema, SchemaError};

mod card;
pub mod cell;
mod csv;
pub mod layout;
pub mod paint;
pub mod table;

pub use card::paragraphs;
pub use cell::plain;
pub use layout::Layout;
pub use paint::Paint;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people; on a terminal, in colour and fitted to its width
    #[default]
    #[value(alias = "text")]
    Table,
    /// Field names of the API, enum values without prefix (OPEN), 64-bit integers as strings, times in RFC 3339
    Json,
    /// The same, as YAML
    Yaml,
    /// Lists, for spreadsheets (RFC 4180): the columns of the table, by the field names of the API
    Csv,
}

/// Output arguments of the client commands.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct FormatArgs {
    #[arg(short, long, global = true, value_enum, default_value_t)]
    output: Output,
    /// Same as -o json
    #[arg(long, global = true)]
    json: bool,
    /// Print only the matches of this JSONPath (RFC 9535), one per line: '$[*].id'
    #[arg(long, global = true, value_name = "JSONPATH", value_parser = json_path)]
    query: Option<JsonPath>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct ShowArgs {
    #[command(flatten)]
    format: FormatArgs,
    /// Columns of the table, comma-separated; any fields: id,subject,custom.region
    #[arg(long, global = true, value_delimiter = ',', value_name = "FIELDS")]
    columns: Vec<String>,
    /// Print times in the local time zone instead of UTC; not in JSON and YAML
    #[arg(long, global = true)]
    local: bool,
}

fn json_path(text: &str) -> Result<JsonPath, String> {
    JsonPath::parse(text)
        .map_err(|error| format!("{error}; a JSONPath begins with $, for example $[*].id or $.subject"))
}

#[derive(Debug, thiserror::Error)]
pub enum ShowError {
    #[error("{of} has no field {name:?}; {hint}")]
    NoSuchColumn { of: String, name: String, hint: String },
    #[error("only lists of resources are written as CSV: use -o json")]
    NoTable,
    #[error(transparent)]
    Schema(#[from] SchemaError),
    #[error("cannot write: {0}")]
    Write(#[from] io::Error),
}

impl FormatArgs {
    pub fn output(&self) -> Output {
        if self.json { Output::Json } else { self.output }
    }

    /// Whether a query selects parts of the response.
    pub fn queried(&self) -> bool {
        self.query.is_some()
    }

    /// Output for programs; `None` for tables and cards.
    pub fn machine(&self, value: &Value, output: Output) -> Result<Option<String>, ShowError> {
        let rendered = |value: &Value| match output {
            Output::Yaml => serde_yaml::to_string(value).map_err(io::Error::other),
            Output::Json | Output::Table | Output::Csv => {
                serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(io::Error::other)
            }
        };
        Ok(match (&self.query, output) {
            (None, Output::Table | Output::Csv) => None,
            (None, _) => Some(rendered(value)?),
            (Some(query), Output::Table | Output::Csv) => {
                Some(query.query(value).iter().map(|found| bare(found) + "\n").collect())
            }
            (Some(query), _) => Some(rendered(&query.query(value).iter().map(|found| (*found).clone()).collect())?),
        })
    }
}

/// Strings without quotes, everything else as JSON on one line.
fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), plain)
}

/// Printer of a command's output.
pub struct Show {
    args: ShowArgs,
    paint: Paint,
    /// Width of the terminal; `None` if there is none, and nothing is truncated or dropped.
    width: Option<usize>,
}

impl Show {
    pub fn new(args: ShowArgs) -> Show {
        Show { args, paint: Paint::of_stdout(), width: paint::width() }
    }

    pub fn output(&self) -> Output {
        self.args.format.output()
    }

    /// Whether output is for people, who also get notes on stderr.
    pub fn for_people(&self) -> bool {
        self.output() == Output::Table && self.args.format.query.is_none()
    }

    pub fn paint(&self) -> Paint {
        self.paint
    }

    pub fn width(&self) -> Option<usize> {
        self.width
    }

    /// Prints a list.
    pub fn many(&self, schema: &Schema, layout: &Layout, rows: Vec<Value>) -> Result<(), ShowError> {
        let columns = self.columns(schema, layout)?;
        let rows = Value::Array(rows);
        match self.args.format.machine(&rows, self.output())? {
            Some(text) => self.print(&text),
            None if self.output() == Output::Csv => {
                self.print(&csv::csv(&columns, rows.as_array().map(Vec::as_slice).unwrap_or_default(), self.args.local))
            }
            None => {
                let rows = rows.as_array().map(Vec::as_slice).unwrap_or_default();
                let table = table::Table::new(&columns, rows, self.args.local);
                let fitted = table.fit(self.width, self.args.columns.is_empty());
                if !fitted.shed.is_empty() {
                    self.aside(&format!("not shown: {}; use -o json, --columns or a wider terminal", fitted.shed));
                }
                self.print(&fitted.render(self.paint))
            }
        }
    }

    /// Prints a resource in full.
    pub fn one(&self, schema: &Schema, layout: &Layout, resource: &Value) -> Result<(), ShowError> {
        match self.args.format.machine(resource, self.output())? {
            Some(text) => self.print(&text),
            None if !self.args.columns.is_empty() || self.output() == Output::Csv => {
                self.many(schema, layout, vec![resource.clone()])
            }
            None => self.print(&self.card(schema, layout, resource)?),
        }
    }

    /// Prints a resource as a row of its table, after a write.
    pub fn row(&self, schema: &Schema, layout: &Layout, resource: Value) -> Result<(), ShowError> {
        match self.args.format.machine(&resource, self.output())? {
            Some(text) => self.print(&text),
            None => self.many(schema, layout, vec![resource]),
        }
    }

    pub fn card(&self, schema: &Schema, layout: &Layout, resource: &Value) -> Result<String, ShowError> {
        let message = schema.message(layout.message)?;
        Ok(card::card(&message, layout, resource, self.args.local, self.paint, self.width))
    }

    /// Prints a value that has no table.
    pub fn value(&self, value: &Value) -> Result<(), ShowError> {
        let output = match self.output() {
            Output::Table if self.args.format.query.is_none() => Output::Json,
            Output::Csv => return Err(ShowError::NoTable),
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

    /// Prints a note to stderr, so that it does not end up in a file.
    pub fn aside(&self, text: &str) {
        eprintln!("{}", self.paint.on("2", text));
    }

    fn columns(&self, schema: &Schema, layout: &Layout) -> Result<Vec<table::Head>, ShowError> {
        let message = schema.message(layout.message)?;
        let head = |path: &str, title: &str, rank: u8| {
            let field = cell::Field::find(&message, path).ok_or_else(|| {
                let names: Vec<String> = message.fields().map(|field| field.name().to_owned()).collect();
                let hint = crate::workflow::suggest(path, names.iter().map(String::as_str));
                ShowError::NoSuchColumn { of: layout.message.to_owned(), name: path.to_owned(), hint }
            })?;
            Ok(table::Head { field, title: title.to_owned(), rank })
        };
        if self.args.columns.is_empty() {
            return layout.columns.iter().map(|column| head(column.path, column.title, column.rank)).collect();
        }
        self.args.columns.iter().map(|path| head(path, &path.to_uppercase(), 0)).collect()
    }
}
