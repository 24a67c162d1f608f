//! UpdateTicket: the masked fields.

use std::sync::Arc;

use serde_json::Value;

use super::moves;
use super::proposal::Proposal;
use super::tag::retagged;
use crate::command::access::{self, Right};
use crate::command::action::TicketEdit;
use crate::command::refusal::Kind;
use crate::command::scope::Scope;
use crate::command::verbs::tenant;
use crate::command::wants::Wants;
use crate::command::{Refusal, Resource, Stop, Verb, Want, World, limits, sla};
use crate::model::directory::Team;
use crate::model::lifecycle::Transition;
use crate::model::limits::CATEGORY_CHARS;
use crate::model::ticket::{Ticket, TicketRef};
use crate::workflow::SetFields;

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
        wants.policy(&self.edit.policy_name);
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
    let mut after = put(world, &ticket, edit)?;
    if let Some(tags) = &edit.tags {
        let gone: Vec<String> = ticket.tags.iter().filter(|tag| !tags.has_folded(tag)).cloned().collect();
        after.tags = retagged(&ticket.tags, &tenant::spelt(world, scope, tags)?, &gone);
    }
    if let Some(to) = edit.status {
        moves::move_from(&ticket, &mut after, Transition::for_update_to(to), to, scope.now);
    }
    // What changes nothing is no change: nobody is asked.
    if after == *ticket {
        return Ok(ticket);
    }
    Proposal::new(ticket, after).carry_out(world, scope)
}

/// The ticket with the masked fields in it. A status stands there without its stamps.
pub fn put(world: &World, ticket: &Ticket, edit: &TicketEdit) -> Result<Ticket, Stop> {
    let mut after = ticket.clone();
    edit.put(&mut after);
    custom_keys(&mut after, edit);
    if let Some(id) = sla::named(world, &edit.policy_name)? {
        after.sla_policy_id = Some(id);
    }
    Ok(after)
}

/// What a rule sets, as tickets have it.
pub fn edit_of(fields: SetFields) -> Result<TicketEdit, Refusal> {
    let SetFields { subject, priority, status, category, kind, team_id, custom } = fields;
    let subject = subject.map(|text| limits::line("subject", &text, limits::limits().subject_chars)).transpose()?;
    let category = category.map(|text| limits::line("category", &text, CATEGORY_CHARS)).transpose()?;
    Ok(TicketEdit { subject, priority, status, category, kind, team_id, custom_keys: custom, ..TicketEdit::default() })
}

/// Whether the ticket has all that a rule sets, as it writes it. A team is looked up, so it says nothing of one.
pub fn is_so(ticket: &Ticket, fields: &SetFields) -> bool {
    fn is<T: PartialEq>(wanted: &Option<T>, has: &T) -> bool {
        wanted.as_ref().is_none_or(|wanted| wanted == has)
    }
    let SetFields { subject, priority, status, category, kind, team_id, custom } = fields;
    is(subject, &ticket.subject)
        && is(priority, &ticket.priority)
        && is(status, &ticket.status)
        && is(category, &ticket.category)
        && is(kind, &ticket.kind)
        && team_id.is_none()
        && custom.iter().all(|(key, value)| ticket.custom.get(key).unwrap_or(&Value::Null) == value)
}

/// Rules are written beforehand: a team that the directory lacks is a mistake in them. '' is none.
pub fn known_team(world: &World, id: &str) -> Result<(), Stop> {
    if id.is_empty() || world.entry::<Team>(id)?.is_some() {
        return Ok(());
    }
    Err(Refusal::NotFound { kind: Kind::Team, id: id.to_owned() }.into())
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
