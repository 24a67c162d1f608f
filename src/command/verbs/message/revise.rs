//! Editing and deleting messages.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::mention;
use super::post::tell;
use crate::command::access::{self, Right, check_etag};
use crate::command::action::MessageEdit;
use crate::command::record::{Note, change, changed, next_position};
use crate::command::scope::Scope;
use crate::command::verbs::ticket::proposal::Proposal;
use crate::command::wants::Wants;
use crate::command::{Refusal, Resource, Stop, Verb, Want, World};
use crate::model::activity::Change;
use crate::model::activity_type::ActivityType;
use crate::model::id;
use crate::model::message::{Entry, Message};
use crate::model::ticket::{Ticket, TicketRef};
use crate::model::time::Instant;
use crate::model::words::{AuthorKind, Visibility, Words};
use crate::workflow::BeforeEvent;

/// Edits the body. The same text again changes nothing.
#[derive(Clone, Debug)]
pub struct UpdateMessage {
    pub ticket: TicketRef,
    pub message: Uuid,
    pub etag: String,
    pub edit: MessageEdit,
}

impl Verb for UpdateMessage {
    fn name(&self) -> &'static str {
        "update_message"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants.ticket(&self.ticket);
        wants.add(Want::Message(self.message));
        let body = self.edit.body.as_deref().unwrap_or_default();
        mention::wants(body).for_each(|want| wants.add(want));
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let found = find(world, scope, &self.ticket, self.message)?;
        let (message, ticket) = edit(world, scope, found, &self.etag, &self.edit)?;
        Ok(Resource::Message(message, ticket))
    }
}

/// Takes the message out of its thread and out of the counts. Deleting it again changes nothing.
#[derive(Clone, Debug)]
pub struct DeleteMessage {
    pub ticket: TicketRef,
    pub message: Uuid,
    pub etag: String,
}

impl Verb for DeleteMessage {
    fn name(&self) -> &'static str {
        "delete_message"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants.ticket(&self.ticket);
        wants.add(Want::Message(self.message));
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let found = find(world, scope, &self.ticket, self.message)?;
        let (message, ticket) = delete(world, scope, found, &self.etag)?;
        Ok(Resource::Message(message, ticket))
    }
}

type Revised = (Arc<Message>, Arc<Ticket>);

fn edit(
    world: &mut World,
    scope: &mut Scope<'_>,
    (message, ticket): Revised,
    etag: &str,
    edit: &MessageEdit,
) -> Result<Revised, Stop> {
    let MessageEdit { body, visibility } = edit;
    let name = || id::show(id::MESSAGE, message.id);
    if message.deleted_at.is_some() {
        return Err(Refusal::MessageDeleted { name: name() }.into());
    }
    check_etag(etag, message.etag_version, name)?;
    if visibility.is_some_and(|asked| asked != message.visibility) {
        return Err(Refusal::VisibilityFixed { name: name(), is: message.visibility }.into());
    }
    let body = match body {
        Some(body) if *body != message.body => body,
        _ => return Ok((message, ticket)),
    };
    let mentions = mention::agents(world, scope, body, None)?;
    let after = Message { body: body.clone(), mentions, ..Message::clone(&message) };
    // A rule that guards what is posted guards what it becomes.
    let proposal = Proposal::new(ticket.clone(), Ticket::clone(&ticket));
    let agreed = proposal.ask(world, scope, Some(BeforeEvent::Messaging), Some(&after))?;
    let ticket = agreed.write_fields(world, scope)?;
    let ticket = agreed.write_status(world, scope, ticket)?;
    let changes = vec![changed("body", json!(message.body), json!(after.body))];
    let (after, ticket) = write(world, scope, &ticket, after, ActivityType::TicketMessageEdited, changes, |_| {})?;
    let mut new = after.mentions.0.clone();
    new.retain(|agent| !message.mentions.has(agent));
    let ticket = tell(world, scope, ticket, &after, &new);
    Ok((after, agreed.report(world, scope, ticket)))
}

fn delete(world: &mut World, scope: &Scope<'_>, (message, ticket): Revised, etag: &str) -> Result<Revised, Stop> {
    if message.deleted_at.is_some() {
        return Ok((message, ticket));
    }
    check_etag(etag, message.etag_version, || id::show(id::MESSAGE, message.id))?;
    let (last, last_public) = last_without(world, &ticket, &message)?;
    let asked_at = asked_without(world, &ticket, &message)?;
    let after = Message {
        body: String::new(),
        mentions: Words::default(),
        deleted_at: Some(scope.now),
        deleted_by: scope.actor.id.clone(),
        ..Message::clone(&message)
    };
    let changes = vec![changed("deleted_at", Value::Null, json!(scope.now.to_string()))];
    write(world, scope, &ticket, after, ActivityType::TicketMessageDeleted, changes, |t| {
        t.message_count -= 1;
        t.last_message_at = last;
        t.asked_at = asked_at;
        if message.visibility == Visibility::Public {
            t.public_message_count -= 1;
            t.last_public_message_at = last_public;
        }
    })
}

fn find(world: &World, scope: &Scope<'_>, ticket: &TicketRef, message: Uuid) -> Result<Revised, Stop> {
    let ticket = access::ticket(world, scope, ticket, "", Right::Requester)?;
    let message = access::message(world, scope, &ticket, message)?;
    Ok((message, ticket))
}

/// When the newest of the other messages was posted, and the newest public one.
fn last_without(world: &World, ticket: &Ticket, gone: &Message) -> Result<(Option<Instant>, Option<Instant>), Stop> {
    let at = Some(gone.created_at);
    if at != ticket.last_message_at && at != ticket.last_public_message_at {
        return Ok((ticket.last_message_at, ticket.last_public_message_at));
    }
    let mut others = world.thread(ticket.id)?;
    others.retain(|entry| entry.id != gone.id);
    let public = others.iter().filter(|entry| entry.visibility == Visibility::Public);
    let last_public = public.map(|entry| entry.created_at).max();
    Ok((others.iter().map(|entry| entry.created_at).max(), last_public))
}

/// Since when a question waits without this message: whatever its requester wrote since is unanswered, too.
fn asked_without(world: &World, ticket: &Ticket, gone: &Message) -> Result<Option<Instant>, Stop> {
    let asks = |entry: &&Entry| {
        entry.id != gone.id && entry.visibility == Visibility::Public && entry.author_kind == AuthorKind::Requester
    };
    if ticket.asked_at != Some(gone.created_at) || !asks(&&Entry { id: Uuid::nil(), ..Entry::of(gone) }) {
        return Ok(ticket.asked_at);
    }
    let thread = world.thread(ticket.id)?;
    let since = thread.iter().filter(asks).map(|entry| entry.created_at).filter(|at| *at >= gone.created_at);
    Ok(since.min())
}

fn write(
    world: &mut World,
    scope: &Scope<'_>,
    ticket: &Arc<Ticket>,
    mut message: Message,
    kind: ActivityType,
    changes: Vec<Change>,
    count: impl FnOnce(&mut Ticket),
) -> Result<Revised, Stop> {
    message.updated_at = scope.now;
    message.updated_by.clone_from(&scope.actor.id);
    message.etag_version += 1;
    message.position = next_position(world);
    let note = Note { message: Some(message.clone()), changes, ..Note::of(kind) };
    let ticket = change(world, scope, ticket, note, count)?;
    let message = Arc::new(message);
    world.messages.put(message.id, message.clone());
    Ok((message, ticket))
}
