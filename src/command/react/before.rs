//! Before-rules: they amend a change that is about to happen, then judge what is left of it.

mod amend;
mod judge;
mod shadow;

use std::sync::Arc;

use uuid::Uuid;

use super::around::Around;
use super::report::{tally, tell};
use crate::command::scope::Scope;
use crate::command::{Refusal, Stop, World};
use crate::model::activity::{Cause, Change};
use crate::model::activity_type::ActivityType;
use crate::model::change::difference;
use crate::model::message::Message;
use crate::model::ticket::Ticket;
use crate::model::words::RunVerdict;
use crate::workflow::{BeforeEvent, Event, Facts, FailurePolicy, Rule, RuleSet, Waiting};
use shadow::Shadow;

/// A change that is about to happen. What it is about follows from the two tickets.
#[derive(Clone, Copy, Debug)]
pub struct Proposed<'a> {
    /// `None`: the ticket is about to be made.
    pub before: Option<&'a Ticket>,
    /// What happens that the tickets do not tell: it is made or deleted, or a message is written.
    pub occasion: Option<BeforeEvent>,
    pub message: Option<&'a Message>,
}

/// What a change is about, as rules are told it, and its differences.
pub fn asked_about(proposed: Proposed<'_>, after: &Ticket) -> (Vec<BeforeEvent>, Vec<Change>) {
    let hearing = Hearing::open(proposed, after);
    (hearing.events, hearing.changes)
}

/// What the rules leave of a change.
#[derive(Debug)]
pub struct Left<'a> {
    pub ticket: Ticket,
    pub slips: Slips<'a>,
}

/// Amendments that could not be, and what rules in shadow would have done.
#[derive(Debug, Default)]
pub struct Slips<'a> {
    slips: Vec<Slip<'a>>,
    shadows: Vec<Shadow<'a>>,
}

/// The rule, and why.
#[derive(Debug)]
struct Slip<'a> {
    rule: &'a Rule,
    reason: String,
}

/// Asks the rules about a change that would leave the ticket like this: those that amend it first, in order, each seeing what
/// those before it did, and then those that deny.
pub fn ask<'a>(
    world: &mut World,
    scope: &mut Scope<'a>,
    proposed: Proposed<'_>,
    would_be: Ticket,
) -> Result<Left<'a>, Stop> {
    let rules = scope.rules;
    if proposed.is_of_no_interest(rules, &would_be) {
        return Ok(Left { ticket: would_be, slips: Slips::default() });
    }
    let mut hearing = Hearing::open(proposed, &would_be);
    let waiting: Vec<&Rule> = hearing.waiting(rules).map(|it| it.rule).collect();
    // What they read is asked for at once.
    Around::of(world, &waiting, Some(&would_be))?;
    hearing.amend(world, scope)?;
    hearing.judge(world, scope)?;
    let Hearing { amended, slips, shadows, .. } = hearing;
    Ok(Left { ticket: amended.unwrap_or(would_be), slips: Slips { slips, shadows } })
}

impl Slips<'_> {
    /// Records them once the rest is written on the ticket. Answers it as it is then.
    pub fn report(self, world: &mut World, scope: &mut Scope<'_>, ticket: Arc<Ticket>) -> Arc<Ticket> {
        for shadow in self.shadows {
            shadow.record(scope, ticket.id, Some(ticket.id));
        }
        if self.slips.is_empty() {
            return ticket;
        }
        for Slip { rule, reason } in self.slips {
            let id = scope.new_id();
            note(world, scope, id, rule, Some(ticket.id), (RunVerdict::Failed, reason.clone()));
            let who = scope.become_rule(cause_of(scope, rule, id, ticket.position));
            tell(world, scope, (ticket.position, Some(ticket.id)), ActivityType::WorkflowFailed, rule, reason);
            scope.back_to(who);
        }
        world.tickets.get(&ticket.id).flatten().cloned().unwrap_or(ticket)
    }
}

impl Proposed<'_> {
    /// Whether no rule waits for any part of it. Most changes are such, so this copies nothing.
    fn is_of_no_interest(&self, rules: &RuleSet, after: &Ticket) -> bool {
        let updating = self.before.map(|_| BeforeEvent::Updating);
        self.events(after).chain(updating).all(|event| rules.before(event).next().is_none())
    }

    /// What it is about, the most specific first; an update apart.
    fn events(&self, after: &Ticket) -> impl Iterator<Item = BeforeEvent> + use<> {
        let of = |before: &Ticket| {
            let again = before.status == after.status && before.escalation_level != after.escalation_level;
            let moves = before.status != after.status;
            let assigned = before.assignee_id != after.assignee_id || before.team_id != after.team_id;
            let moved = moves.then(|| BeforeEvent::of_move(before.status, after.status)).into_iter().flatten();
            let again = again.then_some(BeforeEvent::Escalating);
            moved.chain(again).chain(assigned.then_some(BeforeEvent::Assigning))
        };
        self.occasion.into_iter().chain(self.before.map(of).into_iter().flatten())
    }
}

