//! Preview of a change of the SLA configuration: its effect on a ticket's clocks, including what would be due at once.
//! Pure.

use super::follow::{Book, Happened};
use crate::command::{Stop, World, gather};
use crate::model::sla::clock::Clock;
use crate::model::ticket::Ticket;
use crate::model::time::Instant;
use crate::model::words::{ClockState, SlaMetric};
use crate::workflow::RuleSet;

/// What becomes of a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EffectKind {
    /// It has another deadline; a paused one, another target or calendar.
    Moved,
    Started,
    Voided,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    pub kind: EffectKind,
    /// Of the same metric; absent where there was none.
    pub before: Option<Clock>,
    pub after: Clock,
    /// The new deadline has passed already.
    pub breaches: bool,
}

/// For each ticket, what the configuration that the world has makes of its clocks at `now`, with the marks of these rules; those
/// that stay as they are are left out.
pub fn effects(world: &World, rules: &RuleSet, tickets: &[Ticket], now: Instant) -> Result<Vec<Vec<Effect>>, Stop> {
    gather(tickets.iter().map(|ticket| of_ticket(world, rules, ticket, now)))
}

fn of_ticket(world: &World, rules: &RuleSet, ticket: &Ticket, now: Instant) -> Result<Vec<Effect>, Stop> {
    let before = ticket.clocks.clone().settled(now);
    let Some(mut book) = Book::open(world, rules, ticket, now)? else { return Ok(Vec::new()) };
    book.clocks.clone_from(&before);
    book.follow(Some(ticket), ticket, Happened::default());
    let after = book.clocks.settled(now);
    let all = SlaMetric::ALL.iter().filter_map(|metric| {
        let (before, after) = (before.of(*metric), after.of(*metric)?);
        let kind = kind(before, after)?;
        let same = before.filter(|before| before.cycle == after.cycle);
        let breaches = after.breached_at.is_some() && same.is_none_or(|before| before.breached_at.is_none());
        Some(Effect { kind, before: before.cloned(), after: after.clone(), breaches })
    });
    Ok(all.collect())
}

/// `None`: it has at most another version of what it had.
fn kind(before: Option<&Clock>, after: &Clock) -> Option<EffectKind> {
    let Some(before) = before.filter(|before| before.cycle == after.cycle) else { return Some(EffectKind::Started) };
    let measured = |clock: &Clock| (clock.due, clock.goal.target, clock.goal.calendar_id, clock.goal.calendar_version);
    match (before.is_open(), after.is_open()) {
        (true, false) => Some(EffectKind::Voided),
        (false, true) => Some(EffectKind::Started),
        (true, true) if after.state == ClockState::Paused => {
            (measured(before) != measured(after)).then_some(EffectKind::Moved)
        }
        (true, true) => (before.due != after.due).then_some(EffectKind::Moved),
        (false, false) => None,
    }
}
