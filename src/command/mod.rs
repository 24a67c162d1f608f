//! Commands: every change of tickets and configuration. Pure: the state, a command and the time give the new state and
//! activities, or a refusal.

use std::sync::Arc;

use uuid::Uuid;

use crate::identity::Caller;
use crate::model::ledger::Request;

mod access;
pub mod action;
mod batch;
mod configured;
mod forms;
pub mod limits;
mod react;
mod record;
pub mod refusal;
pub mod resource;
mod run;
mod scope;
pub mod sla;
pub mod table;
pub mod tables;
mod timers;
mod verb;
pub mod verbs;
pub mod waits;
mod wants;
pub mod world;

#[cfg(test)]
mod tests;

pub use react::{compare, recall};
pub use refusal::Refusal;
pub use resource::Resource;
pub use run::run;
pub use scope::actor;
pub use verb::Verb;
pub use wants::wants;
pub use world::{Want, World};

/// One write that somebody asked for.
#[derive(Clone, Debug)]
pub struct Command {
    /// Made when it was submitted. The ids of what it makes follow from it, so deciding again makes the same ones.
    pub id: Uuid,
    pub caller: Caller,
    pub request: Option<RequestKey>,
    /// Decide, answer, and write nothing.
    pub validate_only: bool,
    pub verb: Arc<dyn Verb>,
}

/// A caller's name for this write, so that sending it again has no second effect.
#[derive(Clone, Debug)]
pub struct RequestKey {
    pub text: String,
    /// Hash of (sub, app_id, text).
    pub key: Uuid,
    /// Hash of the method and the decoded message.
    pub fingerprint: Uuid,
}

/// Why a decision ended without an outcome.
#[derive(Clone, Debug)]
pub enum Stop {
    /// The world must learn this first; then decide again.
    Missing(Vec<Want>),
    Refused(Box<Refusal>),
}

impl Stop {
    pub fn missing(want: Want) -> Stop {
        Stop::Missing(vec![want])
    }

    /// It is of the item at `path`: what it says of fields stands below that, and any other refusal names it.
    fn within(mut self, path: &str) -> Stop {
        let below = |field: &mut String| field.insert_str(0, &format!("{path}."));
        match &mut self {
            Stop::Missing(_) => return self,
            Stop::Refused(refusal) => match &mut **refusal {
                Refusal::Invalid { violations, .. } => violations.iter_mut().for_each(|found| below(&mut found.field)),
                Refusal::Reserved { fields } => fields.iter_mut().for_each(below),
                other => {
                    let refusal = Box::new(other.clone());
                    *other = Refusal::InBatch { path: path.to_owned(), refusal };
                }
            },
        }
        self
    }
}

/// Everything that was looked up; or everything that is missing, at once; or the first refusal.
fn gather<T>(looked_up: impl IntoIterator<Item = Result<T, Stop>>) -> Result<Vec<T>, Stop> {
    let mut found = Vec::new();
    let mut missing = Vec::new();
    for one in looked_up {
        match one {
            Ok(value) => found.push(value),
            Err(Stop::Missing(wants)) => missing.extend(wants),
            Err(refused) => return Err(refused),
        }
    }
    if missing.is_empty() { Ok(found) } else { Err(Stop::Missing(missing)) }
}

/// The same of two.
fn both<A, B>(a: Result<A, Stop>, b: Result<B, Stop>) -> Result<(A, B), Stop> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(Stop::Missing(mut wants)), Err(Stop::Missing(more))) => {
            wants.extend(more);
            Err(Stop::Missing(wants))
        }
        (Err(stop), _) | (_, Err(stop)) => Err(stop),
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Stop {
        Stop::Refused(Box::new(refusal))
    }
}

/// What a write answers with.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub resource: Resource,
    /// The activities of the write are first_position..=position; first_position > position when there were none.
    pub first_position: i64,
    /// The tenant's log position after the write.
    pub position: i64,
}

/// What became of a command.
#[derive(Clone, Debug)]
pub enum Verdict {
    Done(Outcome),
    /// The same request was answered before: the answer is to be rebuilt from the log.
    Replay(Arc<Request>),
}
