//! Functions and comprehensions of the language, for the checker.

use std::sync::Arc;

use cel::common::ast::{CallExpr, Expr as Raw, IdedExpr};

use super::ast::{Changed, Expr, ExprKind, Function, Literal, Loop, LoopKind};
use super::check::Checker;
use super::duration::parse_duration;
use super::pattern::Pattern;
use crate::model::time::Written;
use crate::workflow::diagnostic::suggest;
use crate::workflow::schema::{self, Type};

pub(super) const MAX_LOOPS: usize = 2;

/// Every function, how it is called, and how many arguments it takes beside what stands before the dot.
const FUNCTIONS: &[(&str, &str)] = &[
    ("has", "has(ticket.custom.region)"),
    ("size", "size(ticket.tags)"),
    ("lower", "lower(ticket.subject)"),
    ("changed", "changed('priority'), changed('priority', 'LOW', 'HIGH')"),
    ("in_hours", "in_hours('support'), in_hours(ticket.created_at, 'support')"),
    ("business_minutes", "business_minutes(ticket.created_at, now, 'support')"),
    ("timestamp", "timestamp('2026-01-31T00:00:00Z')"),
    ("duration", "duration('24h')"),
    ("contains", "ticket.subject.contains('login')"),
    ("startsWith", "ticket.subject.startsWith('Re:')"),
    ("endsWith", "requester.email.endsWith('@example.com')"),
    ("matches", "ticket.subject.matches('^[A-Z]+-[0-9]+')"),
    ("exists", "ticket.tags.exists(t, t == 'vip')"),
    ("exists_one", "ticket.tags.exists_one(t, t.startsWith('vip'))"),
    ("all", "ticket.tags.all(t, t != 'spam')"),
    ("filter", "ticket.tags.filter(t, t != 'spam')"),
    ("map", "ticket.tags.map(t, lower(t))"),
];

/// What other languages and libraries call it, and what to write here.
const ELSEWHERE: &[(&[&str], &str)] = &[
    (
        &[
            "getHours",
            "getMinutes",
            "getSeconds",
            "getMilliseconds",
            "getDayOfWeek",
            "getDayOfMonth",
            "getDayOfYear",
            "getDate",
            "getMonth",
            "getFullYear",
            "hour",
            "weekday",
        ],
        "a calendar knows hours and days: in_hours('support') in a rule; compare times: now - ticket.created_at > duration('2h')",
    ),
    (&["toLowerCase", "lowerAscii", "toLower", "downcase"], "write lower(ticket.subject)"),
    (&["toUpperCase", "upperAscii", "toUpper", "upcase", "upper"], "compare lower(…) with small letters"),
    (&["length", "len", "count"], "write size(ticket.tags)"),
    (&["includes", "include"], "write 'vip' in ticket.tags, or ticket.subject.contains('login')"),
    (&["isNull", "is_null", "isEmpty", "is_empty", "empty", "defined"], "write !has(ticket.assignee_id)"),
    (&["like", "regex", "regexMatch", "re_match", "match", "test"], "write ticket.subject.matches(r'^[A-Z]+-\\d+')"),
    (&["some", "any"], "write ticket.tags.exists(t, t == 'vip')"),
    (&["every"], "write ticket.tags.all(t, t != 'spam')"),
    (&["date", "datetime", "Date", "parse"], "write timestamp('2026-01-31T00:00:00Z')"),
    (&["days", "hours", "minutes"], "write duration('48h')"),
    (&["now", "today"], "`now` is a value: leave the brackets out"),
    (
        &["string", "int", "uint", "double", "bool", "bytes", "dyn", "type", "str"],
        "values are not converted: leave it out",
    ),
    (
        &["substring", "split", "replace", "trim", "charAt", "indexOf", "join", "format", "concat"],
        "texts are compared as they are: contains, startsWith, endsWith, matches",
    ),
];

