//! Checker: from the parser's tree to a checked [`Expr`]: names, types, bounds.

use std::collections::BTreeSet;

use cel::common::ast::{CallExpr, Expr as Raw, IdedExpr, LiteralValue, SourceInfo, operators};

use super::ast::{Expr, ExprKind, Literal};
use super::operators::{arithmetic, comparison};
use super::parse::Parsed;
use super::variables::Variables;
use crate::workflow::Params;
use crate::workflow::diagnostic::Problem;
use crate::workflow::schema::{Root, Type};

const MAX_DEPTH: usize = 24;

/// What an expression may name.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    pub roots: &'static [Root],
    /// Whether `changed()` has a meaning here.
    pub changed: bool,
    /// Whether the tenant's calendars are at hand.
    pub calendars: bool,
    /// Whether every event is an instant that was due, of which `event.data` tells.
    pub due: bool,
}

pub static RULE: Scope = Scope { roots: Root::OF_RULES, changed: true, calendars: true, due: false };
/// Rules that timers and schedules alone set off.
pub static DUE: Scope = Scope { due: true, ..RULE };
/// `tenants:` of a rule.
pub static TENANTS: Scope = Scope { roots: &[Root::Tenant], changed: false, calendars: false, due: false };

/// Parses and checks `source`; the type is whatever it is.
///
/// # Errors
/// Every finding in it.
pub fn compile(source: &str, scope: &Scope) -> Result<Expr, Vec<Problem>> {
    let parsed = Parsed::new(source).map_err(|problem| vec![problem])?;
    Checker::new(&parsed, scope, None).check()
}

/// The same beside a rule's variables.
///
/// # Errors
/// Every finding in it.
pub fn compile_among(source: &str, scope: &Scope, variables: &Variables) -> Result<Expr, Vec<Problem>> {
    let parsed = Parsed::new(source).map_err(|problem| vec![problem])?;
    Checker { variables: Some(variables), ..Checker::new(&parsed, scope, None) }.check()
}

/// Parses and checks a condition: it must be true or false.
///
/// # Errors
/// Every finding in it.
pub fn condition(source: &str, scope: &Scope) -> Result<Expr, Vec<Problem>> {
    truth(compile(source, scope)?)
}

/// The same beside a rule's variables.
///
/// # Errors
/// Every finding in it.
pub fn condition_among(source: &str, scope: &Scope, variables: &Variables) -> Result<Expr, Vec<Problem>> {
    truth(compile_among(source, scope, variables)?)
}

/// Checks a condition that reads these parameters.
///
/// # Errors
/// Every finding in it; a parameter that it does not read is one.
pub fn condition_with(parsed: &Parsed, scope: &Scope, params: &Params) -> Result<Expr, Vec<Problem>> {
    truth(Checker::new(parsed, scope, Some(params)).check()?)
}

fn truth(expr: Expr) -> Result<Expr, Vec<Problem>> {
    match expr.ty {
        Type::Bool | Type::Any => Ok(expr),
        other => Err(vec![Problem::error(
            "not-boolean",
            expr.at,
            format!("a condition must be true or false, this is {other}"),
            "compare it with something",
        )]),
    }
}

pub(super) struct Checker<'s> {
    pub(super) source: &'s str,
    places: &'s SourceInfo,
    tree: &'s IdedExpr,
    pub(super) scope: &'s Scope,
    /// `None`: nothing is called `params` here.
    pub(super) params: Option<&'s Params>,
    /// `None`: nothing is called `variables` here.
    pub(super) variables: Option<&'s Variables>,
    /// Nodes that variables stand for.
    pub(super) expanded: usize,
    /// Those that were read.
    pub(super) read: BTreeSet<&'s str>,
    /// Where a time is finer than its literal says.
    pub(super) finer: BTreeSet<usize>,
    /// The variables of the comprehensions around, outermost first.
    pub(super) locals: Vec<(String, Type)>,
    pub(super) depth: usize,
    pub(super) problems: Vec<Problem>,
}

