//! The YAML form of a rule, as serde reads it, and the keys that it knows.

mod shapes;

use serde::Deserialize;

use super::diagnostic::{Diagnostic, Severity, suggest};
use super::rule::{FailurePolicy, OnError};
use super::yaml::Node;
pub use shapes::{Pairs, RawTrigger, RawWait, RawWhenNone, Strings, Waits};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawRule {
    pub name: String,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub owner: String,
    #[serde(default = "yes")]
    pub enabled: bool,
    #[serde(default)]
    pub order: i32,
    /// `triggers` is the same key, for tools that read `on` as a boolean.
    #[serde(alias = "triggers")]
    pub on: Waits,
    #[serde(default)]
    pub tenants: Strings,
    #[serde(default, rename = "if")]
    pub conditions: Strings,
    #[serde(rename = "do")]
    pub actions: Vec<RawAction>,
    #[serde(default)]
    pub stop: bool,
    #[serde(default)]
    pub on_error: OnError,
    #[serde(default)]
    pub failure_policy: FailurePolicy,
}

/// Exactly one of the actions, and perhaps `if` and `id`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawAction {
    #[serde(default)]
    pub id: String,
    #[serde(default, rename = "if")]
    pub conditions: Strings,
    pub set: Option<Pairs>,
    pub tag: Option<RawTag>,
    pub assign: Option<RawAssign>,
    pub transition: Option<RawTransition>,
    pub message: Option<RawMessage>,
    pub create_issue: Option<RawIssue>,
    pub create_task: Option<RawTask>,
    pub sla: Option<RawSla>,
    pub deny: Option<RawDeny>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawTag {
    #[serde(default)]
    pub add: Strings,
    #[serde(default)]
    pub remove: Strings,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawAssign {
    pub to: Option<String>,
    pub strategy: Option<String>,
    pub team: Option<String>,
    pub only_online: Option<bool>,
    pub max_open: Option<i64>,
    pub when_none: Option<RawWhenNone>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawTransition {
    pub verb: String,
    #[serde(default)]
    pub reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawMessage {
    pub body: Option<String>,
    pub canned: Option<String>,
    pub visibility: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawIssue {
    pub title: String,
    #[serde(default)]
    pub description: String,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub priority: Option<String>,
    #[serde(default)]
    pub reporter: String,
    #[serde(default)]
    pub project: String,
    pub once: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawTask {
    pub subject: String,
    #[serde(default)]
    pub assignee: String,
    #[serde(default)]
    pub contact: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawSla {
    pub policy: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawDeny {
    pub message: String,
}

fn yes() -> bool {
    true
}

const RULE_KEYS: &[&str] = &[
    "name",
    "description",
    "owner",
    "enabled",
    "order",
    "on",
    "triggers",
    "tenants",
    "if",
    "do",
    "stop",
    "on_error",
    "failure_policy",
];
const ACTION_KEYS: &[&str] =
    &["set", "tag", "assign", "transition", "message", "create_issue", "create_task", "sla", "deny", "if", "id"];
const TRIGGER_KEYS: &[&str] = &["sla", "at"];
/// Not read by this version: said so rather than called a slip.
const LATER_KEYS: &[&str] = &[
    "limits",
    "rollout",
    "variables",
    "link",
    "metric",
    "webhook",
    "dispatch_agent",
    "emit",
    "skills",
    "after",
    "since",
    "calendar",
    "while",
    "schedule",
    "timezone",
    "for",
];

/// The keys inside an action; empty where any key goes (`set` is checked against the fields it can set).
fn keys_of(action: &str) -> &'static [&'static str] {
    match action {
        "tag" => &["add", "remove"],
        "assign" => &["to", "strategy", "team", "only_online", "max_open", "when_none"],
        "transition" => &["verb", "reason"],
        "message" => &["body", "canned", "visibility"],
        "create_issue" => &["title", "description", "type", "priority", "reporter", "project", "once"],
        "create_task" => &["subject", "assignee", "contact"],
        "sla" => &["policy"],
        "deny" => &["message"],
        _ => &[],
    }
}

/// Every action's name.
pub fn actions() -> impl Iterator<Item = &'static str> {
    ACTION_KEYS.iter().copied().filter(|key| !matches!(*key, "if" | "id"))
}

/// Reads one document into a rule.
///
/// # Errors
/// Every unknown key; else the first value that is not what its key takes.
pub fn read(file: &str, node: &Node, value: serde_yaml::Value) -> Result<RawRule, Vec<Diagnostic>> {
    let mut found = Vec::new();
    unknown_keys(file, node, RULE_KEYS, "a rule", &mut found);
    for on in ["on", "triggers"].iter().filter_map(|key| node.get(key)) {
        for wait in std::iter::once(on).chain(on.items()) {
            unknown_keys(file, wait, TRIGGER_KEYS, "a trigger", &mut found);
        }
    }
    for step in node.get("do").map(Node::items).unwrap_or_default() {
        unknown_keys(file, step, ACTION_KEYS, "an action", &mut found);
        for (key, body) in step.entries() {
            let name = key.text().unwrap_or_default();
            unknown_keys(file, body, keys_of(name), name, &mut found);
        }
    }
    if !found.is_empty() {
        return Err(found);
    }
    serde_path_to_error::deserialize(value).map_err(|error| vec![misfit(file, node, &error)])
}

fn unknown_keys(file: &str, node: &Node, known: &[&str], of: &str, found: &mut Vec<Diagnostic>) {
    for (key, _) in node.entries() {
        let name = key.text().unwrap_or_default();
        if known.is_empty() || known.contains(&name) {
            continue;
        }
        let hint = if LATER_KEYS.contains(&name) {
            "this version does not have it yet".to_owned()
        } else {
            suggest(name, known.iter().copied().filter(|known| *known != "triggers"))
        };
        found.push(Diagnostic {
            severity: Severity::Error,
            code: "unknown-key",
            message: format!("{of} has no key `{name}`"),
            hint,
            file: file.to_owned(),
            line: key.line,
            column: key.column,
        });
    }
}

/// serde's complaint, at the node that its path leads to.
fn misfit(file: &str, node: &Node, error: &serde_path_to_error::Error<serde_yaml::Error>) -> Diagnostic {
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
