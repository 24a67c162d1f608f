//! Issues: making them, resolving them, tying them to tickets.

use super::ticket::{description, id, priority, source_type};
use super::{etag, source};
use crate::command::Action;
use crate::command::action::NewIssue;
use crate::grpc::convert::value;
use crate::grpc::convert::violations::Violations;
use crate::grpc::convert::words::WireWord;
use crate::grpc::pb;
use crate::model::words::IssueType;

const MAX_TITLE_CHARS: usize = 500;
const MAX_URL_CHARS: usize = 2048;
const MAX_TICKETS: usize = 500;

pub fn create(request: pb::CreateIssueRequest, found: &mut Violations) -> Action {
    let issue = found.set("issue", request.issue);
    found.within("issue", |found| {
        found.required("title", &issue.title, MAX_TITLE_CHARS);
        found.text("external_url", &issue.external_url, MAX_URL_CHARS);
        let named = issue.ticket_ids.len();
        if named > MAX_TICKETS {
            found.add("ticket_ids", format!("must have at most {MAX_TICKETS} entries, has {named}"));
        }
        let tickets = issue.ticket_ids.iter().take(MAX_TICKETS).enumerate();
        Action::CreateIssue(Box::new(NewIssue {
            title: issue.title,
            description: description(found, issue.description),
            kind: IssueType::from_pb(found, "type", issue.r#type).unwrap_or(IssueType::Task),
            priority: priority(found, issue.priority),
            reporter_id: id(found, "reporter_id", issue.reporter_id),
            assignee_id: id(found, "assignee_id", issue.assignee_id),
            project: id(found, "project", issue.project),
            external_url: issue.external_url,
            metadata: value::struct_from_pb(found, "metadata", issue.metadata),
            tickets: tickets.map(|(i, text)| found.ticket(&format!("ticket_ids[{i}]"), text)).collect(),
            source: source(found, issue.source),
            source_type: source_type(found, issue.source_type),
        }))
    })
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