impl<'s> Checker<'s> {
    fn new(parsed: &'s Parsed, scope: &'s Scope, params: Option<&'s Params>) -> Checker<'s> {
        Checker {
            source: &parsed.source,
            places: &parsed.places,
            tree: &parsed.tree,
            scope,
            params,
            variables: None,
            expanded: 0,
            read: BTreeSet::new(),
            finer: BTreeSet::new(),
            locals: Vec::new(),
            depth: 0,
            problems: Vec::new(),
        }
    }

    fn check(mut self) -> Result<Expr, Vec<Problem>> {
        let expr = self.operand(self.tree);
        self.all_params_are_read();
        self.no_time_is_left_finer();
        if self.problems.is_empty() { Ok(expr) } else { Err(self.problems) }
    }

    pub(super) fn at(&self, id: u64) -> usize {
        self.places.offset_for(id).map_or(0, |(start, _)| start as usize)
    }

    /// Notes a finding; what stands in for the expression agrees with everything, so that nothing follows from it.
    pub(super) fn wrong(&mut self, code: &'static str, at: usize, message: String, hint: String) -> Expr {
        self.problems.push(Problem::error(code, at, message, hint));
        Expr { kind: ExprKind::Literal(Literal::Null), ty: Type::Any, at }
    }

    /// An expression whose value is used: whole objects have none.
    pub(super) fn operand(&mut self, raw: &IdedExpr) -> Expr {
        let expr = self.expr(raw);
        match expr.ty {
            Type::Object(object) => {
                let hint = format!("name one of its fields: {}", object.names().take(8).collect::<Vec<_>>().join(", "));
                self.wrong("type", expr.at, format!("{} as a whole has no value", expr.ty), hint)
            }
            Type::Changes => self.wrong(
                "type",
                expr.at,
                "`changes` as a whole has no value".into(),
                "name a field: changes.priority.old".into(),
            ),
            Type::Change(_) => self.wrong("type", expr.at, "a change has two values".into(), "add .old or .new".into()),
            _ => expr,
        }
    }

    pub(super) fn expr(&mut self, raw: &IdedExpr) -> Expr {
        let at = self.at(raw.id);
        if self.depth >= MAX_DEPTH {
            return self.wrong(
                "too-deep",
                at,
                format!("the expression is nested deeper than {MAX_DEPTH}"),
                "split it into several conditions".into(),
            );
        }
        self.depth += 1;
        let expr = self.node(raw, at);
        self.depth -= 1;
        expr
    }

    fn node(&mut self, raw: &IdedExpr, at: usize) -> Expr {
        match &raw.expr {
            Raw::Literal(literal) => self.literal(literal, at),
            Raw::Ident(name) => self.ident(name, at),
            Raw::Select(select) if self.is_params(&select.operand) => {
                self.param(&select.field, self.at(select.operand.id))
            }
            Raw::Select(select) if self.is_variables(&select.operand) => {
                self.variable(&select.field, self.at(select.operand.id))
            }
            Raw::Select(select) => {
                let base = self.expr(&select.operand);
                let dot = at
                    + self
                        .source
                        .get(at..)
                        .map_or(0, |rest| rest.find(|c: char| c != '.' && !c.is_whitespace()).unwrap_or(0));
                self.member(base, &select.field, dot)
            }
            Raw::List(list) => self.list(&list.elements, at),
            Raw::Call(call) => self.call(call, at),
            Raw::Map(_) | Raw::Struct(_) => self.wrong(
                "unsupported",
                at,
                "maps and messages cannot be written inside an expression".into(),
                "compare fields one by one".into(),
            ),
            Raw::Comprehension(_) | Raw::Unspecified => {
                self.wrong("syntax", at, "this is no CEL expression".into(), String::new())
            }
        }
    }

    fn literal(&mut self, literal: &LiteralValue, at: usize) -> Expr {
        let (literal, ty) = match literal {
            LiteralValue::Boolean(b) => (Literal::Bool(*b.inner()), Type::Bool),
            LiteralValue::Int(i) => (Literal::Int(*i.inner()), Type::Int),
            LiteralValue::Double(d) => (Literal::Double(*d.inner()), Type::Double),
            LiteralValue::String(s) => (Literal::Text(s.inner().to_owned()), Type::Text),
            LiteralValue::Null => (Literal::Null, Type::Null),
            LiteralValue::UInt(u) => {
                let hint = format!("write {}", u.inner());
                return self.wrong("unsupported", at, "unsigned numbers are not used here".into(), hint);
            }
            LiteralValue::Bytes(_) => {
                return self.wrong("unsupported", at, "bytes are not used here".into(), "leave the b out".into());
            }
        };
        Expr { kind: ExprKind::Literal(literal), ty, at }
    }

    fn list(&mut self, elements: &[IdedExpr], at: usize) -> Expr {
        let items: Vec<Expr> = elements.iter().map(|raw| self.operand(raw)).collect();
        let mut types = items.iter().map(|item| item.ty);
        let first = types.next().unwrap_or(Type::Any);
        let one = if types.all(|ty| ty == first) { first } else { Type::Any };
        match one.list_of() {
            Some(ty) => Expr { kind: ExprKind::List(items), ty, at },
            None => self.wrong("type", at, "lists cannot hold lists".into(), "write one flat list".into()),
        }
    }

    fn call(&mut self, call: &CallExpr, at: usize) -> Expr {
        let name = call.func_name.as_str();
        match (name, call.args.as_slice()) {
            (operators::LOGICAL_AND, [_, _]) => self.logic(call, at, true),
            (operators::LOGICAL_OR, [_, _]) => self.logic(call, at, false),
            (operators::LOGICAL_NOT, [inner]) => {
                let inner = self.truth(inner);
                Expr { kind: ExprKind::Not(Box::new(inner)), ty: Type::Bool, at }
            }
            (operators::NEGATE, [inner]) => {
                let inner = self.operand(inner);
                match inner.ty {
                    ty @ (Type::Int | Type::Double | Type::Duration | Type::Any) => {
                        Expr { kind: ExprKind::Negate(Box::new(inner)), ty, at }
                    }
                    other => self.wrong("type", at, format!("`-` needs a number, not {other}"), String::new()),
                }
            }
            (operators::CONDITIONAL, [condition, yes, no]) => {
                let condition = self.truth(condition);
                let (mut yes, mut no) = (self.operand(yes), self.operand(no));
                self.agree(&mut yes, &mut no);
                let ty = if yes.ty == no.ty { yes.ty } else { common(yes.ty, no.ty) };
                Expr { kind: ExprKind::Choose(Box::new([condition, yes, no])), ty, at }
            }
            (operators::INDEX, [from, key]) => self.index(from, key, at),
            (operators::IN, [item, list]) => self.within(item, list, at),
            (_, [a, b]) if let Some(how) = comparison(name) => self.comparison(how, a, b, at),
            (_, [a, b]) if let Some(how) = arithmetic(name) => self.arithmetic(how, a, b, at),
            _ => self.function(call, at),
        }
    }

    /// An operand that must be true or false.
    pub(super) fn truth(&mut self, raw: &IdedExpr) -> Expr {
        let expr = self.operand(raw);
        match expr.ty {
            Type::Bool | Type::Any => expr,
            other => {
                let message = format!("true or false is needed here, this is {other}");
                self.wrong("not-boolean", expr.at, message, "compare it with something".into())
            }
        }
    }

    /// A chain of `&&` or `||` as one flat list.
    fn logic(&mut self, call: &CallExpr, at: usize, and: bool) -> Expr {
        let mut all = Vec::new();
        for arg in &call.args {
            let side = self.truth(arg);
            match side.kind {
                ExprKind::And(inner) if and => all.extend(inner),
                ExprKind::Or(inner) if !and => all.extend(inner),
                _ => all.push(side),
            }
        }
        Expr { kind: if and { ExprKind::And(all) } else { ExprKind::Or(all) }, ty: Type::Bool, at }
    }

    fn index(&mut self, from: &IdedExpr, key: &IdedExpr, at: usize) -> Expr {
        if self.is_params(from) {
            return self.wrong("type", at, "a parameter is named after a dot".into(), "params.name".into());
        }
        let base = self.expr(from);
        let key = self.operand(key);
        match (base.ty, &key.kind, key.ty) {
            (Type::Map | Type::Any | Type::Object(_), ExprKind::Literal(Literal::Text(name)), _) => {
                let name = name.clone();
                self.member(base, &name, key.at)
            }
            (Type::List(item), _, Type::Int | Type::Any) => {
                Expr { kind: ExprKind::Index(Box::new(base), Box::new(key)), ty: *item, at }
            }
            (Type::Map, _, ty) if ty.is_text() || ty == Type::Any => {
                Expr { kind: ExprKind::Index(Box::new(base), Box::new(key)), ty: Type::Any, at }
            }
            (Type::Any, _, _) => Expr { kind: ExprKind::Index(Box::new(base), Box::new(key)), ty: Type::Any, at },
            (base, _, key) => {
                let message = format!("{base} cannot be read with [{key}]");
                self.wrong("type", at, message, "[0] reads a list, ['key'] a map".into())
            }
        }
    }
}

fn common(a: Type, b: Type) -> Type {
    if a.is_text() && b.is_text() { Type::Text } else { Type::Any }
}
