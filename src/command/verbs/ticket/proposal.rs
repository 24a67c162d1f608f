//! A change of a ticket that is about to be made: the before-rules are asked about it, and what they leave is written, each
//! part as an activity of its own type.

use std::sync::Arc;

use serde_json::{Value, json};

use super::moves;
use super::tag::retagged;
use crate::command::forms::{copy_plain, same_plain};
use crate::command::react::before::{Left, Proposed, ask};
use crate::command::record::{Note, change};
use crate::command::scope::Scope;
use crate::command::verbs::tenant;
use crate::command::{Stop, World, limits};
use crate::model::activity_type::ActivityType;
use crate::model::lifecycle::Transition;
use crate::model::message::Message;
use crate::model::ticket::Ticket;
use crate::workflow::BeforeEvent;

/// The ticket as it is and as it would be, and what the difference does not tell.
#[derive(Debug)]
pub struct Proposal {
    before: Arc<Ticket>,
    after: Ticket,
    /// By which the status moves.
    verb: Transition,
    reason: String,
    /// Why an assignment falls as it does.
    explanation: Option<Value>,
}

impl Proposal {
    pub fn new(before: Arc<Ticket>, after: Ticket) -> Proposal {
        Proposal { before, after, verb: Transition::Update, reason: String::new(), explanation: None }
    }

    pub fn by(self, verb: Transition, reason: &str) -> Proposal {
        Proposal { verb, reason: reason.to_owned(), ..self }
    }

    pub fn explained(self, explanation: Option<Value>) -> Proposal {
        Proposal { explanation, ..self }
    }

    /// Asks the rules, and writes the change as they leave it.
    pub fn carry_out(self, world: &mut World, scope: &mut Scope<'_>) -> Result<Arc<Ticket>, Stop> {
        let asked = self.ask(world, scope, None, None)?;
        let ticket = asked.write_fields(world, scope)?;
        let ticket = asked.write_status(world, scope, ticket)?;
        Ok(asked.report(world, scope, ticket))
    }

    /// Asks the rules; what they leave of it can be. `occasion`: what happens beside the difference.
    pub fn ask<'a>(
        self,
        world: &mut World,
        scope: &mut Scope<'a>,
        occasion: Option<BeforeEvent>,
        message: Option<&Message>,
    ) -> Result<Agreed<'a>, Stop> {
        let Proposal { before, after, verb, reason, explanation } = self;
        let left = ask(world, scope, Proposed { before: Some(&before), occasion, message }, after)?;
        limits::check(Some(&before), &left.ticket)?;
        tenant::allows(world, Some(&before), &left.ticket)?;
        Ok(Agreed { before, left, verb, reason, explanation })
    }
}

/// A change as the rules leave it.
#[derive(Debug)]
pub struct Agreed<'a> {
    before: Arc<Ticket>,
    left: Left<'a>,
    verb: Transition,
    reason: String,
    explanation: Option<Value>,
}

impl Agreed<'_> {
    /// The ticket as it will be.
    pub fn after(&self) -> &Ticket {
        &self.left.ticket
    }

    /// Writes everything but the status; who works on it follows the status of a verb.
    pub fn write_fields(&self, world: &mut World, scope: &Scope<'_>) -> Result<Arc<Ticket>, Stop> {
        let (before, after) = (&self.before, &self.left.ticket);
        let mut ticket = before.clone();
        if !same_plain(before, after) {
            ticket = change(world, scope, &ticket, Note::of(ActivityType::TicketUpdated), |t| copy_plain(after, t))?;
        }
        if before.category != after.category {
            let note = Note::of(ActivityType::TicketCategoryChanged);
            ticket = change(world, scope, &ticket, note, |t| t.category.clone_from(&after.category))?;
        }
        if before.priority != after.priority {
            let note = Note::of(ActivityType::TicketPriorityChanged);
            ticket = change(world, scope, &ticket, note, |t| t.priority = after.priority)?;
        }
        if before.tags != after.tags {
            let gone: Vec<String> = before.tags.iter().filter(|tag| !after.tags.has_folded(tag)).cloned().collect();
            let kept = retagged(&before.tags, &[], &gone);
            ticket = change(world, scope, &ticket, Note::of(ActivityType::TicketTagRemoved), |t| t.tags = kept)?;
            let note = Note::of(ActivityType::TicketTagAdded);
            ticket = change(world, scope, &ticket, note, |t| t.tags.clone_from(&after.tags))?;
        }
        if before.satisfaction != after.satisfaction || before.satisfaction_comment != after.satisfaction_comment {
            ticket = change(world, scope, &ticket, Note::of(ActivityType::TicketRated), |t| {
                t.satisfaction = after.satisfaction;
                t.satisfaction_comment.clone_from(&after.satisfaction_comment);
            })?;
        }
        if self.verb == Transition::Update { self.write_assignment(world, scope, ticket) } else { Ok(ticket) }
    }

    /// Agent and team in one activity.
    fn write_assignment(&self, world: &mut World, scope: &Scope<'_>, ticket: Arc<Ticket>) -> Result<Arc<Ticket>, Stop> {
        let (before, after) = (&self.before, &self.left.ticket);
        if before.assignee_id == after.assignee_id && before.team_id == after.team_id {
            return Ok(ticket);
        }
        let note = Note { explanation: self.explanation.clone(), ..Note::of(ActivityType::TicketAssigned) };
        change(world, scope, &ticket, note, |t| {
            t.assignee_id.clone_from(&after.assignee_id);
            t.team_id.clone_from(&after.team_id);
        })
    }

    /// Moves the ticket and stamps it, where it moves at all: escalating again raises the level.
    pub fn write_status(&self, world: &mut World, scope: &Scope<'_>, ticket: Arc<Ticket>) -> Result<Arc<Ticket>, Stop> {
        let (before, after) = (&self.before, &self.left.ticket);
        let to = after.status;
        let mut ticket = ticket;
        if before.status != to || before.escalation_level != after.escalation_level {
            // The rules may have led it somewhere else than the verb does.
            let verb = if self.verb.target() == Some(to) { self.verb } else { Transition::for_update_to(to) };
            moves::check(world, before, self.verb, verb, to)?;
            let data = (!self.reason.is_empty()).then(|| json!({ "reason": self.reason }));
            let note = Note { data, ..Note::of(moves::kind(before.status, verb, to)) };
            ticket = change(world, scope, &ticket, note, |t| moves::stamp(t, verb, to, scope.now))?;
        }
        if self.verb == Transition::Update { Ok(ticket) } else { self.write_assignment(world, scope, ticket) }
    }

    /// Records what rules wanted of it that could not be. Answers the ticket as it is then.
    pub fn report(self, world: &mut World, scope: &mut Scope<'_>, ticket: Arc<Ticket>) -> Arc<Ticket> {
        self.left.slips.report(world, scope, ticket)
    }
}
