//! Place in a file during its check: compiles the texts there, and gives diagnostics their line and column.

use std::cell::Cell;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use serde_yaml::Value as Yaml;

use super::cel::ast::Expr;
use super::cel::{self, DUE, RULE, Scope, Variables};
use super::diagnostic::{Diagnostic, Problem, Severity};
use super::event::{EventName, Presence, presence};
use super::lint;
use super::misfit::misfit;
use super::needs::{Custom, EVENTS, ISSUES, LINKS, MESSAGES, Named, NamedKind, Needs, Preload, TAGS, TASKS, Write};
use super::schema::Root;
use super::shapes::Conditions;
use super::template::{Template, Want};
use super::yaml::Node;
use crate::model::stored_type::StoredType;

/// Each is looked at beside the others.
const MAX_CONDITIONS: usize = 100;

/// A file that is being read.
#[derive(Clone, Copy)]
pub struct File<'a> {
    pub name: &'a str,
    pub source: &'a str,
    /// What checking its conditions may still cost.
    pub looks: &'a Cell<usize>,
}

/// Paths start from its node; findings and needs are gathered over all of a rule.
pub struct Place<'a> {
    file: File<'a>,
    node: &'a Node,
    events: &'a [EventName],
    variables: &'a Variables,
    guards: Vec<Arc<Expr>>,
    needs: &'a mut Needs,
    found: &'a mut Vec<Diagnostic>,
}

impl<'a> Place<'a> {
    pub fn new(
        file: File<'a>,
        node: &'a Node,
        variables: &'a Variables,
        needs: &'a mut Needs,
        found: &'a mut Vec<Diagnostic>,
    ) -> Place<'a> {
        Place { file, node, events: &[], variables, guards: Vec::new(), needs, found }
    }

    /// Checks what a variable stands for, beside those that it can read. `None`: findings were noted.
    pub fn definition(&mut self, name: &str, source: &str, known: &Variables) -> Option<Expr> {
        let node = self.node_at(&["variables", name]).clone();
        let checked = cel::compile_among(source, &RULE, known);
        checked.map_err(|problems| self.problems(&node, problems)).ok()
    }

    /// The same for a node further down. What is guarded here is guarded there, and not the other way round.
    pub fn at_node<'b>(&'b mut self, node: &'b Node) -> Place<'b> {
        let Place { file, events, variables, guards, needs, found, .. } = self;
        Place { file: *file, node, events, variables, guards: guards.clone(), needs, found }
    }

    /// The same for the value under `key`.
    pub fn under(&mut self, key: &str) -> Place<'_> {
        let node = self.node;
        self.at_node(node.get(key).unwrap_or(node))
    }

    /// The same for an item of the list.
    pub fn item(&mut self, index: usize) -> Place<'_> {
        let node = self.node;
        self.at_node(node.items().get(index).unwrap_or(node))
    }

    /// What may have happened when these texts are evaluated.
    pub fn on_events(&mut self, events: &'a [EventName]) {
        self.events = events;
    }

    /// Whether one of the rule's events is this.
    pub fn waits_for(&self, event: &EventName) -> bool {
        self.events.contains(event)
    }

    /// The first of the rule's events that is about no ticket.
    pub fn without_ticket(&self) -> Option<&'a EventName> {
        self.events.iter().find(|event| !event.has_ticket())
    }

    /// Whether each of the rule's events has this.
    pub fn always_has(&self, root: Root) -> bool {
        presence(root, self.events) == Presence::Always
    }

    /// Notes a change that an action makes, which stands at `path`.
    pub fn writes(&mut self, path: &[&str], field: &str, value: Option<Json>, emits: &[impl Clone + Into<StoredType>]) {
        let node = self.node_at(path);
        let (line, column) = (node.line, node.column);
        let is_one_value = !matches!(field, TAGS | MESSAGES | ISSUES | LINKS | TASKS | EVENTS);
        let (field, emits, guards) =
            (field.to_owned(), emits.iter().cloned().map(Into::into).collect(), self.guards.clone());
        self.needs.writes.push(Write { field, value, is_one_value, emits, guards, line, column });
    }

    /// Notes a custom event that the rule waits for.
    pub fn waits_for_custom(&mut self, key: &str, index: usize, name: &str) {
        let Node { line, column, .. } = *self.item_at(&[key], index);
        self.needs.customs.push(Custom { name: name.to_owned(), line, column });
    }

    /// Notes that an action hands something out, and warns once of what becomes of it.
    pub fn dispatches(&mut self, path: &[&str]) {
        if !std::mem::replace(&mut self.needs.dispatches, true) {
            let message = "this is recorded as `workflow.dispatched`, and nothing delivers it".to_owned();
            self.warning(path, "not-delivered", message, "read the activities of this type from a stream");
        }
    }

    /// Notes what executing an action reads.
    pub fn preload(&mut self, what: Preload) {
        self.needs.preloads.insert(what);
    }
}

