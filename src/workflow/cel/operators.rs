//! Operators, for the checker: the types that they take, and the enum words that literals beside them can be.

use cel::common::ast::{IdedExpr, operators};

use super::ast::{Arithmetic, Compare, Expr, ExprKind, Function, Literal};
use super::check::Checker;
use crate::model::fold::fold;
use crate::workflow::diagnostic::{Problem, suggest};
use crate::workflow::event;
use crate::workflow::schema::{Root, Type};

impl Checker<'_> {
    pub(super) fn within(&mut self, item: &IdedExpr, list: &IdedExpr, at: usize) -> Expr {
        let mut item = self.operand(item);
        let list = self.expr(list);
        match (list.ty, list.kind) {
            (Type::Changes, changes) => match &item.kind {
                ExprKind::Literal(Literal::Text(name)) => {
                    let (name, place) = (name.clone(), item.at);
                    let changes = Expr { kind: changes, ty: Type::Changes, at };
                    match self.member(changes, &name, place).kind {
                        ExprKind::Field(path) => Expr { kind: ExprKind::Has(path), ty: Type::Bool, at },
                        kind => Expr { kind, ty: Type::Any, at },
                    }
                }
                _ => {
                    self.wrong("type", at, "only a field's name is `in changes`".into(), "'priority' in changes".into())
                }
            },
            (ty @ Type::List(_), ExprKind::List(mut items)) => {
                for one in &mut items {
                    self.agree(&mut item, one);
                    self.comparable(&item, one, at);
                }
                if is_address(&item) {
                    item = folded(item);
                    items = items.into_iter().map(folded).collect();
                }
                let list = Expr { kind: ExprKind::List(items), ty, at: list.at };
                Expr { kind: ExprKind::In(Box::new(item), Box::new(list)), ty: Type::Bool, at }
            }
            (ty @ Type::List(inner), kind) => {
                let mut like = Expr { kind: ExprKind::Local(0), ty: *inner, at };
                self.agree(&mut item, &mut like);
                self.comparable(&item, &like, at);
                let mut list = Expr { kind, ty, at: list.at };
                if is_tags(&list) || is_address(&item) {
                    (item, list) = (folded(item), folded(list));
                }
                Expr { kind: ExprKind::In(Box::new(item), Box::new(list)), ty: Type::Bool, at }
            }
            (ty @ (Type::Map | Type::Any), kind) => {
                let list = Expr { kind, ty, at: list.at };
                Expr { kind: ExprKind::In(Box::new(item), Box::new(list)), ty: Type::Bool, at }
            }
            (ty, _) if ty.is_text() => {
                self.wrong("type", at, "`in` looks into lists, not into text".into(), "write text.contains('…')".into())
            }
            (ty, _) => self.wrong("type", at, format!("`in` looks into lists and maps, not into {ty}"), String::new()),
        }
    }

    pub(super) fn comparison(&mut self, how: Compare, a: &IdedExpr, b: &IdedExpr, at: usize) -> Expr {
        let (mut a, mut b) = (self.expr(a), self.expr(b));
        if !how.is_order() && (a.ty == Type::Null || b.ty == Type::Null) {
            let (thing, null) = if b.ty == Type::Null { (a, b) } else { (b, a) };
            return match thing.kind {
                ExprKind::Field(path) => {
                    let has = Expr { kind: ExprKind::Has(path), ty: Type::Bool, at };
                    if how == Compare::NotEqual {
                        has
                    } else {
                        Expr { kind: ExprKind::Not(Box::new(has)), ty: Type::Bool, at }
                    }
                }
                _ => Expr { kind: ExprKind::Compare(how, Box::new(thing), Box::new(null)), ty: Type::Bool, at },
            };
        }
        self.agree(&mut a, &mut b);
        if !self.comparable(&a, &b, at) {
            return Expr { kind: ExprKind::Literal(Literal::Bool(false)), ty: Type::Bool, at };
        }
        let unordered =
            |ty: Type| matches!(ty, Type::Enum(_) | Type::Event | Type::Bool | Type::List(_) | Type::Map | Type::Null);
        if how.is_order()
            && let Some(ty) = [a.ty, b.ty].into_iter().find(|ty| unordered(*ty))
        {
            let hint =
                if matches!(ty, Type::Enum(_)) { "list the words: in ['HIGH', 'URGENT']" } else { "use == or !=" };
            return self.wrong(
                "type",
                at,
                format!("{ty} has no order, so `{}` has no answer", how.symbol()),
                hint.into(),
            );
        }
        if !how.is_order() && (is_address(&a) || is_address(&b)) {
            (a, b) = (folded(a), folded(b));
        }
        self.compared(how, a, b, at)
    }

    /// Literal text beside an enumeration or an event becomes the stored word, or a finding.
    pub(super) fn agree(&mut self, a: &mut Expr, b: &mut Expr) {
        match (a.ty, b.ty) {
            (Type::Enum(_) | Type::Event, Type::Text) => self.normalise(b, a.ty),
            (Type::Text, Type::Enum(_) | Type::Event) => self.normalise(a, b.ty),
            _ => {}
        }
    }

    /// Reads the literals of `expr` as words of `ty`; what is computed is left to run time.
    pub(super) fn normalise(&mut self, expr: &mut Expr, ty: Type) {
        match (&mut expr.kind, ty) {
            (ExprKind::Literal(Literal::Text(text)), Type::Enum(words)) => match words.word(text) {
                Some(word) => {
                    *text = word.to_owned();
                    expr.ty = ty;
                }
                None => {
                    let message = format!("`{text}` is no {}", words.name);
                    let hint = suggest(text, words.words.iter().copied());
                    self.problems.push(Problem::error("unknown-word", expr.at, message, hint));
                }
            },
            (ExprKind::Literal(Literal::Text(text)), Type::Event) if !event::is_type(text) => {
                let message = format!("there is no event `{text}`");
                let hint = suggest(text, event::names());
                self.problems.push(Problem::error("unknown-event", expr.at, message, hint));
            }
            (ExprKind::Choose(three), _) => {
                let [_, yes, no] = three.as_mut();
                self.normalise(yes, ty);
                self.normalise(no, ty);
            }
            _ => {}
        }
    }

    fn comparable(&mut self, a: &Expr, b: &Expr, at: usize) -> bool {
        let fits = match (a.ty, b.ty) {
            (Type::Any, Type::Object(_)) | (Type::Object(_), Type::Any) => false,
            (Type::Any, _) | (_, Type::Any) => true,
            (Type::Enum(a), Type::Enum(b)) => a == b,
            (a, b) if a.is_text() && b.is_text() => true,
            (a, b) if a.is_number() && b.is_number() => true,
            (Type::List(_), Type::List(_)) => true,
            (Type::Object(_) | Type::Changes | Type::Change(_), _) => false,
            (a, b) => a == b,
        };
        if !fits {
            let hint = match (a.ty, b.ty) {
                (Type::Time, t) | (t, Type::Time) if t.is_text() => "write timestamp('2026-01-31T00:00:00Z')",
                (Type::Duration, t) | (t, Type::Duration) if t.is_text() => "write duration('24h')",
                (Type::Int | Type::Double, t) | (t, Type::Int | Type::Double) if t.is_text() => "leave the quotes out",
                (Type::List(_), _) | (_, Type::List(_)) => "write 'word' in list",
                _ => "the two are never equal",
            };
            self.wrong("type", at, format!("{} is compared with {}", a.ty, b.ty), hint.into());
        }
        fits
    }

    pub(super) fn arithmetic(&mut self, how: Arithmetic, a: &IdedExpr, b: &IdedExpr, at: usize) -> Expr {
        let (mut a, mut b) = (self.operand(a), self.operand(b));
        as_double(&mut a, b.ty);
        as_double(&mut b, a.ty);
        let Some(ty) = arithmetic_type(how, a.ty, b.ty) else {
            let message = format!("`{}` does not take {} and {}", how.symbol(), a.ty, b.ty);
            let mixed = a.ty.is_number() && b.ty.is_number();
            let hint = if mixed { "whole numbers and numbers do not mix" } else { "" };
            return self.wrong("type", at, message, hint.into());
        };
        let grows = how == Arithmetic::Add && (ty == Type::Text || ty == Type::Any);
        if grows && !self.locals.is_empty() {
            let message = "texts and lists may not grow inside exists, all, filter or map".into();
            return self.wrong("bounds", at, message, "compare without joining".into());
        }
        Expr { kind: ExprKind::Arithmetic(how, Box::new(a), Box::new(b)), ty, at }
    }
}

