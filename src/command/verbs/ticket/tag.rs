//! TagTicket: adds and removes tags.

use std::sync::Arc;

use super::proposal::Proposal;
use crate::command::access::{self, Right};
use crate::command::scope::Scope;
use crate::command::verbs::tenant;
use crate::command::wants::Wants;
use crate::command::{Refusal, Resource, Stop, Verb, Want, World, limits};
use crate::model::line;
use crate::model::ticket::{Ticket, TicketRef};
use crate::model::words::Words;
use crate::workflow::TagEdit;

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

/// Tags to take away and to add, in that order.
pub fn tag(
    world: &mut World,
    scope: &mut Scope<'_>,
    ticket: Arc<Ticket>,
    add: &[String],
    remove: &[String],
) -> Result<Arc<Ticket>, Stop> {
    let add = tenant::spelt(world, scope, add)?;
    let after = Ticket { tags: retagged(&ticket.tags, &add, remove), ..Ticket::clone(&ticket) };
    Proposal::new(ticket, after).carry_out(world, scope)
}

/// Tags that a rule adds, as tickets have them, and tags that it removes.
pub fn tags_of(TagEdit { add, remove }: TagEdit) -> Result<TagEdit, Refusal> {
    let add = add.iter().map(|tag| limits::line("tags", tag, limits::limits().tag_chars)).collect::<Result<_, _>>()?;
    Ok(TagEdit { add, remove: remove.iter().map(|tag| line::sought(tag)).collect() })
}

/// A tag that is there keeps its spelling.
pub fn retagged(tags: &Words, add: &[String], remove: &[String]) -> Words {
    let removed = Words(remove.to_vec());
    Words::unique_folded(tags.iter().filter(|tag| !removed.has_folded(tag)).chain(add).cloned())
}
