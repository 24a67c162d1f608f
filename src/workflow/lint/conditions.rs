//! Conditions that never hold, or always.

use super::logic::{Known, Looks, Wanted};
use super::warning;
use crate::model::words::Status;
use crate::workflow::cel::ast::{Expr, ExprKind, Literal, Path};
use crate::workflow::diagnostic::Problem;
use crate::workflow::event::{BeforeEvent, EventName};
use crate::workflow::schema::Root;

/// A warning for each of the conditions of a list that cannot hold beside `guards`, those before it, and what the events say; or
/// that holds always. A plain `true` or `false` is meant as it stands.
pub fn impossible(
    conditions: &[&Expr],
    guards: &[&Expr],
    events: &[EventName],
    looks: &Looks<'_>,
) -> Vec<(usize, Problem)> {
    let (nothing, known) = (Known::default(), of_events(events));
    let mut held: Vec<Wanted<'_>> = guards.iter().map(|guard| (*guard, true)).collect();
    let mut found = Vec::new();
    if looks.exclude_each_other(&known, &held) {
        // It was told where they stand.
        return found;
    }
    for (index, condition) in conditions.iter().enumerate() {
        for part in parts(condition) {
            if let ExprKind::Literal(Literal::Bool(plain)) = part.kind {
                match plain {
                    true => continue,
                    false => return found,
                }
            }
            let wanted = (part, true);
            if looks.exclude_each_other(&nothing, &[wanted]) {
                found.push((index, warning("never-true", part.at, "this can never hold", either(part))));
                return found;
            }
            if looks.exclude_each_other(&known, &[wanted]) {
                found.push((index, not_on_these(part)));
                return found;
            }
            held.push(wanted);
            if looks.exclude_each_other(&known, &held) {
                let message = "this can never hold together with the conditions before it";
                found.push((
                    index,
                    warning("never-true", part.at, message, "write `||` or `in […]` if either is meant"),
                ));
                return found;
            }
            if looks.exclude_each_other(&nothing, &[(part, false)]) {
                let both = matches!(part.kind, ExprKind::Or(_));
                let hint = if both { "write `&&` if both are meant" } else { "leave it out" };
                found.push((index, warning("always-true", part.at, "this always holds", hint)));
            }
        }
    }
    found
}

/// What must hold for the whole to hold.
fn parts(condition: &Expr) -> Vec<&Expr> {
    match &condition.kind {
        ExprKind::And(all) => all.iter().collect(),
        _ => vec![condition],
    }
}

fn either(part: &Expr) -> &'static str {
    match part.kind {
        ExprKind::And(_) | ExprKind::Or(_) => "write `||` or `in […]` if either is meant",
        _ => "compare it with something else",
    }
}

fn not_on_these(part: &Expr) -> Problem {
    let status = Path { root: Root::Ticket, names: vec!["status".to_owned()] };
    let mut reads = false;
    part.walk(&mut |e| reads |= matches!(&e.kind, ExprKind::Field(path) if *path == status));
    let (message, hint) = match reads {
        true => (
            "this can never hold on the rule's events: `ticket` is the ticket as it would be after the change",
            "read the ticket as it is: before.status",
        ),
        false => ("this can never hold on the rule's events", "look at `on`"),
    };
    warning("never-true", part.at, message, hint)
}

/// What is known of a ticket and an event when one of these comes.
fn of_events(events: &[EventName]) -> Known {
    let mut known = Known::default();
    let statuses: Option<Vec<Vec<Status>>> = events.iter().map(statuses).collect();
    if let Some(statuses) = statuses.filter(|all| !all.is_empty()) {
        known.words(Root::Ticket, "status", statuses.iter().flatten().map(|status| status.word()));
    }
    if !events.is_empty() && events.iter().all(is_plain) {
        known.words(Root::Event, "type", events.iter().map(EventName::as_str));
    }
    known
}

/// The statuses that a ticket can have after the change that this stands before; `None`: any.
fn statuses(event: &EventName) -> Option<Vec<Status>> {
    let EventName::Before(event) = event else { return None };
    let leads = |to: &Status| Status::ALL.iter().any(|from| BeforeEvent::of_move(*from, *to).any(|it| it == *event));
    let all: Vec<Status> = Status::ALL.iter().copied().filter(leads).collect();
    (!all.is_empty()).then_some(all)
}

/// Whether an event of it is called so: `custom.*` has any name.
fn is_plain(event: &EventName) -> bool {
    match event {
        EventName::Before(_) | EventName::After(_) => true,
        EventName::Custom(_) | EventName::Timed(_) => false,
    }
}
