//! Commands of issues: creation, changes, and links to tickets.

use super::ticket::{description, id, priority, source_type};
use super::{etag, source};
use crate::command::Action;
use crate::command::action::{IssueEdit, NewIssue};
use crate::command::limits::limits;
use crate::grpc::convert::fields::ISSUE;
use crate::grpc::convert::value;
use crate::grpc::convert::violations::Violations;
use crate::grpc::convert::words::WireWord;
use crate::grpc::pb;
use crate::model::words::{IssueStatus, IssueType};

const MAX_URL_CHARS: usize = 2048;
const MAX_TICKETS: usize = 500;

pub fn create(request: pb::CreateIssueRequest, found: &mut Violations) -> Action {
    let issue = found.set("issue", request.issue);
    found.within("issue", |found| {
        if !matches!(IssueStatus::from_pb(found, "status", issue.status), None | Some(IssueStatus::Open)) {
            found.add("status", "a new issue is OPEN: leave it out, and move the issue once it is there");
        }
        let named = issue.ticket_ids.len();
        if named > MAX_TICKETS {
            found.add("ticket_ids", format!("must have at most {MAX_TICKETS} entries, has {named}"));
        }
        let tickets = issue.ticket_ids.iter().take(MAX_TICKETS).enumerate();
        Action::CreateIssue(Box::new(NewIssue {
            title: title(found, issue.title),
            description: description(found, issue.description),
            kind: kind(found, issue.r#type),
            priority: priority(found, issue.priority),
            reporter_id: id(found, "reporter_id", issue.reporter_id),
            assignee_id: id(found, "assignee_id", issue.assignee_id),
            project: id(found, "project", issue.project),
            external_url: external_url(found, issue.external_url),
            metadata: value::struct_from_pb(found, "metadata", issue.metadata),
            tickets: tickets.map(|(i, text)| found.ticket(&format!("ticket_ids[{i}]"), text)).collect(),
            source: source(found, issue.source),
            source_type: source_type(found, issue.source_type),
        }))
    })
}

pub fn update(request: pb::UpdateIssueRequest, found: &mut Violations) -> Action {
    let pb::UpdateIssueRequest { issue, update_mask, request_id: _, validate_only: _ } = request;
    let everything = update_mask.as_ref().is_some_and(|mask| mask.paths == ["*"]);
    let fields = ISSUE.masked(found, update_mask);
    let mut issue = found.set("issue", issue);
    found.within("issue", |found| {
        // A status cannot be cleared: `*` without one keeps it.
        if !everything && fields.contains(&"status") && issue.status == pb::IssueStatus::Unspecified as i32 {
            found.add("status", "must be set when the mask names it");
        }
        Action::UpdateIssue {
            issue: found.issue("id", &issue.id),
            etag: etag(found, std::mem::take(&mut issue.etag)),
            edit: Box::new(edit(issue, |field| fields.contains(&field), found)),
        }
    })
}

/// Only the fields that it `has` are looked at.
fn edit(issue: pb::Issue, has: impl Fn(&'static str) -> bool, found: &mut Violations) -> IssueEdit {
    IssueEdit {
        title: has("title").then(|| title(found, issue.title)),
        description: has("description").then(|| description(found, issue.description)),
        kind: has("type").then(|| kind(found, issue.r#type)),
        status: has("status").then(|| IssueStatus::from_pb(found, "status", issue.status)).flatten(),
        priority: has("priority").then(|| priority(found, issue.priority)),
        reporter_id: has("reporter_id").then(|| id(found, "reporter_id", issue.reporter_id)),
        assignee_id: has("assignee_id").then(|| id(found, "assignee_id", issue.assignee_id)),
        project: has("project").then(|| id(found, "project", issue.project)),
        external_url: has("external_url").then(|| external_url(found, issue.external_url)),
        metadata: has("metadata").then(|| value::struct_from_pb(found, "metadata", issue.metadata)),
        source: has("source").then(|| source(found, issue.source)),
        source_type: has("source_type").then(|| source_type(found, issue.source_type)),
    }
}

pub fn convert(request: pb::ConvertToIssueRequest, found: &mut Violations) -> Action {
    let pb::ConvertToIssueRequest { id, issue, etag: tag, request_id: _, validate_only: _ } = request;
    let issue = issue.unwrap_or_default();
    if !issue.ticket_ids.is_empty() {
        found.add("issue.ticket_ids", "must be empty: the issue is linked to the ticket; link others by LinkIssue");
    }
    let given = [
        ("title", !issue.title.is_empty()),
        ("description", !issue.description.is_empty()),
        ("type", issue.r#type != 0),
        ("priority", issue.priority != 0),
        ("reporter_id", !issue.reporter_id.is_empty()),
        ("assignee_id", !issue.assignee_id.is_empty()),
        ("project", !issue.project.is_empty()),
        ("external_url", !issue.external_url.is_empty()),
        ("metadata", issue.metadata.is_some()),
        ("source", !issue.source.is_empty()),
        ("source_type", issue.source_type != 0),
    ];
    Action::ConvertToIssue {
        ticket: found.ticket("id", &id),
        etag: etag(found, tag),
        with: Box::new(found.within("issue", |found| edit(issue, |field| given.contains(&(field, true)), found))),
    }
}

fn title(found: &mut Violations, text: String) -> String {
    found.required("title", &text, limits().subject_chars);
    text
}

fn external_url(found: &mut Violations, text: String) -> String {
    found.text("external_url", &text, MAX_URL_CHARS);
    text
}

fn kind(found: &mut Violations, value: i32) -> IssueType {
    IssueType::from_pb(found, "type", value).unwrap_or(IssueType::Task)
}

pub fn reopen(request: pb::ReopenIssueRequest, found: &mut Violations) -> Action {
    Action::ReopenIssue { issue: found.issue("id", &request.id), etag: etag(found, request.etag) }
}

pub fn unlink(request: pb::UnlinkIssueRequest, found: &mut Violations) -> Action {
    Action::UnlinkIssue {
        issue: found.issue("id", &request.id),
        ticket: found.ticket("ticket_id", &request.ticket_id),
        etag: etag(found, request.etag),
    }
}

pub fn resolve(request: pb::ResolveIssueRequest, found: &mut Violations) -> Action {
    Action::ResolveIssue { issue: found.issue("id", &request.id), etag: etag(found, request.etag) }
}

pub fn link(request: pb::LinkIssueRequest, found: &mut Violations) -> Action {
    Action::LinkIssue {
        issue: found.issue("id", &request.id),
        ticket: found.ticket("ticket_id", &request.ticket_id),
        etag: etag(found, request.etag),
    }
}
