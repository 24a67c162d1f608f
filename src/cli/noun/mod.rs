//! `docket NOUN VERB`: the verbs that people know from other programs, each an RPC with its flags.

pub mod args;
pub mod directory;
mod explain;
mod history;
pub mod issue;
mod outcome;
mod preview;
pub mod registry;
pub mod sla;
mod sla_args;
pub mod tenant;
pub mod ticket;
mod ticket_args;
mod ticket_read;
mod ticket_stats;
mod ticket_talk;
mod ticket_view;
mod ticket_write;

use serde_json::{Map, Value};

/// What was given, over what was there; of an object, key by key.
fn merge(resource: &mut Map<String, Value>, fields: Map<String, Value>) {
    for (name, value) in fields {
        match (resource.get_mut(&name), value) {
            (Some(Value::Object(before)), Value::Object(after)) => before.extend(after),
            (_, value) => {
                resource.insert(name, value);
            }
        }
    }
}
