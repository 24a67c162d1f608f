//! RunWorkflow, and what comes by a schedule: rules that run though nothing happened.

use std::sync::Arc;

use serde_json::json;
use uuid::Uuid;

use crate::command::access::{self, Right};
use crate::command::react::{self, Firing};
use crate::command::refusal::Kind;
use crate::command::scope::Scope;
use crate::command::waits::CAME;
use crate::command::wants::Wants;
use crate::command::{Refusal, Resource, Stop, Verb, Want, World, gather, timers};
use crate::model::activity::Activity;
use crate::model::ticket::TicketRef;
use crate::model::time::Instant;
use crate::model::words::RunVerdict;
use crate::workflow::event::{MANUAL, Timed};
use crate::workflow::{Rule, Subject};

/// Runs a rule that has `manual` in its `on` for each of these tickets.
#[derive(Clone, Debug)]
pub struct RunWorkflow {
    pub workflow: String,
    /// `None`: they are those of a filter, which nobody looked up.
    pub tickets: Option<Vec<TicketRef>>,
}

/// Activities that a trial names.
const NAMED: usize = 20;

impl Verb for RunWorkflow {
    fn name(&self) -> &'static str {
        "run_workflow"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        self.tickets.iter().flatten().for_each(|ticket| wants.ticket(ticket));
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let Some(named) = &self.tickets else {
            let description = "is not looked up here: name a ticket in ticket_id";
            return Err(Refusal::field("filter", description.to_owned()).into());
        };
        let none = || Refusal::NotFound { kind: Kind::Workflow, id: self.workflow.clone() };
        let rules = scope.rules.rules().iter().enumerate();
        let (place, rule) = rules.into_iter().find(|(_, rule)| rule.name == self.workflow).ok_or_else(none)?;
        runs_by_hand(rule)?;
        let found = named.iter().map(|name| access::ticket(world, scope, name, "", Right::Write));
        let tickets: Vec<Uuid> = gather(found)?.into_iter().map(|ticket| ticket.id).collect();
        let by = scope.actor.display.clone();
        let all = gather(tickets.into_iter().map(|ticket| {
            let (rows, shadows) = (world.runs.len(), scope.asked.len());
            let firing =
                Firing { kind: Timed::Manual, ticket: Some(ticket), data: json!({}), why: format!("{by} ran it") };
            let began = world.activities.len();
            let (verdict, said) = react::fire(world, scope, place, firing)?;
            let made = world.activities.get(began..).unwrap_or_default();
            let would = scope.command.validate_only.then(|| effects(rule, verdict, made)).flatten();
            let told = world.runs.iter().skip(rows).chain(scope.asked.iter().skip(shadows));
            let mut told =
                told.filter(|run| run.workflow == rule.name && run.position == 0 && run.ticket_id == Some(ticket));
            let mut run = told.next().cloned().unwrap_or_else(|| {
                // Who asked for it is told in any case.
                let id = scope.new_id();
                let run = scope.run_row(id, rule, 0, Some(ticket), verdict, said);
                world.runs.push(run.clone());
                run
            });
            run.reason.extend(would);
            Ok(Arc::new(run))
        }))?;
        Ok(Resource::Runs(all))
    }
}

/// What a trial would make, its own and what other rules make of it.
fn effects(rule: &Rule, verdict: RunVerdict, made: &[Activity]) -> Option<String> {
    let words = |it: &Activity| match it.cause.as_ref().filter(|cause| cause.workflow != rule.name) {
        Some(cause) => format!("{} (by {})", it.in_words(), cause.workflow),
        None => it.in_words(),
    };
    let mut all: Vec<String> = made.iter().take(NAMED).map(words).collect();
    if made.len() > NAMED {
        all.push(format!("and {} more", made.len() - NAMED));
    }
    match all.is_empty() {
        false => Some(format!("; would make {}", all.join("; "))),
        true => (verdict == RunVerdict::Matched).then(|| "; would change nothing".to_owned()),
    }
}

fn runs_by_hand(rule: &Rule) -> Result<(), Stop> {
    let description = match (rule.is_manual(), rule.enabled) {
        (true, true) => return Ok(()),
        (true, false) => format!("the rule {} is not enabled", rule.name),
        (false, _) => format!("the rule {} does not wait for `{MANUAL}`: add it to its `on`", rule.name),
    };
    Err(Refusal::field("workflow", description).into())
}

/// Docket's own: what a rule does when its schedule comes.
#[derive(Clone, Debug)]
pub struct RunSchedule {
    /// The schedule's id: it may be gone by now.
    pub schedule: String,
    /// When it came.
    pub due: Instant,
    /// `None`: it is for no ticket.
    pub tickets: Option<Vec<Uuid>>,
}

impl Verb for RunSchedule {
    fn name(&self) -> &'static str {
        "run_schedule"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        self.tickets.iter().flatten().for_each(|id| wants.add(Want::Ticket(TicketRef::Id(*id))));
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let rules = scope.rules;
        let Some(timed) = rules.schedules().find(|timed| timed.by.id == self.schedule) else {
            return Ok(Resource::Tickets(Vec::new()));
        };
        let due = self.due;
        let (data, why) = timers::told(timed.by, CAME, due, scope.now);
        let firing = |ticket: Option<Uuid>| Firing {
            kind: Timed::Schedule { tickets: ticket.is_some() },
            ticket,
            data: data.clone(),
            why: why.clone(),
        };
        match (&self.tickets, &timed.by.tickets) {
            (None, None) => drop(react::fire(world, scope, timed.place, firing(None))?),
            (Some(tickets), Some(filter)) => {
                gather(tickets.iter().map(|id| {
                    let ticket = world.ticket(&TicketRef::Id(*id))?.filter(|ticket| ticket.deleted_at.is_none());
                    // It may have changed since it was found.
                    let Some(ticket) = ticket.filter(|it| {
                        it.created_at <= due
                            && !it.fired.has(timed.by.key, due)
                            && filter.matches(Subject::Ticket(it), due).unwrap_or(false)
                    }) else {
                        return Ok(());
                    };
                    timers::note(world, &ticket, timed.by.key, due);
                    react::fire(world, scope, timed.place, firing(Some(*id))).map(drop)
                }))?;
            }
            (None, Some(_)) | (Some(_), None) => {}
        }
        Ok(Resource::Tickets(Vec::new()))
    }
}
