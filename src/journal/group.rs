//! Groups of commands, one per tenant, that make up a batch, and how a batch is split.

use std::time::Instant;

use tokio::sync::oneshot;

use super::{Answer, Failure};
use crate::command::Command;
use crate::telemetry::Trace;

/// A queued command, with the channel for its reply.
pub struct Entry {
    pub command: Command,
    pub bytes: usize,
    pub deadline: Option<Instant>,
    pub queued_at: Instant,
    /// Present if the call is traced.
    pub trace: Option<Trace>,
    pub reply: oneshot::Sender<Result<Answer, Failure>>,
}

/// The commands of one tenant in one batch, in order.
pub struct Group {
    pub tenant: String,
    pub entries: Vec<Entry>,
}

/// Number of commands.
pub fn count(groups: &[Group]) -> usize {
    groups.iter().map(|group| group.entries.len()).sum()
}

/// Splits into two halves: of the tenants, or of a single tenant's commands.
pub fn halve(mut groups: Vec<Group>) -> (Vec<Group>, Vec<Group>) {
    if groups.len() > 1 {
        let second = groups.split_off(groups.len() / 2);
        return (groups, second);
    }
    let mut second = Vec::new();
    if let Some(group) = groups.first_mut() {
        let entries = group.entries.split_off(group.entries.len() / 2);
        second.push(Group { tenant: group.tenant.clone(), entries });
    }
    (groups, second)
}

/// Partitions the entries by a predicate: groups of those that satisfy it, and of the others. No group is empty.
pub fn split(groups: Vec<Group>, holds: impl Fn(&Entry) -> bool) -> (Vec<Group>, Vec<Group>) {
    let (mut yes, mut no) = (Vec::new(), Vec::new());
    for Group { tenant, entries } in groups {
        let (a, b): (Vec<Entry>, Vec<Entry>) = entries.into_iter().partition(&holds);
        if !a.is_empty() {
            yes.push(Group { tenant: tenant.clone(), entries: a });
        }
        if !b.is_empty() {
            no.push(Group { tenant, entries: b });
        }
    }
    (yes, no)
}
