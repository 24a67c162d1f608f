//! The common part of writes: the request becomes a command, the journal's answer becomes the response.

use tonic::Status;

use super::{Call, State};
use crate::command::resource::Held;
use crate::command::{Command, Refusal, Resource, Verdict};
use crate::grpc::convert::answer::At;
use crate::grpc::convert::commands::{self, Write};
use crate::grpc::replay;
use crate::grpc::status::{self, fault};

/// The whole of an RPC that writes.
pub async fn write<W: Write>(state: &State, call: Call, request: W) -> Result<W::Response, Status> {
    let bytes = request.encoded_len();
    let disclosure = call.disclosure();
    let command = commands::command(call.caller.clone(), request).map_err(status::refused)?;
    let Written { resource, position, epoch } = submit(state, (W::METHOD, W::HELD), &call, command, bytes).await?;
    let answer = W::answer(resource, At { position, epoch, disclosure });
    answer.ok_or_else(|| fault::incident(W::METHOD, &"the answer is of another kind than the request"))
}

pub struct Written {
    pub resource: Resource,
    pub position: i64,
    pub epoch: i64,
}

/// The part that is the same for all, compiled once.
pub async fn submit(
    state: &State,
    (method, held): (&'static str, Held),
    call: &Call,
    command: Command,
    bytes: usize,
) -> Result<Written, Status> {
    let answer = state
        .journal
        .submit_traced(command, bytes, call.deadline, call.trace.clone())
        .await
        .map_err(fault::of_write)?;
    let (resource, position) = match answer.verdict {
        Verdict::Done(outcome) => (outcome.resource, outcome.position),
        Verdict::Replay(request) => {
            let resource = Box::pin(replay::answer(&state.pool, method, held, &request)).await?;
            if !replay::shows(&call.audience, &resource) {
                let what =
                    "the request was answered to other roles than this token's, and these are not shown the answer";
                return Err(status::refused(Refusal::Forbidden { what: what.into() }));
            }
            (resource, request.position)
        }
    };
    Ok(Written { resource, position, epoch: answer.epoch })
}
