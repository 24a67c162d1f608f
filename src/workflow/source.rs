//! Reading of one file: from YAML to checked rules.

use super::compile;
use super::diagnostic::{Diagnostic, Severity};
use super::grammar::Read;
use super::place::File;
use super::rule::Rule;
use super::{grammar, yaml};

/// The rules of one file; findings are added to `found`.
pub fn read_file(file: File<'_>, found: &mut Vec<Diagnostic>) -> Vec<Rule> {
    // Some editors begin a file with a byte order mark.
    let file = File { source: file.source.strip_prefix('\u{feff}').unwrap_or(file.source), ..file };
    let nodes = match yaml::read(file.name, file.source) {
        Ok(nodes) => nodes,
        Err(diagnostics) => {
            found.extend(diagnostics);
            return Vec::new();
        }
    };
    let mut values = Vec::new();
    for document in serde_yaml::Deserializer::from_str(file.source) {
        match <serde_yaml::Value as serde::Deserialize>::deserialize(document) {
            Ok(serde_yaml::Value::Null) => {}
            Ok(value) => values.push(value),
            Err(error) => {
                let place = error.location();
                let text = error.to_string();
                // What the other reader took and this one did not: numbers beyond 64 bits.
                let (message, hint) = match text.contains("128") {
                    true => ("the number is too large".to_owned(), "put it between quotes if it is text"),
                    false => (format!("this is no YAML: {text}"), "look at the indentation and the quotes around here"),
                };
                found.push(Diagnostic {
                    severity: Severity::Error,
                    code: "yaml",
                    message,
                    hint: hint.into(),
                    file: file.name.to_owned(),
                    line: place.as_ref().map_or(1, |place| place.line() as u32),
                    column: place.as_ref().map_or(1, |place| place.column() as u32),
                });
                return Vec::new();
            }
        }
    }
    if values.len() != nodes.len() {
        found.push(Diagnostic {
            severity: Severity::Error,
            code: "yaml",
            message: "the documents of this file cannot be told apart".into(),
            hint: "separate them with a line of ---".into(),
            file: file.name.to_owned(),
            line: 1,
            column: 1,
        });
        return Vec::new();
    }
    let mut rules = Vec::new();
    for (node, value) in nodes.into_iter().zip(values) {
        let Read { raw, found: mut slips, cut } = grammar::read(file.name, node, value);
        let mut others = Vec::new();
        if let Some((node, raw)) = raw {
            rules.extend(compile::rule(file, &node, raw, &mut others));
        }
        if slips.is_empty() {
            found.append(&mut others);
        } else {
            slips.extend(others.into_iter().filter(|it| !cut.lacks(it)));
            slips.sort_by_key(|it| (it.line, it.column));
            found.append(&mut slips);
        }
    }
    rules
}