/// Whether it is the tags of a ticket, which are what they are in any spelling.
fn is_tags(list: &Expr) -> bool {
    let ExprKind::Field(path) = &list.kind else { return false };
    match (path.root, path.names.as_slice()) {
        (Root::Ticket | Root::Before, [tags]) => tags == "tags",
        (Root::Activity, [ticket, tags]) => ticket == "ticket" && tags == "tags",
        _ => false,
    }
}

/// Whether it is an e-mail address, which is the same in any spelling.
fn is_address(expr: &Expr) -> bool {
    let ExprKind::Field(path) = &expr.kind else { return false };
    let names: Vec<&str> = path.names.iter().map(String::as_str).collect();
    match path.root {
        Root::Ticket | Root::Before => names == ["requester_email"],
        Root::Message => names == ["author_email"],
        Root::Contact | Root::Requester | Root::Agent | Root::Assignee => names == ["email"],
        Root::Activity => matches!(names.as_slice(), ["ticket", "requester_email"] | ["message", "author_email"]),
        _ => false,
    }
}

fn folded(expr: Expr) -> Expr {
    let Expr { kind, ty, at } = expr;
    let kind = match kind {
        ExprKind::Literal(Literal::Text(text)) => ExprKind::Literal(Literal::Text(fold(&text).into_owned())),
        kind => ExprKind::Call(Function::Fold, vec![Expr { kind, ty, at }]),
    };
    Expr { kind, ty, at }
}

