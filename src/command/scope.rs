//! Context of a decision: actor, time and cause.

use uuid::Uuid;

use super::Command;
use super::react::Bounds;
use crate::identity::{Caller, PROGRAMS, STAFF};
use crate::model::activity::{Actor, Cause};
use crate::model::id;
use crate::model::ledger::Run;
use crate::model::time::Instant;
use crate::model::words::{ActorKind, RunVerdict};
use crate::workflow::{Rule, RuleSet};

/// Who tells what is due.
const CLOCK: &str = "sla";

#[derive(Debug)]
pub struct Scope<'a> {
    pub command: &'a Command,
    pub rules: &'a RuleSet,
    pub now: Instant,
    pub actor: Actor,
    /// Set while a rule acts.
    pub cause: Option<Cause>,
    /// Runs of before-rules over the caller's own command, and of rules in shadow: they outlive its refusal.
    pub(super) asked: Vec<Run>,
    /// Activities of the world that rules have answered, or that are no business of this command.
    pub(super) settled: usize,
    /// What rules did so far.
    pub(super) bounds: Bounds,
    ordinal: u32,
}

impl<'a> Scope<'a> {
    /// `settled`: the activities that are there already.
    pub fn new(command: &'a Command, rules: &'a RuleSet, now: Instant, settled: usize) -> Scope<'a> {
        let actor = actor(&command.caller);
        let (cause, asked, bounds) = (None, Vec::new(), Bounds::default());
        Scope { command, rules, now, actor, cause, asked, settled, bounds, ordinal: 0 }
    }

    /// As the clock that tells what is due, whoever's command brings it out.
    pub(super) fn as_clock(&self) -> Scope<'a> {
        Scope { actor: clock(), ..Scope::new(self.command, self.rules, self.now, self.settled) }
    }

    pub fn caller(&self) -> &'a Caller {
        &self.command.caller
    }

    pub fn tenant(&self) -> &'a str {
        self.command.caller.tenant()
    }

    /// The app whose token this is; '' for people.
    pub fn app_id(&self) -> &'a str {
        self.command.caller.app_id().unwrap_or_default()
    }

    /// '' when the caller gave none.
    pub fn request_id(&self) -> &'a str {
        self.command.request.as_ref().map_or("", |request| request.text.as_str())
    }

    /// The rule that acts; '' when the caller does.
    pub fn workflow(&self) -> &str {
        self.cause.as_ref().map_or("", |cause| cause.workflow.as_str())
    }

    /// Whether it is a requester who acts, and no rule.
    pub fn is_requester(&self) -> bool {
        self.cause.is_none() && self.caller().writes_as_requester()
    }

    /// The next id of this command: the same one each time it is decided at the same instant.
    pub fn new_id(&mut self) -> Uuid {
        let ordinal = self.ordinal;
        self.ordinal += 1;
        id::derive(self.command.id, ordinal, self.now.0.max(0) as u64 / 1_000)
    }

    /// From now on the rule acts. Returns who acted before, for [`Scope::back_to`].
    pub(super) fn become_rule(&mut self, cause: Cause) -> (Actor, Option<Cause>) {
        let rule = cause.workflow.clone();
        let actor = Actor { kind: ActorKind::Workflow, display: rule.clone(), id: rule };
        (std::mem::replace(&mut self.actor, actor), self.cause.replace(cause))
    }

    pub(super) fn back_to(&mut self, (actor, cause): (Actor, Option<Cause>)) {
        self.actor = actor;
        self.cause = cause;
    }

    /// What a rule did where its activities do not tell. Nothing here measures time: `took_micros` is 0.
    pub(super) fn run_row(
        &self,
        id: Uuid,
        rule: &Rule,
        at: i64,
        ticket: Option<Uuid>,
        verdict: RunVerdict,
        reason: String,
    ) -> Run {
        self.run_of(id, &rule.name, (at, ticket), verdict, reason)
    }

    /// The same of a rule that may be gone by now.
    pub(super) fn run_of(
        &self,
        id: Uuid,
        workflow: &str,
        (at, ticket): (i64, Option<Uuid>),
        verdict: RunVerdict,
        reason: String,
    ) -> Run {
        Run {
            tenant_id: self.tenant().to_owned(),
            id,
            workflow: workflow.to_owned(),
            hash: self.rules.hash().to_owned(),
            position: at,
            ticket_id: ticket,
            verdict,
            reason,
            took_micros: 0,
            request_id: self.request_id().to_owned(),
            created_at: self.now,
        }
    }
}

/// The clock, in the log.
pub(super) fn clock() -> Actor {
    Actor { kind: ActorKind::System, id: CLOCK.to_owned(), display: CLOCK.to_owned() }
}

/// Who a caller is in the log.
pub fn actor(caller: &Caller) -> Actor {
    let kind = if caller.roles().is_empty() {
        ActorKind::System
    } else if caller.roles().intersects(STAFF) {
        ActorKind::Agent
    } else if caller.roles().intersects(PROGRAMS) {
        ActorKind::Service
    } else {
        ActorKind::Requester
    };
    Actor { kind, id: caller.sub().to_owned(), display: caller.sub().to_owned() }
}
