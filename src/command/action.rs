//! What callers and rules can ask for, checked for form already: lengths, words, masks.

use uuid::Uuid;

pub use super::forms::{IssueEdit, NewIssue, NewTicket, TicketEdit};
use super::sla::{CalendarEdit, PolicyEdit};
use crate::model::canned::CannedRef;
use crate::model::directory::{Agent, Contact, Organization, Team};
use crate::model::lifecycle::Verb;
use crate::model::sla::calendar::CalendarRef;
use crate::model::sla::policy::PolicyRef;
use crate::model::ticket::TicketRef;
use crate::model::words::*;

#[derive(Clone, Debug)]
pub enum Action {
    /// Docket's own: warnings and breaches that are due, and what a changed configuration asks of clocks.
    FollowSla(Vec<Uuid>),
    CreateTicket(Box<NewTicket>),
    /// All or none.
    CreateTickets(Vec<NewTicket>),
    UpdateTicket {
        ticket: TicketRef,
        etag: String,
        edit: Box<TicketEdit>,
    },
    DeleteTicket {
        ticket: TicketRef,
        etag: String,
    },
    UndeleteTicket {
        ticket: TicketRef,
        etag: String,
    },
    /// `None` = keep, `Some("")` = clear.
    AssignTicket {
        ticket: TicketRef,
        etag: String,
        assignee_id: Option<String>,
        team_id: Option<String>,
    },
    TagTicket {
        ticket: TicketRef,
        etag: String,
        add: Vec<String>,
        remove: Vec<String>,
    },
    MoveTicket {
        ticket: TicketRef,
        etag: String,
        step: Step,
    },
    /// A ticket that follows one that is done. What `with` leaves out is the original's.
    CreateFollowUp {
        ticket: TicketRef,
        etag: String,
        with: Box<TicketEdit>,
    },
    RateTicket {
        ticket: TicketRef,
        etag: String,
        /// 1 to 5.
        satisfaction: f64,
        comment: String,
    },
    PostMessage {
        ticket: TicketRef,
        message: NewMessage,
    },
    UpdateMessage {
        ticket: TicketRef,
        message: Uuid,
        etag: String,
        edit: MessageEdit,
    },
    DeleteMessage {
        ticket: TicketRef,
        message: Uuid,
        etag: String,
    },
    CreateCanned(Box<NewCanned>),
    UpdateCanned {
        canned: CannedRef,
        etag: String,
        edit: Box<CannedEdit>,
    },
    DeleteCanned {
        canned: CannedRef,
        etag: String,
    },
    /// What the edit does not name has its default.
    CreatePolicy(Box<PolicyEdit>),
    UpdatePolicy {
        policy: PolicyRef,
        etag: String,
        edit: Box<PolicyEdit>,
    },
    /// Makes it INACTIVE.
    DeletePolicy {
        policy: PolicyRef,
        etag: String,
    },
    CreateCalendar(Box<CalendarEdit>),
    UpdateCalendar {
        calendar: CalendarRef,
        etag: String,
        edit: Box<CalendarEdit>,
    },
    DeleteCalendar {
        calendar: CalendarRef,
        etag: String,
    },
    CreateTag(Box<NewTag>),
    UpdateTag {
        name: String,
        etag: String,
        edit: TagEdit,
    },
    DeleteTag {
        name: String,
        etag: String,
    },
    CreateIssue(Box<NewIssue>),
    ResolveIssue {
        issue: Uuid,
        etag: String,
    },
    LinkIssue {
        issue: Uuid,
        ticket: TicketRef,
        etag: String,
    },
    UpdateIssue {
        issue: Uuid,
        etag: String,
        edit: Box<IssueEdit>,
    },
    ReopenIssue {
        issue: Uuid,
        etag: String,
    },
    UnlinkIssue {
        issue: Uuid,
        ticket: TicketRef,
        etag: String,
    },
    /// An issue out of a ticket. What `with` leaves out is the ticket's.
    ConvertToIssue {
        ticket: TicketRef,
        etag: String,
        with: Box<IssueEdit>,
    },
    /// The stamps of the row given are ignored, as are counts that Docket keeps. An empty etag checks nothing.
    UpsertOrganization(Box<Organization>, String),
    UpsertContact(Box<Contact>, String),
    UpsertTeam(Box<Team>, String),
    UpsertAgent(Box<Agent>, String),
    /// Upserts, all or none.
    UpsertAll(Vec<Action>),
    DeleteEntry {
        kind: DirectoryKind,
        id: String,
        etag: String,
    },
    UpdateTenant {
        etag: String,
        edit: Box<TenantEdit>,
    },
}

