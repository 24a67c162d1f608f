//! gRPC statuses of refusals: a code, a reason of `ErrorReason`, and every dynamic part in the metadata.

pub mod fault;
mod fit;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use crate::command::Refusal;
use crate::command::refusal::{Kind, Violation, kinds};
use crate::grpc::pb::ErrorReason;
use crate::workflow::{NoText, TooMuch};
use fit::shortened;

const DOMAIN: &str = "docket";
/// What is told of violations, as far as they fit; the text repeats the first of them.
const VIOLATION_BYTES: usize = 1_500;
const INVALID_TEXT_BYTES: usize = 768;
/// Of one violation, and what each takes on the wire beside its words.
const FIELD_BYTES: usize = 200;
const DESCRIPTION_BYTES: usize = 300;
const VIOLATION_FRAME: usize = 8;

/// The one place where a refusal gets its code.
pub fn refused(refusal: Refusal) -> Status {
    let text = refusal.to_string();
    match refusal {
        Refusal::Invalid { violations, more } => invalid(text, violations, more),
        Refusal::NotFound { kind, id } => not_found(text, kind, id),
        Refusal::NameTaken { kind, name } => {
            let (_, message) = missing(kind);
            let details = ErrorDetails::with_resource_info(message, name.as_str(), "", text.as_str());
            let metadata = [("kind", kind.word().to_owned()), ("name", name)];
            build(Code::AlreadyExists, ErrorReason::NameTaken, text, metadata, details)
        }
        Refusal::IllegalTransition { name, verb, from, to, allowed, advice: _ } => {
            let allowed: Vec<&str> = allowed.iter().map(|status| status.word()).collect();
            let metadata = [
                ("name", name.clone()),
                ("from", from.to_string()),
                ("to", to.map(|status| status.to_string()).unwrap_or_default()),
                ("verb", verb.to_string()),
                ("allowed", allowed.join(",")),
            ];
            precondition(ErrorReason::IllegalTransition, "LIFECYCLE", &name, text, metadata)
        }
        Refusal::PolicyOverlaps { name, slot } => {
            let (_, message) = missing(Kind::SlaPolicy);
            let details = ErrorDetails::with_resource_info(message, name.as_str(), "", text.as_str());
            let metadata = [("name", name), ("slot", slot)];
            build(Code::AlreadyExists, ErrorReason::SlaPolicyOverlaps, text, metadata, details)
        }
        Refusal::CalendarInUse { name, users, advice: _ } => {
            let metadata = [("name", name.clone()), ("users", users.join(", "))];
            precondition(ErrorReason::CalendarInUse, "CALENDAR", &name, text, metadata)
        }
        Refusal::EtagMismatch { name, sent, current } => {
            let metadata = [("name", name), ("sent", sent), ("current", current)];
            build(Code::Aborted, ErrorReason::EtagMismatch, text, metadata, ErrorDetails::new())
        }
        Refusal::RequestIdReused { request_id } => {
            let metadata = [("request_id", request_id)];
            build(Code::AlreadyExists, ErrorReason::RequestIdReused, text, metadata, ErrorDetails::new())
        }
        Refusal::Deleted { name } => {
            precondition(ErrorReason::Deleted, "DELETED", &name, text, [("name", name.clone())])
        }
        Refusal::TagNotRegistered { tags } => {
            let subject = tags.join(",");
            precondition(ErrorReason::TagNotRegistered, "TAG", &subject, text, [("tags", subject.clone())])
        }
        Refusal::MessageDeleted { name } => {
            precondition(ErrorReason::Deleted, "DELETED", &name, text, [("name", name.clone())])
        }
        Refusal::VisibilityFixed { name, is } => {
            let metadata = [("name", name.clone()), ("visibility", is.to_string())];
            precondition(ErrorReason::VisibilityFixed, "VISIBILITY", &name, text, metadata)
        }
        Refusal::TicketClosed { name } => {
            precondition(ErrorReason::TicketClosed, "LIFECYCLE", &name, text, [("name", name.clone())])
        }
        Refusal::NotDone { name, verb, status, advice: _ } => {
            let metadata = [("name", name.clone()), ("verb", verb.to_owned()), ("status", status.to_string())];
            precondition(ErrorReason::TicketNotDone, "LIFECYCLE", &name, text, metadata)
        }
        Refusal::ReopenRejected { name, status, setting, mode, advice: _ } => {
            let metadata = [
                ("name", name.clone()),
                ("status", status.to_string()),
                ("setting", setting.to_owned()),
                ("mode", mode.to_string()),
            ];
            precondition(ErrorReason::ReopenRejected, "SETTINGS", &name, text, metadata)
        }
        Refusal::LimitExceeded { name, what, limit } => {
            let metadata = [("name", name.clone()), ("what", what), ("limit", limit.to_string())];
            precondition(ErrorReason::LimitExceeded, "LIMIT", &name, text, metadata)
        }
        Refusal::Denied { workflow, message } => {
            let metadata = [("workflow", workflow.clone()), ("message", message)];
            precondition(ErrorReason::DeniedByWorkflow, "WORKFLOW", &workflow, text, metadata)
        }
        Refusal::Reserved { fields } => {
            let metadata = [("fields", fields.join(","))];
            build(Code::PermissionDenied, ErrorReason::Forbidden, text, metadata, ErrorDetails::new())
        }
        Refusal::InBatch { path, refusal } => {
            let status = refused(*refusal);
            let mut details = status.get_error_details();
            // Which request it is stands where a violation of its fields would name it.
            details.add_bad_request_violation(path, status.message());
            fit::status(status.code(), text, details)
        }
        Refusal::Forbidden { what: _ } => {
            build(Code::PermissionDenied, ErrorReason::Forbidden, text, [], ErrorDetails::new())
        }
    }
}

