//! Compiler from checked expressions to SQL.

use super::column::{Column, column};
use super::fence::once;
use super::literal::text;
use super::operand::{Compiler, Operand, refuse};
use super::sorted::Sort;
use super::{Condition, Indexed, Shape, json, proof};
use crate::model::time::Instant;
use crate::store::audience::Audience;
use crate::store::read::Scope;
use crate::store::sql::{Bind, Sql, sql};
use crate::workflow::cel::ast::{Expr, ExprKind, Function, Literal, Loop, LoopKind, Path};
use crate::workflow::schema::Root;
use crate::workflow::{Filter, Problem};

/// The condition that keeps what `filter` matches, as the caller may ask for it, where `now` is this instant.
///
/// # Errors
/// What has no form in SQL, with its place.
pub fn compile(filter: &Filter, scope: Scope<'_>, now: Instant) -> Result<Condition, Problem> {
    let parts = proof::parts(filter.expr());
    let condition = plain(filter, scope.audience, now)?;
    let Some(rows) = proof::tagged(scope.tenant_id, &parts, &proof::of(filter.root(), &parts)) else {
        return Ok(condition);
    };
    let compiler = Compiler { audience: scope.audience, now, locals: Vec::new() };
    let left: Vec<&Expr> = parts.into_iter().filter(|part| proof::tag(part).is_none()).collect();
    let sql = if left.is_empty() { None } else { Some(compiler.all(&left)?) };
    Ok(Condition { indexed: Some(Indexed { rows, sql }), ..condition })
}

/// The same for all rows of the table alike, whichever tenant's.
///
/// # Errors
/// As [`compile`].
pub fn plain(filter: &Filter, audience: &Audience, now: Instant) -> Result<Condition, Problem> {
    let compiler = Compiler { audience, now, locals: Vec::new() };
    let parts = proof::parts(filter.expr());
    let proofs = proof::of(filter.root(), &parts).into_iter().map(Sql::from);
    let all = [compiler.all(&parts)?].into_iter().chain(proofs);
    Ok(Condition { sql: Sql::join(all, " AND "), indexed: None, shape: proof::shape(&parts) })
}

/// Of a filter over the log, the part that SQL can decide, and whether that is all of it: what passes it may not match.
pub fn narrow(filter: &Filter, audience: &Audience, now: Instant) -> (Option<Condition>, bool) {
    if filter.root() != Root::Activity {
        return (None, false);
    }
    partial(filter, audience, now)
}

/// The same of a filter over any table.
pub fn partial(filter: &Filter, audience: &Audience, now: Instant) -> (Option<Condition>, bool) {
    let compiler = Compiler { audience, now, locals: Vec::new() };
    let parts = proof::parts(filter.expr());
    let decided: Vec<Sql> = parts.iter().filter_map(|part| compiler.truth(part).ok()).collect();
    let whole = decided.len() == parts.len();
    if decided.is_empty() {
        return (None, whole);
    }
    let sql = sql!["(", Sql::join(decided, ") AND ("), ")"];
    let shape = if whole { proof::shape(&parts) } else { Shape::Rare };
    (Some(Condition { sql, indexed: None, shape }), whole)
}

