//! A call that would be made, carried out in memory under the active rules and under those that would be, and forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use prost::Message;
use serde_json::Value;
use tonic::Status;

use super::recalled::ask;
use super::run;
use super::simulate::{METHOD, failed};
use crate::command::compare::{Difference, Example, Match, Said};
use crate::command::refusal::Violation;
use crate::command::{self, Command, Refusal, Stop, World};
use crate::grpc::call::{Call, State};
use crate::grpc::convert::commands::{self, BadRequest, WriteMethod};
use crate::grpc::convert::simulate::{difference_to_pb, run_to_pb};
use crate::grpc::pb;
use crate::grpc::rest::{self, Schema};
use crate::grpc::server::gate;
use crate::grpc::status::{self, fault};
use crate::model::activity::Activity;
use crate::model::ledger::Head;
use crate::model::time::Instant;
use crate::model::words::RunVerdict;
use crate::store;
use crate::store::pool::Reading;
use crate::workflow::RuleSet;

/// The call whose tickets a filter can name.
const RUN: &str = "RunWorkflow";

static SCHEMA: LazyLock<Option<Schema>> = LazyLock::new(|| Schema::new().ok());

/// `sets`: the active one, and the one that would be. `event`: the name of an RPC and its request.
pub async fn simulate(
    state: &State,
    (conn, call): (&mut Reading, &Call),
    head: Option<Head>,
    (is, would): (Arc<RuleSet>, Arc<RuleSet>),
    (rpc, request): (String, Value),
) -> Result<pb::SimulateWorkflowResponse, Status> {
    let write = commands::methods().find(|write| write.name == rpc).ok_or_else(|| {
        let description = format!("`{rpc}` is no RPC that writes: {}", commands::hint(&rpc));
        wrong(vec![Violation { field: "event.call".to_owned(), description }])
    })?;
    gate::permits(&call.caller, &rpc)?;
    let (command, sent) = command(call, write, request)?;
    let sent = if rpc == RUN { pb::RunWorkflowRequest::decode(sent.as_slice()).ok() } else { None };
    let of_tickets = sent.is_some();
    let command = match sent.filter(|sent| !sent.filter.is_empty()) {
        // As many as one call takes.
        Some(sent) => Command { verb: Arc::new(run::of_filter(state, call, conn, sent).await?.0), ..command },
        None => command,
    };
    let now = store::head::clock(conn).await.map_err(failed)?;
    let head = head.unwrap_or_else(|| Head {
        tenant_id: call.caller.tenant().to_owned(),
        position: 0,
        config_position: 0,
        last_number: 0,
        floor: 0,
        last_at: Instant(0),
        queues: Default::default(),
    });
    let command = Arc::new(command);
    let before = tried(conn, head.clone(), (command.clone(), of_tickets), is, now).await?;
    let after = tried(conn, head, (command, of_tickets), would, now).await?;
    // What is refused in the same words whatever the rules is the caller's own mistake.
    if let (Some(refusal), Some(other)) = (&after.refused, &before.refused)
        && refusal == other
        && !matches!(refusal, Refusal::Denied { .. })
    {
        return Err(status::refused(refusal.clone()));
    }
    let names: BTreeSet<&String> = before.runs.iter().chain(&after.runs).map(|run| &run.workflow).collect();
    let differences: BTreeMap<String, Difference> =
        names.into_iter().map(|name| (name.clone(), difference(name, &before.runs, &after.runs))).collect();
    Ok(pb::SimulateWorkflowResponse {
        differences: differences.into_iter().map(|(name, it)| difference_to_pb(name, it)).collect(),
        runs: after.runs.into_iter().map(run_to_pb).collect(),
        refused: after.refused.map(|refusal| refusal.to_string()).unwrap_or_default(),
        ..pb::SimulateWorkflowResponse::default()
    })
}

fn wrong(violations: Vec<Violation>) -> Status {
    status::refused(Refusal::invalid(violations))
}

fn command(call: &Call, write: &WriteMethod, request: Value) -> Result<(Command, Vec<u8>), Status> {
    let schema = SCHEMA.as_ref().ok_or_else(|| fault::incident(METHOD, &"there are no descriptors"))?;
    let method = schema.method(write.name).map_err(|error| fault::incident(METHOD, &error))?;
    let within = |violation: Violation| {
        let Violation { field, description } = violation;
        Violation { field: format!("event.request.{field}"), description }
    };
    let request =
        rest::request(&method.input(), request).map_err(|found| wrong(found.into_iter().map(within).collect()))?;
    let sent = request.encode_to_vec();
    let command = (write.command)(call.caller.clone(), &sent);
    let command = command.map_err(|error| match error {
        BadRequest::Refused(refusal) => status::refused(refusal),
        BadRequest::Encoding(error) => fault::incident(METHOD, &error),
    })?;
    // As if it were new: it is answered by what would be done, and by nothing that was.
    Ok((Command { request: None, validate_only: false, ..command }, sent))
}

