//! Parameters, for the checker: each becomes the literal that it stands for.

use cel::common::ast::{Expr as Raw, IdedExpr};

use super::ast::{Expr, ExprKind, Literal};
use super::check::Checker;
use crate::workflow::Param;
use crate::workflow::diagnostic::{Problem, suggest};
use crate::workflow::schema::Type;

const PARAMS: &str = "params";

impl Checker<'_> {
    /// Whether `name` is the map of parameters, and not a variable of a comprehension.
    pub(super) fn names_params(&self, name: &str) -> bool {
        name == PARAMS && self.params.is_some() && !self.locals.iter().any(|(local, _)| local == PARAMS)
    }

    pub(super) fn is_params(&self, raw: &IdedExpr) -> bool {
        matches!(&raw.expr, Raw::Ident(name) if self.names_params(name))
    }

    pub(super) fn param(&mut self, name: &str, at: usize) -> Expr {
        let Some(params) = self.params else { return self.no_param(name, at) };
        match params.get_key_value(name) {
            None => self.no_param(name, at),
            Some((name, param)) => {
                self.read.insert(name);
                match param {
                    Param::One(literal) => literal_at(literal.clone(), at),
                    Param::Many(literals) => list(literals, at),
                }
            }
        }
    }

    fn no_param(&mut self, name: &str, at: usize) -> Expr {
        let known: Vec<&str> = self.params.iter().flat_map(|params| params.names()).collect();
        let hint = match known.is_empty() {
            true => format!("give it a value in filter_params, under `{name}`"),
            false => suggest(name, known),
        };
        self.wrong("unknown-param", at, format!("there is no parameter `{name}`"), hint)
    }

    /// One that nothing reads is a slip: of its name, or of a filter that was left out.
    pub(super) fn all_params_are_read(&mut self) {
        let Some(params) = self.params else { return };
        for name in params.names().filter(|name| !self.read.contains(name)) {
            let message = format!("the filter does not read the parameter `{name}`");
            let hint = format!("read params.{name}, or leave it out of filter_params");
            self.problems.push(Problem::error("unread-param", 0, message, hint));
        }
    }
}

fn literal_at(literal: Literal, at: usize) -> Expr {
    let ty = match &literal {
        Literal::Null => Type::Null,
        Literal::Bool(_) => Type::Bool,
        Literal::Int(_) => Type::Int,
        Literal::Double(_) => Type::Double,
        Literal::Text(_) => Type::Text,
        Literal::Time(_) => Type::Time,
        Literal::Duration(_) => Type::Duration,
    };
    Expr { kind: ExprKind::Literal(literal), ty, at }
}

/// Of a list that is written out, the items have one type or any.
fn list(literals: &[Literal], at: usize) -> Expr {
    let items: Vec<Expr> = literals.iter().map(|literal| literal_at(literal.clone(), at)).collect();
    let mut types = items.iter().map(|item| item.ty);
    let first = types.next().unwrap_or(Type::Any);
    let one = if types.all(|ty| ty == first) { first } else { Type::Any };
    Expr { kind: ExprKind::List(items), ty: one.list_of().unwrap_or(Type::List(&Type::Any)), at }
}
