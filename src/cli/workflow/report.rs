//! What a check found: as text with source lines, as JSON, and as SARIF for code scanning.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;

use clap::ValueEnum;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};

use crate::workflow::{Diagnostic, Severity};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: the line, a caret and a fix
    #[default]
    Text,
    /// One object, with every finding
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

pub struct Report<'a> {
    pub folder: &'a Path,
    pub sources: Vec<(String, String)>,
    pub found: Vec<Diagnostic>,
    pub rules: usize,
    /// '' for a set that is not valid.
    pub hash: String,
}

/// What a path may not hold in a URI.
const IN_PATHS: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'<').add(b'>').add(b'?').add(b'`');

impl Report<'_> {
    pub fn is_valid(&self) -> bool {
        self.errors() == 0
    }

    fn errors(&self) -> usize {
        self.found.iter().filter(|d| d.severity == Severity::Error).count()
    }

    pub fn write(&self, format: Format, out: &mut impl Write) -> io::Result<()> {
        match format {
            Format::Text => self.text(out),
            Format::Json => writeln!(out, "{:#}", self.json()),
            Format::Sarif => writeln!(out, "{:#}", self.sarif()),
        }
    }

    /// The set names files relative to its folder; people and tools expect paths from the current folder.
    fn path(&self, diagnostic: &Diagnostic) -> String {
        match self.folder.join(&diagnostic.file) {
            // What is wrong with the folder itself names it.
            _ if diagnostic.file == self.folder.display().to_string() => diagnostic.file.clone(),
            path => path.display().to_string(),
        }
    }

    fn text(&self, out: &mut impl Write) -> io::Result<()> {
        for diagnostic in &self.found {
            let source = self.sources.iter().find(|(file, _)| *file == diagnostic.file);
            let shown = Diagnostic { file: self.path(diagnostic), ..diagnostic.clone() };
            writeln!(out, "{}\n", shown.render(source.map_or("", |(_, source)| source.as_str())))?;
        }
        let (errors, files) = (self.errors(), counted(self.sources.len(), "file"));
        let warnings = counted(self.found.len() - errors, "warning");
        if errors > 0 {
            return writeln!(out, "{}, {warnings} in {files}", counted(errors, "error"));
        }
        let hash = self.hash.get(..12).unwrap_or_default();
        writeln!(out, "{} in {files}, {warnings}: fine ({hash})", counted(self.rules, "rule"))
    }

    fn json(&self) -> Value {
        let diagnostic = |d: &Diagnostic| {
            json!({
                "severity": level(d.severity), "code": d.code, "message": d.message, "hint": d.hint,
                "file": self.path(d), "line": d.line, "column": d.column,
            })
        };
        json!({
            "valid": self.is_valid(), "rules": self.rules, "files": self.sources.len(), "hash": self.hash,
            "diagnostics": self.found.iter().map(diagnostic).collect::<Vec<_>>(),
        })
    }

    fn sarif(&self) -> Value {
        let codes: Vec<&str> = self.found.iter().map(|d| d.code).collect::<BTreeSet<_>>().into_iter().collect();
        let result = |d: &Diagnostic| {
            let uri = utf8_percent_encode(&self.path(d), IN_PATHS).to_string();
            let mut place = json!({ "artifactLocation": { "uri": uri } });
            if d.line > 0 {
                place["region"] = json!({ "startLine": d.line, "startColumn": d.column.max(1) });
            }
            let text = if d.hint.is_empty() { d.message.clone() } else { format!("{}; fix: {}", d.message, d.hint) };
            json!({
                "ruleId": d.code,
                "ruleIndex": codes.iter().position(|code| *code == d.code),
                "level": level(d.severity),
                "message": { "text": text },
                "locations": [{ "physicalLocation": place }],
            })
        };
        let rules: Vec<Value> = codes.iter().map(|code| json!({ "id": code })).collect();
        let driver = json!({ "name": "docket", "version": env!("CARGO_PKG_VERSION"), "rules": rules });
        json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": driver },
                "columnKind": "unicodeCodePoints",
                "results": self.found.iter().map(result).collect::<Vec<_>>(),
            }],
        })
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
