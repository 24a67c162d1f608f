//! Messages for values of the wrong type, without names of Rust types.

use super::diagnostic::{Diagnostic, Severity, suggest};
use super::yaml::{Content, Node};

/// serde's complaint about the value of `node`, at the node that its path leads to. `example`: what the whole looks like.
pub fn misfit(
    file: &str,
    node: &Node,
    error: &serde_path_to_error::Error<serde_yaml::Error>,
    example: &str,
) -> Diagnostic {
    use serde_path_to_error::Segment;
    let mut here = node;
    let mut whole = true;
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
        whole = false;
    }
    let (message, hint) = in_plain_words(&error.inner().to_string(), here, if whole { example } else { "" });
    Diagnostic {
        severity: Severity::Error,
        code: "grammar",
        message,
        hint,
        file: file.to_owned(),
        line: here.line,
        column: here.column,
    }
}

/// serde names Rust's types, and what it read instead.
fn in_plain_words(said: &str, here: &Node, example: &str) -> (String, String) {
    if let Some(field) = said.strip_prefix("missing field ") {
        return (format!("the key {field} is missing"), "add the key".into());
    }
    if let Some((word, known)) = said.strip_prefix("unknown variant ").and_then(|rest| rest.split_once(", expected ")) {
        let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
        return (format!("{word} is none of its words"), suggest(word.trim_matches('`'), known));
    }
    let Some((_, wanted)) = said.split_once(", expected ") else {
        return (said.to_owned(), String::new());
    };
    let Wanted { what, hint } = wanted_by(wanted, here, example);
    (format!("expected {what}, found {}", shown(here)), hint)
}

struct Wanted {
    what: String,
    hint: String,
}

fn wanted_by(wanted: &str, here: &Node, example: &str) -> Wanted {
    let of = |what: &str, hint: &str| Wanted { what: what.to_owned(), hint: hint.to_owned() };
    let range = |least: i64, most: i64| match whole_number(here) {
        true => Wanted { what: format!("a whole number from {least} to {most}"), hint: "stay within the range".into() },
        false => of("a whole number", "write digits, without quotes or a fraction"),
    };
    // Of keys in other keys, the keys say what they are.
    let example = if example.is_empty() { "indent its keys below it" } else { example };
    match wanted.split(' ').next().unwrap_or_default() {
        "i32" => range(i32::MIN.into(), i32::MAX.into()),
        "i64" => range(i64::MIN, i64::MAX),
        "struct" | "fields" => of("keys and their values", example),
        "an" if wanted.starts_with("an action") => of(wanted, "tag: {add: [vip]}"),
        _ => match wanted {
            "a string" | "text" => of("text", "put it between quotes"),
            "a boolean" => of("true or false", "write true or false"),
            "a sequence" => of("a list", "begin each item with `- `, on a line of its own"),
            other => of(other, if other.starts_with("text") { "put it between quotes" } else { "" }),
        },
    }
}

/// Whether digits stand there and nothing else.
fn whole_number(node: &Node) -> bool {
    let digits = |text: &str| text.strip_prefix(['-', '+']).unwrap_or(text).to_owned();
    node.text().map(digits).is_some_and(|text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()))
}

/// What stands there, in a few words.
fn shown(node: &Node) -> String {
    const SHOWN: usize = 40;
    match &node.content {
        Content::List(_) => "a list".into(),
        Content::Map(_) => "keys and their values".into(),
        Content::Scalar { .. } if node.is_empty() => "nothing".into(),
        Content::Scalar { text, .. } => match text.chars().count() > SHOWN || text.contains('\n') {
            true => "text".into(),
            false => format!("`{text}`"),
        },
    }
}
