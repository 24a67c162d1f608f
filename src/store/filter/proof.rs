//! Conditions of partial indexes that a filter implies, in a form that the planner recognizes.
//!
//! The indexes for lists hold only rows that a list may ask for: unfinished tickets of somebody, urgent ones. That
//! `status = $2` is one of those, a plan made without knowing $2 cannot tell; a condition beside it, in the index's own
//! words, says so.

use std::collections::BTreeSet;

use super::Shape;
use crate::model::words::{Priority, Status};
use crate::store::sql::{Bind, Sql, sql};
use crate::workflow::cel::ast::{Compare, Expr, ExprKind, Function, Literal, Path};
use crate::workflow::schema::{Root, Type};

/// The predicates of the indexes, letter by letter as their migration has them.
const UNFINISHED: &str = "status NOT IN ('RESOLVED', 'CLOSED')";
const PRESSING: &str = "priority IN ('HIGH', 'URGENT')";

/// Whose tickets: the columns that an index begins with, behind the tenant, and the index's predicate.
const WHOSE: &[(&str, &str)] = &[
    ("assignee_id", "assignee_id <> ''"),
    ("team_id", "team_id <> ''"),
    ("requester_id", "requester_id <> ''"),
    ("requester_email", "requester_address <> ''"),
    ("organization_id", "organization_id <> ''"),
];

/// What every row that matches has: the sides of the outermost &&, those first that indexes know, always in one order, so
/// that one list is one statement however it is written.
pub fn parts(expr: &Expr) -> Vec<&Expr> {
    let mut parts: Vec<&Expr> = match &expr.kind {
        ExprKind::And(all) => all.iter().collect(),
        _ => vec![expr],
    };
    parts.sort_by_key(|part| rank(part));
    parts
}

const STATUS: usize = 0;
const PRIORITY: usize = 1;
const TAG: usize = 2;
const OTHER: usize = usize::MAX;

/// The place of a condition that an index knows.
fn rank(part: &Expr) -> usize {
    let field = match asked(part) {
        Some((field, _)) => field,
        None if tag(part).is_some() => return TAG,
        None => return OTHER,
    };
    match field {
        "status" => STATUS,
        "priority" => PRIORITY,
        _ => WHOSE.iter().position(|(whose, _)| *whose == field).map_or(OTHER, |place| TAG + 1 + place),
    }
}

/// `ticket.field == 'x'` or `ticket.field in ['x', 'y']`.
fn asked(part: &Expr) -> Option<(&str, Vec<&str>)> {
    let (field, texts) = match &part.kind {
        ExprKind::Compare(Compare::Equal, a, b) => match (field_of(a), field_of(b)) {
            (Some(path), None) => (path, vec![text_of(b)?]),
            (None, Some(path)) => (path, vec![text_of(a)?]),
            _ => return None,
        },
        ExprKind::In(item, list) => match &list.kind {
            ExprKind::List(items) => (field_of(item)?, items.iter().map(text_of).collect::<Option<Vec<_>>>()?),
            _ => return None,
        },
        _ => return None,
    };
    match field.names.as_slice() {
        [name] if field.root == Root::Ticket && !texts.is_empty() => Some((name, texts)),
        _ => None,
    }
}

/// A field, folded or not.
fn field_of(expr: &Expr) -> Option<&Path> {
    match &expr.kind {
        ExprKind::Field(path) => Some(path),
        ExprKind::Call(Function::Fold, args) => args.first().and_then(field_of),
        _ => None,
    }
}

fn text_of(expr: &Expr) -> Option<&str> {
    if let ExprKind::Literal(Literal::Text(text)) = &expr.kind { Some(text) } else { None }
}

