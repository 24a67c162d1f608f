//! Questions and answers: what a public message is to its ticket, and which ticket is an answer itself. Pure.

use crate::command::scope::Scope;
use crate::command::{Stop, World};
use crate::identity::STAFF;
use crate::model::message::Message;
use crate::model::ticket::Ticket;
use crate::model::words::{AuthorKind, CountsAsResponse, Visibility};

/// Notes in the ticket what was just said in it: a question that waits from then on, or the answer to it.
pub fn hear(world: &World, ticket: &mut Ticket, message: &Message) -> Result<(), Stop> {
    if !is_public(message) {
        return Ok(());
    }
    if message.author_kind == AuthorKind::Requester {
        ticket.asked_at.get_or_insert(message.created_at);
    } else if ticket.asked_at.is_some() && answers(counts(world, ticket)?, ticket, message) {
        ticket.asked_at = None;
    }
    Ok(())
}

/// Whether a message answers the requester.
pub fn answers(counts: CountsAsResponse, ticket: &Ticket, message: &Message) -> bool {
    is_public(message)
        && match counts {
            CountsAsResponse::AgentPublic => message.author_kind == AuthorKind::Agent,
            CountsAsResponse::NonCreator => !is_creators(ticket, message),
        }
}

/// Whether a new ticket is its own first response: somebody of the desk writes, in their own words, to somebody else. Where the
/// description counts as the requester's words it is none.
pub fn is_own_response(world: &World, scope: &Scope<'_>, ticket: &Ticket) -> Result<bool, Stop> {
    let to_another = match ticket.requester_id.as_str() {
        "" => !ticket.requester_email.is_empty(),
        id => id != scope.actor.id,
    };
    let by_desk = scope.cause.is_none() && scope.caller().roles().intersects(STAFF);
    Ok(by_desk
        && to_another
        && !ticket.description.is_empty()
        && counts(world, ticket)? == CountsAsResponse::AgentPublic)
}

/// What rules write is no answer.
fn is_public(message: &Message) -> bool {
    message.visibility == Visibility::Public && message.workflow.is_empty()
}

/// Whoever made the ticket for its requester, the requester counts as its creator.
fn is_creators(ticket: &Ticket, message: &Message) -> bool {
    let made_for_somebody = !ticket.requester_id.is_empty() || !ticket.requester_email.is_empty();
    match message.author_kind {
        AuthorKind::Requester => true,
        _ => !made_for_somebody && message.author_id == ticket.created_by,
    }
}

/// By the policy that governs the ticket.
fn counts(world: &World, ticket: &Ticket) -> Result<CountsAsResponse, Stop> {
    Ok(world.sla_policy_of(ticket)?.map_or(CountsAsResponse::AgentPublic, |policy| policy.row.counts_as_response))
}
