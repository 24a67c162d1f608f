//! Timers of rules on tickets: when the next one fires, and what happens then. Pure: they follow from the ticket's row, the
//! tenant's calendars and the active rules.

use std::collections::HashSet;
use std::fmt::Display;
use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::react::{self, Firing};
use super::scope::Scope;
use super::waits::WAS_DUE;
use super::{Stop, World, gather, record};
use crate::model::sla::hours::Hours;
use crate::model::ticket::Ticket;
use crate::model::time::{Instant, show_length};
use crate::workflow::event::Timed as Kind;
use crate::workflow::{Facts, RuleSet, Timed, Timer};

/// A timer that waits on a ticket.
struct Pending<'r> {
    timed: Timed<'r, Timer>,
    /// The instant from which it counts.
    since: Instant,
    /// When it fires; it may have passed.
    at: Instant,
}

/// Lets what is due on this ticket fire, in the order in which it was due, each on the ticket as those before it left it.
pub fn fire(world: &mut World, scope: &mut Scope<'_>, id: Uuid) -> Result<(), Stop> {
    let rules = scope.rules;
    if !rules.has_timers() {
        return Ok(());
    }
    // What became due meanwhile waits for the next command: a rule cannot fire itself in a circle.
    let mut fired = HashSet::new();
    loop {
        let Some(ticket) = world.tickets.get(&id).flatten().cloned() else { return Ok(()) };
        let due = pending(world, rules, &ticket, scope.now)?.into_iter();
        let due = due.filter(|it| it.at <= scope.now && !fired.contains(&it.timed.by.key));
        let Some(due) = due.min_by_key(|it| (it.at, it.timed.place)) else { return Ok(()) };
        let Pending { timed, since, at } = due;
        fired.insert(timed.by.key);
        note(world, &ticket, timed.by.key, since);
        let (data, why) = told(timed.by, WAS_DUE, at, scope.now);
        react::fire(world, scope, timed.place, Firing { kind: Kind::Timer, ticket: Some(id), data, why })?;
    }
}

/// Remembers in the ticket's row that a timer fired, or a schedule ran.
pub fn note(world: &mut World, ticket: &Ticket, key: u64, since: Instant) {
    let mut after = Ticket::clone(ticket);
    after.fired.note(key, since);
    world.tickets.put(ticket.id, Arc::new(after));
}

/// What `event.data` tells of a trigger that was due, as far as it is known.
pub fn due_since(trigger: &str, due: Option<String>, late: Option<String>) -> Value {
    json!({ "trigger": trigger, "due_at": due, "late_by": late })
}

/// The same of what is due now, and the words for people: the trigger, `said`, when it was due, and by how much it comes late.
pub fn told(trigger: &impl Display, said: &str, due: Instant, now: Instant) -> (Value, String) {
    let (trigger, late) = (trigger.to_string(), show_length((now.0 - due.0).max(0)));
    let why = format!("{trigger}{said}{due}, {late} late");
    (due_since(&trigger, Some(due.to_string()), Some(late)), why)
}

/// Keeps `sla_next_at` of every ticket that the command changed true.
pub fn settle(world: &mut World, scope: &Scope<'_>, first_position: i64) -> Result<(), Stop> {
    if !scope.rules.has_timers() {
        return Ok(());
    }
    let changed = world.activities.iter().rev().take_while(|activity| activity.position >= first_position);
    let changed: HashSet<Uuid> = changed.filter_map(|activity| activity.ticket_id).collect();
    gather(changed.into_iter().map(|id| set(world, scope, id))).map(drop)
}

/// Sets when the next clock or timer of a ticket is due.
pub fn set(world: &mut World, scope: &Scope<'_>, id: Uuid) -> Result<(), Stop> {
    let Some(ticket) = world.tickets.get(&id).flatten().cloned() else { return Ok(()) };
    let timer = pending(world, scope.rules, &ticket, scope.now)?.iter().map(|it| it.at).min();
    let next = ticket.clocks.next_at().into_iter().chain(timer).min();
    if next == ticket.sla_next_at {
        return Ok(());
    }
    record::restate(world, Ticket { sla_next_at: next, ..Ticket::clone(&ticket) });
    Ok(())
}

/// The timers that wait on the ticket, in the order in which their rules run.
fn pending<'r>(world: &World, rules: &'r RuleSet, ticket: &Ticket, now: Instant) -> Result<Vec<Pending<'r>>, Stop> {
    if ticket.deleted_at.is_some() {
        return Ok(Vec::new());
    }
    let by_tenant = rules.timers().any(|timed| timed.rule.is_selective());
    let settings = if by_tenant { Some(world.settings()?) } else { None };
    let tenant = Facts { tenant: settings.as_deref(), ..Facts::at(now, &ticket.tenant_id) };
    let waiting = rules.timers().filter(|timed| timed.rule.is_for(&tenant));
    let all = gather(waiting.map(|timed| one(world, rules, ticket, timed)))?;
    Ok(all.into_iter().flatten().collect())
}

fn one<'r>(
    world: &World,
    rules: &RuleSet,
    ticket: &Ticket,
    timed: Timed<'r, Timer>,
) -> Result<Option<Pending<'r>>, Stop> {
    let timer = timed.by;
    let Some(active) = rules.since(&timer.id) else { return Ok(None) };
    let since = timer.since(ticket).filter(|since| !ticket.fired.has(timer.key, *since));
    let Some(since) = since else { return Ok(None) };
    let fires = match &timer.calendar {
        None => timer.fires(since, Hours::always()),
        // Without it nobody can tell; the checker asks the server for it.
        Some(name) => world.hours_named(name)?.hours.ok().and_then(|hours| timer.fires(since, &hours)),
    };
    let at = fires.and_then(|at| timer.fires_since(at, active, ticket));
    Ok(at.map(|at| Pending { timed, since, at }))
}
