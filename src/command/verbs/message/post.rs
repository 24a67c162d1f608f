//! PostMessage: author, effect on the ticket's counts, and status changes by a requester's reply.

use std::sync::Arc;

use serde_json::json;

use super::mention;
use crate::command::access::{self, Right};
use crate::command::action::{NewMessage, Step, TicketEdit};
use crate::command::react::before::{Asked, ask};
use crate::command::record::{Note, SCHEMA_VERSION, beside, change, next_position};
use crate::command::scope::Scope;
use crate::command::verbs::before;
use crate::command::verbs::ticket::follow_up::follow_up;
use crate::command::verbs::ticket::{moves, reopen};
use crate::command::wants::Wants;
use crate::command::{Refusal, Resource, Stop, Verb, World, limits};
use crate::identity::{PROGRAMS, STAFF};
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
    let asked = Asked { message: Some(&draft), ..Asked::of(&ticket) };
    let amendment = ask(world, scope, &[(BeforeEvent::Messaging, asked)])?;
    let ticket = before::amend(world, scope, ticket, &amendment)?;

    let public = draft.visibility == Visibility::Public;
    let by_requester = public && draft.author_kind == AuthorKind::Requester;
    let ticket = if by_requester && reopen::by_requester(world, &ticket, scope.now)? == ReopenMode::FollowUp {
        follow_up(world, scope, &ticket, &TicketEdit::default())?
    } else if public && !by_requester && ticket.status == Status::Closed {
        return Err(Refusal::TicketClosed { name: ticket.display_number() }.into());
    } else {
        ticket
    };
    let (message, ticket) = write(world, scope, &ticket, draft)?;
    let moved = match ticket.status {
        Status::Pending if by_requester && world.settings()?.requester_reply_reopens_pending => {
            Some(Step::of(Transition::Update, Status::Open))
        }
        Status::Resolved | Status::Closed if by_requester => Some(Step::of(Transition::Reopen, Status::Reopened)),
        _ => None,
    };
    let ticket = match moved {
        None => ticket,
        Some(step) => moves::apply(world, scope, ticket, &step)?,
    };
    Ok((message, ticket))
}

fn write(
    world: &mut World,
    scope: &Scope<'_>,
    ticket: &Arc<Ticket>,
    draft: Message,
) -> Result<(Arc<Message>, Arc<Ticket>), Stop> {
    let message = Message { ticket_id: ticket.id, position: next_position(world), ..draft };
    let public = message.visibility == Visibility::Public;
    let answers = public && message.author_kind == AuthorKind::Agent && message.workflow.is_empty();
    let kind = if public { ActivityType::TicketMessageAdded } else { ActivityType::TicketNoteAdded };
    let note = Note { message: Some(message.clone()), ..Note::of(kind) };
    let ticket = change(world, scope, ticket, note, |t| {
        t.message_count += 1;
        t.last_message_at = Some(scope.now);
        if public {
            t.public_message_count += 1;
            t.last_public_message_at = Some(scope.now);
        }
        if answers {
            t.first_response_at.get_or_insert(scope.now);
        }
    })?;
    let message = Arc::new(message);
    world.messages.put(message.id, message.clone());
    let ticket = tell(world, scope, ticket, &message, &message.mentions);
    Ok((message, ticket))
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
    let NewMessage { body, visibility, author_id: _, author_email: _, source, source_type } = new.clone();
    let (author_id, author_email, author_kind) = author(scope, ticket, new)?;
    if visibility == Visibility::Internal && scope.is_requester() {
        let what = "requesters write PUBLIC messages; internal notes are for agents";
        return Err(Refusal::Forbidden { what: what.into() }.into());
    }
    let mentions = mention::agents(world, scope, &body)?;
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

/// The author's id, address and kind. Programs may write for somebody else.
fn author(scope: &Scope<'_>, ticket: &Ticket, new: &NewMessage) -> Result<(String, String, AuthorKind), Stop> {
    if scope.cause.is_some() {
        return Ok((scope.actor.id.clone(), String::new(), AuthorKind::Service));
    }
    let caller = scope.caller();
    let named = !new.author_id.is_empty() || !new.author_email.is_empty();
    let by_mail =
        new.author_id.is_empty() && !new.author_email.is_empty() && new.author_email == ticket.requester_email;
    let id = match () {
        () if !named => caller.sub(),
        () if by_mail => ticket.requester_id.as_str(),
        () => new.author_id.as_str(),
    };
    let own = id == caller.sub();
    if named && !own && !caller.roles().intersects(PROGRAMS) {
        let what = "only the service and importer roles write messages for somebody else";
        return Err(Refusal::Forbidden { what: what.into() }.into());
    }
    let strange = !new.author_email.is_empty() && new.author_email != ticket.requester_email;
    if strange && caller.writes_as_requester() {
        access::reserved(vec!["message.author_email".to_owned()])?;
    }
    let requester = by_mail || (!id.is_empty() && id == ticket.requester_id);
    let kind = if requester {
        AuthorKind::Requester
    } else if own && caller.roles().intersects(STAFF) {
        AuthorKind::Agent
    } else {
        AuthorKind::Service
    };
    Ok((id.to_owned(), new.author_email.clone(), kind))
}
