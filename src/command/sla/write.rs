//! Recording of clock changes and of what is due: ledger rows, their activities, and the ticket's deadlines.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::is_own_response;
use super::follow::{Book, Happened};
use crate::command::record::{Note, next_position, restate, seal};
use crate::command::scope::Scope;
use crate::command::{Stop, World, timers};
use crate::model::activity_type::ActivityType;
use crate::model::change::difference;
use crate::model::id;
use crate::model::sla::clock::Clocks;
use crate::model::sla::ledger::{Entry, LedgerRow};
use crate::model::sla::outcome::Outcome;
use crate::model::sla::store_entries;
use crate::model::ticket::{Ticket, TicketRef};
use crate::model::time::show_length;
use crate::model::words::{LedgerKind, SlaMetric};

/// The clocks that a new ticket has, put into it before it is written.
pub fn begin(world: &mut World, scope: &Scope<'_>, ticket: &mut Ticket) -> Result<(), Stop> {
    if is_own_response(world, scope, ticket)? {
        ticket.first_response_at = Some(ticket.created_at);
    }
    let Some(mut book) = Book::open(world, scope.rules, ticket, scope.now)? else { return Ok(()) };
    book.follow(None, ticket, Happened::default());
    let Book { mut clocks, entries, .. } = book;
    if !entries.is_empty() {
        let position = next_position(world);
        if clocks.starts() == entries {
            clocks.begun = Some(position);
        } else {
            log(world, ticket, position, &entries);
        }
    }
    put(ticket, clocks);
    Ok(())
}

/// What a change that was just written does to the ticket's clocks.
pub fn follow(
    world: &mut World,
    scope: &Scope<'_>,
    before: &Ticket,
    ticket: Arc<Ticket>,
    happened: Happened<'_>,
) -> Result<Arc<Ticket>, Stop> {
    let Some(mut book) = Book::open(world, scope.rules, &ticket, scope.now)? else { return Ok(ticket) };
    book.follow(Some(before), &ticket, happened);
    let ticket = govern(world, ticket, book.clocks.policy_id);
    let ticket = tell(world, scope, ticket, &book.entries);
    Ok(settle(world, scope, ticket))
}

/// Warnings and breaches that are due, in that order, each with its own instant: before anything else of a command.
pub fn settle(world: &mut World, scope: &Scope<'_>, ticket: Arc<Ticket>) -> Arc<Ticket> {
    let mut ticket = ticket;
    if ticket.sla_next_at.is_none_or(|at| at > scope.now) {
        return ticket;
    }
    let clock = scope.as_clock();
    while let Some(entry) = ticket.clocks.settle(scope.now) {
        ticket = tell(world, &clock, ticket, &[entry]);
    }
    ticket
}

/// What is due of clocks and timers, and what changed configuration and other rules ask of them. `None`: the ticket is gone.
pub fn keep(world: &mut World, scope: &mut Scope<'_>, ticket: &Uuid) -> Result<Option<Arc<Ticket>>, Stop> {
    let Some(ticket) = world.ticket(&TicketRef::Id(*ticket))? else { return Ok(None) };
    let id = ticket.id;
    let ticket = settle(world, scope, ticket);
    if let Some(mut book) = Book::open(world, scope.rules, &ticket, scope.now)? {
        book.follow(Some(&ticket), &ticket, Happened { by: &scope.actor.id, ..Happened::default() });
        book.remark();
        let ticket = govern(world, ticket, book.clocks.policy_id);
        let ticket = tell(world, scope, ticket, &book.entries);
        settle(world, scope, ticket);
    }
    timers::fire(world, scope, id)?;
    timers::set(world, scope, id)?;
    Ok(world.tickets.get(&id).flatten().cloned())
}

/// Keeps in the ticket which policy governs it, though that alone is no activity.
fn govern(world: &mut World, ticket: Arc<Ticket>, policy: Option<Uuid>) -> Arc<Ticket> {
    if ticket.clocks.policy_id == policy {
        return ticket;
    }
    let mut after = Ticket::clone(&ticket);
    after.clocks.policy_id = policy;
    restate(world, after)
}

