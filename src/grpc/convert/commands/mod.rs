//! Commands from requests that write; all violations of a request are reported at once.

use uuid::Uuid;

use super::answer::Answer;
use super::violations::Violations;
use crate::command::limits::limits;
use crate::command::{Action, Command, Refusal, RequestKey};
use crate::grpc::pb;
use crate::identity::Caller;
use crate::model::id;

mod canned;
mod check;
mod directory;
mod edit;
mod forms;
mod issue;
mod message;
mod sla;
mod tag;
mod tenant;
mod ticket;

pub use sla::change;

/// A request that writes.
pub trait Write: prost::Message + Sized {
    /// The RPC's name: with the message it tells whether two requests are the same.
    const METHOD: &'static str;

    type Response: Answer;

    fn request_id(&self) -> &str;

    fn validate_only(&self) -> bool;

    /// What it asks for. Where something is wrong, `found` says so and the action stands for nothing.
    fn action(self, found: &mut Violations) -> Action;
}

/// `writes! { "Method" Request -> Response, by read; }`, with `fn read(request, found) -> Action`.
macro_rules! writes {
    ($($method:literal $request:ident -> $response:ident, by $read:path;)+) => { $(
        impl Write for pb::$request {
            const METHOD: &'static str = $method;
            type Response = pb::$response;

            fn request_id(&self) -> &str {
                &self.request_id
            }

            fn validate_only(&self) -> bool {
                self.validate_only
            }

            fn action(self, found: &mut Violations) -> Action {
                $read(self, found)
            }
        }
    )+ };
}

