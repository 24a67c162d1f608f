//! What a rule wants done: its actions, with every condition, template and value already evaluated.

use serde_json::Value as Json;
use uuid::Uuid;

use crate::model::lifecycle::Verb;
use crate::model::words::{IssueType, Priority, Status, TicketType, Visibility};

/// One action's outcome. The command floor turns it into a command, or into an edit of one for before-rules.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Set(SetFields),
    /// Without doubles; adding what is there and removing what is not changes nothing.
    Tag {
        add: Vec<String>,
        remove: Vec<String>,
    },
    Assign(Assign),
    /// Never `Verb::Update`.
    Transition {
        verb: Verb,
        reason: String,
    },
    Message {
        said: Said,
        visibility: Visibility,
    },
    CreateIssue(CreateIssue),
    /// Empty ids name nobody.
    CreateTask {
        subject: String,
        assignee_id: String,
        contact_id: String,
    },
    /// Another SLA policy for the ticket.
    Sla(Promise),
    /// Before-rules only: the command is refused with this message.
    Deny {
        message: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    Body(String),
    /// By the canned response of this name or id.
    Canned(String),
}

/// The policy that a ticket is to name itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Promise {
    /// By its name or id; '' = none.
    Named(String),
    /// As the tenant has it.
    Policy(Option<Uuid>),
}

/// The fields that one `set` names; `None` = left alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SetFields {
    pub subject: Option<String>,
    pub priority: Option<Priority>,
    pub status: Option<Status>,
    pub category: Option<String>,
    pub kind: Option<TicketType>,
    /// Keys of `custom`, without the prefix; null removes the key.
    pub custom: Vec<(String, Json)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assign {
    pub to: AssignTo,
    /// What to do where the strategy finds nobody.
    pub when_none: WhenNone,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssignTo {
    /// An agent's id; `''` takes the assignee away. An id that the directory lacks is refused.
    Agent(String),
    Strategy {
        strategy: Strategy,
        /// Whose members are candidates; '' = the ticket's own team.
        team: String,
        only_online: bool,
        /// Candidates have fewer open tickets than this.
        max_open: Option<i64>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    RoundRobin,
    LeastOpen,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhenNone {
    /// The ticket stays as it is.
    Leave,
    /// Assigned to this agent.
    To(String),
}

#[derive(Clone, Debug, PartialEq)]
pub struct CreateIssue {
    pub title: String,
    pub description: String,
    pub kind: IssueType,
    pub priority: Priority,
    /// '' = the ticket's requester.
    pub reporter_id: String,
    pub project: String,
    /// No second issue by this rule for one ticket.
    pub once_per_ticket: bool,
}
