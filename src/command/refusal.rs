//! Refusals: typed reasons why a write is rejected, with messages that say what to do.

use crate::model::lifecycle::Transition;
use crate::model::limits::VIOLATIONS;
use crate::model::words::{ReopenMode, Status, Visibility};

/// `kinds! { make }` hands the kinds to the macro `make!`, those of the directory behind the others: what it is on the wire, its
/// word, and the reason when there is none.
macro_rules! kinds {
    ($make:ident) => {
        $crate::model::directory::entries! { $make [
            Ticket "ticket" TicketNotFound,
            Message "message" MessageNotFound,
            Issue "issue" IssueNotFound,
            Tag "tag" TagNotFound,
            CannedResponse "canned response" CannedResponseNotFound,
            SlaPolicy "SLA policy" SlaPolicyNotFound,
            Calendar "calendar" CalendarNotFound,
            Workflow "workflow" WorkflowNotFound,
            Run "run" RunNotFound,
        ] }
    };
}
pub(crate) use kinds;

macro_rules! kind {
    ([$($own:ident $word:literal $reason:ident,)+]
     $($row:ident: $one:ident, $many:ident by $fields:ident, $changed:ident, $missing:ident;)+) => {
        /// Which sort of thing an id did not name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind {
            $($own,)+
            $($row,)+
        }

        impl Kind {
            pub fn word(self) -> &'static str {
                match self {
                    $(Kind::$own => $word,)+
                    $(Kind::$row => stringify!($one),)+
                }
            }
        }
    };
}
kinds! { kind }

/// A field of the caller's message that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// A path into the message: `ticket.tags[3]`.
    pub field: String,
    pub description: String,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The first of them, and how many more there are; made by [`Refusal::invalid`].
    #[error("{}", told(violations, *more))]
    Invalid { violations: Vec<Violation>, more: usize },
    /// Of this tenant, or at all: nobody can tell.
    #[error("there is no {} {id:?}", kind.word())]
    NotFound { kind: Kind, id: String },
    #[error("there is a {} {name:?} already", kind.word())]
    NameTaken { kind: Kind, name: String },
    /// Without conditions, and for the same team, type and priority.
    #[error("SLA policy {name:?} is ACTIVE for {slot} already; change that one, or give this one a match")]
    PolicyOverlaps { name: String, slot: String },
    /// `users` are what it is used by, in words.
    #[error("calendar {name:?} is used by {}; {advice}", users.join(", "))]
    CalendarInUse { name: String, users: Vec<String>, advice: &'static str },
    #[error("cannot {verb} {name}: it is {from}; {advice}")]
    IllegalTransition {
        name: String,
        verb: Transition,
        from: Status,
        to: Option<Status>,
        allowed: Vec<Status>,
        advice: String,
    },
    #[error("{name} has changed since it was read: its etag is {current:?}; read it again and decide anew")]
    EtagMismatch { name: String, sent: String, current: String },
    #[error("request_id {request_id:?} was used for another request; use a new one for each write")]
    RequestIdReused { request_id: String },
    #[error("{name} is deleted; undelete it first")]
    Deleted { name: String },
    /// The tenant takes registered tags only.
    #[error("the registry has no tag {}; register it, or take one that it has", quoted(tags))]
    TagNotRegistered { tags: Vec<String> },
    #[error("{name} is deleted: there is nothing left to edit")]
    MessageDeleted { name: String },
    #[error("{name} is {is} and stays so: its readers were chosen when it was posted; post another one")]
    VisibilityFixed { name: String, is: Visibility },
    /// A public message of an agent on a CLOSED ticket.
    #[error("{name} is CLOSED; reopen it before you write to its requester")]
    TicketClosed { name: String },
    /// What is for tickets that are done: to rate one, to follow it up.
    #[error("cannot {verb} {name}: it is {status}, and this is for RESOLVED and CLOSED tickets; {advice}")]
    NotDone { name: String, verb: &'static str, status: Status, advice: &'static str },
    /// By the tenant's settings, of which `setting` decided.
    #[error("cannot reopen {name}: it is {status}, and the tenant's {setting} is {mode}; {advice}")]
    ReopenRejected { name: String, status: Status, setting: &'static str, mode: ReopenMode, advice: &'static str },
    /// More than a resource can hold after the write (tags, custom fields).
    #[error("the {what} of {name} would exceed {limit}")]
    LimitExceeded { name: String, what: String, limit: u64 },
    #[error("{message} (rule {workflow})")]
    Denied { workflow: String, message: String },
    /// Paths into the caller's message (`ticket.priority`) that requesters leave out, or set to what is theirs.
    #[error("requesters do not set {}: leave it out; the desk and its rules decide it", fields.join(", "))]
    Reserved { fields: Vec<String> },
    /// Of one item of a batch, all of which is refused with it; `path` is the item's: `requests[3]`.
    #[error("{path}: {refusal}")]
    InBatch { path: String, refusal: Box<Refusal> },
    /// What the caller's role does not allow on this resource.
    #[error("{what}")]
    Forbidden { what: String },
}

impl Refusal {
    /// One field that cannot be.
    pub fn field(field: impl Into<String>, description: impl Into<String>) -> Refusal {
        Refusal::invalid(vec![Violation { field: field.into(), description: description.into() }])
    }

    pub fn invalid(mut violations: Vec<Violation>) -> Refusal {
        let more = violations.len().saturating_sub(VIOLATIONS);
        violations.truncate(VIOLATIONS);
        Refusal::Invalid { violations, more }
    }
}

fn told(violations: &[Violation], more: usize) -> String {
    let more = (more > 0).then(|| format!("and {more} more"));
    let each = violations.iter().map(|v| format!("{}: {}", v.field, v.description));
    each.chain(more).collect::<Vec<_>>().join("; ")
}

fn quoted(words: &[String]) -> String {
    words.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(", ")
}
