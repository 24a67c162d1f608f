//! YAML form of a rule, deserialized by serde, and its keys.

mod step;
mod waits;

use serde::Deserialize;

use super::actions;
use super::diagnostic::{Diagnostic, Severity, suggest};
use super::keys::keys_of;
use super::misfit::misfit;
use super::rule::{FailurePolicy, OnError};
use super::shapes::Strings;
use super::yaml::Node;
pub use step::RawStep;
pub use waits::{RawTrigger, RawWait, Waits};

#[derive(Deserialize)]
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
    pub steps: Vec<RawStep>,
    #[serde(default)]
    pub stop: bool,
    #[serde(default)]
    pub on_error: OnError,
    pub failure_policy: Option<FailurePolicy>,
}

fn yes() -> bool {
    true
}

/// Not read by this version: said so rather than called a slip.
const LATER: &[&str] =
    &["limits", "rollout", "variables", "skills", "after", "since", "calendar", "while", "schedule", "timezone", "for"];

/// Reads one document into a rule.
///
/// # Errors
/// Every unknown key; else the first value that is not what its key takes.
pub fn read(file: &str, node: &Node, value: serde_yaml::Value) -> Result<RawRule, Vec<Diagnostic>> {
    let mut found = Vec::new();
    unknown_keys(file, node, keys_of::<RawRule>(), "a rule", &mut found);
    for on in ["on", "triggers"].iter().filter_map(|key| node.get(key)) {
        for wait in std::iter::once(on).chain(on.items()) {
            unknown_keys(file, wait, keys_of::<RawTrigger>(), "a trigger", &mut found);
        }
    }
    let step_keys = RawStep::keys();
    for step in node.get("do").map(Node::items).unwrap_or_default() {
        unknown_keys(file, step, &step_keys, "an action", &mut found);
        for (key, body) in step.entries() {
            if let Some(action) = key.text().and_then(actions::find) {
                unknown_keys(file, body, action.keys(), action.name(), &mut found);
            }
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
        let hint = if LATER.contains(&name) || actions::LATER.contains(&name) {
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
