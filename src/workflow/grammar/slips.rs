//! Keys that the grammar does not have: each is noted, and taken out of the document or read as the one that it was meant to be.

use serde_yaml::Value as Yaml;

use super::{LIMITS, ROLLOUT, RawRule, RawStep, RawTrigger, TRIGGERS};
use crate::workflow::actions;
use crate::workflow::diagnostic::{Diagnostic, Severity, nearest, suggest};
use crate::workflow::keys::keys_of;
use crate::workflow::yaml::{Content, Node};
use crate::workflow::{limits, rollout};

const ACTION: &str = "an action";
const UNKNOWN: &str = "unknown-key";

/// Keys while they are looked at, in the node and in the value.
pub(super) struct Keys<'f> {
    pub file: &'f str,
    pub found: Vec<Diagnostic>,
    pub cut: Cut,
}

/// Line and column of what lost a key that nobody knows: whatever it lacks may have been meant by that.
#[derive(Debug, Default)]
pub struct Cut(Vec<(u32, u32)>);

impl Cut {
    /// Whether this tells of a key that is missing there.
    pub fn lacks(&self, found: &Diagnostic) -> bool {
        found.message.ends_with("is missing") && self.0.contains(&(found.line, found.column))
    }
}

impl Keys<'_> {
    pub fn of_rule(&mut self, node: &mut Node, value: &mut Yaml) {
        self.check(node, value, keys_of::<RawRule>(), "a rule");
        if let (Some((on, _)), Some((triggers, _))) = (node.entry("on"), node.entry("triggers")) {
            let second = if (on.line, on.column) > (triggers.line, triggers.column) { on } else { triggers };
            let message = "`on` and `triggers` are the same key".to_owned();
            self.note(second, "grammar", message, "write all of it under `on`".to_owned());
            mend(node, value, "triggers", None);
        }
        for on in ["on", "triggers"] {
            let (Some(node), Some(value)) = (node.get_mut(on), value.get_mut(on)) else { continue };
            self.of_trigger(node, value);
            each(node, value, |node, value| self.of_trigger(node, value));
        }
        let mut unread = Vec::new();
        for (name, keys) in [(LIMITS, limits::KEYS), (ROLLOUT, rollout::KEYS)] {
            if let (Some(node), Some(value)) = (node.get_mut(name), value.get_mut(name)) {
                let known: Vec<&str> = keys.iter().map(|key| key.name).collect();
                let cut = self.cut.0.len();
                self.check(node, value, &known, name);
                if self.cut.0.len() > cut {
                    // It was told of, and cannot be read.
                    unread.push(name);
                }
            }
        }
        unread.into_iter().for_each(|name| mend(node, value, name, None));
        let step_keys = RawStep::keys();
        let (Some(node), Some(value)) = (node.get_mut("do"), value.get_mut("do")) else { return };
        each(node, value, |node, value| {
            self.check(node, value, &step_keys, ACTION);
            for action in step_keys.iter().filter_map(|key| actions::find(key)) {
                if let (Some(node), Some(value)) = (node.get_mut(action.name()), value.get_mut(action.name())) {
                    self.check(node, value, action.keys(), action.name());
                }
            }
        });
    }

    /// Of the keys of triggers, those of one form belong together.
    fn of_trigger(&mut self, wait: &mut Node, value: &mut Yaml) {
        if wait.entries().is_empty() {
            return;
        }
        let form = |wait: &Node| TRIGGERS.iter().find(|(key, _)| wait.get(key).is_some());
        if form(wait).is_none() {
            self.check(wait, value, keys_of::<RawTrigger>(), "a trigger");
        }
        if let Some((key, keys)) = form(wait) {
            let known: Vec<&str> = keys.iter().map(|key| key.name).collect();
            self.check(wait, value, &known, &format!("a trigger with `{key}`"));
        }
    }

    /// Notes every key that is none of these.
    fn check(&mut self, node: &mut Node, value: &mut Yaml, known: &[&str], of: &str) {
        let unknown: Vec<Node> = node
            .entries()
            .iter()
            .map(|(key, _)| key)
            .filter(|key| !known.is_empty() && !key.text().is_some_and(|name| known.contains(&name)))
            .cloned()
            .collect();
        for key in unknown {
            let name = key.text().unwrap_or_default().to_owned();
            let known: Vec<&str> = known.iter().copied().filter(|known| *known != "triggers").collect();
            self.note(&key, UNKNOWN, format!("{of} has no key `{name}`"), suggest(&name, known.iter().copied()));
            match nearest(&name, &known).filter(|meant| node.entry(meant).is_none()) {
                // A step without any action is told of by what it has instead.
                None if of == ACTION => {}
                None => {
                    mend(node, value, &name, None);
                    self.cut.0.push((node.line, node.column));
                }
                meant => mend(node, value, &name, meant),
            }
        }
    }

    fn note(&mut self, at: &Node, code: &'static str, message: String, hint: String) {
        let Node { line, column, .. } = *at;
        self.found.push(Diagnostic {
            severity: Severity::Error,
            code,
            message,
            hint,
            file: self.file.to_owned(),
            line,
            column,
        });
    }
}

/// The items of a list, in the node and in the value.
fn each(node: &mut Node, value: &mut Yaml, mut look: impl FnMut(&mut Node, &mut Yaml)) {
    let Yaml::Sequence(values) = value else { return };
    node.items_mut().iter_mut().zip(values).for_each(|(node, value)| look(node, value));
}

/// Takes a key out of both, or puts another in its place.
fn mend(node: &mut Node, value: &mut Yaml, key: &str, instead: Option<&str>) {
    let (Content::Map(nodes), Yaml::Mapping(entries)) = (&mut node.content, value) else { return };
    let taken = entries.remove(key);
    let Some(instead) = instead else { return nodes.retain(|(k, _)| k.text() != Some(key)) };
    for (name, _) in nodes {
        match &mut name.content {
            Content::Scalar { text, .. } if text == key => instead.clone_into(text),
            _ => {}
        }
    }
    if let Some(taken) = taken {
        entries.insert(instead.into(), taken);
    }
}