/// The rules' hearing on a change.
struct Hearing<'p, 'a> {
    proposed: Proposed<'p>,
    /// As the caller would have it.
    asked: &'p Ticket,
    amended: Option<Ticket>,
    /// What the change is about by now, and its differences.
    events: Vec<BeforeEvent>,
    changes: Vec<Change>,
    slips: Vec<Slip<'a>>,
    shadows: Vec<Shadow<'a>>,
    /// Events that a rule with `stop` has ended for those behind its place.
    ended: Vec<(BeforeEvent, usize)>,
}

impl<'p, 'a> Hearing<'p, 'a> {
    fn open(proposed: Proposed<'p>, asked: &'p Ticket) -> Hearing<'p, 'a> {
        let mut hearing = Hearing {
            proposed,
            asked,
            amended: None,
            events: Vec::new(),
            changes: Vec::new(),
            slips: Vec::new(),
            shadows: Vec::new(),
            ended: Vec::new(),
        };
        hearing.look();
        hearing
    }

    /// The ticket as it would be by now.
    fn ticket(&self) -> &Ticket {
        self.amended.as_ref().unwrap_or(self.asked)
    }

    /// Works out what the change is about.
    fn look(&mut self) {
        let after = self.amended.as_ref().unwrap_or(self.asked);
        let found = self.proposed.before.map(|before| difference(before, after)).unwrap_or_default();
        let told = |change: &Change| !matches!(change.field.as_str(), "deleted_at" | "deleted_by");
        let updates = match self.proposed.occasion {
            Some(BeforeEvent::Deleting) => found.changes.iter().any(told),
            // What Docket counts and measures is no update.
            _ => found.writable,
        };
        self.events = self.proposed.events(after).chain(updates.then_some(BeforeEvent::Updating)).collect();
        self.changes = found.changes;
    }

    /// The rules that wait for what the change is about, in no order; one that waits for several events comes several times.
    fn waiting<'s>(&self, rules: &'s RuleSet) -> impl Iterator<Item = Waiting<'s>> {
        self.events.iter().flat_map(|event| rules.before(*event))
    }

    /// The first of the events that a rule waits for and that has not ended for it.
    fn event_for(&self, waiting: &Waiting<'_>) -> Option<BeforeEvent> {
        let ended = |event: BeforeEvent| self.ended.iter().any(|(other, at)| *other == event && *at < waiting.place);
        self.events.iter().copied().find(|event| waiting.rule.waits_for(*event) && !ended(*event))
    }

    fn end(&mut self, waiting: &Waiting<'_>) {
        let events = self.events.iter().filter(|event| waiting.rule.waits_for(**event));
        self.ended.extend(events.map(|event| (*event, waiting.place)));
    }

    fn words(&self) -> Vec<&'static str> {
        self.events.iter().map(|event| event.word()).collect()
    }

    fn facts<'f>(&'f self, scope: &'f Scope<'_>, event: BeforeEvent, types: &'f [&'f str]) -> Facts<'f> {
        let event = Event {
            kind: event.word(),
            types,
            families: &[],
            position: 0,
            cause: scope.cause.as_ref(),
            data: None,
            ticket: Some(self.asked),
        };
        Facts {
            event: Some(event),
            ticket: Some(self.ticket()),
            before: self.proposed.before,
            changes: &self.changes,
            message: self.proposed.message,
            actor: Some(&scope.actor),
            ..Facts::at(scope.now, scope.tenant())
        }
    }

    /// A ticket that is not there yet may never be.
    fn ticket_id(&self) -> Option<Uuid> {
        self.proposed.before.map(|before| before.id)
    }

    /// An expression without a value: recorded, and for a rule that keeps its door shut a refusal.
    fn fault(&self, world: &mut World, scope: &mut Scope<'_>, rule: &Rule, why: String) -> Result<RunVerdict, Stop> {
        let id = scope.new_id();
        note(world, scope, id, rule, self.ticket_id(), (RunVerdict::Error, why.clone()));
        match rule.failure_policy {
            _ if rule.rollout.is_shadow() => Ok(RunVerdict::Error),
            FailurePolicy::Ignore => Ok(RunVerdict::Error),
            FailurePolicy::Deny => Err(Refusal::Denied { workflow: rule.name.clone(), message: why }.into()),
        }
    }
}

/// What a rule did to the caller's own command outlives its refusal; what it did to another rule's goes where that goes.
fn note(
    world: &mut World,
    scope: &mut Scope<'_>,
    id: Uuid,
    rule: &Rule,
    ticket: Option<Uuid>,
    (verdict, reason): (RunVerdict, String),
) {
    let run = scope.run_row(id, rule, 0, ticket, verdict, reason);
    match scope.cause {
        None => scope.asked.push(run),
        Some(_) => world.runs.push(run),
    }
}

fn cause_of(scope: &Scope<'_>, rule: &Rule, run_id: Uuid, position: i64) -> Cause {
    let above = scope.cause.as_ref();
    Cause {
        root_position: above.map_or(position, |cause| cause.root_position),
        parent_position: position,
        depth: above.map_or(0, |cause| cause.depth) + 1,
        workflow: rule.name.clone(),
        run_id,
    }
}
