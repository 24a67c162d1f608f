//! Messages for values of the wrong type, without names of Rust types.

use super::diagnostic::{Diagnostic, Severity};
use super::yaml::Node;

/// serde's complaint about the value of `node`, at the node that its path leads to.
pub fn misfit(file: &str, node: &Node, error: &serde_path_to_error::Error<serde_yaml::Error>) -> Diagnostic {
    use serde_path_to_error::Segment;
    let mut here = node;
    for segment in error.path().iter() {
        let next = match segment {
            Segment::Map { key } | Segment::Enum { variant: key } => here.get(key),
            Segment::Seq { index } => here.items().get(*index),
            Segment::Unknown => None,
        };
        match next {
            Some(node) => here = node,
            None => break,
        }
    }
    let said = error.inner().to_string();
    let hint = if said.contains("expected a string") || said.contains("expected text") {
        "put it between quotes"
    } else if said.starts_with("missing field") {
        "add the key"
    } else if said.contains("expected a boolean") {
        "write true or false"
    } else {
        ""
    };
    let message = match said.strip_prefix("missing field ") {
        Some(field) => format!("the key {field} is missing"),
        None => in_plain_words(&said),
    };
    Diagnostic {
        severity: Severity::Error,
        code: "grammar",
        message,
        hint: hint.to_owned(),
        file: file.to_owned(),
        line: here.line,
        column: here.column,
    }
}

/// serde names Rust's types.
fn in_plain_words(said: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    let mut parts = said.split(' ').peekable();
    while let Some(part) = parts.next() {
        match part {
            "string" => words.push("text"),
            "sequence" => words.push("list"),
            "i32" | "i64" | "u32" => words.push("a whole number"),
            "struct" => {
                parts.next();
                words.push("keys and their values");
            }
            other => words.push(other),
        }
    }
    words.join(" ")
}
