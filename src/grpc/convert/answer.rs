//! Responses of writes: the resource, the log's position after the write, and its epoch.

use std::sync::Arc;

use super::{Disclosure, canned, directory, issue, message, sla, tag, tenant, ticket};
use crate::command::Resource;
use crate::grpc::pb;
use crate::model::id;
use crate::model::ticket::Ticket;

/// The response of a write.
pub trait Answer: Sized {
    /// `None` when the resource is not of the kind that this response holds.
    fn of(resource: Resource, position: i64, epoch: i64, disclosure: Disclosure) -> Option<Self>;
}

/// Responses that hold one resource and nothing else.
macro_rules! answers {
    ($($response:ident holds $field:ident, a $variant:ident, by $show:expr;)+) => { $(
        impl Answer for pb::$response {
            fn of(resource: Resource, position: i64, epoch: i64, disclosure: Disclosure) -> Option<Self> {
                match resource {
                    Resource::$variant(row) => {
                        Some(pb::$response { $field: Some($show(Arc::unwrap_or_clone(row), disclosure)), position, epoch })
                    }
                    _ => None,
                }
            }
        }
    )+ };
}

answers! {
    CreateTicketResponse holds ticket, a Ticket, by ticket::to_pb;
    UpdateTicketResponse holds ticket, a Ticket, by ticket::to_pb;
    DeleteTicketResponse holds ticket, a Ticket, by ticket::to_pb;
    UndeleteTicketResponse holds ticket, a Ticket, by ticket::to_pb;
    AssignTicketResponse holds ticket, a Ticket, by ticket::to_pb;
    TagTicketResponse holds ticket, a Ticket, by ticket::to_pb;
    StartTicketResponse holds ticket, a Ticket, by ticket::to_pb;
    HoldTicketResponse holds ticket, a Ticket, by ticket::to_pb;
    ResolveTicketResponse holds ticket, a Ticket, by ticket::to_pb;
    EscalateTicketResponse holds ticket, a Ticket, by ticket::to_pb;
    CloseTicketResponse holds ticket, a Ticket, by ticket::to_pb;
    CreateFollowUpResponse holds ticket, a Ticket, by ticket::to_pb;
    RateTicketResponse holds ticket, a Ticket, by ticket::to_pb;
    UpdateTenantResponse holds tenant, a Tenant, by |row, _| tenant::to_pb(row);
    CreateIssueResponse holds issue, a Issue, by |row, _| issue::to_pb(row);
    ResolveIssueResponse holds issue, a Issue, by |row, _| issue::to_pb(row);
    UpdateIssueResponse holds issue, a Issue, by |row, _| issue::to_pb(row);
    ReopenIssueResponse holds issue, a Issue, by |row, _| issue::to_pb(row);
    UnlinkIssueResponse holds issue, a Issue, by |row, _| issue::to_pb(row);
    ConvertToIssueResponse holds issue, a Issue, by |row, _| issue::to_pb(row);
    LinkIssueResponse holds issue, a Issue, by |row, _| issue::to_pb(row);
    DeleteOrganizationResponse holds organization, a Organization, by |row, _| directory::organization_to_pb(row);
    DeleteContactResponse holds contact, a Contact, by |row, _| directory::contact_to_pb(row);
    DeleteTeamResponse holds team, a Team, by |row, _| directory::team_to_pb(row);
    DeleteAgentResponse holds agent, a Agent, by |row, _| directory::agent_to_pb(row);
    UpsertOrganizationResponse holds organization, a Organization, by |row, _| directory::organization_to_pb(row);
    UpsertContactResponse holds contact, a Contact, by |row, _| directory::contact_to_pb(row);
    UpsertTeamResponse holds team, a Team, by |row, _| directory::team_to_pb(row);
    UpsertAgentResponse holds agent, a Agent, by |row, _| directory::agent_to_pb(row);
    CreateCannedResponseResponse holds canned_response, a CannedResponse, by |row, _| canned::to_pb(row);
    UpdateCannedResponseResponse holds canned_response, a CannedResponse, by |row, _| canned::to_pb(row);
    DeleteCannedResponseResponse holds canned_response, a CannedResponse, by |row, _| canned::to_pb(row);
    CreateSlaPolicyResponse holds sla_policy, a SlaPolicy, by |row, _| sla::policy_to_pb(row);
    UpdateSlaPolicyResponse holds sla_policy, a SlaPolicy, by |row, _| sla::policy_to_pb(row);
    DeleteSlaPolicyResponse holds sla_policy, a SlaPolicy, by |row, _| sla::policy_to_pb(row);
    CreateCalendarResponse holds calendar, a Calendar, by |row, _| sla::calendar_to_pb(row);
    UpdateCalendarResponse holds calendar, a Calendar, by |row, _| sla::calendar_to_pb(row);
    ImportHolidaysResponse holds calendar, a Calendar, by |row, _| sla::calendar_to_pb(row);
    DeleteCalendarResponse holds calendar, a Calendar, by |row, _| sla::calendar_to_pb(row);
    CreateTagResponse holds tag, a Tag, by |row, _| tag::to_pb(row);
    UpdateTagResponse holds tag, a Tag, by |row, _| tag::to_pb(row);
    DeleteTagResponse holds tag, a Tag, by |row, _| tag::to_pb(row);
}

