//! Tenants in memory: callers write to them as to a server, rules and clocks answer, and nothing is stored.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use serde_json::Value;
use uuid::Uuid;

use super::convert::answer::At;
use super::convert::commands::{self, BadRequest};
use super::convert::{Disclosure, ticket};
use super::rest::{self, Schema, SchemaError};
use crate::command::refusal::Violation;
use crate::command::verbs::{FollowSla, RunSchedule};
use crate::command::{Command, Refusal, Stop, Verb, Verdict, World, run};
use crate::identity::{Caller, KeyError, NewToken, Role, SigningKey, TokenError, Trust, Verifier};
use crate::model::activity::Activity;
use crate::model::ledger::{Head, Run};
use crate::model::measure::Measure;
use crate::model::ticket::Ticket;
use crate::model::time::Instant;
use crate::model::words::RunVerdict;
use crate::workflow::{Coverage, RuleSet};

/// How often a command may find that it needs to know more, before something is wrong with it.
const PASSES: usize = 256;
/// Steps of clocks in one [`Sandbox::advance`].
const STEPS: usize = 10_000;

/// What the tenants of one run have in common: the contract, and a key of their own that signs for callers.
pub struct Sandboxes {
    schema: Schema,
    key: SigningKey,
    verifier: Verifier,
    callers: RefCell<HashMap<(String, Who), Caller>>,
}

/// Whose call it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Who {
    pub sub: String,
    pub roles: Vec<Role>,
    pub app: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    #[error(transparent)]
    Schema(#[from] SchemaError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("the caller: {0}")]
    Caller(#[from] TokenError),
    #[error("{0} does not write: {1}")]
    NoWrite(String, String),
    #[error("{}", listed(.0))]
    Unreadable(Vec<Violation>),
    #[error("{0}")]
    Refused(Box<Refusal>),
    #[error("{0}")]
    Broken(String),
}

fn listed(violations: &[Violation]) -> String {
    let lines: Vec<String> = violations.iter().map(|it| format!("{}: {}", it.field, it.description)).collect();
    lines.join("; ")
}

impl Sandboxes {
    pub fn new() -> Result<Sandboxes, SandboxError> {
        let key = SigningKey::generate()?;
        let verifier = Verifier::new(Trust { keys: vec![key.public()], ..Trust::default() });
        Ok(Sandboxes { schema: Schema::new()?, key, verifier, callers: RefCell::default() })
    }

    pub fn tenant(&self, id: &str, now: Instant) -> Sandbox<'_> {
        let head = Head {
            tenant_id: id.to_owned(),
            position: 0,
            config_position: 0,
            last_number: 0,
            floor: 0,
            last_at: Instant(0),
            queues: Default::default(),
        };
        let mut world = World::new(head);
        world.coverage = Some(Coverage::default());
        Sandbox { shared: self, tenant: id.to_owned(), world, now, commands: 0 }
    }

    fn caller(&self, tenant: &str, who: &Who) -> Result<Caller, SandboxError> {
        let name = (tenant.to_owned(), who.clone());
        if let Some(caller) = self.callers.borrow().get(&name) {
            return Ok(caller.clone());
        }
        let token = NewToken {
            tenant: tenant.to_owned(),
            sub: who.sub.clone(),
            roles: who.roles.clone(),
            app_id: who.app.clone(),
            ttl: Duration::from_secs(3_600),
        };
        let caller = self.verifier.verify(&self.key.sign(&token)?)?;
        self.callers.borrow_mut().insert(name, caller.clone());
        Ok(caller)
    }
}

/// A tenant that begins empty. What it does not hold does not exist.
pub struct Sandbox<'a> {
    shared: &'a Sandboxes,
    tenant: String,
    world: World,
    now: Instant,
    /// So far: each has an id of its own, the same in each run.
    commands: u128,
}

