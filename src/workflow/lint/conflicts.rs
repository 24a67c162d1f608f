//! Two rules that set one field at one order, on an event that both answer.

use std::collections::{BTreeMap, BTreeSet};

use super::heard::heard;
use super::logic::{Known, Looks, Wanted};
use super::{MAX_PAIRS, at_write};
use crate::workflow::diagnostic::Diagnostic;
use crate::workflow::needs::Write;
use crate::workflow::rule::Rule;

/// Rules of one order, before an event or after it, that set one field.
type Group<'r> = (i32, bool, &'r str);

pub fn find(rules: &[Rule], looks: &Looks<'_>) -> Vec<Diagnostic> {
    let mut groups: BTreeMap<Group<'_>, Vec<(usize, &Write)>> = BTreeMap::new();
    for (index, rule) in rules.iter().enumerate().filter(|(_, rule)| rule.acts()) {
        for write in rule.needs.writes.iter().filter(|write| write.is_one_value) {
            groups.entry((rule.order, rule.before, &write.field)).or_default().push((index, write));
        }
    }
    let events: Vec<BTreeSet<String>> = rules.iter().map(heard).collect();
    let (mut found, mut pairs) = (Vec::new(), 0);
    for writes in groups.values() {
        let mut told = BTreeSet::new();
        for (place, (second, write)) in writes.iter().enumerate() {
            for (first, other) in writes.iter().take(place).filter(|(first, _)| first != second) {
                pairs += 1;
                if pairs > MAX_PAIRS {
                    return found;
                }
                let (Some(a), Some(b)) = (rules.get(*first), rules.get(*second)) else { continue };
                let common = !events.get(*first).zip(events.get(*second)).is_none_or(|(a, b)| a.is_disjoint(b));
                if common && differ(other, write, looks) && told.insert(*second) {
                    found.push(conflict(a, b, write));
                }
            }
        }
    }
    found
}

/// Whether both can be written, and are not the same.
fn differ(a: &Write, b: &Write, looks: &Looks<'_>) -> bool {
    if a.value.is_some() && a.value == b.value {
        return false;
    }
    let wanted: Vec<Wanted<'_>> = a.guards.iter().chain(&b.guards).map(|guard| (guard.as_ref(), true)).collect();
    !looks.exclude_each_other(&Known::default(), &wanted)
}

fn conflict(first: &Rule, second: &Rule, write: &Write) -> Diagnostic {
    let (a, b, field, order) = (&first.name, &second.name, &write.field, second.order);
    let message = format!("`{b}` and `{a}` ({}:{}) both set `{field}` at order {order}", first.file, first.line);
    let hint =
        format!("`{b}` runs later, by its name, and wins: give one of them an `order` of its own to say which does");
    at_write("conflict", second, write, message, &hint)
}
