//! YAML form of a rule, deserialized by serde, and its keys.

mod slips;
mod step;
mod waits;

use serde::Deserialize;
use serde_yaml::Value as Yaml;

use super::diagnostic::Diagnostic;
use super::form::{Key, Takes, key, required, words};
use super::limits::{self, RawLimits};
use super::misfit::misfit;
use super::rollout::{self, RawRollout};
use super::rule::{FailurePolicy, OnError};
use super::shapes::{Conditions, Definitions};
use super::yaml::Node;
pub use slips::Cut;
use slips::Keys;
pub use step::{KEYS as STEP_KEYS, RawStep};
pub use waits::{AFTER, Bare, RawTrigger, RawWait, SCHEDULE, TRIGGERS, Waits};

const LIMITS: &str = "limits";
const ROLLOUT: &str = "rollout";

/// The keys of [`RawRule`], for people.
pub const KEYS: &[Key] = &[
    required("name", Takes::Pattern("^[a-z][a-z0-9-]{0,62}$"), "Unique in the folder."),
    key("description", Takes::Text, "What it is for, in a sentence."),
    key("owner", Takes::Text, "Who answers for it."),
    key("enabled", Takes::Bool, "false: it is checked and listed, and never runs."),
    key("order", Takes::Whole { least: i32::MIN as i64, most: i32::MAX as i64 }, "Lower runs first; ties go by name."),
    key("on", Takes::Waits, "The events, instants of SLA clocks, timers and schedules that it waits for."),
    key("triggers", Takes::Waits, "The same as `on`, for tools that read `on` as a boolean."),
    key("tenants", Takes::Conditions, "CEL over `tenant`: whose rule it is; absent for every tenant's."),
    key("variables", Takes::Variables, "Names for CEL expressions, read as variables.name."),
    key("if", Takes::Conditions, "CEL: all of it must hold."),
    required("do", Takes::Steps, "The actions, in order."),
    key(LIMITS, Takes::Keys(limits::KEYS), "How often it may run on one ticket."),
    key("stop", Takes::Bool, "true: when it matched, no later rule runs for this event."),
    key("on_error", Takes::Choice(on_error), "What follows a refused action: stop by default."),
    key(
        "failure_policy",
        Takes::Choice(failure_policy),
        "Before-rules: what an error in a condition means; deny by default.",
    ),
    key(
        ROLLOUT,
        Takes::OneOf(&[Takes::Choice(rollout::modes), Takes::Keys(rollout::KEYS)]),
        "shadow: it says what it would do, and does nothing; {percent: 25}: it acts on that share of the tickets.",
    ),
];

fn on_error() -> Vec<String> {
    words(["stop", "continue"])
}

fn failure_policy() -> Vec<String> {
    words(["deny", "ignore"])
}

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
    pub tenants: Conditions,
    #[serde(default)]
    pub variables: Definitions,
    #[serde(default, rename = "if")]
    pub conditions: Conditions,
    #[serde(rename = "do")]
    pub steps: Vec<RawStep>,
    pub limits: Option<RawLimits>,
    #[serde(default)]
    pub stop: bool,
    #[serde(default)]
    pub on_error: OnError,
    pub failure_policy: Option<FailurePolicy>,
    #[serde(default)]
    pub rollout: RawRollout,
}

fn yes() -> bool {
    true
}

/// The least that a rule is.
const EXAMPLE: &str = "name: greet, on: ticket.created, do: [{message: {body: Hello}}]";

/// What was read of a document.
pub struct Read {
    /// `None`: a value is not what its key takes.
    pub raw: Option<(Node, RawRule)>,
    pub found: Vec<Diagnostic>,
    /// Where keys were left out.
    pub cut: Cut,
}

/// Reads one document into a rule, and says what is wrong with it. Unknown keys are left out of the node, or read as those that
/// they were meant to be, so that they hide no other mistake.
pub fn read(file: &str, mut node: Node, mut value: Yaml) -> Read {
    let mut keys = Keys { file, found: Vec::new(), cut: Cut::default() };
    keys.of_rule(&mut node, &mut value);
    let Keys { mut found, cut, .. } = keys;
    let raw = match serde_path_to_error::deserialize(value) {
        Ok(raw) => Some((node, raw)),
        Err(error) => {
            let error = misfit(file, &node, &error, EXAMPLE);
            found.extend(Some(error).filter(|error| !cut.lacks(error)));
            None
        }
    };
    Read { raw, found, cut }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::keys::keys_of;

    fn names(form: &[Key]) -> Vec<&str> {
        form.iter().map(|key| key.name).collect()
    }

    #[test]
    fn the_form_is_what_is_read() {
        assert_eq!(names(KEYS), keys_of::<RawRule>());
        let forms: Vec<&str> = TRIGGERS.iter().flat_map(|(_, keys)| names(keys)).collect();
        assert_eq!(forms, keys_of::<RawTrigger>());
        let mut step = names(step::KEYS);
        step.sort_unstable();
        assert_eq!(step, [step::ID, step::IF]);
        for (key, words) in
            [("on_error", on_error()), ("failure_policy", failure_policy()), (ROLLOUT, rollout::modes())]
        {
            for word in words {
                let source = format!("name: a\non: ticket.created\ndo: []\n{key}: {word}\n");
                let value: serde_yaml::Value = serde_yaml::from_str(&source).expect("YAML");
                assert!(serde_path_to_error::deserialize::<_, RawRule>(value).is_ok(), "{key}: {word}");
            }
        }
    }
}
