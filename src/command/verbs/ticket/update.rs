//! UpdateTicket: the masked fields, recorded as activities of the most specific types.

use std::sync::Arc;

use serde_json::Value;

use super::tag::retag;
use super::{assign, moves, reopen};
use crate::command::access::{self, Right};
use crate::command::action::{Step, TicketEdit};
use crate::command::react::before::{Asked, ask};
use crate::command::record::{Note, change};
use crate::command::scope::Scope;
use crate::command::verbs::tenant;
use crate::command::wants::Wants;
use crate::command::{Resource, Stop, Verb, Want, World, limits};
use crate::model::activity_type::ActivityType;
use crate::model::change::difference;
use crate::model::lifecycle::Transition;
use crate::model::ticket::{Ticket, TicketRef};
use crate::workflow::BeforeEvent;

#[derive(Clone, Debug)]
pub struct UpdateTicket {
    pub ticket: TicketRef,
    pub etag: String,
    pub edit: TicketEdit,
}

impl Verb for UpdateTicket {
    fn name(&self) -> &'static str {
        "update_ticket"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants.ticket(&self.ticket);
        let TicketEdit { assignee_id, tags, sla_policy_id, .. } = &self.edit;
        if matches!(sla_policy_id, Some(Some(_))) {
            wants.add(Want::SlaConfig);
        }
        wants.agent(assignee_id.as_deref().unwrap_or_default());
        if let Some(tags) = tags {
            wants.add(Want::Settings);
            tags.iter().for_each(|tag| wants.tag(tag));
        }
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let ticket = access::ticket(world, scope, &self.ticket, &self.etag, Right::Write)?;
        Ok(update(world, scope, ticket, &self.edit)?.into())
    }
}

/// Writes the masked fields, as the before-rules leave them.
pub fn update(
    world: &mut World,
    scope: &mut Scope<'_>,
    ticket: Arc<Ticket>,
    edit: &TicketEdit,
) -> Result<Arc<Ticket>, Stop> {
    let would_be = would_be(&ticket, edit);
    let changes = difference(&ticket, &would_be).changes;
    let updating = Asked { ticket: &would_be, before: Some(&ticket), changes: &changes, message: None };
    let mut events = vec![(BeforeEvent::Updating, updating)];
    if edit.assignee_id.is_some() || edit.team_id.is_some() {
        events.push((BeforeEvent::Assigning, Asked::of(&ticket)));
    }
    let moved = edit.status.filter(|to| *to != ticket.status).map(|to| BeforeEvent::of(Transition::for_update_to(to)));
    events.extend(moved.filter(|event| *event != BeforeEvent::Updating).map(|event| (event, Asked::of(&ticket))));
    let amendment = ask(world, scope, &events)?;
    let amended = amendment.onto(edit.tags.as_ref().unwrap_or(&ticket.tags), Some(edit));
    apply(world, scope, ticket, &amended)
}

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
        let remove: Vec<String> = ticket.tags.iter().filter(|tag| !tags.has_folded(tag)).cloned().collect();
        ticket = retag(world, scope, ticket, tags, &remove)?;
    }
    if edit.assignee_id.is_some() || edit.team_id.is_some() {
        let (assignee, team) = (edit.assignee_id.as_deref(), edit.team_id.as_deref());
        ticket = assign::apply(world, scope, ticket, assignee, team, None)?;
    }
    if let Some(to) = edit.status {
        reopen::by_update(world, &ticket, to)?;
        ticket = moves::apply(world, scope, ticket, &Step::of(Transition::Update, to))?;
    }
    Ok(ticket)
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
