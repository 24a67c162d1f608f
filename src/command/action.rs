//! Arguments of verbs, as callers and rules give them; lengths, enum words and masks were checked before.

use std::ops::Range;

pub use super::forms::{IssueEdit, NewIssue, NewTicket, TicketEdit};
use crate::model::lifecycle::Transition;
use crate::model::words::*;

/// A move along the lifecycle. `Transition::Update` carries its target; the others lead where their name says.
#[derive(Clone, Debug)]
pub struct Step {
    pub verb: Transition,
    pub to: Status,
    pub reason: String,
    /// Escalate: the higher tier. `None` = keep.
    pub team_id: Option<String>,
    pub assignee_id: Option<String>,
    /// Reopen: how, whatever the tenant's settings say.
    pub mode: Option<ReopenMode>,
}

impl Step {
    /// The verb, and nothing said beside it.
    pub fn of(verb: Transition, to: Status) -> Step {
        Step { verb, to, reason: String::new(), team_id: None, assignee_id: None, mode: None }
    }
}

#[derive(Clone, Debug)]
pub struct NewMessage {
    pub body: String,
    pub visibility: Visibility,
    /// For service and importer roles only: who wrote it. '' = the caller.
    pub author_id: String,
    pub author_email: String,
    pub source: String,
    pub source_type: SourceType,
    /// Where the text is its author's own words, which alone mention people; `None`: all of it.
    pub own: Option<Vec<Range<usize>>>,
    /// A rule's, on the ticket that its event has closed.
    pub goodbye: bool,
}

/// The masked fields of a message; `None` = not in the mask.
#[derive(Clone, Debug, Default)]
pub struct MessageEdit {
    pub body: Option<String>,
    /// Named only to be refused where it differs.
    pub visibility: Option<Visibility>,
}
