//! One checked rule, and the two questions that it answers: does it match, and what does it want.

use std::collections::BTreeSet;

use super::cel::ast::Expr;
use super::cel::{self, Fault};
use super::compile::action::Action;
use super::effect::Effect;
use super::facts::Facts;
use super::schema::Root;

/// A rule of a set. Everything in it was checked at load.
#[derive(Clone, Debug)]
pub struct Rule {
    pub name: String,
    pub description: String,
    pub owner: String,
    pub enabled: bool,
    /// Lower runs first; ties by name.
    pub order: i32,
    /// Activity types, families, `custom.*`; or before-events, never both.
    pub events: Vec<String>,
    /// Whether the events are before-events.
    pub before: bool,
    /// When it matched, no later rule runs for this event.
    pub stop: bool,
    pub on_error: OnError,
    pub failure_policy: FailurePolicy,
    /// The file that it stands in, and the line of its first key.
    pub file: String,
    pub line: u32,
    /// All must hold for the rule to be the tenant's at all.
    pub(super) tenants: Vec<Expr>,
    /// All must hold.
    pub(super) conditions: Vec<Expr>,
    pub(super) actions: Vec<Action>,
    pub(super) needs: BTreeSet<Root>,
}

/// What follows an action that is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// The rule's effects are undone, and its run is FAILED.
    #[default]
    Stop,
    /// The action is left out, the next one runs.
    Continue,
}

/// Before-rules: what an expression error means for the command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailurePolicy {
    #[default]
    Deny,
    Ignore,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Matched,
    NotMatched,
    /// Why a condition has no value.
    Error(String),
}

impl Rule {
    /// Whether all conditions hold. A condition that is false decides, whatever error stands before or after it. `tenants` is
    /// a filter: where reading the tenant fails, the rule is not that tenant's.
    pub fn matches(&self, facts: &Facts<'_>) -> Verdict {
        if !self.tenants.iter().all(|selector| cel::holds(selector, facts).unwrap_or(false)) {
            return Verdict::NotMatched;
        }
        let mut first_fault: Option<(usize, Fault)> = None;
        for (index, condition) in self.conditions.iter().enumerate() {
            match cel::holds(condition, facts) {
                Ok(true) => {}
                Ok(false) => return Verdict::NotMatched,
                Err(fault) => {
                    first_fault.get_or_insert((index, fault));
                }
            }
        }
        match first_fault {
            None => Verdict::Matched,
            Some((_, fault)) if self.conditions.len() == 1 => Verdict::Error(format!("if: {fault}")),
            Some((index, fault)) => Verdict::Error(format!("if[{index}]: {fault}")),
        }
    }

    /// What the actions want, in their order; actions whose own `if` is false are left out.
    ///
    /// # Errors
    /// The first action whose condition, template or value has none, and why.
    pub fn effects(&self, facts: &Facts<'_>) -> Result<Vec<Effect>, String> {
        let mut effects = Vec::with_capacity(self.actions.len());
        for (index, action) in self.actions.iter().enumerate() {
            match action.effect(facts) {
                Ok(Some(effect)) => effects.push(effect),
                Ok(None) => {}
                Err(why) => return Err(format!("{}: {why}", action.label(index))),
            }
        }
        Ok(effects)
    }

    /// Whether an action lets a strategy choose among the members of a team: then the team is worth loading.
    pub fn chooses(&self) -> bool {
        self.actions.iter().any(Action::chooses)
    }

    /// Whether an action tags: then it matters which tags the tenant takes.
    pub fn tags(&self) -> bool {
        self.actions.iter().any(Action::tags)
    }

    /// The canned responses that its actions name in so many words, each with its line and column.
    pub fn canned(&self) -> impl Iterator<Item = (&str, u32, u32)> {
        self.actions.iter().filter_map(Action::canned)
    }

    /// Whether conditions, templates or values read `root`: organization, requester, assignee, team and before are worth
    /// loading only then.
    pub fn needs(&self, root: Root) -> bool {
        self.needs.contains(&root)
    }
}
