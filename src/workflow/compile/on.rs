//! Compilation of `on`: events, or times of SLA clocks.

use crate::workflow::diagnostic::suggest;
use crate::workflow::event::{self, EventName};
use crate::workflow::grammar::{RawTrigger, RawWait};
use crate::workflow::place::Place;
use crate::workflow::trigger::{Slip, Trigger, read_mark, read_metric};

#[derive(Debug, Default)]
pub struct Heard {
    pub events: Vec<EventName>,
    pub triggers: Vec<Trigger>,
    /// What may come: the events, and the activities that triggers wait for.
    pub kinds: Vec<EventName>,
    /// Whether the events are before-events.
    pub before: bool,
}

/// `key` is the key that the waits stand under.
pub fn hear(waits: Vec<RawWait>, key: &str, place: &mut Place<'_>) -> Heard {
    if waits.is_empty() {
        place.error(&[key], "grammar", "no event is named".into(), "on: ticket.created");
    }
    let mut heard = Heard::default();
    let mut after = None;
    for (index, wait) in waits.into_iter().enumerate() {
        match wait {
            RawWait::Event(name) => {
                let event = EventName::read(&name);
                check_event(&name, event.is_some(), key, index, place);
                let Some(event) = event else { continue };
                if let EventName::Custom(name) = &event {
                    place.waits_for_custom(key, index, name);
                }
                if event.is_before() {
                    heard.before = true;
                } else {
                    after.get_or_insert(index);
                }
                heard.kinds.push(event.clone());
                heard.events.push(event);
            }
            RawWait::Sla(raw) => {
                after.get_or_insert(index);
                if let Some(trigger) = trigger(&raw, key, index, place) {
                    heard.kinds.push(EventName::After(trigger.kind()));
                    heard.triggers.push(trigger);
                }
            }
        }
    }
    if let Some(after) = after.filter(|_| heard.before) {
        let message = "one rule waits either for what is about to happen or for what has happened".into();
        place.item_error(&[key], after, "unknown-event", message, "make two rules of it");
    }
    heard
}

fn check_event(name: &str, known: bool, key: &str, index: usize, place: &mut Place<'_>) {
    if event::is_forbidden(name) {
        let message = format!("a rule may not wait for `{name}`");
        place.item_error(&[key], index, "unknown-event", message, "rules do not react to what rules do");
    } else if name == "manual" {
        let message = "there is no event `manual`".into();
        place.item_error(&[key], index, "unknown-event", message, "this version does not have it yet");
    } else if !known {
        let hint = suggest(name, event::names());
        place.item_error(&[key], index, "unknown-event", format!("there is no event `{name}`"), &hint);
    }
}

fn trigger(raw: &RawTrigger, key: &str, index: usize, place: &mut Place<'_>) -> Option<Trigger> {
    let mut note = |of: &str, slip: Slip| {
        let node = place.item_at(&[key], index);
        let (line, column) = node.get(of).map_or((node.line, node.column), |node| (node.line, node.column));
        place.error_here(line, column, "unknown-word", slip.message, slip.hint);
    };
    let metric = read_metric(&raw.sla).map_err(|slip| note("sla", slip)).ok();
    let mark = read_mark(&raw.at.0).map_err(|slip| note("at", slip)).ok();
    Some(Trigger { metric: metric?, mark: mark? })
}
