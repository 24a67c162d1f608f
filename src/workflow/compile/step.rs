//! Compilation of `do`: the action of each step, and whether a rule of this kind may use it.

use serde_yaml::Value as Yaml;

use crate::workflow::actions::{self, BeforeEffect, Effect, Evaluate, Registered, Step};
use crate::workflow::event::{BeforeEvent, EventName};
use crate::workflow::grammar::RawStep;
use crate::workflow::place::Place;

type Named = (&'static dyn Registered, Yaml);

/// Checks a step of a before-rule. `None`: findings were noted.
pub fn before(mut raw: RawStep, place: &mut Place<'_>) -> Option<Step<BeforeEffect>> {
    let (action, body) = only(&mut raw, place)?;
    if !action.is_before() {
        let allowed = actions::names(|action| action.is_before()).join(", ");
        let hint = format!("before-rules may use {allowed} and stop; do this on the event itself");
        let message = format!("`{}` cannot run before the command is decided", action.name());
        place.error(&[action.name()], "before-action", message, &hint);
        return None;
    }
    finish(raw, action.name(), place, |place| action.check_before(body, place))
}

/// Checks a step of any other rule. `None`: findings were noted.
pub fn after(mut raw: RawStep, place: &mut Place<'_>) -> Option<Step<Effect>> {
    let (action, body) = only(&mut raw, place)?;
    if !action.is_after() {
        let some = BeforeEvent::ALL.iter().take(3).map(|event| event.word()).collect::<Vec<_>>().join(", ");
        let hint = format!("{} belongs to {some} and the other before-events", action.name());
        let message = format!("`{}` cannot run after the command is decided", action.name());
        place.error(&[action.name()], "before-action", message, &hint);
        return None;
    }
    if let Some(event) = place.without_ticket().filter(|_| action.needs_ticket()) {
        let message = format!("`{}` has no ticket, and `{}` needs one", event.as_str(), action.name());
        let hint = match event {
            EventName::Timed(_) => "name the tickets with `for`",
            _ => "wait for an event of a ticket",
        };
        place.error_at_key(&[action.name()], "no-ticket", message, hint);
        return None;
    }
    finish(raw, action.name(), place, |place| action.check_after(body, place))
}

/// The one action that a step has.
fn only(raw: &mut RawStep, place: &mut Place<'_>) -> Option<Named> {
    let message = match raw.actions.as_slice() {
        [_] => return raw.actions.pop(),
        // What it has instead was noted as an unknown key.
        [] if raw.unread => return None,
        [] => "this step does nothing".to_owned(),
        several => {
            let names: Vec<&str> = several.iter().map(|(action, _)| action.name()).collect();
            format!("one action a step, this has {}", names.join(" and "))
        }
    };
    place.error(&[], "grammar", message, &format!("one of: {}", actions::names(|_| true).join(", ")));
    None
}

fn finish<E>(
    raw: RawStep,
    name: &'static str,
    place: &mut Place<'_>,
    check: impl FnOnce(&mut Place<'_>) -> Option<Evaluate<E>>,
) -> Option<Step<E>> {
    let conditions = place.conditions(&["if"], &raw.conditions);
    let evaluate = check(&mut place.under(name));
    Some(Step { id: raw.id, name, conditions: conditions?, evaluate: evaluate? })
}