/// Responses that hold the entries of a batch.
macro_rules! batches {
    ($($response:ident holds $field:ident, each a $variant:ident, by $show:path;)+) => { $(
        impl Answer for pb::$response {
            fn of(resource: Resource, position: i64, epoch: i64, _: Disclosure) -> Option<Self> {
                let Resource::All(rows) = resource else { return None };
                let shown = |row| match row {
                    Resource::$variant(row) => Some($show(Arc::unwrap_or_clone(row))),
                    _ => None,
                };
                let $field = rows.into_iter().map(shown).collect::<Option<_>>()?;
                Some(pb::$response { $field, position, epoch })
            }
        }
    )+ };
}

batches! {
    BatchUpsertOrganizationsResponse holds organizations, each a Organization, by directory::organization_to_pb;
    BatchUpsertContactsResponse holds contacts, each a Contact, by directory::contact_to_pb;
    BatchUpsertTeamsResponse holds teams, each a Team, by directory::team_to_pb;
    BatchUpsertAgentsResponse holds agents, each a Agent, by directory::agent_to_pb;
}

impl Answer for pb::BatchCreateTicketsResponse {
    fn of(resource: Resource, position: i64, epoch: i64, disclosure: Disclosure) -> Option<Self> {
        let Resource::Tickets(rows) = resource else { return None };
        let tickets = rows.into_iter().map(|row| shown(row, disclosure)).collect();
        Some(pb::BatchCreateTicketsResponse { tickets, position, epoch })
    }
}

impl Answer for pb::ReopenTicketResponse {
    fn of(resource: Resource, position: i64, epoch: i64, disclosure: Disclosure) -> Option<Self> {
        let Resource::Ticket(row) = resource else { return None };
        // What was reopened counts it; what follows another up is new.
        let original = row.follow_up_of.filter(|_| row.reopen_count == 0);
        let outcome = match original {
            None => pb::ReopenOutcome::Reopened,
            Some(_) => pb::ReopenOutcome::FollowUpCreated,
        };
        Some(pb::ReopenTicketResponse {
            ticket: Some(shown(row, disclosure)),
            position,
            epoch,
            outcome: outcome as i32,
            original_id: original.map(|id| id::show(id::TICKET, id)).unwrap_or_default(),
        })
    }
}

/// Responses that hold a message and its ticket.
macro_rules! said {
    ($($response:ident)+) => { $(
        impl Answer for pb::$response {
            fn of(resource: Resource, position: i64, epoch: i64, disclosure: Disclosure) -> Option<Self> {
                let Resource::Message(row, ticket) = resource else { return None };
                let message = message::to_pb(Arc::unwrap_or_clone(row), disclosure);
                Some(pb::$response { message: Some(message), ticket: Some(shown(ticket, disclosure)), position, epoch })
            }
        }
    )+ };
}

said! { PostMessageResponse UpdateMessageResponse DeleteMessageResponse }

fn shown(row: Arc<Ticket>, disclosure: Disclosure) -> pb::Ticket {
    ticket::to_pb(Arc::unwrap_or_clone(row), disclosure)
}
