//! Recording of changes of tickets, the only place that does it: timestamps, versions, differences, activities, open
//! counts.

use std::sync::Arc;

use super::scope::Scope;
use super::{Stop, World, gather, sla};
use crate::model::activity::{self, Activity, Change, Task};
use crate::model::activity_type::ActivityType;
use crate::model::change::difference;
use crate::model::directory::Agent;
use crate::model::issue::Issue;
use crate::model::message::Message;
use crate::model::stored_type::{Families, StoredType};
use crate::model::ticket::Ticket;
use crate::model::words::{AgentStatus, SourceType, Visibility, Words};
use serde_json::Value;
use uuid::Uuid;

/// The version of the stored form of every resource that is made here.
pub const SCHEMA_VERSION: i32 = 1;
/// Where a resource came from when nobody said.
pub const SOURCE: &str = "docket";

/// What an activity says beside what it does to its ticket.
#[derive(Debug)]
pub struct Note {
    pub kind: StoredType,
    pub changes: Vec<Change>,
    pub message: Option<Message>,
    pub issue: Option<Issue>,
    pub task: Option<Task>,
    pub data: Option<Value>,
    pub explanation: Option<Value>,
}

impl Note {
    pub fn of(kind: impl Into<StoredType>) -> Note {
        let kind = kind.into();
        Note { kind, changes: Vec::new(), message: None, issue: None, task: None, data: None, explanation: None }
    }
}

pub fn changed(field: &str, old_value: Value, new_value: Value) -> Change {
    Change { field: field.to_owned(), old_value, new_value }
}

/// The position that the next activity takes.
pub fn next_position(world: &World) -> i64 {
    world.head.position + 1
}

/// Edits a ticket and writes the activity of it. Nothing at all when nothing changed and nothing was said.
pub fn change(
    world: &mut World,
    scope: &Scope<'_>,
    before: &Arc<Ticket>,
    mut note: Note,
    edit: impl FnOnce(&mut Ticket),
) -> Result<Arc<Ticket>, Stop> {
    // What is due comes before what is done now.
    let before = &sla::settle(world, scope, before.clone());
    let mut after = Ticket::clone(before);
    edit(&mut after);
    after.leave_queue_if_served();
    let found = difference(before, &after);
    if found.changes.is_empty() && note.message.is_none() {
        return Ok(before.clone());
    }
    recount(world, scope, Some(before), &after)?;
    let position = next_position(world);
    if after.description != before.description {
        after.described_at = position;
    }
    if found.writable {
        after.etag_version += 1;
    }
    // The requester reads these stamps, and must not learn from them that there was a note.
    let internal = note.message.as_ref().is_some_and(|message| message.visibility == Visibility::Internal);
    let noted = internal && found.changes.is_empty();
    if !noted {
        after.updated_at = scope.now;
        after.updated_by.clone_from(&scope.actor.id);
    }
    note.changes.extend(found.changes);
    // An edit of what was said says nothing anew.
    let message = note.message.clone().filter(|_| note.kind == ActivityType::TicketMessageAdded);
    if let Some(message) = &message {
        sla::hear(world, &mut after, message)?;
    }
    let reason = note.data.as_ref().and_then(|data| data["reason"].as_str()).unwrap_or_default().to_owned();
    let after = seal(world, scope, Some(before.clone()), after, note);
    // A note moves no clock.
    if noted {
        return Ok(after);
    }
    let happened = sla::Happened { message: message.as_ref(), by: &scope.actor.id, reason: &reason };
    sla::follow(world, scope, before, after, happened)
}

/// An activity of a ticket that changes none of its fields: an issue's, a task's, a rule's failure. The etag stays.
pub fn beside(world: &mut World, scope: &Scope<'_>, ticket: &Arc<Ticket>, note: Note) -> Arc<Ticket> {
    let ticket = sla::settle(world, scope, ticket.clone());
    let after = Ticket::clone(&ticket);
    seal(world, scope, Some(ticket), after, note)
}

/// A ticket that nobody saw before. Its number is the next one.
pub fn create(world: &mut World, scope: &Scope<'_>, mut ticket: Ticket) -> Result<Arc<Ticket>, Stop> {
    recount(world, scope, None, &ticket)?;
    world.head.last_number = ticket.number;
    world.made.push((ticket.number, ticket.id));
    // Nothing can be linked to it yet: nobody needs to look.
    world.ticket_issues.load(ticket.id, Some(Arc::default()));
    ticket.described_at = next_position(world);
    sla::begin(world, scope, &mut ticket)?;
    let mut note = Note::of(ActivityType::TicketCreated);
    if !ticket.description.is_empty() {
        let new_value = Value::from(ticket.description.as_str());
        note.changes.push(Change { field: "description".into(), old_value: Value::Null, new_value });
    }
    Ok(seal(world, scope, None, ticket, note))
}

