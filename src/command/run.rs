//! One command from end to end: what it answers, and what it leaves in the world.

use std::sync::Arc;

use super::perform::perform;
use super::scope::Scope;
use super::{Command, Outcome, Refusal, RequestKey, Resource, Stop, Verdict, World};
use crate::model::id;
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
    let mut scope = Scope::new(command, rules, now);
    let decided = perform(world, &mut scope);
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

fn outcome(world: &World, resource: Resource, first_position: i64) -> Outcome {
    Outcome { resource, first_position, position: world.head.position }
}

/// Where the log has each of them: one that was not changed by this write, too.
fn positions(rows: &[Resource]) -> String {
    let position = |row: &Resource| match row {
        Resource::Organization(row) => row.position,
        Resource::Contact(row) => row.position,
        Resource::Team(row) => row.position,
        Resource::Agent(row) => row.position,
        Resource::Ticket(_)
        | Resource::Tickets(_)
        | Resource::Message(..)
        | Resource::Issue(_)
        | Resource::Tenant(_)
        | Resource::Tag(_)
        | Resource::CannedResponse(_)
        | Resource::SlaPolicy(_)
        | Resource::Calendar(_)
        | Resource::All(_) => 0,
    };
    rows.iter().map(|row| position(row).to_string()).collect::<Vec<_>>().join(",")
}

/// What is kept of an answer: enough to give it again from the log.
fn answered(command: &Command, request: &RequestKey, outcome: &Outcome, now: Instant) -> Request {
    let (resource_id, resource_position) = match &outcome.resource {
        Resource::All(rows) => (positions(rows), outcome.position),
        Resource::Ticket(ticket) => (id::show(id::TICKET, ticket.id), ticket.position),
        Resource::Tickets(_) => (String::new(), outcome.position),
        // The activity that holds the message; the ticket is the last one of the write.
        Resource::Message(message, _) => (id::show(id::MESSAGE, message.id), message.position),
        Resource::Issue(issue) => (id::show(id::ISSUE, issue.id), issue.position),
        Resource::Organization(row) => (row.id.clone(), row.position),
        Resource::Contact(row) => (row.id.clone(), row.position),
        Resource::Team(row) => (row.id.clone(), row.position),
        Resource::Agent(row) => (row.id.clone(), row.position),
        Resource::Tenant(row) => (row.tenant_id.clone(), row.position),
        Resource::Tag(row) => (row.name.clone(), row.position),
        Resource::CannedResponse(row) => (id::show(id::CANNED_RESPONSE, row.id), row.position),
        Resource::SlaPolicy(row) => (id::show(id::SLA_POLICY, row.id), row.position),
        Resource::Calendar(row) => (id::show(id::CALENDAR, row.id), row.position),
    };
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