writes! {
    "CreateTicket" CreateTicketRequest -> CreateTicketResponse, by ticket::create;
    "BatchCreateTickets" BatchCreateTicketsRequest -> BatchCreateTicketsResponse, by ticket::create_batch;
    "UpdateTicket" UpdateTicketRequest -> UpdateTicketResponse, by edit::update;
    "DeleteTicket" DeleteTicketRequest -> DeleteTicketResponse, by ticket::delete;
    "UndeleteTicket" UndeleteTicketRequest -> UndeleteTicketResponse, by ticket::undelete;
    "AssignTicket" AssignTicketRequest -> AssignTicketResponse, by ticket::assign;
    "TagTicket" TagTicketRequest -> TagTicketResponse, by ticket::tag;
    "StartTicket" StartTicketRequest -> StartTicketResponse, by ticket::start;
    "HoldTicket" HoldTicketRequest -> HoldTicketResponse, by ticket::hold;
    "ResolveTicket" ResolveTicketRequest -> ResolveTicketResponse, by ticket::resolve;
    "EscalateTicket" EscalateTicketRequest -> EscalateTicketResponse, by ticket::escalate;
    "CloseTicket" CloseTicketRequest -> CloseTicketResponse, by ticket::close;
    "ReopenTicket" ReopenTicketRequest -> ReopenTicketResponse, by ticket::reopen;
    "CreateFollowUp" CreateFollowUpRequest -> CreateFollowUpResponse, by ticket::follow_up;
    "RateTicket" RateTicketRequest -> RateTicketResponse, by ticket::rate;
    "PostMessage" PostMessageRequest -> PostMessageResponse, by message::post;
    "UpdateMessage" UpdateMessageRequest -> UpdateMessageResponse, by message::update;
    "DeleteMessage" DeleteMessageRequest -> DeleteMessageResponse, by message::delete;
    "CreateTag" CreateTagRequest -> CreateTagResponse, by tag::create;
    "UpdateTag" UpdateTagRequest -> UpdateTagResponse, by tag::update;
    "DeleteTag" DeleteTagRequest -> DeleteTagResponse, by tag::delete;
    "CreateCannedResponse" CreateCannedResponseRequest -> CreateCannedResponseResponse, by canned::create;
    "UpdateCannedResponse" UpdateCannedResponseRequest -> UpdateCannedResponseResponse, by canned::update;
    "DeleteCannedResponse" DeleteCannedResponseRequest -> DeleteCannedResponseResponse, by canned::delete;
    "CreateSlaPolicy" CreateSlaPolicyRequest -> CreateSlaPolicyResponse, by sla::create_policy;
    "UpdateSlaPolicy" UpdateSlaPolicyRequest -> UpdateSlaPolicyResponse, by sla::update_policy;
    "DeleteSlaPolicy" DeleteSlaPolicyRequest -> DeleteSlaPolicyResponse, by sla::delete_policy;
    "CreateCalendar" CreateCalendarRequest -> CreateCalendarResponse, by sla::create_calendar;
    "UpdateCalendar" UpdateCalendarRequest -> UpdateCalendarResponse, by sla::update_calendar;
    "ImportHolidays" ImportHolidaysRequest -> ImportHolidaysResponse, by sla::import_holidays;
    "DeleteCalendar" DeleteCalendarRequest -> DeleteCalendarResponse, by sla::delete_calendar;
    "CreateIssue" CreateIssueRequest -> CreateIssueResponse, by issue::create;
    "ResolveIssue" ResolveIssueRequest -> ResolveIssueResponse, by issue::resolve;
    "UpdateIssue" UpdateIssueRequest -> UpdateIssueResponse, by issue::update;
    "ReopenIssue" ReopenIssueRequest -> ReopenIssueResponse, by issue::reopen;
    "UnlinkIssue" UnlinkIssueRequest -> UnlinkIssueResponse, by issue::unlink;
    "ConvertToIssue" ConvertToIssueRequest -> ConvertToIssueResponse, by issue::convert;
    "LinkIssue" LinkIssueRequest -> LinkIssueResponse, by issue::link;
    "UpsertOrganization" UpsertOrganizationRequest -> UpsertOrganizationResponse, by directory::organization;
    "UpsertContact" UpsertContactRequest -> UpsertContactResponse, by directory::contact;
    "UpsertTeam" UpsertTeamRequest -> UpsertTeamResponse, by directory::team;
    "UpsertAgent" UpsertAgentRequest -> UpsertAgentResponse, by directory::agent;
    "BatchUpsertOrganizations" BatchUpsertOrganizationsRequest -> BatchUpsertOrganizationsResponse, by directory::organizations;
    "DeleteOrganization" DeleteOrganizationRequest -> DeleteOrganizationResponse, by directory::delete_organization;
    "BatchUpsertContacts" BatchUpsertContactsRequest -> BatchUpsertContactsResponse, by directory::contacts;
    "DeleteContact" DeleteContactRequest -> DeleteContactResponse, by directory::delete_contact;
    "BatchUpsertTeams" BatchUpsertTeamsRequest -> BatchUpsertTeamsResponse, by directory::teams;
    "DeleteTeam" DeleteTeamRequest -> DeleteTeamResponse, by directory::delete_team;
    "BatchUpsertAgents" BatchUpsertAgentsRequest -> BatchUpsertAgentsResponse, by directory::agents;
    "DeleteAgent" DeleteAgentRequest -> DeleteAgentResponse, by directory::delete_agent;
    "UpdateTenant" UpdateTenantRequest -> UpdateTenantResponse, by tenant::update;
}

/// The command that a request asks for, or everything that is wrong with it.
pub fn command<W: Write>(caller: Caller, request: W) -> Result<Command, Refusal> {
    let mut found = Violations::default();
    let key = request_key(&caller, &request, &mut found);
    let validate_only = request.validate_only();
    let action = request.action(&mut found);
    found.give(())?;
    Ok(Command { id: Uuid::now_v7(), caller, request: key, validate_only, action })
}

/// What stands in a batch has no id and no trial of its own.
fn of_batch<W: Write>(request: &W, found: &mut Violations) {
    if !request.request_id().is_empty() {
        found.add("request_id", "must be empty: the batch has its own");
    }
    if request.validate_only() {
        found.add("validate_only", "must be false: the batch has its own");
    }
}

/// Whether as many requests are in a batch as may be.
fn fits_batch(found: &mut Violations, requests: usize) -> bool {
    let most = limits().batch;
    let fits = (1..=most).contains(&requests);
    if !fits {
        found.add("requests", format!("must have 1 to {most} entries, has {requests}"));
    }
    fits
}

const MAX_REQUEST_ID: usize = 128;
/// Characters of the reason of a move.
const MAX_REASON_CHARS: usize = 1000;
/// No etag of ours is longer.
const MAX_ETAG_CHARS: usize = 64;
/// Characters of a provenance tag.
const MAX_SOURCE_CHARS: usize = 128;
const DEFAULT_SOURCE: &str = "docket";