struct Tried {
    runs: Vec<Match>,
    refused: Option<Refusal>,
}

/// Does it in a world that nobody keeps.
async fn tried(
    conn: &mut Reading,
    head: Head,
    (command, of_tickets): (Arc<Command>, bool),
    rules: Arc<RuleSet>,
    now: Instant,
) -> Result<Tried, Status> {
    ask(conn, METHOD, head, move |world| {
        let refused = match command::run(world, &command, &rules, now) {
            Ok(_) => None,
            Err(Stop::Refused(refusal)) => Some(*refusal),
            Err(missing) => return Err(missing),
        };
        Ok(Tried { runs: runs(world, &rules, of_tickets), refused })
    })
    .await
}

/// What the rules said, but those that did not match; `of_tickets`: and about which, as they are there already.
fn runs(world: &World, rules: &RuleSet, of_tickets: bool) -> Vec<Match> {
    let mut told: Vec<&crate::model::ledger::Run> = world.runs.iter().collect();
    let mut caused: Vec<&Activity> = world.activities.iter().filter(|it| it.cause.is_some()).collect();
    let mut all = Vec::new();
    for (place, verdict) in &world.tally {
        let Some(rule) = rules.rules().get(*place).filter(|_| *verdict != RunVerdict::NotMatched) else { continue };
        let row =
            told.iter().position(|run| run.workflow == rule.name && run.verdict == *verdict).map(|at| told.remove(at));
        let first = caused.iter().find_map(|it| it.cause.as_ref().filter(|cause| cause.workflow == rule.name));
        // A row is of the run that made them; without one it is the next that made anything.
        let run_id = row.map_or(first.map(|cause| cause.run_id), |row| Some(row.id));
        let of_run = |it: &&Activity| it.cause.as_ref().is_some_and(|cause| Some(cause.run_id) == run_id);
        let mut effects: Vec<String> = caused.iter().copied().filter(of_run).map(Activity::in_words).collect();
        caused.retain(|it| !of_run(it));
        effects.extend(row.map(|row| row.reason.clone()).filter(|reason| !reason.is_empty()));
        let said = Said { verdict: Some(*verdict), told: effects };
        let ticket_id = row.and_then(|row| row.ticket_id).filter(|_| of_tickets);
        all.push(Match { workflow: rule.name.clone(), position: 0, ticket_id, said });
    }
    // A denial ends the call before it is counted.
    for row in told {
        let said = Said { verdict: Some(row.verdict), told: vec![row.reason.clone()] };
        all.push(Match { workflow: row.workflow.clone(), position: 0, ticket_id: row.ticket_id, said });
    }
    all
}

fn difference(name: &str, before: &[Match], after: &[Match]) -> Difference {
    let of = |all: &[Match]| -> Vec<Said> {
        all.iter().filter(|run| run.workflow == name).map(|run| run.said.clone()).collect()
    };
    let (is, would) = (of(before), of(after));
    let count = |all: &[Said], wanted: &[RunVerdict]| {
        all.iter().filter(|said| said.verdict.is_some_and(|verdict| wanted.contains(&verdict))).count() as i64
    };
    const MATCHES: &[RunVerdict] = &[RunVerdict::Matched, RunVerdict::Shadow, RunVerdict::Failed];
    let (matched_is, matched_would) = (count(&is, MATCHES), count(&would, MATCHES));
    let differs = is != would;
    let both = matched_is > 0 && matched_would > 0;
    Difference {
        matched_is,
        matched_would,
        newly: (matched_would - matched_is).max(0),
        no_longer: (matched_is - matched_would).max(0),
        other: i64::from(differs && both && matched_is == matched_would),
        errors_is: count(&is, &[RunVerdict::Error]),
        errors_would: count(&would, &[RunVerdict::Error]),
        unknown: 0,
        examples: differs
            .then(|| Example {
                position: 0,
                ticket_id: None,
                is: is.into_iter().next(),
                would: would.into_iter().next(),
            })
            .into_iter()
            .collect(),
    }
}
