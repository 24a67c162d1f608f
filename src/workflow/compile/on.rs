//! Compilation of `on`: events, times of SLA clocks, timers and schedules.

use super::timed::At;
use crate::workflow::diagnostic::suggest;
use crate::workflow::event::{self, EventName, Timed};
use crate::workflow::grammar::{AFTER, RawTrigger, RawWait, SCHEDULE};
use crate::workflow::place::Place;
use crate::workflow::schedule::Schedule;
use crate::workflow::timer::Timer;
use crate::workflow::trigger::{Trigger, read_mark, read_metric};

#[derive(Debug, Default)]
pub struct Heard {
    pub events: Vec<EventName>,
    pub triggers: Vec<Trigger>,
    pub timers: Vec<Timer>,
    pub schedules: Vec<Schedule>,
    /// What may come: the events, and the activities that triggers wait for.
    pub kinds: Vec<EventName>,
    /// Whether the events are before-events.
    pub before: bool,
}

/// `key` is the key that the waits of this rule stand under.
pub fn hear(rule: &str, waits: Vec<RawWait>, key: &str, place: &mut Place<'_>) -> Heard {
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
            RawWait::Trigger(raw) => {
                after.get_or_insert(index);
                let node = place.item_at(&[key], index).clone();
                heard.trigger(rule, *raw, At { node: &node, place });
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
    } else if name == event::TIMER || name == event::SCHEDULE {
        let hint = match name {
            event::TIMER => "write {after: 48h, since: ticket.created_at}",
            _ => "write {schedule: \"0 9 * * MON-FRI\", for: ticket.status == 'OPEN'}",
        };
        place.item_error(&[key], index, "unknown-event", format!("there is no event `{name}`"), hint);
    } else if !known {
        let hint = suggest(name, event::names());
        place.item_error(&[key], index, "unknown-event", format!("there is no event `{name}`"), &hint);
    }
}

impl Heard {
    /// One with `after`, with `schedule`, or of a clock.
    fn trigger(&mut self, rule: &str, raw: RawTrigger, mut at: At<'_, '_, '_>) {
        if at.node.get(AFTER).is_some() {
            self.kinds.push(EventName::Timed(Timed::Timer));
            self.timers.extend(at.timer(rule, raw));
        } else if at.node.get(SCHEDULE).is_some() {
            self.kinds.push(EventName::Timed(Timed::Schedule { tickets: raw.tickets.is_some() }));
            self.schedules.extend(at.schedule(rule, raw));
        } else if let Some(trigger) = of_clock(raw, &mut at) {
            self.kinds.push(EventName::After(trigger.kind()));
            self.triggers.push(trigger);
        }
    }
}

fn of_clock(raw: RawTrigger, at: &mut At<'_, '_, '_>) -> Option<Trigger> {
    let metric = at.missing("sla", raw.sla).and_then(|metric| at.note("sla", read_metric(&metric)));
    let mark = at.missing("at", raw.at).and_then(|mark| at.note("at", read_mark(&mark.0)));
    Some(Trigger { metric: metric?, mark: mark? })
}
