//! Explanations of rules as protobuf messages, and what is asked.

use uuid::Uuid;

use super::read::{self, Freshness};
use super::violations::Violations;
use super::words::WireWord;
use super::workflow::name;
use super::{time, value};
use crate::command::waits::Wait;
use crate::grpc::pb;
use crate::grpc::pb::explain_workflow_request::About as Sent;
use crate::model::id;
use crate::model::ledger::Run;
use crate::model::ticket::TicketRef;
use crate::model::words::RunVerdict;
use crate::workflow::Branch;
use crate::workflow::cel::{Outcome, Traced};

/// What is to be explained.
#[derive(Debug)]
pub enum About {
    Position(i64),
    /// As it is named, and as the caller wrote it.
    Ticket(TicketRef, String),
}

/// What there is to be told of a rule.
#[derive(Debug, Default)]
pub struct Told {
    /// `None`: that is not known.
    pub verdict: Option<RunVerdict>,
    pub reason: String,
    pub tree: Vec<Branch>,
    pub position: i64,
    pub event: String,
    pub ticket_id: Option<Uuid>,
    pub hash: String,
    pub recorded: bool,
    pub effects: Vec<String>,
    pub earlier: Vec<i64>,
    /// What it waits for beside events.
    pub waits: Vec<Wait>,
    /// What is to be said of the rules that were asked.
    pub note: Option<String>,
}

impl Told {
    pub fn of(verdict: RunVerdict) -> Told {
        Told { verdict: Some(verdict), ..Told::default() }
    }

    /// What a row says, where nothing else does.
    pub fn of_run(run: Run) -> Told {
        let Run { workflow: _, hash, position, ticket_id, verdict, reason, .. } = run;
        Told { reason, position, ticket_id, hash, recorded: true, ..Told::of(verdict) }
    }
}

pub fn request(found: &mut Violations, request: pb::ExplainWorkflowRequest) -> (String, About, Freshness) {
    let pb::ExplainWorkflowRequest { workflow, about, min_position, epoch } = request;
    let workflow = name(found, "workflow", workflow);
    let about = match about {
        Some(Sent::TicketId(text)) => About::Ticket(found.ticket("ticket_id", &text), text),
        Some(Sent::Position(position)) => {
            if position < 1 {
                found.add("position", "must be 1 or more");
            }
            About::Position(position)
        }
        None => {
            found.add("position", "must be set, or ticket_id");
            About::Position(0)
        }
    };
    let fresh = read::freshness(found, min_position, epoch);
    // What is asked about is to be there.
    let least = if let About::Position(position) = about { position } else { 0 };
    (workflow, about, Freshness { min_position: fresh.min_position.max(least), ..fresh })
}

pub fn answer(told: Told) -> pb::ExplainWorkflowResponse {
    let Told { verdict, reason, tree, position, event, ticket_id, hash, recorded, effects, earlier, waits, note } =
        told;
    let reason = match note {
        Some(note) => format!("{reason} ({note})"),
        None => reason,
    };
    pb::ExplainWorkflowResponse {
        verdict: verdict.map_or(pb::RunVerdict::Unspecified as i32, |verdict| verdict.to_pb()),
        reason,
        tree: tree_to_pb(tree),
        position,
        event,
        ticket_id: ticket_id.map(|id| id::show(id::TICKET, id)).unwrap_or_default(),
        hash,
        recorded,
        effects,
        earlier,
        triggers: waits.into_iter().map(wait_to_pb).collect(),
    }
}

fn wait_to_pb(wait: Wait) -> pb::ExplainedTrigger {
    let Wait { kind: _, trigger, since, due, next, active, fired, reason, tree, asked: _ } = wait;
    pb::ExplainedTrigger {
        trigger,
        since: time::maybe_to_pb(since),
        due_at: time::maybe_to_pb(due),
        next_at: time::maybe_to_pb(next),
        active_since: time::maybe_to_pb(active),
        fired,
        reason,
        tree: tree_to_pb(tree),
    }
}

fn tree_to_pb(tree: Vec<Branch>) -> Vec<pb::ExplainedCondition> {
    tree.into_iter().map(|Branch { key, traced }| condition_to_pb(key, traced)).collect()
}

fn condition_to_pb(key: String, traced: Traced) -> pb::ExplainedCondition {
    let (decides, Traced { expression, outcome, below, .. }) = (traced.decides, traced);
    let (value, error, unknown) = match outcome {
        Outcome::Value(value) => (Some(value::to_pb(value)), String::new(), String::new()),
        Outcome::Fault(why) => (None, why, String::new()),
        Outcome::Unknown(why) => (None, String::new(), why),
    };
    let parts = below.into_iter().map(|part| condition_to_pb(String::new(), part)).collect();
    pb::ExplainedCondition { key, expression, value, error, unknown, decides, parts }
}