/// The violations that fit, and behind them one that says how many more there are.
fn invalid(text: String, violations: Vec<Violation>, more: usize) -> Status {
    let count = violations.len() + more;
    let mut kept: Vec<FieldViolation> = Vec::new();
    let mut room = VIOLATION_BYTES;
    for Violation { field, description } in violations {
        let (field, description) = (shortened(field, FIELD_BYTES), shortened(description, DESCRIPTION_BYTES));
        let size = field.len() + description.len() + VIOLATION_FRAME;
        if size > room {
            break;
        }
        room -= size;
        kept.push(FieldViolation::new(field, description));
    }
    if kept.len() < count {
        kept.push(FieldViolation::new("", format!("and {} more", count - kept.len())));
    }
    let (text, metadata) = (shortened(text, INVALID_TEXT_BYTES), [("violations", count.to_string())]);
    build(Code::InvalidArgument, ErrorReason::InvalidFields, text, metadata, ErrorDetails::with_bad_request(kept))
}

fn not_found(text: String, kind: Kind, id: String) -> Status {
    let (reason, message) = missing(kind);
    let details = ErrorDetails::with_resource_info(message, id.as_str(), "", text.as_str());
    build(Code::NotFound, reason, text, [("id", id)], details)
}

macro_rules! missing {
    ([$($own:ident $word:literal $reason:ident,)+]
     $($row:ident: $one:ident, $many:ident by $fields:ident, $changed:ident, $missing:ident;)+) => {
        /// The reason when one of these is missing, and the message that it is on the wire.
        fn missing(kind: Kind) -> (ErrorReason, &'static str) {
            match kind {
                $(Kind::$own => (ErrorReason::$reason, concat!("docket.v1.", stringify!($own))),)+
                $(Kind::$row => (ErrorReason::$missing, concat!("docket.v1.", stringify!($row))),)+
            }
        }
    };
}
kinds! { missing }

fn precondition<'a>(
    reason: ErrorReason,
    kind: &str,
    subject: &str,
    text: String,
    metadata: impl IntoIterator<Item = (&'a str, String)>,
) -> Status {
    let details = ErrorDetails::with_precondition_failure_violation(kind, subject, text.as_str());
    build(Code::FailedPrecondition, reason, text, metadata, details)
}

/// An expression of a canned response that has no value for this ticket.
pub fn not_rendered(name: &str, failed: NoText) -> Status {
    let text = format!("canned response {name:?} cannot be written out: {failed}");
    let NoText { expression, problem } = failed;
    let metadata = [("name", name.to_owned()), ("expression", expression), ("problem", problem)];
    precondition(ErrorReason::NotRendered, "EXPRESSION", name, text, metadata)
}

/// `column` counts characters from 1.
pub fn filter_invalid(column: u32, problem: String) -> Status {
    let text = format!("filter, column {column}: {problem}");
    let details = ErrorDetails::with_bad_request_violation("filter", text.as_str());
    let metadata = [("column", column.to_string()), ("problem", problem)];
    build(Code::InvalidArgument, ErrorReason::FilterInvalid, text, metadata, details)
}

pub fn order_by_invalid(problem: String) -> Status {
    let details = ErrorDetails::with_bad_request_violation("order_by", problem.as_str());
    let text = format!("order_by: {problem}");
    build(Code::InvalidArgument, ErrorReason::OrderByInvalid, text, [("problem", problem)], details)
}

pub fn page_token_invalid() -> Status {
    const TEXT: &str =
        "page_token is not one that this server gave for this query in the last 24 hours: start again without it";
    let details = ErrorDetails::with_bad_request_violation("page_token", TEXT);
    build(Code::InvalidArgument, ErrorReason::PageTokenInvalid, TEXT.to_owned(), [], details)
}

