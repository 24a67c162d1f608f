//! TagTicket: adds and removes tags.

use std::sync::Arc;

use crate::command::access::{self, Right};
use crate::command::record::{Note, change};
use crate::command::scope::Scope;
use crate::command::verbs::{before, tenant};
use crate::command::wants::Wants;
use crate::command::{Resource, Stop, Verb, Want, World, limits};
use crate::model::activity_type::ActivityType;
use crate::model::ticket::{Ticket, TicketRef};
use crate::model::words::Words;

#[derive(Clone, Debug)]
pub struct TagTicket {
    pub ticket: TicketRef,
    pub etag: String,
    pub add: Vec<String>,
    pub remove: Vec<String>,
}

impl Verb for TagTicket {
    fn name(&self) -> &'static str {
        "tag_ticket"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants.ticket(&self.ticket);
        wants.add(Want::Settings);
        self.add.iter().for_each(|tag| wants.tag(tag));
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let ticket = access::ticket(world, scope, &self.ticket, &self.etag, Right::Write)?;
        Ok(tag(world, scope, ticket, &self.add, &self.remove)?.into())
    }
}

/// Tags to take away and to add, as the before-rules leave the ticket.
pub fn tag(
    world: &mut World,
    scope: &mut Scope<'_>,
    ticket: Arc<Ticket>,
    add: &[String],
    remove: &[String],
) -> Result<Arc<Ticket>, Stop> {
    let would_be = Ticket { tags: retagged(&ticket.tags, add, remove), ..Ticket::clone(&ticket) };
    let ticket = before::change(world, scope, ticket, &would_be)?;
    retag(world, scope, ticket, add, remove)
}

/// Tags to take away and to add, in that order; each is one activity.
pub fn retag(
    world: &mut World,
    scope: &Scope<'_>,
    ticket: Arc<Ticket>,
    add: &[String],
    remove: &[String],
) -> Result<Arc<Ticket>, Stop> {
    let add = tenant::spelt(world, scope, add)?;
    let after = retagged(&ticket.tags, &add, remove);
    let would_be = Ticket { tags: after.clone(), ..Ticket::clone(&ticket) };
    limits::check(Some(&ticket), &would_be)?;
    tenant::allows(world, Some(&ticket), &would_be)?;
    let kept = retagged(&ticket.tags, &[], remove);
    let ticket = change(world, scope, &ticket, Note::of(ActivityType::TicketTagRemoved), |t| t.tags = kept)?;
    change(world, scope, &ticket, Note::of(ActivityType::TicketTagAdded), |t| t.tags = after)
}

/// A tag that is there keeps its spelling.
pub fn retagged(tags: &Words, add: &[String], remove: &[String]) -> Words {
    let removed = Words(remove.to_vec());
    Words::unique_folded(tags.iter().filter(|tag| !removed.has_folded(tag)).chain(add).cloned())
}