/// Writes a ticket as it is after a change, and the activity of it.
pub(super) fn seal(
    world: &mut World,
    scope: &Scope<'_>,
    before: Option<Arc<Ticket>>,
    mut after: Ticket,
    note: Note,
) -> Arc<Ticket> {
    after.version += 1;
    after.position = next_position(world);
    world.head.queues.moved(before.as_ref().and_then(|before| before.waits_for()), after.waits_for());
    let moved = before.as_ref().is_some_and(|before| before.status != after.status);
    let after = Arc::new(after);
    if let Some(before) = before {
        world.befores.push((after.position, before));
    }
    world.tickets.put(after.id, after.clone());
    append(world, scope, note, Some(after.clone()), moved);
    after
}

/// Writes a ticket otherwise than its last activity left it, which keeps the image of the row.
pub(super) fn restate(world: &mut World, after: Ticket) -> Arc<Ticket> {
    let after = Arc::new(after);
    if let Ok(at) = world.activities.binary_search_by_key(&after.position, |activity| activity.position) {
        world.activities[at].ticket = Some(after.clone());
    }
    world.tickets.put(after.id, after.clone());
    after
}

/// An activity that changes no ticket, on this one if there is one: a deleted one, too.
pub fn about(world: &mut World, scope: &Scope<'_>, ticket: Option<Uuid>, note: Note) {
    match ticket.and_then(|id| world.tickets.get(&id).flatten().cloned()) {
        Some(ticket) => {
            beside(world, scope, &ticket, note);
        }
        None => {
            plain(world, scope, note);
        }
    }
}

/// An activity of no ticket. Returns its position.
pub fn plain(world: &mut World, scope: &Scope<'_>, note: Note) -> i64 {
    append(world, scope, note, None, false);
    world.head.position
}

fn append(world: &mut World, scope: &Scope<'_>, note: Note, ticket: Option<Arc<Ticket>>, moved: bool) {
    let Note { kind, changes, message, issue, task, data, explanation } = note;
    world.head.position += 1;
    world.head.last_at = scope.now;
    let app_id = match (&ticket, &issue) {
        (Some(ticket), _) => ticket.app_id.clone(),
        (None, Some(issue)) => issue.app_id.clone(),
        (None, None) => scope.app_id().to_owned(),
    };
    let clocked = ticket.as_ref().is_some_and(|ticket| !ticket.clocks.all.is_empty());
    world.activities.push(Activity {
        tenant_id: scope.tenant().to_owned(),
        position: world.head.position,
        families: kind.known().map_or(Families::NONE, |kind| kind.families(moved, clocked)),
        kind,
        ticket_id: ticket.as_ref().map(|ticket| ticket.id),
        ticket_version: ticket.as_ref().map_or(0, |ticket| ticket.version),
        app_id,
        requester_id: ticket.as_ref().map(|ticket| ticket.requester_id.clone()).unwrap_or_default(),
        actor: scope.actor.clone(),
        occurred_at: scope.now,
        changes,
        ticket,
        message,
        issue,
        task,
        data,
        explanation,
        cause: scope.cause.clone(),
        request_id: scope.request_id().to_owned(),
        schema_version: activity::SCHEMA_VERSION,
    });
}

/// Whose open ticket this is.
pub fn carrier(ticket: &Ticket) -> Option<&str> {
    let open = !ticket.status.is_done() && ticket.deleted_at.is_none() && !ticket.assignee_id.is_empty();
    open.then_some(ticket.assignee_id.as_str())
}

/// Keeps the agents' open counts true.
fn recount(world: &mut World, scope: &Scope<'_>, before: Option<&Ticket>, after: &Ticket) -> Result<(), Stop> {
    let (from, to) = (before.and_then(carrier), carrier(after));
    if from == to {
        return Ok(());
    }
    let steps: Vec<(&str, i64)> = from.map(|id| (id, -1)).into_iter().chain(to.map(|id| (id, 1))).collect();
    let agents = gather(steps.iter().map(|(id, _)| world.agent(id)))?;
    for ((id, step), agent) in steps.into_iter().zip(agents) {
        let mut agent = agent.map_or_else(|| nobody(scope, id), Arc::unwrap_or_clone);
        agent.open_count += step;
        world.agents.put(id.to_owned(), Arc::new(agent));
    }
    Ok(())
}

/// A row that counts the open tickets of an id that the directory does not know.
fn nobody(scope: &Scope<'_>, id: &str) -> Agent {
    Agent {
        tenant_id: scope.tenant().to_owned(),
        id: id.to_owned(),
        name: String::new(),
        email: String::new(),
        status: AgentStatus::Offline,
        capacity: 0,
        skills: Words::default(),
        weight: 0,
        open_count: 0,
        known: false,
        app_id: String::new(),
        source: SOURCE.to_owned(),
        source_type: SourceType::System,
        created_at: scope.now,
        created_by: scope.actor.id.clone(),
        updated_at: scope.now,
        updated_by: scope.actor.id.clone(),
        deleted_at: None,
        deleted_by: String::new(),
        schema_version: SCHEMA_VERSION,
        etag_version: 0,
        position: 0,
    }
}
