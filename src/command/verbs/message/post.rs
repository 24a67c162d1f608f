//! PostMessage: author, effect on the ticket's counts, and status changes by a requester's reply.

use std::sync::Arc;

use serde_json::json;

use super::author::{self, author};
use super::mention;
use crate::command::access::{self, Right};
use crate::command::action::{NewMessage, TicketEdit};
use crate::command::record::{Note, SCHEMA_VERSION, beside, change, next_position};
use crate::command::scope::Scope;
use crate::command::verbs::ticket::follow_up::follow_up;
use crate::command::verbs::ticket::proposal::Proposal;
use crate::command::verbs::ticket::{moves, reopen};
use crate::command::wants::Wants;
use crate::command::{Refusal, Resource, Stop, Verb, World, limits};
use crate::model::activity_type::ActivityType;
use crate::model::id;
use crate::model::lifecycle::Transition;
use crate::model::message::Message;
use crate::model::ticket::{Ticket, TicketRef};
use crate::model::words::{AuthorKind, ReopenMode, Status, Visibility};
use crate::workflow::BeforeEvent;

#[derive(Clone, Debug)]
pub struct PostMessage {
    pub ticket: TicketRef,
    pub message: NewMessage,
}

impl Verb for PostMessage {
    fn name(&self) -> &'static str {
        "post_message"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants.ticket(&self.ticket);
        author::wants(&self.message, wants);
        mention::wants(&self.message.body).for_each(|want| wants.add(want));
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let ticket = access::ticket(world, scope, &self.ticket, "", Right::Requester)?;
        let (message, ticket) = post(world, scope, ticket, &self.message)?;
        Ok(Resource::Message(message, ticket))
    }
}

/// Posts to the ticket, or, where a requester comes too late, to one that follows it. Answers the message and its ticket.
pub fn post(
    world: &mut World,
    scope: &mut Scope<'_>,
    ticket: Arc<Ticket>,
    new: &NewMessage,
) -> Result<(Arc<Message>, Arc<Ticket>), Stop> {
    limits::long_text("message.body", &new.body)?;
    let draft = draft(world, scope, &ticket, new)?;
    let public = draft.visibility == Visibility::Public;
    let by_requester = public && draft.author_kind == AuthorKind::Requester;
    // Where its requester comes too late, another ticket takes it.
    let late = by_requester && reopen::by_requester(world, &ticket, scope.now)? == ReopenMode::FollowUp;
    let moved = match ticket.status {
        _ if !by_requester || late => None,
        Status::Pending if world.settings()?.requester_reply_reopens_pending => {
            Some((Transition::Update, Status::Open))
        }
        Status::Resolved | Status::Closed => Some((Transition::Reopen, Status::Reopened)),
        _ => None,
    };
    let mut after = Ticket::clone(&ticket);
    if !late {
        count(&mut after, &draft);
    }
    if let Some((verb, to)) = moved {
        moves::stamp(&mut after, verb, to, scope.now);
    }
    let verb = moved.map_or(Transition::Update, |(verb, _)| verb);
    let proposal = Proposal::new(ticket, after).by(verb, "");
    let agreed = proposal.ask(world, scope, Some(BeforeEvent::Messaging), Some(&draft))?;
    if public && !by_requester && draft.author_kind != AuthorKind::System && agreed.after().status == Status::Closed {
        let name = agreed.after().display_number();
        return Err(Refusal::TicketClosed { name }.into());
    }
    let ticket = agreed.write_fields(world, scope)?;
    let (message, ticket) = if late {
        let original = agreed.write_status(world, scope, ticket)?;
        let follower = follow_up(world, scope, &original, &TicketEdit::default())?;
        write(world, scope, &follower, draft)?
    } else {
        let (message, ticket) = write(world, scope, &ticket, draft)?;
        (message, agreed.write_status(world, scope, ticket)?)
    };
    Ok((message, agreed.report(world, scope, ticket)))
}

fn write(
    world: &mut World,
    scope: &Scope<'_>,
    ticket: &Arc<Ticket>,
    draft: Message,
) -> Result<(Arc<Message>, Arc<Ticket>), Stop> {
    let message = Message { ticket_id: ticket.id, position: next_position(world), ..draft };
    let public = message.visibility == Visibility::Public;
    let kind = if public { ActivityType::TicketMessageAdded } else { ActivityType::TicketNoteAdded };
    let note = Note { message: Some(message.clone()), ..Note::of(kind) };
    let ticket = change(world, scope, ticket, note, |t| count(t, &message))?;
    let message = Arc::new(message);
    world.messages.put(message.id, message.clone());
    let ticket = tell(world, scope, ticket, &message, &message.mentions);
    Ok((message, ticket))
}

/// What a message is to its ticket.
fn count(ticket: &mut Ticket, message: &Message) {
    let at = message.created_at;
    ticket.message_count += 1;
    ticket.last_message_at = Some(at);
    if message.visibility == Visibility::Public {
        ticket.public_message_count += 1;
        ticket.last_public_message_at = Some(at);
        if message.author_kind == AuthorKind::Agent && message.workflow.is_empty() {
            ticket.first_response_at.get_or_insert(at);
        }
    }
}

/// One activity for all whom a message mentions, behind its own; none for nobody.
pub fn tell(
    world: &mut World,
    scope: &Scope<'_>,
    ticket: Arc<Ticket>,
    message: &Arc<Message>,
    agents: &[String],
) -> Arc<Ticket> {
    if agents.is_empty() {
        return ticket;
    }
    let data = Some(json!({ "message_id": id::show(id::MESSAGE, message.id), "agent_ids": agents }));
    let message = Some(Message::clone(message));
    beside(world, scope, &ticket, Note { message, data, ..Note::of(ActivityType::TicketMentioned) })
}

fn draft(world: &World, scope: &mut Scope<'_>, ticket: &Ticket, new: &NewMessage) -> Result<Message, Stop> {
    let NewMessage { body, visibility, author_id: _, author_email: _, source, source_type, own: _, goodbye: _ } =
        new.clone();
    let (author_id, author_email, author_kind) = author(world, scope, ticket, new)?;
    if visibility == Visibility::Internal && scope.is_requester() {
        let what = "requesters write PUBLIC messages; internal notes are for agents";
        return Err(Refusal::Forbidden { what: what.into() }.into());
    }
    let mentions = mention::agents(world, scope, &body, new.own.as_deref())?;
    let app_id = if scope.cause.is_some() { ticket.app_id.clone() } else { scope.app_id().to_owned() };
    Ok(Message {
        tenant_id: scope.tenant().to_owned(),
        id: scope.new_id(),
        ticket_id: ticket.id,
        body,
        visibility,
        author_id,
        author_email,
        author_kind,
        workflow: scope.workflow().to_owned(),
        mentions,
        app_id,
        source,
        source_type,
        created_at: scope.now,
        created_by: scope.actor.id.clone(),
        updated_at: scope.now,
        updated_by: scope.actor.id.clone(),
        deleted_at: None,
        deleted_by: String::new(),
        schema_version: SCHEMA_VERSION,
        etag_version: 1,
        position: 0,
    })
}
