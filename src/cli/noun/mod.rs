//! `docket NOUN VERB`: subcommands for resources. Each verb is an RPC, with flags for its request.

pub mod args;
pub mod directory;
mod explain;
mod history;
mod holidays;
pub mod issue;
mod many;
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

/// Merges the given fields into a resource; objects are merged key by key.
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

#[cfg(test)]
mod tests {
    use clap::{Args, Command};

    use super::*;
    use crate::grpc::convert::{fields, mask};

    /// The writable fields that the verb at `path` has no flag for.
    fn flagless<A: Args>(path: &[&str], writable: &[&'static str]) -> Vec<&'static str> {
        let noun = A::augment_args(Command::new("noun"));
        let verb = path.iter().fold(&noun, |command, name| command.find_subcommand(name).expect("a verb"));
        let flags: Vec<&str> = verb.get_arguments().map(|flag| flag.get_id().as_str()).collect();
        writable.iter().copied().filter(|field| !flags.contains(field)).collect()
    }

    #[test]
    fn every_field_that_is_written_has_a_flag() {
        // Programs say where they write from; the CLI is one of them.
        let provenance = ["source", "source_type"];
        assert_eq!(flagless::<ticket::TicketArgs>(&["update"], mask::ticket::WRITABLE), provenance[1..]);
        assert_eq!(flagless::<issue::IssueArgs>(&["update"], mask::issue::WRITABLE), provenance);
        assert_eq!(flagless::<registry::TagsArgs>(&["update"], fields::TAG.writable), [""; 0]);
        assert_eq!(flagless::<registry::CannedArgs>(&["update"], fields::CANNED_RESPONSE.writable), [""; 0]);
        assert_eq!(flagless::<sla::SlaArgs>(&["calendar", "update"], fields::CALENDAR.writable), [""; 0]);
        assert_eq!(flagless::<tenant::TenantArgs>(&["set"], fields::TENANT.writable), [""; 0]);
        // A flag cannot be called `match`: it is `condition` here, and `--match` outside.
        assert_eq!(flagless::<sla::SlaArgs>(&["policy", "update"], fields::SLA_POLICY.writable), ["match"]);
    }
}