/// One activity for neighbouring rows of one kind; each warning and each breach has its own.
fn tell(world: &mut World, scope: &Scope<'_>, ticket: Arc<Ticket>, entries: &[Entry]) -> Arc<Ticket> {
    let mut ticket = ticket;
    for rows in entries.chunk_by(|a, b| a.kind == b.kind) {
        let Some(first) = rows.first() else { continue };
        let mut after = Ticket::clone(&ticket);
        let mut clocks = after.clocks.clone();
        if let Some(position) = clocks.begun.take() {
            log(world, &ticket, position, &ticket.clocks.starts());
        }
        rows.iter().for_each(|row| clocks.apply(row));
        put(&mut after, clocks);
        if let Some(row) = rows.iter().find(|row| is_missed_resolution(row)) {
            after.breached_at.get_or_insert(row.at);
        }
        if let Some(row) = rows.iter().find(|row| answers(row)) {
            after.first_response_at.get_or_insert(row.at);
        }
        let position = next_position(world);
        log(world, &after, position, rows);
        world.outcomes.extend(rows.iter().filter_map(|row| Outcome::of(&ticket.clocks, row, &after, position)));
        let data = json!({ "clocks": rows.iter().map(|row| shown(row, &after.clocks)).collect::<Vec<Value>>() });
        let changes = difference(&ticket, &after).changes;
        let note = Note { changes, data: Some(data), ..Note::of(activity(first.kind)) };
        ticket = seal(world, scope, Some(ticket), after, note);
    }
    ticket
}

fn answers(row: &Entry) -> bool {
    row.kind == LedgerKind::Fulfil && row.metric == SlaMetric::FirstResponse
}

fn is_missed_resolution(row: &Entry) -> bool {
    row.kind == LedgerKind::Breach && row.metric == SlaMetric::Resolution
}

/// The columns that follow from the clocks.
fn put(ticket: &mut Ticket, clocks: Clocks) {
    (ticket.first_response_due_at, ticket.due_at) = clocks.deadlines();
    ticket.sla_next_at = clocks.next_at();
    ticket.clocks = clocks;
}

fn log(world: &mut World, ticket: &Ticket, position: i64, rows: &[Entry]) {
    let breach = rows.iter().find(|row| row.kind == LedgerKind::Breach);
    world.ledger.push(LedgerRow {
        tenant_id: ticket.tenant_id.clone(),
        ticket_id: ticket.id,
        position,
        breached_at: breach.map(|row| row.at),
        body: store_entries(rows),
    });
}

fn activity(kind: LedgerKind) -> ActivityType {
    match kind {
        LedgerKind::Start => ActivityType::SlaApplied,
        LedgerKind::Pause => ActivityType::SlaPaused,
        LedgerKind::Resume => ActivityType::SlaResumed,
        LedgerKind::Retarget => ActivityType::SlaRetargeted,
        LedgerKind::Fulfil => ActivityType::SlaFulfilled,
        LedgerKind::Warn => ActivityType::SlaWarning,
        LedgerKind::Breach => ActivityType::SlaBreached,
        LedgerKind::Void => ActivityType::SlaVoided,
    }
}

/// A row as its activity tells it, with the policy that it was measured by.
fn shown(row: &Entry, clocks: &Clocks) -> Value {
    let Entry { metric, cycle, at, restart, due, mark, reason, by, counted_at, late, used, .. } = row;
    let policy = clocks.of(*metric).map(|clock| id::show(id::SLA_POLICY, clock.goal.policy_id));
    let mut all = serde_json::Map::new();
    let mut put = |name: &str, value: Value| all.insert(name.to_owned(), value);
    put("metric", metric.word().into());
    put("cycle", (*cycle).into());
    put("at", at.to_string().into());
    put("policy_id", policy.unwrap_or_default().into());
    if let Some(due) = due {
        put("due_at", due.to_string().into());
    }
    if let Some(counted) = counted_at.filter(|counted| counted != at) {
        put("counted_at", counted.to_string().into());
    }
    for (name, text) in [("mark", mark), ("reason", reason), ("by", by)] {
        if !text.is_empty() {
            put(name, text.as_str().into());
        }
    }
    if *restart {
        put("restart", true.into());
    }
    if matches!(row.kind, LedgerKind::Warn | LedgerKind::Breach) {
        put("late_by", show_length(*late).into());
    }
    if let Some(used) = used {
        put("elapsed", show_length(*used).into());
    }
    Value::Object(all)
}
