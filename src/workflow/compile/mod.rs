//! From the grammar's form to a checked rule, with every finding at its place in the file.

pub mod action;
mod on;
mod step;

use std::collections::BTreeSet;

use super::cel::ast::Expr;
use super::cel::{self, RULE, Scope, TENANTS};
use super::diagnostic::{Diagnostic, Problem, Severity};
use super::grammar::{RawRule, Strings};
use super::rule::Rule;
use super::template::{Template, Want};
use super::yaml::Node;

/// A file that is being read.
#[derive(Clone, Copy)]
pub struct File<'a> {
    pub name: &'a str,
    pub source: &'a str,
}

/// Where findings go, and from which node their paths start.
pub struct Place<'a> {
    file: File<'a>,
    node: &'a Node,
    events: &'a [String],
    guards: Vec<Expr>,
    found: &'a mut Vec<Diagnostic>,
}

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
        conditions,
        actions,
        stop,
        on_error,
        failure_policy,
    } = raw;
    let on_key = if node.get("on").is_some() { "on" } else { "triggers" };
    let mut place = Place { file, node, events: &[], guards: Vec::new(), found };
    check_name(&name, &mut place);
    let on::Heard { events, triggers, kinds, before } = on::hear(on.0, on_key, &mut place);
    place.events = &kinds;
    let selector = tenants.0.join("\n");
    let tenants: Vec<Expr> =
        place.expressions(&["tenants"], &tenants, &TENANTS).into_iter().map(|(_, expr)| expr).collect();
    // A rule that is not the tenant's is not asked.
    place.guards.extend(tenants.iter().cloned());
    let conditions = place.conditions(&["if"], &conditions).unwrap_or_default();
    if actions.is_empty() && !stop {
        place.error(&["do"], "grammar", "this rule does nothing".into(), "add an action, or stop: true");
    }
    let steps = node.get("do").map(Node::items).unwrap_or_default();
    let mut checked = Vec::new();
    for (raw, step) in actions.into_iter().zip(steps) {
        let guards = place.guards.clone();
        let mut place = Place { file, node: step, events: &kinds, guards, found: &mut *place.found };
        checked.extend(step::compile(raw, before, &mut place));
    }
    if found[errors..].iter().any(|d| d.severity == Severity::Error) {
        return None;
    }
    let mut needs = BTreeSet::new();
    let exprs = checked.iter().flat_map(action::Action::exprs);
    conditions.iter().chain(&tenants).chain(exprs).for_each(|expr| expr.roots(&mut needs));
    Some(Rule {
        name,
        description,
        owner,
        enabled,
        order,
        before,
        stop,
        on_error,
        failure_policy,
        file: file.name.to_owned(),
        line: node.line,
        tenants,
        selector,
        conditions,
        actions: checked,
        needs,
        events,
        triggers,
    })
}

fn check_name(name: &str, place: &mut Place<'_>) {
    let fits = name.len() <= 63
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !fits {
        let hint = "a small letter first, then small letters, digits and -, 63 at most";
        place.error(&["name"], "name", format!("`{name}` is no name for a rule"), hint);
    }
}