/// A position above the head, or of another epoch. Without the `head` for those who are not told it.
pub fn position_unknown(position: i64, head: Option<i64>, epoch: i64) -> Status {
    let is = head.map(|head| format!("its head is {head}, ")).unwrap_or_default();
    let text = format!("position {position} is not one of this log: {is}its epoch is {epoch}");
    let head = head.map(|head| ("head", head.to_string()));
    let metadata = [("position", position.to_string()), ("epoch", epoch.to_string())].into_iter().chain(head);
    precondition(ErrorReason::PositionUnknown, "POSITION", "log", text, metadata)
}

pub fn position_not_reached(position: i64) -> Status {
    let text = format!("this server has not read up to position {position} yet: try again");
    let details = ErrorDetails::with_retry_info(Some(Duration::from_millis(200)));
    let metadata = [("position", position.to_string())];
    build(Code::Unavailable, ErrorReason::PositionNotReached, text, metadata, details)
}

/// What is yet to be taken in before a read can answer.
#[derive(Clone, Copy, Debug)]
pub struct Backlog {
    /// Up to which the log is to be taken in.
    pub position: i64,
    pub tickets: i64,
    pub activities: i64,
}

/// What this read needs is still being made of the log. Without the backlog for those who are not told it.
pub fn not_caught_up(method: &str, backlog: Option<Backlog>) -> Status {
    let much = |Backlog { tickets, activities, .. }| format!("{tickets} tickets and {activities} activities");
    let much = backlog.map_or_else(|| "more".to_owned(), much);
    let text = format!("{method} has {much} to take in before it can answer: it goes on, try again");
    let details = ErrorDetails::with_retry_info(Some(Duration::from_secs(1)));
    let metadata = backlog.into_iter().flat_map(|Backlog { position, tickets, activities }| {
        [("position", position), ("tickets", tickets), ("activities", activities)]
    });
    let metadata = metadata.map(|(name, count)| (name, count.to_string()));
    build(Code::Unavailable, ErrorReason::PositionNotReached, text, metadata, details)
}

pub fn position_expired(position: i64, oldest: i64) -> Status {
    let text = format!("position {position} is no longer kept: the oldest is {oldest}");
    let metadata = [("position", position.to_string()), ("oldest", oldest.to_string())];
    build(Code::OutOfRange, ErrorReason::PositionExpired, text, metadata, ErrorDetails::new())
}

/// `what` says which bound is reached.
pub fn overloaded(what: &str, retry_after: Duration) -> Status {
    let text = format!("too many calls wait already: {what}; try again in {} ms", retry_after.as_millis());
    let details = ErrorDetails::with_retry_info(Some(retry_after));
    build(Code::ResourceExhausted, ErrorReason::Overloaded, text, [("what", what.to_owned())], details)
}

pub fn filter_too_costly(error: TooMuch) -> Status {
    let details = ErrorDetails::with_bad_request_violation("filter", error.to_string());
    build(
        Code::ResourceExhausted,
        ErrorReason::LimitExceeded,
        error.to_string(),
        [("what", "filter".to_owned())],
        details,
    )
}

/// A read that the database did not end in time. `narrower` says what to ask for instead.
pub fn query_too_slow(method: &str, narrower: &str) -> Status {
    let text = format!("{method} took the database too long, for no index serves it as it was asked; {narrower}");
    let metadata = [("method", method.to_owned()), ("advice", narrower.to_owned())];
    build(Code::DeadlineExceeded, ErrorReason::QueryTooSlow, text, metadata, ErrorDetails::new())
}

pub fn deadline_passed() -> Status {
    const TEXT: &str = "the deadline passed while the call waited; nothing was written";
    build(Code::DeadlineExceeded, ErrorReason::DeadlinePassed, TEXT.to_owned(), [], ErrorDetails::new())
}

/// The server stops, or has lost its database.
pub fn unavailable(retry_after: Duration) -> Status {
    const TEXT: &str = "the server cannot answer now; send it again, a write with the same request_id";
    let details = ErrorDetails::with_retry_info(Some(retry_after));
    build(Code::Unavailable, ErrorReason::Unavailable, TEXT.to_owned(), [], details)
}

/// `incident` stands in the server's log beside what happened.
pub fn internal(incident: &str) -> Status {
    let text = format!("a fault of the server; its log has it as incident {incident}");
    build(Code::Internal, ErrorReason::Internal, text, [("incident", incident.to_owned())], ErrorDetails::new())
}

/// A status with its ErrorInfo, and what else fits it.
pub(in crate::grpc) fn build<'a>(
    code: Code,
    reason: ErrorReason,
    text: String,
    metadata: impl IntoIterator<Item = (&'a str, String)>,
    mut details: ErrorDetails,
) -> Status {
    let metadata: HashMap<String, String> = metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    details.set_error_info(word(reason), DOMAIN, metadata);
    fit::status(code, text, details)
}

/// `ILLEGAL_TRANSITION`, without the enum's prefix.
fn word(reason: ErrorReason) -> &'static str {
    let name = reason.as_str_name();
    name.strip_prefix("ERROR_REASON_").unwrap_or(name)
}
