//! Simulations of rules as protobuf messages, and what is asked.

use prost_types::Struct;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::read::{self, Freshness};
use super::violations::Violations;
use super::words::WireWord;
use super::workflow::name;
use super::{time, value};
use crate::command::compare::{Difference, Example, Match, Said};
use crate::grpc::pb;
use crate::model::id;

/// Names of rules that are removed, at most.
const REMOVED: usize = 1_000;
/// Ten years.
const WINDOW: i64 = 3_650 * 86_400 * 1_000_000;

/// A checked request.
#[derive(Debug)]
pub struct Asked {
    pub source: String,
    pub removed: Vec<String>,
    pub about: About,
    pub fresh: Freshness,
}

#[derive(Debug)]
pub enum About {
    /// Positions, each 0 where it is open; and the length of the newest part, in microseconds.
    Log { from: i64, to: i64, window: Option<i64> },
    /// The name of an RPC, and its request as people write it.
    Event { call: String, request: Value },
}

pub fn request(found: &mut Violations, request: pb::SimulateWorkflowRequest) -> Asked {
    let pb::SimulateWorkflowRequest { source, removed, from_position, to_position, window, event, min_position, epoch } =
        request;
    if source.is_empty() && removed.is_empty() {
        found.add("source", "must not be empty, where no rule is removed");
    }
    if removed.len() > REMOVED {
        found.add("removed", format!("must have at most {REMOVED} entries, has {}", removed.len()));
    }
    let removed =
        removed.into_iter().enumerate().map(|(at, one)| name(found, &format!("removed[{at}]"), one)).collect();
    read::position(found, "from_position", from_position);
    read::position(found, "to_position", to_position);
    let window = window.map(|length| time::length_from_pb(found, "window", &length, WINDOW, "ten years"));
    if window.is_some() && from_position != 0 {
        found.add("window", "must not be set beside from_position");
    }
    if event.is_some() && (window.is_some() || from_position != 0 || to_position != 0) {
        found.add("event", "must not be set beside from_position, to_position and window");
    }
    let about = match event {
        None => About::Log { from: from_position, to: to_position, window },
        Some(pb::SimulatedEvent { call, request }) => found.within("event", |found| {
            let call = name(found, "call", call);
            About::Event { call, request: written(found, request.unwrap_or_default()) }
        }),
    };
    Asked { source, removed, about, fresh: read::freshness(found, min_position, epoch) }
}

fn written(found: &mut Violations, request: Struct) -> Value {
    found.within("request", |found| {
        let fields = request.fields.into_iter().map(|(name, value)| {
            let value = value::from_pb(found, &name, value);
            (name, value)
        });
        Value::Object(fields.collect::<Map<String, Value>>())
    })
}

pub fn run_to_pb(found: Match) -> pb::SimulatedRun {
    let Match { workflow, position, ticket_id, said } = found;
    said_to_pb(&workflow, (position, ticket_id), said)
}

fn said_to_pb(workflow: &str, (position, ticket_id): (i64, Option<Uuid>), said: Said) -> pb::SimulatedRun {
    let Said { verdict, told } = said;
    pb::SimulatedRun {
        workflow: workflow.to_owned(),
        position,
        ticket_id: ticket_id.map(|id| id::show(id::TICKET, id)).unwrap_or_default(),
        verdict: verdict.map_or(pb::RunVerdict::Unspecified as i32, |verdict| verdict.to_pb()),
        effects: told,
    }
}

pub fn difference_to_pb(workflow: String, difference: Difference) -> pb::SimulatedDifference {
    let Difference { matched_is, matched_would, newly, no_longer, other, errors_is, errors_would, unknown, examples } =
        difference;
    let example = |Example { position, ticket_id, is, would }: Example| {
        let told = |said: Option<Said>| said.map(|said| said_to_pb(&workflow, (position, ticket_id), said));
        let ticket_id_shown = ticket_id.map(|id| id::show(id::TICKET, id)).unwrap_or_default();
        pb::SimulatedExample { position, ticket_id: ticket_id_shown, before: told(is), after: told(would) }
    };
    let examples = examples.into_iter().map(example).collect();
    pb::SimulatedDifference {
        workflow,
        matched_before: matched_is,
        matched: matched_would,
        newly_matched: newly,
        no_longer_matched: no_longer,
        other_effects: other,
        errors_before: errors_is,
        errors: errors_would,
        unknown,
        examples,
    }
}