impl Compiler<'_> {
    /// All of these expressions.
    fn all(&self, parts: &[&Expr]) -> Result<Sql, Problem> {
        let each = parts.iter().map(|part| Ok(sql!["(", self.truth(part)?, ")"])).collect::<Result<Vec<_>, _>>()?;
        Ok(Sql::join(each, " AND "))
    }

    /// An expression that is true, false or NULL.
    pub fn truth(&self, expr: &Expr) -> Result<Sql, Problem> {
        match self.constant(expr) {
            Some(Ok(Literal::Bool(b))) => return Ok(Sql::from(if b { "TRUE" } else { "FALSE" })),
            Some(_) => return Ok(Sql::from("NULL::boolean")),
            None => {}
        }
        match &expr.kind {
            ExprKind::Not(inner) => Ok(sql!["NOT (", self.truth(inner)?, ")"]),
            ExprKind::And(all) => self.every(all, " AND "),
            ExprKind::Or(all) => self.every(all, " OR "),
            ExprKind::Has(path) => self.has(path, expr),
            ExprKind::Compare(how, a, b) => self.compare(*how, a, b),
            ExprKind::In(item, list) => self.within(item, list),
            ExprKind::Call(function, args) => self.test(*function, args, expr),
            ExprKind::Loop(over) => self.over(over, expr),
            ExprKind::InHours(..) | ExprKind::BusinessMinutes(..) => refuse(expr, "lists know no calendars"),
            ExprKind::Changed(_) => refuse(expr, "lists cannot be asked for changes"),
            ExprKind::Matches(..) => refuse(expr, "lists know no regular expressions"),
            ExprKind::Field(_) | ExprKind::Local(_) | ExprKind::Index(..) | ExprKind::Choose(_) => {
                match self.operand(expr)? {
                    Operand { sql, sort: Sort::Json, .. } => Ok(json::as_bool(sql)),
                    Operand { sql, sort: Sort::Bool, .. } => Ok(sql),
                    _ => refuse(expr, "true or false is needed here"),
                }
            }
            ExprKind::Literal(_) | ExprKind::Arithmetic(..) | ExprKind::Negate(_) | ExprKind::List(_) => {
                refuse(expr, "true or false is needed here")
            }
        }
    }

    fn every(&self, all: &[Expr], between: &'static str) -> Result<Sql, Problem> {
        let all = all.iter().map(|e| self.truth(e)).collect::<Result<Vec<_>, _>>()?;
        Ok(sql!["(", Sql::join(all, between), ")"])
    }

    fn has(&self, path: &Path, expr: &Expr) -> Result<Sql, Problem> {
        if path.names.is_empty() {
            return Ok(Sql::from("TRUE"));
        }
        let (column, below) = self.column(path, expr)?;
        let sql = Sql::from(column.sql);
        Ok(match column.sort {
            Sort::Json if !below.is_empty() => json::has(self.below(sql, below, expr)?),
            Sort::Text => sql![sql, " <> ''"],
            Sort::Words => sql![sql, " <> '[]'::jsonb"],
            Sort::IdOrNone(_) => sql![sql, " IS NOT NULL"],
            _ if column.optional => sql![sql, " IS NOT NULL"],
            _ => Sql::from("TRUE"),
        })
    }

    /// The column of a path, and the names below it.
    fn column<'p>(&self, path: &'p Path, expr: &Expr) -> Result<(Column, &'p [String]), Problem> {
        match column(path.root, &path.names, self.audience) {
            Some(found) if found.sort == Sort::Json => Ok((found, path.names.get(1..).unwrap_or_default())),
            Some(found) => Ok((found, &[])),
            None => refuse(expr, format!("lists cannot be asked for {path}")),
        }
    }

    /// Down into a map, name by name; NULL where a name is missing.
    fn below(&self, map: Sql, names: &[String], expr: &Expr) -> Result<Sql, Problem> {
        let mut sql = map;
        for name in names {
            sql = sql!["(", sql, " -> ", text(name, expr)?, ")"];
        }
        Ok(sql)
    }

    pub fn operand(&self, expr: &Expr) -> Result<Operand, Problem> {
        if let Some(known) = self.known(expr) {
            return known;
        }
        let (sql, sort) = match &expr.kind {
            ExprKind::Field(path) => {
                let (column, below) = self.column(path, expr)?;
                (self.below(Sql::from(column.sql), below, expr)?, column.sort)
            }
            ExprKind::Local(slot) => return self.local(*slot, expr),
            ExprKind::Call(Function::Lower, args) => match args.as_slice() {
                [of] => (lower(self.text(of)?), Sort::Text),
                _ => return refuse(expr, "lower() takes one text"),
            },
            ExprKind::Call(Function::Fold, args) => match args.as_slice() {
                [of] => return self.fold(of),
                _ => return refuse(expr, "this is folded alone"),
            },
            ExprKind::Call(Function::Size, args) => match args.as_slice() {
                [of] => (self.size(of)?, Sort::Int),
                _ => return refuse(expr, "size() takes one value"),
            },
            ExprKind::Call(Function::Timestamp | Function::Duration, _) => {
                return refuse(expr, "lists do not read times out of texts");
            }
            ExprKind::Arithmetic(how, a, b) => return self.calculate(*how, a, b, expr),
            ExprKind::Negate(inner) => return self.negate(inner, expr),
            ExprKind::Choose(three) => return self.choose(three, expr),
            ExprKind::Index(from, key) => return self.index(from, key, expr),
            ExprKind::List(_) | ExprKind::Loop(Loop { kind: LoopKind::Filter | LoopKind::Map, .. }) => {
                return refuse(expr, "lists cannot compare this list");
            }
            _ => (sql!["(", self.truth(expr)?, ")"], Sort::Bool),
        };
        Ok(Operand::of(sql, sort))
    }

    /// An operand that is text, or NULL where a map holds something else.
    pub fn text(&self, expr: &Expr) -> Result<Sql, Problem> {
        let found = self.operand(expr)?;
        match as_text(&found) {
            Some(text) => Ok(text),
            None => refuse(expr, "lists can only compare this as a whole"),
        }
    }

    /// As the evaluator folds: what is no text, and no list of texts, is what it is.
    fn fold(&self, of: &Expr) -> Result<Operand, Problem> {
        if let Some(column) = stored_address(of) {
            return Ok(Operand::of(sql![column], Sort::Text));
        }
        let found = self.operand(of)?;
        Ok(match found.sort {
            Sort::Words => Operand::of(sql!["docket_fold_all(", found.sql, ")"], Sort::Words),
            Sort::Json => Operand::of(json::folded(found.sql), Sort::Json),
            _ => match as_text(&found) {
                Some(text) => Operand::of(sql!["docket_fold(", text, ")"], Sort::Text),
                None => found,
            },
        })
    }

    fn size(&self, of: &Expr) -> Result<Sql, Problem> {
        if let ExprKind::Loop(over) = &of.kind
            && over.kind == LoopKind::Filter
        {
            return self.count(over, of);
        }
        let found = self.operand(of)?;
        match (found.sort, as_text(&found)) {
            (Sort::Words, _) => Ok(sql!["jsonb_array_length(", found.sql, ")"]),
            (Sort::Json, _) => Ok(json::size(found.sql)),
            (_, Some(text)) => Ok(sql!["length(", text, ")"]),
            _ => refuse(of, "lists know no size of this"),
        }
    }

    /// A function that is true or false.
    fn test(&self, function: Function, args: &[Expr], expr: &Expr) -> Result<Sql, Problem> {
        let [of, with] = args else { return refuse(expr, "this cannot be asked of a list") };
        let (of, with) = (self.text(of)?, self.text(with)?);
        match function {
            Function::StartsWith => Ok(sql!["starts_with(", of, ", ", with, ")"]),
            Function::EndsWith => Ok(sql!["starts_with(reverse(", of, "), reverse(", with, "))"]),
            Function::Contains => Ok(sql!["strpos(", of, ", ", with, ") > 0"]),
            Function::Size | Function::Lower | Function::Fold | Function::Timestamp | Function::Duration => {
                refuse(expr, "true or false is needed here")
            }
        }
    }

    /// A condition without an answer has no value; the other side is not looked at.
    fn choose(&self, three: &[Expr; 3], expr: &Expr) -> Result<Operand, Problem> {
        let [condition, yes, no] = three;
        let (condition, yes, no) = (self.truth(condition)?, self.operand(yes)?, self.operand(no)?);
        if yes.sort != no.sort || matches!(yes.sort, Sort::Id(_) | Sort::IdOrNone(_) | Sort::Display) {
            return refuse(expr, "lists choose between two values of one kind only");
        }
        let sql = sql!["(CASE (", condition, ") WHEN TRUE THEN ", yes.sql, " WHEN FALSE THEN ", no.sql, " END)"];
        Ok(Operand::of(sql, yes.sort))
    }

    /// An item by its place, from 0, or a value by its key.
    fn index(&self, from: &Expr, key: &Expr, expr: &Expr) -> Result<Operand, Problem> {
        let place = match self.constant(key) {
            Some(Ok(Literal::Text(name))) => {
                let from = self.operand(from)?;
                if from.sort != Sort::Json {
                    return refuse(expr, "lists cannot look into this");
                }
                return Ok(Operand::of(sql!["(", from.sql, " -> ", text(&name, key)?, ")"], Sort::Json));
            }
            Some(Ok(Literal::Int(place))) => place,
            _ => return refuse(key, "lists take places and keys that are written out"),
        };
        let from = self.operand(from)?;
        // A negative place counts from the end in PostgreSQL; here there is nothing.
        let place = if (0..=i64::from(i32::MAX)).contains(&place) { place } else { i64::from(i32::MAX) };
        let place = sql!["CAST(", Bind::Int(place), " AS int)"];
        match from.sort {
            Sort::Words => Ok(Operand::of(sql!["(", from.sql, " ->> ", place, ")"], Sort::Text)),
            Sort::Json => {
                let item = |it: Sql| {
                    sql!["CASE WHEN jsonb_typeof(", it.clone(), ") = 'array' THEN ", it, " -> ", place.clone(), " END"]
                };
                Ok(Operand::of(sql!["(", once(from.sql, item), ")"], Sort::Json))
            }
            _ => refuse(expr, "lists cannot look into this"),
        }
    }
}