/// Findings.
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

    pub fn item_at(&self, path: &[&str], index: usize) -> &Node {
        let node = self.node_at(path);
        // One text stands where a list of one could.
        node.items().get(index).unwrap_or(node)
    }

    /// An error at a place that was looked up before.
    pub fn error_here(&mut self, line: u32, column: u32, code: &'static str, message: String, hint: String) {
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

    /// A warning at the value that `path` leads to.
    pub fn warning(&mut self, path: &[&str], code: &'static str, message: String, hint: &str) {
        let node = self.node_at(path);
        let (line, column) = (node.line, node.column);
        self.push(line, column, Severity::Warning, code, message, hint.to_owned());
    }

    /// An error at the last key of `path` itself.
    pub fn error_at_key(&mut self, path: &[&str], code: &'static str, message: String, hint: &str) {
        let Some((key, parents)) = path.split_last() else { return };
        let parent = self.node_at(parents);
        let node = parent.entry(key).map_or(parent, |(key, _)| key);
        let (line, column) = (node.line, node.column);
        self.push(line, column, Severity::Error, code, message, hint.to_owned());
    }

    pub fn item_error(&mut self, path: &[&str], index: usize, code: &'static str, message: String, hint: &str) {
        let node = self.item_at(path, index);
        let (line, column) = (node.line, node.column);
        self.push(line, column, Severity::Error, code, message, hint.to_owned());
    }

    /// Findings inside the text of one node.
    pub fn problems(&mut self, node: &Node, problems: Vec<Problem>) {
        let cut = !problems.is_empty() && node.is_cut(self.file.source);
        for mut problem in problems {
            if cut && matches!(problem.code, "syntax" | "template") {
                problem.message = "the text ends here: ` #` begins a comment".into();
                problem.hint = "put the whole text between quotes".into();
                problem.at = node.text().map_or(0, str::len);
            }
            let (line, column) = node.place(problem.at, self.file.source);
            self.push(line, column, problem.severity, problem.code, problem.message, problem.hint);
        }
    }
}

/// What to write instead of ids of tenants, where that is all that stands there.
fn names_tenants(texts: &[String]) -> Option<String> {
    let is_id = |text: &String| {
        let text = text.trim();
        let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        text.starts_with(part) && text.chars().all(part) && !matches!(text, "true" | "false" | "tenant" | "null")
    };
    match texts {
        [] => None,
        [one] if is_id(one) => Some(format!("tenant.id == '{}'", one.trim())),
        several if several.iter().all(is_id) => {
            let quoted: Vec<String> = several.iter().map(|id| format!("'{}'", id.trim())).collect();
            Some(format!("tenant.id in [{}]", quoted.join(", ")))
        }
        _ => None,
    }
}

