//! Tickets that a filter names: whatever [`TicketRef`] reads, beside a field that holds a ticket's id or display number.
//!
//! An id and a display number are written anew as they are shown. A number beside an id is noted: only the log's tenant
//! knows which ticket has it, so whoever asks looks it up and puts the id in its place.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::cel::ast::{Compare, Expr, ExprKind, Literal, Path};
use super::schema::Root;
use crate::model::id;
use crate::model::ticket::{TicketRef, display_number};

/// What a value names a ticket by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    Id,
    Display,
}

/// A literal that names a ticket.
pub struct Named<'a> {
    pub text: &'a mut String,
    pub at: usize,
    names: Names,
}

/// Writes ids and display numbers as they are shown. The numbers that stand beside ids, each with a place.
pub fn tidy(expr: &mut Expr) -> Vec<(i64, usize)> {
    let mut numbers = BTreeMap::new();
    each(expr, &mut Vec::new(), &mut |Named { text, at, names }| match (TicketRef::parse(text), names) {
        (Some(named @ TicketRef::Id(_)), Names::Id) => *text = named.to_string(),
        (Some(TicketRef::Number(number)), Names::Id) => {
            numbers.entry(number).or_insert(at);
        }
        (Some(TicketRef::Number(number)), Names::Display) => *text = display_number(number),
        (Some(TicketRef::Id(_)), Names::Display) | (None, _) => {}
    });
    numbers.into_iter().collect()
}

/// Puts the ids of these numbers in their places.
pub fn put_ids(expr: &mut Expr, ids: &BTreeMap<i64, Uuid>) {
    each(expr, &mut Vec::new(), &mut |Named { text, names, .. }| {
        if let (Some(TicketRef::Number(number)), Names::Id) = (TicketRef::parse(text), names)
            && let Some(id) = ids.get(&number)
        {
            *text = id::show(id::TICKET, *id);
        }
    });
}

/// Calls `visit` for each literal beside something that names tickets. `around`: what the variables of the loops around name.
fn each(expr: &mut Expr, around: &mut Vec<Option<Names>>, visit: &mut dyn FnMut(Named<'_>)) {
    match &mut expr.kind {
        ExprKind::Compare(Compare::Equal | Compare::NotEqual, a, b) => {
            let (left, right) = (names(a, around), names(b, around));
            left.into_iter().for_each(|names| literals(b, names, visit));
            right.into_iter().for_each(|names| literals(a, names, visit));
        }
        ExprKind::In(item, list) => {
            let (one, many) = (names(item, around), of_items(list));
            one.into_iter().for_each(|names| literals(list, names, visit));
            many.into_iter().for_each(|names| literals(item, names, visit));
        }
        ExprKind::Loop(over) => {
            each(&mut over.range, around, visit);
            around.push(of_items(&over.range));
            each(&mut over.body, around, visit);
            over.only.iter_mut().for_each(|only| each(only, around, visit));
            around.pop();
            return;
        }
        _ => {}
    }
    expr.children_mut().into_iter().for_each(|below| each(below, around, visit));
}

/// The literals that a value can be.
fn literals(expr: &mut Expr, names: Names, visit: &mut dyn FnMut(Named<'_>)) {
    let at = expr.at;
    match &mut expr.kind {
        ExprKind::Literal(Literal::Text(text)) => visit(Named { text, at, names }),
        ExprKind::List(items) => items.iter_mut().for_each(|item| literals(item, names, visit)),
        ExprKind::Choose(three) => three.iter_mut().skip(1).for_each(|one| literals(one, names, visit)),
        _ => {}
    }
}

/// What a value names tickets by, if it does.
fn names(expr: &Expr, around: &[Option<Names>]) -> Option<Names> {
    match &expr.kind {
        ExprKind::Field(path) => of_field(path),
        ExprKind::Local(slot) => around.get(*slot).copied().flatten(),
        ExprKind::Choose(three) => three.iter().skip(1).find_map(|one| names(one, around)),
        _ => None,
    }
}

fn of_field(Path { root, names }: &Path) -> Option<Names> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match (root, names.as_slice()) {
        (Root::Ticket | Root::Before, [field]) | (Root::Activity, ["ticket", field]) => match *field {
            "id" | "follow_up_of" | "merged_into" => Some(Names::Id),
            "display_number" => Some(Names::Display),
            _ => None,
        },
        (Root::Activity, ["ticket_id"] | ["message", "ticket_id"])
        | (Root::Activity, ["changes", "follow_up_of" | "merged_into", "old" | "new"])
        | (Root::Message | Root::Run | Root::SlaOutcome, ["ticket_id"]) => Some(Names::Id),
        _ => None,
    }
}

/// What the items of a list name tickets by.
fn of_items(list: &Expr) -> Option<Names> {
    let ExprKind::Field(Path { root, names }) = &list.kind else { return None };
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let holds =
        matches!((root, names.as_slice()), (Root::Issue, ["ticket_ids"]) | (Root::Activity, ["issue", "ticket_ids"]));
    holds.then_some(Names::Id)
}