/// Text out of an operand; `None` where it is none, or can only be compared as a whole.
pub(super) fn as_text(found: &Operand) -> Option<Sql> {
    match found.sort {
        Sort::Text => Some(found.sql.clone()),
        Sort::Json => Some(json::as_text(found.sql.clone())),
        Sort::Display => Some(super::ids::display(found.sql.clone())),
        _ => None,
    }
}

/// The column that holds an address as it compares; `None`: it is folded when it is asked for.
fn stored_address(of: &Expr) -> Option<&'static str> {
    let ExprKind::Field(path) = &of.kind else { return None };
    match (path.root, path.names.as_slice()) {
        (Root::Ticket, [name]) if name == "requester_email" => Some("requester_address"),
        (Root::Contact, [name]) if name == "email" => Some("address"),
        _ => None,
    }
}

/// Every character by itself, as the evaluator does, and whatever the database's locale.
fn lower(text: Sql) -> Sql {
    let (upper, lower) = &*super::ids::LETTERS;
    once(text, |it| {
        let other = sql!["translate(replace(", it.clone(), ", 'İ', 'i̇'), ", Bind::Text(upper.clone()), ", "];
        sql![
            "(CASE WHEN octet_length(",
            it.clone(),
            ") = length(",
            it.clone(),
            ") THEN lower(",
            it,
            " COLLATE \"C\") ELSE ",
            other,
            Bind::Text(lower.clone()),
            ") END)"
        ]
    })
}