/// Texts.
impl Place<'_> {
    /// Reads the whole value of the node; `example` shows one. `None`: it is not what `T` takes, which was noted.
    pub fn read<T: DeserializeOwned>(&mut self, value: Yaml, example: &str) -> Option<T> {
        serde_path_to_error::deserialize(value)
            .map_err(|error| self.found.push(misfit(self.file.name, self.node, &error, example)))
            .ok()
    }

    /// Checks the conditions under `path`; `None`: findings were noted.
    pub fn conditions(&mut self, path: &[&str], raw: &Conditions) -> Option<Vec<Expr>> {
        let checked = self.expressions(path, raw, self.scope());
        self.warn_of_impossible(&checked);
        self.guards.extend(checked.iter().map(|(_, expr)| Arc::new(expr.clone())));
        for (node, expr) in &checked {
            let warnings = self.unguarded(expr);
            self.problems(node, warnings);
        }
        (checked.len() == raw.0.len()).then(|| checked.into_iter().map(|(_, expr)| expr).collect())
    }

    /// Checks selectors, which are conditions too: an expression that does not hold is not asked further. Those that are in
    /// order; findings are noted for the others.
    pub fn selectors(&mut self, path: &[&str], raw: &Conditions, scope: &Scope) -> Vec<Expr> {
        if let Some(hint) = names_tenants(&raw.0) {
            let message = format!("`{}` is no condition", raw.0.join(", "));
            self.error(path, "unknown-variable", message, &hint);
            return Vec::new();
        }
        let checked = self.expressions(path, raw, scope);
        self.warn_of_impossible(&checked);
        let checked: Vec<Expr> = checked.into_iter().map(|(_, expr)| expr).collect();
        self.guards.extend(checked.iter().cloned().map(Arc::new));
        checked
    }

    /// The expressions under `path` that are in order, each with its node; findings are noted for the others.
    fn expressions(&mut self, path: &[&str], raw: &Conditions, scope: &Scope) -> Vec<(Node, Expr)> {
        let mut checked = Vec::new();
        if raw.0.len() > MAX_CONDITIONS {
            let message = format!("a list has at most {MAX_CONDITIONS} conditions");
            self.error(path, "grammar", message, "split the rule");
            return checked;
        }
        for (index, source) in raw.0.iter().enumerate() {
            let node = self.item_at(path, index).clone();
            let checked_one = match scope.changed {
                true => cel::condition_among(source, scope, self.variables),
                // Whose rule it is does not depend on what happened.
                false => cel::condition(source, scope),
            };
            match checked_one {
                Ok(expr) => {
                    self.note_read(&expr, |at| node.place(at, self.file.source));
                    self.problems(&node, lint::expression(&expr));
                    checked.push((node, expr));
                }
                Err(problems) => self.problems(&node, problems),
            }
        }
        checked
    }

    fn warn_of_impossible(&mut self, checked: &[(Node, Expr)]) {
        let exprs: Vec<&Expr> = checked.iter().map(|(_, expr)| expr).collect();
        let guards: Vec<&Expr> = self.guards.iter().map(Arc::as_ref).collect();
        let found = lint::impossible(&exprs, &guards, self.events, &lint::Looks(self.file.looks));
        for (index, problem) in found {
            if let Some((node, _)) = checked.get(index) {
                self.problems(node, vec![problem]);
            }
        }
    }

    fn scope(&self) -> &'static Scope {
        if !self.events.is_empty() && self.events.iter().all(EventName::is_due) { &DUE } else { &RULE }
    }

    fn unguarded(&self, expr: &Expr) -> Vec<Problem> {
        cel::unguarded(expr, &self.guards.iter().map(Arc::as_ref).collect::<Vec<_>>(), self.events)
    }

    /// The text under `path`. `None`: findings were noted.
    pub fn template(&mut self, path: &[&str], source: &str, want: Want) -> Option<Template> {
        let node = self.node_at(path).clone();
        self.template_at(&node, source, want)
    }

    /// One of the texts under `path`.
    pub fn item_template(&mut self, path: &[&str], index: usize, source: &str) -> Option<Template> {
        let node = self.item_at(path, index).clone();
        self.template_at(&node, source, Want::Text)
    }

    /// The text under `path`, which names something of the tenant's.
    pub fn named(&mut self, kind: NamedKind, path: &[&str], source: &str) -> Option<Template> {
        let template = self.template(path, source, Want::Text)?;
        let Node { line, column, .. } = *self.node_at(path);
        self.note_named(kind, &template, line, column);
        Some(template)
    }

    /// One of the texts under `path`, which name something of the tenant's.
    pub fn item_named(&mut self, kind: NamedKind, path: &[&str], index: usize, source: &str) -> Option<Template> {
        let template = self.item_template(path, index, source)?;
        let Node { line, column, .. } = *self.item_at(path, index);
        self.note_named(kind, &template, line, column);
        Some(template)
    }

    /// Notes what an expression reads and names; `place` is where in the file a place in its text is.
    fn note_read(&mut self, expr: &Expr, place: impl Fn(usize) -> (u32, u32)) {
        self.needs.read_by(expr);
        for (name, at) in expr.calendars() {
            let (line, column) = place(at);
            self.needs.calendars.insert(name.clone());
            self.needs.named.push(Named { kind: NamedKind::Calendar, name, line, column });
        }
    }

    /// Notes a calendar that a timer counts by, which stands at `node`.
    pub fn names_calendar(&mut self, name: &str, node: &Node) {
        let (name, line, column) = (name.to_owned(), node.line, node.column);
        self.needs.named.push(Named { kind: NamedKind::Calendar, name, line, column });
    }

    fn note_named(&mut self, kind: NamedKind, template: &Template, line: u32, column: u32) {
        if let Some(name) = template.fixed().and_then(Json::as_str).filter(|name| !name.is_empty()) {
            self.needs.named.push(Named { kind, name: name.to_owned(), line, column });
        }
    }

    fn template_at(&mut self, node: &Node, source: &str, want: Want) -> Option<Template> {
        match Template::compile(source, want, self.scope(), self.variables) {
            Ok(template) => {
                self.problems(node, lint::text(source).into_iter().collect());
                for expr in template.exprs() {
                    self.note_read(expr, |_| (node.line, node.column));
                    // The offsets of a template's expressions are their own; the warning stands at the value.
                    let warnings = [self.unguarded(expr), lint::expression(expr)].concat();
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
