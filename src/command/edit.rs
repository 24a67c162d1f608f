//! Fields of a ticket: a mask becomes activities, each of the most specific kind.

use std::sync::Arc;

use serde_json::Value;

use super::action::{Step, TicketEdit};
use super::record::{Note, change};
use super::scope::Scope;
use super::{Stop, World, assign, limits, moves, reopen, tenant};
use crate::model::activity_type::ActivityType;
use crate::model::lifecycle::Verb;
use crate::model::ticket::Ticket;
use crate::model::words::Words;

/// The ticket with the masked fields in it. A status stands there without its stamps: this is what before-rules look at.
pub fn would_be(ticket: &Ticket, edit: &TicketEdit) -> Ticket {
    let mut after = ticket.clone();
    edit.put(&mut after);
    custom_keys(&mut after, edit);
    after
}

/// Writes the masked fields that differ.
pub fn apply(
    world: &mut World,
    scope: &Scope<'_>,
    ticket: Arc<Ticket>,
    edit: &TicketEdit,
) -> Result<Arc<Ticket>, Stop> {
    let after = would_be(&ticket, edit);
    limits::check(Some(&ticket), &after)?;
    tenant::allows(world, Some(&ticket), &after)?;
    let mut ticket = change(world, scope, &ticket, Note::of(ActivityType::TicketUpdated), |t| plain_fields(t, edit))?;
    if let Some(category) = &edit.category {
        let note = Note::of(ActivityType::TicketCategoryChanged);
        ticket = change(world, scope, &ticket, note, |t| t.category.clone_from(category))?;
    }
    if let Some(priority) = edit.priority {
        ticket =
            change(world, scope, &ticket, Note::of(ActivityType::TicketPriorityChanged), |t| t.priority = priority)?;
    }
    if let Some(tags) = &edit.tags {
        let remove: Vec<String> = ticket.tags.iter().filter(|tag| !tags.has(tag)).cloned().collect();
        ticket = tag(world, scope, ticket, tags, &remove)?;
    }
    if edit.assignee_id.is_some() || edit.team_id.is_some() {
        let (assignee, team) = (edit.assignee_id.as_deref(), edit.team_id.as_deref());
        ticket = assign::apply(world, scope, ticket, assignee, team, None)?;
    }
    if let Some(to) = edit.status {
        reopen::by_update(world, &ticket, to)?;
        ticket = moves::apply(world, scope, ticket, &Step::of(Verb::Update, to))?;
    }
    Ok(ticket)
}

/// Tags to take away and to add, in that order; each is one activity.
pub fn tag(
    world: &mut World,
    scope: &Scope<'_>,
    ticket: Arc<Ticket>,
    add: &[String],
    remove: &[String],
) -> Result<Arc<Ticket>, Stop> {
    let after = retagged(&ticket.tags, add, remove);
    let would_be = Ticket { tags: after.clone(), ..Ticket::clone(&ticket) };
    limits::check(Some(&ticket), &would_be)?;
    tenant::allows(world, Some(&ticket), &would_be)?;
    let kept = retagged(&ticket.tags, &[], remove);
    let ticket = change(world, scope, &ticket, Note::of(ActivityType::TicketTagRemoved), |t| t.tags = kept)?;
    change(world, scope, &ticket, Note::of(ActivityType::TicketTagAdded), |t| t.tags = after)
}

pub fn retagged(tags: &Words, add: &[String], remove: &[String]) -> Words {
    Words::unique(tags.iter().filter(|tag| !remove.contains(tag)).chain(add).cloned())
}

/// The fields that have no activity of their own.
fn plain_fields(ticket: &mut Ticket, edit: &TicketEdit) {
    edit.put_plain(ticket);
    custom_keys(ticket, edit);
}

fn custom_keys(ticket: &mut Ticket, edit: &TicketEdit) {
    for (key, value) in &edit.custom_keys {
        set_custom(&mut ticket.custom, key, value);
    }
}

/// `Null` removes the key.
fn set_custom(custom: &mut Value, key: &str, value: &Value) {
    if !custom.is_object() {
        *custom = Value::Object(serde_json::Map::new());
    }
    if let Some(fields) = custom.as_object_mut() {
        match value {
            Value::Null => {
                fields.remove(key);
            }
            value => {
                fields.insert(key.to_owned(), value.clone());
            }
        }
    }
}
