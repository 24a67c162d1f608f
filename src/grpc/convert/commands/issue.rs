//! Commands of issues: creation, changes, and links to tickets.

use super::etag;
use super::forms::Form;
use crate::command::verbs::issue::{
    ConvertToIssue, CreateIssue, LinkIssue, ReopenIssue, ResolveIssue, UnlinkIssue, UpdateIssue,
};
use crate::grpc::convert::fields::ISSUE;
use crate::grpc::convert::violations::Violations;
use crate::grpc::convert::words::WireWord;
use crate::grpc::pb;
use crate::model::issue::Issue;
use crate::model::limits::ISSUE_TICKETS;
use crate::model::words::IssueStatus;

writes! {
    CreateIssueRequest -> CreateIssueResponse { issue: Issue }, by create;
    ResolveIssueRequest -> ResolveIssueResponse { issue: Issue }, by resolve;
    UpdateIssueRequest -> UpdateIssueResponse { issue: Issue }, by update;
    ReopenIssueRequest -> ReopenIssueResponse { issue: Issue }, by reopen;
    UnlinkIssueRequest -> UnlinkIssueResponse { issue: Issue }, by unlink;
    ConvertToIssueRequest -> ConvertToIssueResponse { issue: Issue }, by convert;
    LinkIssueRequest -> LinkIssueResponse { issue: Issue }, by link;
}

pub fn create(request: pb::CreateIssueRequest, found: &mut Violations) -> CreateIssue {
    let mut issue = found.set("issue", request.issue);
    found.within("issue", |found| {
        if !matches!(IssueStatus::from_pb(found, "status", issue.status), None | Some(IssueStatus::Open)) {
            found.add("status", "a new issue is OPEN: leave it out, and move the issue once it is there");
        }
        let named = issue.ticket_ids.len();
        if named > ISSUE_TICKETS {
            found.add("ticket_ids", format!("must have at most {ISSUE_TICKETS} entries, has {named}"));
        }
        let ids = std::mem::take(&mut issue.ticket_ids);
        let mut new = issue.checked(found);
        let tickets = ids.iter().take(ISSUE_TICKETS).enumerate();
        new.tickets = tickets.map(|(i, text)| found.ticket(&format!("ticket_ids[{i}]"), text)).collect();
        CreateIssue(new)
    })
}

pub fn update(request: pb::UpdateIssueRequest, found: &mut Violations) -> UpdateIssue {
    let pb::UpdateIssueRequest { issue, update_mask, request_id: _, validate_only: _ } = request;
    let everything = update_mask.as_ref().is_some_and(|mask| mask.paths == ["*"]);
    let fields = ISSUE.masked(found, update_mask);
    let mut issue = found.set("issue", issue);
    found.within("issue", |found| {
        // A status cannot be cleared: `*` without one keeps it.
        if !everything && fields.contains(&"status") && issue.status == pb::IssueStatus::Unspecified as i32 {
            found.add("status", "must be set when the mask names it");
        }
        UpdateIssue {
            issue: found.issue("id", &issue.id),
            etag: etag(found, std::mem::take(&mut issue.etag)),
            edit: issue.edit(|field| fields.contains(&field), true, found),
        }
    })
}

pub fn convert(request: pb::ConvertToIssueRequest, found: &mut Violations) -> ConvertToIssue {
    let pb::ConvertToIssueRequest { id, issue, etag: tag, request_id: _, validate_only: _ } = request;
    let issue = issue.unwrap_or_default();
    if !issue.ticket_ids.is_empty() {
        found.add("issue.ticket_ids", "must be empty: the issue is linked to the ticket; link others by LinkIssue");
    }
    let given = issue.given();
    ConvertToIssue {
        ticket: found.ticket("id", &id),
        etag: etag(found, tag),
        with: found.within("issue", |found| issue.edit(|field| given.contains(&field), true, found)),
    }
}

pub fn reopen(request: pb::ReopenIssueRequest, found: &mut Violations) -> ReopenIssue {
    ReopenIssue { issue: found.issue("id", &request.id), etag: etag(found, request.etag) }
}

pub fn unlink(request: pb::UnlinkIssueRequest, found: &mut Violations) -> UnlinkIssue {
    UnlinkIssue {
        issue: found.issue("id", &request.id),
        ticket: found.ticket("ticket_id", &request.ticket_id),
        etag: etag(found, request.etag),
    }
}

pub fn resolve(request: pb::ResolveIssueRequest, found: &mut Violations) -> ResolveIssue {
    ResolveIssue { issue: found.issue("id", &request.id), etag: etag(found, request.etag) }
}

pub fn link(request: pb::LinkIssueRequest, found: &mut Violations) -> LinkIssue {
    LinkIssue {
        issue: found.issue("id", &request.id),
        ticket: found.ticket("ticket_id", &request.ticket_id),
        etag: etag(found, request.etag),
    }
}
