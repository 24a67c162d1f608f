//! Execution of one command: its answer, and its changes of the world.

use std::sync::Arc;

use super::scope::Scope;
use super::{Command, Outcome, Refusal, RequestKey, Resource, Stop, Verdict, World, react, timers};
use crate::model::ledger::Request;
use crate::model::time::Instant;
use crate::workflow::RuleSet;

/// Decides a command at `now`. A refusal, a miss and a trial (`validate_only`) leave the world as it was; only the runs of
/// before-rules that denied the command stay, unless it was a trial.
pub fn run(world: &mut World, command: &Command, rules: &RuleSet, now: Instant) -> Result<Verdict, Stop> {
    // A trial uses nothing up, and so it is no replay either.
    let request = command.request.as_ref().filter(|_| !command.validate_only);
    if let Some(request) = request
        && let Some(answered) = world.request(request.key)?
    {
        if answered.fingerprint == request.fingerprint {
            return Ok(Verdict::Replay(answered));
        }
        return Err(Refusal::RequestIdReused { request_id: request.text.clone() }.into());
    }
    let start = world.savepoint();
    let first_position = world.head.position + 1;
    world.befores.clear();
    let mut scope = Scope::new(command, rules, now, world.activities.len());
    let decided = decide(world, &mut scope, first_position);
    world.befores.clear();
    let denied = matches!(decided, Err(Stop::Refused(_)));
    if decided.is_err() || command.validate_only {
        let outcome = decided.map(|resource| outcome(world, resource, first_position));
        world.rollback(&start);
        if denied && !command.validate_only {
            world.runs.append(&mut scope.asked);
        }
        return outcome.map(Verdict::Done);
    }
    let outcome = outcome(world, decided?, first_position);
    world.runs.append(&mut scope.asked);
    if let Some(request) = request {
        world.requests.put(request.key, Arc::new(answered(command, request, &outcome, now)));
    }
    Ok(Verdict::Done(outcome))
}

/// Does what the command asks for and everything that rules do in answer. What is answered is as it is then.
fn decide(world: &mut World, scope: &mut Scope<'_>, first_position: i64) -> Result<Resource, Stop> {
    let began = world.activities.len();
    let resource = scope.command.verb.decide(world, scope)?;
    react::settle(world, scope)?;
    react::drain(world, scope, began)?;
    timers::settle(world, scope, first_position)?;
    Ok(resource.latest(world))
}

fn outcome(world: &World, resource: Resource, first_position: i64) -> Outcome {
    Outcome { resource, first_position, position: world.head.position }
}

/// What is kept of an answer: enough to give it again from the log.
fn answered(command: &Command, request: &RequestKey, outcome: &Outcome, now: Instant) -> Request {
    let (resource_id, resource_position) = outcome.resource.replay_key(outcome.position);
    Request {
        tenant_id: command.caller.tenant().to_owned(),
        key: request.key,
        fingerprint: request.fingerprint,
        resource_id,
        resource_position,
        first_position: outcome.first_position,
        position: outcome.position,
        created_at: now,
    }
}
