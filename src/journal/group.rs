//! What a batch is made of, and how it is cut.

use std::time::Instant;

use tokio::sync::oneshot;

use super::{Answer, Failure};
use crate::command::Command;
use crate::telemetry::Trace;

/// A command that waits for its answer.
pub struct Entry {
    pub command: Command,
    pub bytes: usize,
    pub deadline: Option<Instant>,
    pub queued_at: Instant,
    /// Where the call behind it is traced.
    pub trace: Option<Trace>,
    pub reply: oneshot::Sender<Result<Answer, Failure>>,
}

/// The commands of one tenant in one batch, in order.
pub struct Group {
    pub tenant: String,
    pub entries: Vec<Entry>,
}

/// Of commands.
pub fn count(groups: &[Group]) -> usize {
    groups.iter().map(|group| group.entries.len()).sum()
}

/// Two halves: of the tenants, or of the one tenant's commands.
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

/// The groups of the entries that hold, and of those that do not; none is empty.
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
