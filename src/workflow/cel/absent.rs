//! Warnings for reads of fields that may be absent and that no `has()` guards.

use super::ast::{Expr, ExprKind, Path};
use crate::workflow::diagnostic::{Problem, Severity};
use crate::workflow::event::{EventName, Presence, presence};
use crate::workflow::schema::{Root, Type};

/// Warnings for what `expr` reads without asking first. A guard counts wherever it stands: in `expr` itself or in `guards`
/// (the rule's other conditions). `events` are the rule's: a message is always there on `ticket.message_added`.
pub fn unguarded(expr: &Expr, guards: &[&Expr], events: &[EventName]) -> Vec<Problem> {
    let mut asked: Vec<Path> = Vec::new();
    for guard in guards.iter().copied().chain([expr]) {
        guard.walk(&mut |e| match &e.kind {
            ExprKind::Has(path) => asked.push(path.clone()),
            ExprKind::Changed(changed) => {
                asked.push(Path { root: Root::Changes, names: vec![changed.field.clone()] });
            }
            _ => {}
        });
    }
    let mut found: Vec<Problem> = Vec::new();
    expr.walk(&mut |e| {
        let ExprKind::Field(path) = &e.kind else { return };
        let Some(missing) = absences(path, events).into_iter().find(|absence| !is_asked(absence, &asked)) else {
            return;
        };
        let never = missing.names.is_empty() && presence(missing.root, events) == Presence::Never;
        let problem = if never {
            Problem::error("never-present", e.at, format!("no event of this rule has a {missing}"), "look at `on`")
        } else {
            let message = format!("{missing} may be absent, and reading it is then an error");
            let hint = if missing.names.is_empty() {
                format!("{missing} != null && …")
            } else {
                format!("has({missing}) && …")
            };
            Problem { severity: Severity::Warning, code: "may-be-absent", at: e.at, message, hint }
        };
        if !found.iter().any(|other| other.message == problem.message) {
            found.push(problem);
        }
    });
    found
}

/// Whether some guard can only be true where `absence` is there.
fn is_asked(absence: &Path, asked: &[Path]) -> bool {
    asked.iter().any(|path| path.root == absence.root && path.names.starts_with(&absence.names))
}

fn is_data(path: &Path) -> bool {
    path.root == Root::Event && path.names.first().is_some_and(|name| name == "data")
}

/// Every prefix of the path that can lead nowhere.
fn absences(path: &Path, events: &[EventName]) -> Vec<Path> {
    let mut found = Vec::new();
    let prefix = |length: usize| Path { root: path.root, names: path.names[..length].to_vec() };
    if path.root.is_optional() && presence(path.root, events) != Presence::Always {
        found.push(prefix(0));
    }
    if is_data(path) && !events.is_empty() && events.iter().all(EventName::is_due) {
        return found;
    }
    let mut ty = path.root.ty();
    for (index, name) in path.names.iter().enumerate() {
        ty = match ty {
            Type::Object(object) => match object.field(name) {
                Some(field) => {
                    if field.optional {
                        found.push(prefix(index + 1));
                    }
                    field.ty
                }
                None => return found,
            },
            Type::Changes => {
                found.push(prefix(index + 1));
                Type::Any
            }
            // The two sides of a change that was asked for.
            _ if path.root == Root::Changes => Type::Any,
            _ => {
                found.push(prefix(index + 1));
                Type::Any
            }
        };
    }
    found
}
