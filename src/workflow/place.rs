//! Place in a file during its check: compiles the texts there, and gives diagnostics their line and column.

use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use serde_yaml::Value as Yaml;

use super::cel::ast::Expr;
use super::cel::{self, RULE, Scope};
use super::diagnostic::{Diagnostic, Problem, Severity};
use super::event::EventName;
use super::misfit::misfit;
use super::needs::{Named, NamedKind, Needs, Preload};
use super::shapes::Strings;
use super::template::{Template, Want};
use super::yaml::Node;

/// A file that is being read.
#[derive(Clone, Copy)]
pub struct File<'a> {
    pub name: &'a str,
    pub source: &'a str,
}

/// Paths start from its node; findings and needs are gathered over all of a rule.
pub struct Place<'a> {
    file: File<'a>,
    node: &'a Node,
    events: &'a [EventName],
    guards: Vec<Expr>,
    needs: &'a mut Needs,
    found: &'a mut Vec<Diagnostic>,
}

impl<'a> Place<'a> {
    pub fn new(file: File<'a>, node: &'a Node, needs: &'a mut Needs, found: &'a mut Vec<Diagnostic>) -> Place<'a> {
        Place { file, node, events: &[], guards: Vec::new(), needs, found }
    }

    /// The same for a node further down. What is guarded here is guarded there, and not the other way round.
    pub fn at_node<'b>(&'b mut self, node: &'b Node) -> Place<'b> {
        let Place { file, events, guards, needs, found, .. } = self;
        Place { file: *file, node, events, guards: guards.clone(), needs, found }
    }

    /// The same for the value under `key`.
    pub fn under(&mut self, key: &str) -> Place<'_> {
        let node = self.node;
        self.at_node(node.get(key).unwrap_or(node))
    }

    /// What may have happened when these texts are evaluated.
    pub fn on_events(&mut self, events: &'a [EventName]) {
        self.events = events;
    }

    /// Notes that an action makes the one issue that rules make for a ticket.
    pub fn makes_the_issue(&mut self) {
        self.needs.makes_the_issue = true;
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
    fn problems(&mut self, node: &Node, problems: Vec<Problem>) {
        for problem in problems {
            let (line, column) = node.place(problem.at, self.file.source);
            self.push(line, column, problem.severity, problem.code, problem.message, problem.hint);
        }
    }
}

/// Texts.
impl Place<'_> {
    /// Reads the whole value of the node. `None`: it is not what `T` takes, which was noted.
    pub fn read<T: DeserializeOwned>(&mut self, value: Yaml) -> Option<T> {
        serde_path_to_error::deserialize(value)
            .map_err(|error| self.found.push(misfit(self.file.name, self.node, &error)))
            .ok()
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

    /// Checks selectors, which are conditions too: an expression that does not hold is not asked further. Those that are in
    /// order; findings are noted for the others.
    pub fn selectors(&mut self, path: &[&str], raw: &Strings, scope: &Scope) -> Vec<Expr> {
        let checked: Vec<Expr> = self.expressions(path, raw, scope).into_iter().map(|(_, expr)| expr).collect();
        self.guards.extend(checked.iter().cloned());
        checked
    }

    /// The expressions under `path` that are in order, each with its node; findings are noted for the others.
    fn expressions(&mut self, path: &[&str], raw: &Strings, scope: &Scope) -> Vec<(Node, Expr)> {
        let mut checked = Vec::new();
        for (index, source) in raw.0.iter().enumerate() {
            let node = self.item_at(path, index).clone();
            match cel::condition(source, scope) {
                Ok(expr) => {
                    expr.roots(&mut self.needs.roots);
                    checked.push((node, expr));
                }
                Err(problems) => self.problems(&node, problems),
            }
        }
        checked
    }

    fn unguarded(&self, expr: &Expr) -> Vec<Problem> {
        cel::unguarded(expr, &self.guards.iter().collect::<Vec<_>>(), self.events)
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
        if let Template::Fixed(Json::String(name)) = &template
            && !name.is_empty()
        {
            let Node { line, column, .. } = *self.node_at(path);
            self.needs.named.push(Named { kind, name: name.clone(), line, column });
        }
        Some(template)
    }

    fn template_at(&mut self, node: &Node, source: &str, want: Want) -> Option<Template> {
        match Template::compile(source, want, &RULE) {
            Ok(template) => {
                for expr in template.exprs() {
                    expr.roots(&mut self.needs.roots);
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
