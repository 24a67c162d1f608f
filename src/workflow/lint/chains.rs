//! Rules that set off each other in a circle.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value as Json;

use super::heard::heard;
use super::logic::{Known, Looks, Wanted};
use super::{MAX_PAIRS, at_write};
use crate::model::activity_type::{ActivityType, Payload};
use crate::model::stored_type::StoredType;
use crate::workflow::cel::ast::Literal;
use crate::workflow::diagnostic::Diagnostic;
use crate::workflow::event;
use crate::workflow::needs::Write;
use crate::workflow::rule::Rule;
use crate::workflow::schema::Root;

/// Fields that change by themselves only where somebody writes them; others follow from what is written.
const WRITTEN: &[&str] =
    &["subject", "priority", "status", "category", "type", "tags", "assignee_id", "team_id", "custom"];

pub fn find(rules: &[Rule], looks: &Looks<'_>) -> Vec<Diagnostic> {
    let edges = edges(rules, looks);
    let (mut found, mut told) = (Vec::new(), BTreeSet::new());
    for start in edges.keys() {
        let Some(circle) = circle(*start, &edges).filter(|circle| circle.iter().all(|rule| !told.contains(rule)))
        else {
            continue;
        };
        told.extend(circle.iter().copied());
        let written = circle.first().zip(circle.get(1).or(circle.first())).and_then(|(a, b)| edges.get(a)?.get(b));
        if let (Some(rule), Some(write)) = (rules.get(*start), written) {
            let names: Vec<&str> = circle.iter().filter_map(|at| rules.get(*at)).map(|it| it.name.as_str()).collect();
            found.push(warn(rule, write, &names));
        }
    }
    found
}

fn warn(rule: &Rule, write: &Write, names: &[&str]) -> Diagnostic {
    let message = match names {
        [name] => format!("`{name}` sets off itself by what it does here"),
        several => format!("these rules set off each other in a circle: {}", several.join(", ")),
    };
    let hint = "each runs once and is suppressed then: let its condition be false after what it does, or add !has(event.cause)";
    at_write("cycle", rule, write, message, hint)
}

/// From a rule to those that it sets off, each with a write that does.
type Edges<'r> = BTreeMap<usize, BTreeMap<usize, &'r Write>>;

fn edges<'r>(rules: &'r [Rule], looks: &Looks<'_>) -> Edges<'r> {
    let after: Vec<(usize, &Rule)> = rules.iter().enumerate().filter(|(_, rule)| rule.acts() && !rule.before).collect();
    let mut waiting: BTreeMap<String, Vec<(usize, &Rule)>> = BTreeMap::new();
    for (index, rule) in &after {
        for event in heard(rule) {
            waiting.entry(event).or_default().push((*index, rule));
        }
    }
    let (mut edges, mut pairs) = (Edges::new(), 0);
    for (index, rule) in &after {
        for write in &rule.needs.writes {
            for kind in &write.emits {
                let known = left_by(rule, write, kind);
                let names = event::names_of(kind.as_str());
                for (other, answering) in names.filter_map(|name| waiting.get(name)).flatten() {
                    pairs += 1;
                    if pairs > MAX_PAIRS {
                        return edges;
                    }
                    if sets_off(rule, write, &known, answering, looks) {
                        edges.entry(*index).or_default().entry(*other).or_insert(write);
                    }
                }
            }
        }
    }
    edges
}

/// Whether what the write leaves can make the other rule write something else.
fn sets_off(rule: &Rule, write: &Write, known: &Known, answering: &Rule, looks: &Looks<'_>) -> bool {
    answering.needs.writes.iter().any(|other| {
        let same = other.field == write.field && other.value.is_some() && other.value == write.value;
        let tenants = rule.tenants.iter().map(|selector| (selector, true));
        let wanted: Vec<Wanted<'_>> = other.guards.iter().map(|guard| (guard.as_ref(), true)).chain(tenants).collect();
        !same && !looks.exclude_each_other(known, &wanted)
    })
}

/// What is known of an event that a rule's write makes.
fn left_by(rule: &Rule, write: &Write, kind: &StoredType) -> Known {
    let mut known = Known::default();
    let literal = |json: &Json| match json {
        Json::String(text) => Some(Literal::Text(text.clone())),
        Json::Bool(plain) => Some(Literal::Bool(*plain)),
        Json::Number(number) => number.as_i64().map(Literal::Int),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    };
    if let Some(value) = write.value.as_ref().and_then(literal).filter(|_| write.is_one_value) {
        known.is(Root::Ticket, &write.field, value);
    }
    known.is_there(Root::Event, "cause");
    known.words(Root::Actor, "kind", ["WORKFLOW"]);
    if kind.known().map(ActivityType::payload) == Some(Payload::Message) {
        known.is_not(Root::Message, "author_kind", "REQUESTER");
        known.is_not(Root::Message, "author_kind", "AGENT");
    }
    let written: BTreeSet<&str> =
        rule.needs.writes.iter().map(|it| it.field.split('.').next().unwrap_or_default()).collect();
    known.unchanged(WRITTEN.iter().copied().filter(|field| !written.contains(field)));
    known
}

/// The shortest way from a rule back to itself.
fn circle(start: usize, edges: &Edges<'_>) -> Option<Vec<usize>> {
    let mut came: BTreeMap<usize, usize> = BTreeMap::new();
    let mut open = VecDeque::from([start]);
    while let Some(here) = open.pop_front() {
        for next in edges.get(&here).into_iter().flat_map(BTreeMap::keys) {
            if *next == start {
                let mut way = vec![here];
                while let Some(before) = way.last().filter(|last| **last != start).and_then(|last| came.get(last)) {
                    way.push(*before);
                }
                way.reverse();
                return Some(way);
            }
            if !came.contains_key(next) {
                came.insert(*next, here);
                open.push_back(*next);
            }
        }
    }
    None
}