impl Action {
    /// The verb, for logs.
    pub fn name(&self) -> &'static str {
        match self {
            Action::FollowSla(_) => "follow_sla",
            Action::CreateTicket(_) => "create_ticket",
            Action::CreateTickets(_) => "create_tickets",
            Action::UpdateTicket { .. } => "update_ticket",
            Action::DeleteTicket { .. } => "delete_ticket",
            Action::UndeleteTicket { .. } => "undelete_ticket",
            Action::AssignTicket { .. } => "assign_ticket",
            Action::TagTicket { .. } => "tag_ticket",
            Action::MoveTicket { .. } => "move_ticket",
            Action::CreateFollowUp { .. } => "create_follow_up",
            Action::RateTicket { .. } => "rate_ticket",
            Action::PostMessage { .. } => "post_message",
            Action::UpdateMessage { .. } => "update_message",
            Action::DeleteMessage { .. } => "delete_message",
            Action::CreateCanned(_) => "create_canned_response",
            Action::UpdateCanned { .. } => "update_canned_response",
            Action::DeleteCanned { .. } => "delete_canned_response",
            Action::CreatePolicy(_) => "create_sla_policy",
            Action::UpdatePolicy { .. } => "update_sla_policy",
            Action::DeletePolicy { .. } => "delete_sla_policy",
            Action::CreateCalendar(_) => "create_calendar",
            Action::UpdateCalendar { .. } => "update_calendar",
            Action::DeleteCalendar { .. } => "delete_calendar",
            Action::CreateTag(_) => "create_tag",
            Action::UpdateTag { .. } => "update_tag",
            Action::DeleteTag { .. } => "delete_tag",
            Action::CreateIssue(_) => "create_issue",
            Action::ResolveIssue { .. } => "resolve_issue",
            Action::LinkIssue { .. } => "link_issue",
            Action::UpdateIssue { .. } => "update_issue",
            Action::ReopenIssue { .. } => "reopen_issue",
            Action::UnlinkIssue { .. } => "unlink_issue",
            Action::ConvertToIssue { .. } => "convert_to_issue",
            Action::UpsertOrganization(..) => "upsert_organization",
            Action::UpsertContact(..) => "upsert_contact",
            Action::UpsertTeam(..) => "upsert_team",
            Action::UpsertAgent(..) => "upsert_agent",
            Action::UpsertAll(_) => "upsert_all",
            Action::DeleteEntry { .. } => "delete_entry",
            Action::UpdateTenant { .. } => "update_tenant",
        }
    }
}

/// What the directory has entries of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectoryKind {
    Organization,
    Contact,
    Team,
    Agent,
}

/// A move along the lifecycle. `Verb::Update` carries its target; the others lead where their name says.
#[derive(Clone, Debug)]
pub struct Step {
    pub verb: Verb,
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
    pub fn of(verb: Verb, to: Status) -> Step {
        Step { verb, to, reason: String::new(), team_id: None, assignee_id: None, mode: None }
    }
}

/// The masked settings of an update; `None` = not in the mask.
#[derive(Clone, Debug, Default)]
pub struct TenantEdit {
    pub reopen_agent: Option<ReopenMode>,
    pub reopen_requester: Option<ReopenMode>,
    pub push_back_micros: Option<i64>,
    pub requester_reply_reopens_pending: Option<bool>,
    pub tag_mode: Option<TagMode>,
    pub categories: Option<Words>,
    /// The whole map.
    pub attributes: Option<serde_json::Value>,
    pub default_calendar: Option<Option<CalendarRef>>,
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
}

/// The masked fields of a message; `None` = not in the mask.
#[derive(Clone, Debug, Default)]
pub struct MessageEdit {
    pub body: Option<String>,
    /// Named only to be refused where it differs.
    pub visibility: Option<Visibility>,
}

/// Its body was compiled already.
#[derive(Clone, Debug)]
pub struct NewCanned {
    pub name: String,
    pub title: String,
    pub body: String,
    pub team_id: String,
}

/// The masked fields of a canned response; `None` = not in the mask.
#[derive(Clone, Debug, Default)]
pub struct CannedEdit {
    pub name: Option<String>,
    pub title: Option<String>,
    pub body: Option<String>,
    pub team_id: Option<String>,
}

#[derive(Clone, Debug)]
pub struct NewTag {
    pub name: String,
    pub color: String,
    pub team_id: String,
    pub description: String,
}

/// The masked fields of a tag; `None` = not in the mask.
#[derive(Clone, Debug, Default)]
pub struct TagEdit {
    pub color: Option<String>,
    pub team_id: Option<String>,
    pub description: Option<String>,
}