/// Maps encode in the order of their keys, so equal requests have equal bytes.
fn request_key<W: Write>(caller: &Caller, request: &W, found: &mut Violations) -> Option<RequestKey> {
    let text = request.request_id();
    if text.is_empty() {
        return None;
    }
    if text.len() > MAX_REQUEST_ID || !text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        found.add("request_id", format!("must have 1 to {MAX_REQUEST_ID} printable ASCII characters"));
    }
    let app = caller.app_id().unwrap_or_default();
    Some(RequestKey {
        text: text.to_owned(),
        key: id::hash(&[caller.sub().as_bytes(), app.as_bytes(), text.as_bytes()]),
        fingerprint: id::hash(&[W::METHOD.as_bytes(), &request.encode_to_vec()]),
    })
}

fn etag(found: &mut Violations, etag: String) -> String {
    found.text("etag", &etag, MAX_ETAG_CHARS);
    etag
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused<W: Write>(request: W) -> Vec<String> {
        let mut found = Violations::default();
        request.action(&mut found);
        found.fields().into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn a_ticket_needs_no_more_than_a_subject() {
        let ticket = pb::Ticket { subject: "Login broken".into(), ..Default::default() };
        let request = pb::CreateTicketRequest { ticket: Some(ticket), ..Default::default() };
        let Action::CreateTicket(new) = request.action(&mut Violations::default()) else {
            panic!("another action");
        };
        assert_eq!((new.category.as_str(), new.source.as_str()), ("general", "docket"));
        assert_eq!((new.kind.word(), new.priority.word(), new.channel.word()), ("INCIDENT", "MEDIUM", "API"));
    }

    #[test]
    fn everything_that_is_wrong_with_a_ticket_is_told_at_once() {
        let ticket = pb::Ticket {
            subject: String::new(),
            description: "x".repeat(64 * 1024 + 1),
            r#type: 9,
            status: pb::TicketStatus::Closed as i32,
            priority: -1,
            tags: vec!["ok".into(), "x".repeat(65)],
            requester_id: "a\0b".into(),
            sla_policy_id: "gold".into(),
            ..Default::default()
        };
        let mut wrong = refused(pb::CreateTicketRequest { ticket: Some(ticket), ..Default::default() });
        wrong.sort();
        assert_eq!(
            wrong,
            [
                "ticket.description",
                "ticket.priority",
                "ticket.requester_id",
                "ticket.sla_policy_id",
                "ticket.status",
                "ticket.subject",
                "ticket.tags[1]",
                "ticket.type",
            ]
        );
    }

    #[test]
    fn a_batch_names_the_ticket_that_is_wrong() {
        let good = pb::Ticket { subject: "a".into(), ..Default::default() };
        let requests = vec![
            pb::CreateTicketRequest { ticket: Some(good), ..Default::default() },
            pb::CreateTicketRequest { ticket: None, request_id: "r".into(), validate_only: true },
        ];
        assert_eq!(
            refused(pb::BatchCreateTicketsRequest { requests, ..Default::default() }),
            ["requests[1].request_id", "requests[1].validate_only", "requests[1].ticket", "requests[1].ticket.subject"]
        );
        assert_eq!(refused(pb::BatchCreateTicketsRequest::default()), ["requests"]);
    }

    #[test]
    fn a_tag_is_added_or_removed_not_both() {
        let tags = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect();
        let request = pb::TagTicketRequest {
            id: "42".into(),
            add: tags(&["a", "b"]),
            remove: tags(&["c", "b"]),
            ..Default::default()
        };
        assert_eq!(refused(request), ["remove[1]"]);
        assert_eq!(refused(pb::TagTicketRequest { id: "42".into(), ..Default::default() }), ["add"]);
    }

    #[test]
    fn an_agent_has_its_own_id_and_sane_numbers() {
        let agent = pb::Agent { capacity: -1, weight: 1001, ..Default::default() };
        let request = pb::UpsertAgentRequest { agent: Some(agent), ..Default::default() };
        assert_eq!(refused(request), ["agent.id", "agent.capacity", "agent.weight"]);
    }
}