/// The tag of `'vip' in ticket.tags`, folded.
pub fn tag(part: &Expr) -> Option<&str> {
    match &part.kind {
        ExprKind::In(item, list) => match &list.kind {
            ExprKind::Call(Function::Fold, args) => match args.as_slice() {
                [Expr { kind: ExprKind::Field(path), .. }] if path.root == Root::Ticket => text_of(item),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// The words of an enumeration that a condition leaves possible.
fn possible(part: &Expr, field: &str, all: &[&'static str]) -> BTreeSet<&'static str> {
    let named = |words: &[&str]| all.iter().copied().filter(|word| words.contains(word)).collect::<BTreeSet<_>>();
    let without = |words: &[&str]| all.iter().copied().filter(|word| !words.contains(word)).collect();
    let of = |part: &Expr| asked(part).filter(|(name, _)| *name == field).map(|(_, words)| named(&words));
    if let Some(words) = of(part) {
        return words;
    }
    let excluded = match &part.kind {
        ExprKind::Not(inner) => of(inner),
        ExprKind::Compare(Compare::NotEqual, a, b) => match (&a.kind, text_of(b)) {
            (ExprKind::Field(path), Some(word)) if path.root == Root::Ticket && path.names == [field] => {
                Some(named(&[word]))
            }
            _ => None,
        },
        _ => None,
    };
    match excluded {
        Some(words) => without(&words.into_iter().collect::<Vec<_>>()),
        None => all.iter().copied().collect(),
    }
}

/// Whether the conditions leave only words of `wanted` possible.
fn only(parts: &[&Expr], field: &str, all: &[&'static str], wanted: &[&str]) -> bool {
    let everything: BTreeSet<&'static str> = all.iter().copied().collect();
    let left = parts.iter().fold(everything, |words, part| &words & &possible(part, field, all));
    left.iter().all(|word| wanted.contains(word))
}

/// Conditions that change nothing, and let the planner use the indexes.
pub fn of(root: Root, parts: &[&Expr]) -> Vec<&'static str> {
    if root != Root::Ticket {
        return Vec::new();
    }
    let mut all = Vec::new();
    let finished = [Status::Resolved.word(), Status::Closed.word()];
    let unfinished: Vec<&str> = Status::WORDS.iter().copied().filter(|word| !finished.contains(word)).collect();
    if only(parts, "status", Status::WORDS, &unfinished) {
        all.push(UNFINISHED);
    }
    if only(parts, "priority", Priority::WORDS, &[Priority::High.word(), Priority::Urgent.word()]) {
        all.push(PRESSING);
    }
    for (field, predicate) in WHOSE {
        let named = |part: &&&Expr| asked(part).is_some_and(|(name, texts)| name == *field && !texts.contains(&""));
        if parts.iter().any(|part| named(&part)) {
            all.push(*predicate);
        }
    }
    all
}

/// The tickets of a tenant that have all the tags that are asked for, in the keys of their index, which tell whether a ticket is
/// finished: see `docket_tag_keys`. Behind OFFSET 0: no other index shall be read beside it.
pub fn tagged(tenant: &str, parts: &[&Expr], proofs: &[&'static str]) -> Option<Sql> {
    let tags: Vec<&str> = parts.iter().filter_map(|part| tag(part)).collect();
    if tags.is_empty() || tags.iter().any(|tag| tag.contains('\0')) {
        return None;
    }
    let length = tenant.chars().count();
    let keys = |state: &str| Bind::Texts(tags.iter().map(|tag| format!("{state}/{length}/{tenant}/{tag}")).collect());
    let or_finished = match proofs.contains(&UNFINISHED) {
        true => sql!["NULL"],
        false => sql![keys("done")],
    };
    Some(sql![
        "(SELECT * FROM ticket WHERE tenant_id = ",
        Bind::Text(tenant.to_owned()),
        " AND ctid = ANY ((SELECT docket_tagged(",
        keys("open"),
        ", ",
        or_finished,
        "))::tid[]) OFFSET 0) AS ticket"
    ])
}

/// Which statement is worth keeping.
pub fn shape(parts: &[&Expr]) -> Shape {
    if let [one] = parts
        && is_word(one)
    {
        return Shape::Hot;
    }
    // One status, one priority, one of whose they are or what they are tagged.
    let (mut seen, mut whose) = (BTreeSet::new(), 0);
    for rank in parts.iter().map(|part| rank(part)) {
        whose += usize::from(rank >= TAG);
        if rank == OTHER || !seen.insert(rank) {
            return Shape::Rare;
        }
    }
    if whose <= 1 { Shape::Typical } else { Shape::Rare }
}

/// Whether it asks for one word of an enumeration, or for some.
fn is_word(part: &Expr) -> bool {
    let literal = |expr: &Expr| matches!(expr.kind, ExprKind::Literal(_));
    let (field, written) = match &part.kind {
        ExprKind::Compare(Compare::Equal, a, b) => (a, literal(b)),
        ExprKind::In(a, b) => (a, matches!(&b.kind, ExprKind::List(all) if all.iter().all(literal))),
        _ => return false,
    };
    written && matches!((&field.kind, field.ty), (ExprKind::Field(_), Type::Enum(_)))
}