impl Checker<'_> {
    pub(super) fn function(&mut self, call: &CallExpr, paren: usize) -> Expr {
        let name = call.func_name.as_str();
        // The parser places a call at its parenthesis.
        let start = paren.saturating_sub(name.len());
        let at = if self.source.get(start..paren) == Some(name) { start } else { paren };
        let Some((_, usage)) = FUNCTIONS.iter().find(|(function, _)| *function == name) else {
            let elsewhere = ELSEWHERE.iter().find(|(names, _)| names.contains(&name));
            let hint = match elsewhere {
                Some((_, hint)) => (*hint).to_owned(),
                None => suggest(name, FUNCTIONS.iter().map(|(function, _)| *function)),
            };
            return self.wrong("unknown-function", at, format!("there is no function `{name}`"), hint);
        };
        let target = call.target.as_deref();
        let args = call.args.as_slice();
        match (name, target, args) {
            ("has", None, [arg]) => self.has(arg, at),
            ("changed", None, [field, rest @ ..]) if rest.len() <= 2 => self.changed(field, rest, at),
            ("size", Some(of), []) | ("size", None, [of]) => self.size(of, at),
            ("lower", Some(of), []) | ("lower", None, [of]) => {
                self.text_call(Function::Lower, [of].as_slice(), Type::Text, at)
            }
            ("contains", Some(of), [arg]) => self.text_call(Function::Contains, &[of, arg], Type::Bool, at),
            ("startsWith", Some(of), [arg]) => self.text_call(Function::StartsWith, &[of, arg], Type::Bool, at),
            ("endsWith", Some(of), [arg]) => self.text_call(Function::EndsWith, &[of, arg], Type::Bool, at),
            ("matches", Some(of), [pattern]) | ("matches", None, [of, pattern]) => self.matches(of, pattern, at),
            ("in_hours", None, [calendar]) => self.in_hours(None, calendar, at),
            ("in_hours", None, [time, calendar]) => self.in_hours(Some(time), calendar, at),
            ("business_minutes", None, [from, to, calendar]) => self.business_minutes([from, to], calendar, at),
            ("timestamp", None, [arg]) => self.timestamp(arg, at),
            ("duration", None, [arg]) => self.duration(arg, at),
            ("exists", Some(range), [var, body]) => self.over(LoopKind::Exists, range, var, None, body, at),
            ("exists_one", Some(range), [var, body]) => self.over(LoopKind::ExistsOne, range, var, None, body, at),
            ("all", Some(range), [var, body]) => self.over(LoopKind::All, range, var, None, body, at),
            ("filter", Some(range), [var, body]) => self.over(LoopKind::Filter, range, var, None, body, at),
            ("map", Some(range), [var, body]) => self.over(LoopKind::Map, range, var, None, body, at),
            ("map", Some(range), [var, only, body]) => self.over(LoopKind::Map, range, var, Some(only), body, at),
            _ => {
                let hint = format!("it is written {usage}");
                self.wrong("arity", at, format!("`{name}` is not called like this"), hint)
            }
        }
    }

    fn has(&mut self, arg: &IdedExpr, at: usize) -> Expr {
        if matches!(&arg.expr, Raw::Select(select) if self.is_params(&select.operand)) {
            let message = "a parameter that the filter reads is there".into();
            return self.wrong("type", at, message, "compare it with null, or leave the condition out".into());
        }
        let inner = self.expr(arg);
        match inner.kind {
            ExprKind::Field(path) => Expr { kind: ExprKind::Has(path), ty: Type::Bool, at },
            // The finding is noted already.
            ExprKind::Literal(Literal::Null) => {
                Expr { kind: ExprKind::Literal(Literal::Bool(false)), ty: Type::Bool, at }
            }
            _ => self.wrong("type", at, "has() takes the name of a field".into(), "has(ticket.custom.region)".into()),
        }
    }

    fn size(&mut self, of: &IdedExpr, at: usize) -> Expr {
        let of = self.operand(of);
        match of.ty {
            Type::List(_) | Type::Map | Type::Any => {}
            ty if ty.is_text() => {}
            other => return self.wrong("type", at, format!("{other} has no size"), String::new()),
        }
        Expr { kind: ExprKind::Call(Function::Size, vec![of]), ty: Type::Int, at }
    }

    fn text_call(&mut self, function: Function, args: &[&IdedExpr], ty: Type, at: usize) -> Expr {
        let args: Vec<Expr> = args.iter().map(|raw| self.text(raw, function.name())).collect();
        Expr { kind: ExprKind::Call(function, args), ty, at }
    }

    fn text(&mut self, raw: &IdedExpr, function: &str) -> Expr {
        let expr = self.operand(raw);
        if expr.ty.is_text() || expr.ty == Type::Any {
            return expr;
        }
        let hint = match (expr.ty, function) {
            (Type::List(_), "contains") => "write 'word' in list",
            (Type::Int | Type::Double, _) => "put it between quotes",
            _ => "",
        };
        self.wrong("type", expr.at, format!("{function}() works on text, not on {}", expr.ty), hint.into())
    }

    fn matches(&mut self, of: &IdedExpr, pattern: &IdedExpr, at: usize) -> Expr {
        let of = self.text(of, "matches");
        let pattern = self.operand(pattern);
        let ExprKind::Literal(Literal::Text(text)) = &pattern.kind else {
            let message = "the pattern of matches() must be written out, so that it is compiled once".into();
            return self.wrong("type", pattern.at, message, "ticket.subject.matches('^[A-Z]+')".into());
        };
        match Pattern::new(text) {
            Ok(pattern) => Expr { kind: ExprKind::Matches(Box::new(of), Arc::new(pattern)), ty: Type::Bool, at },
            Err(why) => {
                let message = format!("this is no regular expression: {why}");
                self.wrong("regex", pattern.at, message, "see docs.rs/regex for the syntax".into())
            }
        }
    }

    fn timestamp(&mut self, arg: &IdedExpr, at: usize) -> Expr {
        let arg = self.operand(arg);
        match (&arg.kind, arg.ty) {
            (ExprKind::Literal(Literal::Text(text)), _) => match Written::parse(text) {
                Some(time) => self.time(time, at),
                None => {
                    let message = format!("`{text}` is no time");
                    let hint = "write 2026-01-31T09:00:00Z or 2026-01-31T10:00:00+01:00";
                    self.wrong("literal", arg.at, message, hint.into())
                }
            },
            (_, ty) if ty.is_text() || matches!(ty, Type::Any | Type::Time) => {
                Expr { kind: ExprKind::Call(Function::Timestamp, vec![arg]), ty: Type::Time, at }
            }
            (_, other) => {
                self.wrong("type", arg.at, format!("timestamp() works on text, not on {other}"), String::new())
            }
        }
    }

    fn duration(&mut self, arg: &IdedExpr, at: usize) -> Expr {
        let arg = self.operand(arg);
        match (&arg.kind, arg.ty) {
            (ExprKind::Literal(Literal::Text(text)), _) => match parse_duration(text) {
                Some(micros) => Expr { kind: ExprKind::Literal(Literal::Duration(micros)), ty: Type::Duration, at },
                None => {
                    let message = format!("`{text}` is no duration");
                    self.wrong(
                        "literal",
                        arg.at,
                        message,
                        "write 90s, 15m or 24h; no days, nothing finer than 1us".into(),
                    )
                }
            },
            (_, ty) if ty.is_text() || matches!(ty, Type::Any | Type::Duration) => {
                Expr { kind: ExprKind::Call(Function::Duration, vec![arg]), ty: Type::Duration, at }
            }
            (_, other) => {
                self.wrong("type", arg.at, format!("duration() works on text, not on {other}"), String::new())
            }
        }
    }

    fn changed(&mut self, field: &IdedExpr, values: &[IdedExpr], at: usize) -> Expr {
        if !self.scope.changed {
            return self.wrong(
                "unsupported",
                at,
                "changed() belongs into rules".into(),
                "compare fields instead".into(),
            );
        }
        let field = self.operand(field);
        let ExprKind::Literal(Literal::Text(name)) = &field.kind else {
            let message = "changed() takes a field's name between quotes".into();
            return self.wrong("type", field.at, message, "changed('priority')".into());
        };
        let ty = match schema::changing().find(|field| field.name == name) {
            Some(found) => found.ty,
            None if name.strip_prefix("custom.").is_some_and(|key| !key.is_empty()) => Type::Any,
            None => {
                let hint = suggest(name, schema::changing().map(|field| field.name));
                let message = format!("no change of a ticket names `{name}`");
                return self.wrong("unknown-field", field.at, message, hint);
            }
        };
        let name = name.clone();
        let mut literals = values.iter().map(|value| self.changed_value(value, ty)).collect::<Vec<_>>().into_iter();
        let changed = Changed { field: name, from: literals.next().flatten(), to: literals.next().flatten() };
        Expr { kind: ExprKind::Changed(changed), ty: Type::Bool, at }
    }

    fn changed_value(&mut self, raw: &IdedExpr, ty: Type) -> Option<Literal> {
        let mut value = self.operand(raw);
        let before = self.problems.len();
        self.normalise(&mut value, ty);
        let fits = match (value.ty, ty) {
            (_, Type::Any) | (Type::Null, _) => true,
            (a, b) if a.is_text() => b.is_text(),
            (a, b) if a.is_number() => b.is_number(),
            (a, b) => a == b,
        };
        match value.kind {
            ExprKind::Literal(literal) if fits => Some(literal),
            ExprKind::Literal(_) if self.problems.len() > before => None,
            ExprKind::Literal(_) => {
                self.wrong("type", value.at, format!("the field is {ty}, this is {}", value.ty), String::new());
                None
            }
            _ => {
                let message = "changed() compares with values that are written out".into();
                self.wrong("type", value.at, message, "changed('priority', 'LOW', 'HIGH')".into());
                None
            }
        }
    }

    fn over(
        &mut self,
        kind: LoopKind,
        range: &IdedExpr,
        var: &IdedExpr,
        only: Option<&IdedExpr>,
        body: &IdedExpr,
        at: usize,
    ) -> Expr {
        let range = self.operand(range);
        let item = match range.ty {
            Type::List(item) => *item,
            Type::Map => Type::Text,
            Type::Any => Type::Any,
            other => {
                let message = format!("only lists and maps have items to look at, not {other}");
                return self.wrong("type", at, message, String::new());
            }
        };
        let Raw::Ident(name) = &var.expr else {
            let place = self.at(var.id);
            return self.wrong("type", place, "the first argument names each item".into(), "tags.exists(t, …)".into());
        };
        if self.names_params(name)
            || self.names_variables(name)
            || self.scope.roots.iter().any(|root| root.name() == name)
        {
            let place = self.at(var.id);
            return self.wrong(
                "shadow",
                place,
                format!("`{name}` already has a meaning"),
                "choose another name".into(),
            );
        }
        if self.locals.len() >= MAX_LOOPS {
            let message = format!("exists, all, filter and map may stand {MAX_LOOPS} deep");
            return self.wrong("too-deep", at, message, "split the rule".into());
        }
        self.locals.push((name.clone(), item));
        let only = only.map(|only| Box::new(self.truth(only)));
        let body = if kind == LoopKind::Map { self.operand(body) } else { self.truth(body) };
        self.locals.pop();
        let ty = match kind {
            LoopKind::Exists | LoopKind::ExistsOne | LoopKind::All => Type::Bool,
            LoopKind::Filter => match range.ty {
                Type::Map => Type::List(&Type::Text),
                Type::List(_) => range.ty,
                _ => Type::List(&Type::Any),
            },
            LoopKind::Map => match body.ty.list_of() {
                Some(ty) => ty,
                None => return self.wrong("type", at, "lists cannot hold lists".into(), String::new()),
            },
        };
        Expr { kind: ExprKind::Loop(Loop { kind, range: Box::new(range), body: Box::new(body), only }), ty, at }
    }
}