impl Place<'_> {
    fn node_at(&self, path: &[&str]) -> &Node {
        let mut here = self.node;
        for key in path {
            match here.get(key) {
                Some(node) => here = node,
                None => break,
            }
        }
        here
    }

    /// The line and the column of the value that `path` leads to.
    pub fn at(&self, path: &[&str]) -> (u32, u32) {
        let node = self.node_at(path);
        (node.line, node.column)
    }

    fn item_at(&self, path: &[&str], index: usize) -> &Node {
        let node = self.node_at(path);
        // One text stands where a list of one could.
        node.items().get(index).unwrap_or(node)
    }

    /// An error at a place that was looked up before.
    fn error_here(&mut self, line: u32, column: u32, code: &'static str, message: String, hint: String) {
        self.push(line, column, Severity::Error, code, message, hint);
    }

    fn push(&mut self, line: u32, column: u32, severity: Severity, code: &'static str, message: String, hint: String) {
        let file = self.file.name.to_owned();
        self.found.push(Diagnostic { severity, code, message, hint, file, line, column });
    }

    /// An error at the value that `path` leads to, or at the last node on the way.
    pub fn error(&mut self, path: &[&str], code: &'static str, message: String, hint: &str) {
        let node = self.node_at(path);
        let (line, column) = (node.line, node.column);
        self.push(line, column, Severity::Error, code, message, hint.to_owned());
    }

    /// An error at the last key of `path` itself.
    pub fn error_at_key(&mut self, path: &[&str], code: &'static str, message: String, hint: &str) {
        let Some((key, parents)) = path.split_last() else { return };
        let parent = self.node_at(parents);
        let node = parent.entry(key).map_or(parent, |(key, _)| key);
        let (line, column) = (node.line, node.column);
        self.push(line, column, Severity::Error, code, message, hint.to_owned());
    }

    fn item_error(&mut self, path: &[&str], index: usize, code: &'static str, message: String, hint: &str) {
        let node = self.item_at(path, index);
        let (line, column) = (node.line, node.column);
        self.push(line, column, Severity::Error, code, message, hint.to_owned());
    }

    /// Findings inside the text of one node.
    fn problems(&mut self, node: &Node, problems: Vec<Problem>) {
        for problem in problems {
            let (line, column) = node.place(problem.at, self.file.source);
            self.push(line, column, problem.severity, problem.code, problem.message, problem.hint);
        }
    }

    /// Checks the conditions under `path`; `None`: findings were noted.
    pub fn conditions(&mut self, path: &[&str], raw: &Strings) -> Option<Vec<Expr>> {
        let checked = self.expressions(path, raw, &RULE);
        self.guards.extend(checked.iter().map(|(_, expr)| expr.clone()));
        for (node, expr) in &checked {
            let warnings = self.unguarded(expr);
            self.problems(node, warnings);
        }
        (checked.len() == raw.0.len()).then(|| checked.into_iter().map(|(_, expr)| expr).collect())
    }

    /// The conditions under `path` that are in order, each with its node; findings are noted for the others.
    fn expressions(&mut self, path: &[&str], raw: &Strings, scope: &Scope) -> Vec<(Node, Expr)> {
        let mut checked = Vec::new();
        for (index, source) in raw.0.iter().enumerate() {
            let node = self.item_at(path, index).clone();
            match cel::condition(source, scope) {
                Ok(expr) => checked.push((node, expr)),
                Err(problems) => self.problems(&node, problems),
            }
        }
        checked
    }

    fn unguarded(&self, expr: &Expr) -> Vec<Problem> {
        cel::unguarded(expr, &self.guards.iter().collect::<Vec<_>>(), self.events)
    }

    pub fn template(&mut self, path: &[&str], source: &str, want: Want) -> Option<Template> {
        let node = self.node_at(path).clone();
        self.template_at(&node, source, want)
    }

    pub fn item_template(&mut self, path: &[&str], index: usize, source: &str) -> Option<Template> {
        let node = self.item_at(path, index).clone();
        if source.trim().is_empty() {
            self.item_error(path, index, "grammar", "an empty tag".into(), "remove it");
            return None;
        }
        self.template_at(&node, source, Want::Text)
    }

    fn template_at(&mut self, node: &Node, source: &str, want: Want) -> Option<Template> {
        match Template::compile(source, want, &RULE) {
            Ok(template) => {
                for expr in template.exprs() {
                    // The offsets of a template's expressions are their own; the warning stands at the value.
                    let warnings = self.unguarded(expr);
                    self.problems(node, warnings.into_iter().map(|w| Problem { at: 0, ..w }).collect());
                }
                Some(template)
            }
            Err(problems) => {
                self.problems(node, problems);
                None
            }
        }
    }
}