impl Sandbox<'_> {
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Carries out an RPC that writes, from JSON as people write it, under these rules. Answers with the response, as JSON.
    ///
    /// # Errors
    /// [`SandboxError::Refused`] as the server would refuse it, among others.
    pub fn call(&mut self, rules: &RuleSet, who: &Who, method: &str, request: Value) -> Result<Value, SandboxError> {
        let write = commands::methods().find(|write| write.name == method);
        let write = write.ok_or_else(|| SandboxError::NoWrite(method.to_owned(), commands::hint(method)))?;
        let descriptor = self.shared.schema.method(method)?;
        let request = rest::request(&descriptor.input(), request).map_err(SandboxError::Unreadable)?;
        let caller = self.shared.caller(&self.tenant, who)?;
        let command = (write.command)(caller, &request.encode_to_vec()).map_err(|error| match error {
            BadRequest::Refused(refusal) => SandboxError::Refused(Box::new(refusal)),
            BadRequest::Encoding(error) => SandboxError::Broken(error.to_string()),
        })?;
        let Verdict::Done(outcome) = self.submit(rules, command)? else { return Ok(Value::Null) };
        let at = At { position: outcome.position, epoch: 1, disclosure: Disclosure::Full };
        let answer = (write.answer)(outcome.resource, at);
        let answer = answer.ok_or_else(|| SandboxError::Broken(format!("{method} has another answer")))?;
        shown(descriptor.output(), &answer)
    }

    /// Lets time pass up to `then`; clocks, timers and schedules are told at the instant when they are due.
    pub fn advance(&mut self, rules: &RuleSet, then: Instant) -> Result<(), SandboxError> {
        if rules.has_timers() {
            // What was given, without these rules.
            self.timed(rules, FollowSla(self.tickets()))?;
        }
        for _ in 0..STEPS {
            let tickets = self.world.tickets.inserts().chain(self.world.tickets.updates());
            let due = tickets.filter_map(|ticket| Some((ticket.sla_next_at?, ticket.id))).min();
            let came =
                rules.schedules().filter_map(|timed| Some((timed.by.next(self.now)?, timed))).min_by_key(|it| it.0);
            match (due, came) {
                (Some((at, ticket)), came) if at <= then && came.is_none_or(|(came, _)| at <= came) => {
                    self.now = self.now.max(at);
                    self.timed(rules, FollowSla(vec![ticket]))?;
                }
                (_, Some((at, timed))) if at <= then => {
                    self.now = at;
                    let tickets = timed.by.tickets.as_ref().map(|_| self.tickets());
                    self.timed(rules, RunSchedule { schedule: timed.by.id.clone(), due: at, tickets })?;
                }
                _ => {
                    self.now = self.now.max(then);
                    return Ok(());
                }
            }
        }
        Err(SandboxError::Broken(format!("clocks, timers and schedules were due more than {STEPS} times")))
    }

    /// All of them, in the order of their numbers.
    fn tickets(&self) -> Vec<Uuid> {
        let all = self.world.tickets.inserts().chain(self.world.tickets.updates());
        let mut all: Vec<(i64, Uuid)> = all.map(|ticket| (ticket.number, ticket.id)).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, id)| id).collect()
    }

    fn timed(&mut self, rules: &RuleSet, verb: impl Verb) -> Result<Verdict, SandboxError> {
        let (caller, verb) = (Caller::clock(&self.tenant), Arc::new(verb));
        self.submit(rules, Command { id: Uuid::nil(), caller, request: None, validate_only: false, verb })
    }

    fn submit(&mut self, rules: &RuleSet, command: Command) -> Result<Verdict, SandboxError> {
        self.commands += 1;
        let command = Command { id: Uuid::from_u128(self.commands), ..command };
        for _ in 0..PASSES {
            match run(&mut self.world, &command, rules, self.now) {
                Ok(verdict) => return Ok(verdict),
                Err(Stop::Refused(refusal)) => return Err(SandboxError::Refused(refusal)),
                Err(Stop::Missing(wants)) => wants.into_iter().for_each(|want| self.world.absent(want)),
            }
        }
        Err(SandboxError::Broken("the command never has enough".into()))
    }

    /// In order of position.
    pub fn activities(&self) -> &[Activity] {
        &self.world.activities
    }

    /// Rows of the runs that their activities do not tell of.
    pub fn runs(&self) -> &[Run] {
        &self.world.runs
    }

    /// What rules record in metrics.
    pub fn measures(&self) -> &[Measure] {
        &self.world.measures
    }

    /// What conditions were found to be.
    pub fn coverage(&self) -> Option<&Coverage> {
        self.world.coverage.as_ref()
    }

    /// What each rule that was asked said, by its place in the set.
    pub fn verdicts(&self) -> &[(usize, RunVerdict)] {
        &self.world.tally
    }

    /// Whether tickets have such a field, be there a value in it or not.
    pub fn has_ticket_field(&self, name: &str) -> Result<bool, SandboxError> {
        Ok(self.shared.schema.message("Ticket")?.get_field_by_name(name).is_some())
    }

    /// The ticket as it is now, as JSON.
    pub fn ticket(&self, id: Uuid) -> Result<Option<Value>, SandboxError> {
        let Some(row) = self.world.tickets.get(&id).flatten() else { return Ok(None) };
        let bytes = ticket::to_pb(Ticket::clone(row), Disclosure::Full).encode_to_vec();
        shown(self.shared.schema.message("Ticket")?, &bytes).map(Some)
    }
}

/// An encoded message, as JSON that people read.
fn shown(descriptor: MessageDescriptor, bytes: &[u8]) -> Result<Value, SandboxError> {
    let message = DynamicMessage::decode(descriptor, bytes).map_err(|error| SandboxError::Broken(error.to_string()))?;
    rest::json(&message).map_err(|error| SandboxError::Broken(error.to_string()))
}
