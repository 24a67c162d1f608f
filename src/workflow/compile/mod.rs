//! Compiler: from parsed YAML to a checked rule; each diagnostic has its place in the file.

mod on;
mod step;
mod timed;
mod variables;

use super::actions::{BeforeEffect, Effect, Step};
use super::cel::{TENANTS, Variables};
use super::diagnostic::{Diagnostic, Severity};
use super::grammar::{RawRule, RawStep};
use super::limits;
use super::needs::Needs;
use super::place::{File, Place};
use super::rollout::Rollout;
use super::rule::{FailurePolicy, Rule};
use super::yaml::Node;

const MAX_STEPS: usize = 100;

/// Checks one rule. Findings are added to `found`; with an error among them there is no rule.
pub fn rule(file: File<'_>, node: &Node, raw: RawRule, found: &mut Vec<Diagnostic>) -> Option<Rule> {
    let errors = found.len();
    let RawRule {
        name,
        description,
        owner,
        enabled,
        order,
        on,
        tenants,
        variables: definitions,
        conditions,
        steps: raw_steps,
        limits,
        stop,
        on_error,
        failure_policy,
        rollout,
    } = raw;
    let mut needs = Needs::default();
    let on_key = if node.get("on").is_some() { "on" } else { "triggers" };
    let nothing = Variables::default();
    let variables = variables::define(&definitions.0, &mut Place::new(file, node, &nothing, &mut needs, found));
    let mut place = Place::new(file, node, &variables, &mut needs, found);
    check_name(&name, &mut place);
    let on::Heard { events, triggers, timers, schedules, kinds, before } = on::hear(&name, on.0, on_key, &mut place);
    place.on_events(&kinds);
    let selector = tenants.0.join("\n");
    // A rule that is not the tenant's is not asked.
    let tenants = place.selectors(&["tenants"], &tenants, &TENANTS);
    let conditions = place.conditions(&["if"], &conditions).unwrap_or_default();
    let limit = limits::check(limits, before, &mut place);
    let rollout = Rollout::check(rollout, &mut place).unwrap_or_default();
    if raw_steps.is_empty() && !stop {
        place.error(&["do"], "grammar", "this rule does nothing".into(), "add an action, or stop: true");
    }
    if raw_steps.len() > MAX_STEPS {
        place.error(&["do"], "grammar", format!("a rule has at most {MAX_STEPS} actions"), "split the rule");
        return None;
    }
    let nodes = node.get("do").map(Node::items).unwrap_or_default();
    let (before_steps, steps) = steps(raw_steps.into_iter().zip(nodes), before, &mut place);
    // Whoever guards a door keeps it shut where nobody can tell; whoever only helps does not.
    let denies = before_steps.iter().any(Step::denies);
    let default_policy = if denies { FailurePolicy::Deny } else { FailurePolicy::Ignore };
    if found[errors..].iter().any(|d| d.severity == Severity::Error) {
        return None;
    }
    for name in variables.unread() {
        let message = format!("nothing reads `variables.{name}`");
        Place::new(file, node, &variables, &mut needs, found).warning(
            &["variables", &name],
            "unused",
            message,
            "read it in `if` or in an action, or remove it",
        );
    }
    Some(Rule {
        name,
        description,
        owner,
        enabled,
        order,
        before,
        stop,
        on_error,
        failure_policy: failure_policy.unwrap_or(default_policy),
        limit,
        rollout,
        file: file.name.to_owned(),
        line: node.line,
        tenants,
        selector,
        conditions,
        before_steps,
        steps,
        needs,
        events,
        triggers,
        timers,
        schedules,
    })
}

/// The steps before what happens, or those after it: a rule has one or the other.
fn steps<'n>(
    all: impl Iterator<Item = (RawStep, &'n Node)>,
    before: bool,
    place: &mut Place<'_>,
) -> (Vec<Step<BeforeEffect>>, Vec<Step<Effect>>) {
    let (mut before_steps, mut steps) = (Vec::new(), Vec::new());
    for (raw, node) in all {
        let mut place = place.at_node(node);
        match before {
            true => before_steps.extend(step::before(raw, &mut place)),
            false => steps.extend(step::after(raw, &mut place)),
        }
    }
    (before_steps, steps)
}

pub const NAME_HINT: &str = "a small letter first, then small letters, digits and -, 63 at most";

/// Whether a rule can be called so.
pub fn is_name(name: &str) -> bool {
    name.len() <= 63
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn check_name(name: &str, place: &mut Place<'_>) {
    if !is_name(name) {
        place.error(&["name"], "name", format!("`{name}` is no name for a rule"), NAME_HINT);
    }
}