/// A whole literal beside a number is a number.
fn as_double(expr: &mut Expr, beside: Type) {
    if let (ExprKind::Literal(Literal::Int(i)), Type::Double) = (&expr.kind, beside) {
        expr.kind = ExprKind::Literal(Literal::Double(*i as f64));
        expr.ty = Type::Double;
    }
}

fn arithmetic_type(how: Arithmetic, a: Type, b: Type) -> Option<Type> {
    use Arithmetic::{Add, Subtract};
    Some(match (how, a, b) {
        (Arithmetic::Remainder, Type::Double, _) => return None,
        (_, Type::Int, Type::Int) => Type::Int,
        (_, Type::Double, Type::Double) => Type::Double,
        (Add, a, b) if a.is_text() && b.is_text() => Type::Text,
        (Subtract, Type::Time, Type::Time) => Type::Duration,
        (Add | Subtract, Type::Time, Type::Duration) | (Add, Type::Duration, Type::Time) => Type::Time,
        (Add | Subtract, Type::Duration, Type::Duration) => Type::Duration,
        (_, Type::Any, Type::Int | Type::Double | Type::Any) | (_, Type::Int | Type::Double, Type::Any) => Type::Any,
        (Add, Type::Any, t) | (Add, t, Type::Any) if t.is_text() => Type::Text,
        _ => return None,
    })
}

pub(super) fn comparison(operator: &str) -> Option<Compare> {
    Some(match operator {
        operators::EQUALS => Compare::Equal,
        operators::NOT_EQUALS => Compare::NotEqual,
        operators::LESS => Compare::Less,
        operators::LESS_EQUALS => Compare::LessOrEqual,
        operators::GREATER => Compare::Greater,
        operators::GREATER_EQUALS => Compare::GreaterOrEqual,
        _ => return None,
    })
}

pub(super) fn arithmetic(operator: &str) -> Option<Arithmetic> {
    Some(match operator {
        operators::ADD => Arithmetic::Add,
        operators::SUBSTRACT => Arithmetic::Subtract,
        operators::MULTIPLY => Arithmetic::Multiply,
        operators::DIVIDE => Arithmetic::Divide,
        operators::MODULO => Arithmetic::Remainder,
        _ => return None,
    })
}
