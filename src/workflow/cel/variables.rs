//! Variables of a rule, for the checker: each stands for its expression, which is evaluated where it is read and nowhere else.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use cel::common::ast::{Expr as Raw, IdedExpr};

use super::ast::{Expr, ExprKind, Literal};
use super::check::Checker;
use crate::workflow::diagnostic::suggest;
use crate::workflow::schema::Type;

const VARIABLES: &str = "variables";
/// Nodes of an expression with all that its variables stand for, and how deep they may lie.
const MAX_NODES: usize = 2_000;
const MAX_DEPTH: usize = 64;

/// What can be read as `variables.name`, checked.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    all: BTreeMap<String, Expr>,
    /// Those that something reads.
    read: RefCell<BTreeSet<String>>,
}

impl Variables {
    pub fn define(&mut self, name: String, expr: Expr) {
        self.all.insert(name, expr);
    }

    /// Those that nothing has read.
    pub fn unread(&self) -> Vec<String> {
        let read = self.read.borrow();
        self.all.keys().filter(|name| !read.contains(*name)).cloned().collect()
    }

    /// One that was found wrong: it agrees with everything, so that nothing follows from it.
    pub fn leave_open(&mut self, name: String) {
        self.define(name, Expr { kind: ExprKind::Literal(Literal::Null), ty: Type::Any, at: 0 });
    }
}

impl Checker<'_> {
    pub(super) fn is_variables(&self, raw: &IdedExpr) -> bool {
        matches!(&raw.expr, Raw::Ident(name) if self.names_variables(name))
    }

    /// Whether `name` is the map of variables, and not a variable of a comprehension.
    pub(super) fn names_variables(&self, name: &str) -> bool {
        name == VARIABLES && self.variables.is_some() && !self.locals.iter().any(|(local, _)| local == VARIABLES)
    }

    pub(super) fn variable(&mut self, name: &str, at: usize) -> Expr {
        let known = self.variables.map(|variables| &variables.all);
        let Some(expr) = known.and_then(|known| known.get(name)) else {
            let names: Vec<&str> = known.into_iter().flat_map(BTreeMap::keys).map(String::as_str).collect();
            let hint = match names.is_empty() {
                true => format!("define it: variables: {{{name}: …}}"),
                false => suggest(name, names),
            };
            return self.wrong("unknown-variable", at, format!("there is no variable `{name}`"), hint);
        };
        if let Some(variables) = self.variables {
            variables.read.borrow_mut().insert(name.to_owned());
        }
        let Size { nodes, depth, loops } = size(expr);
        self.expanded += nodes;
        if self.expanded > MAX_NODES
            || self.depth + depth > MAX_DEPTH
            || self.locals.len() + loops > super::functions::MAX_LOOPS
        {
            let message = format!("with what `variables.{name}` stands for, this is too much for one expression");
            return self.wrong("too-deep", at, message, "split the rule".into());
        }
        let mut expr = expr.clone();
        place(&mut expr, at, self.locals.len());
        expr
    }
}

/// Puts an expression where its variable is read: findings are there, and loops around it come first.
fn place(expr: &mut Expr, at: usize, around: usize) {
    expr.at = at;
    if let ExprKind::Local(slot) = &mut expr.kind {
        *slot += around;
    }
    for below in expr.children_mut() {
        place(below, at, around);
    }
}

struct Size {
    nodes: usize,
    depth: usize,
    loops: usize,
}

fn size(expr: &Expr) -> Size {
    let mut all = Size { nodes: 1, depth: 0, loops: 0 };
    for below in expr.children() {
        let Size { nodes, depth, loops } = size(below);
        all.nodes += nodes;
        all.depth = all.depth.max(depth);
        all.loops = all.loops.max(loops);
    }
    all.depth += 1;
    all.loops += usize::from(matches!(expr.kind, ExprKind::Loop(_)));
    all
}
