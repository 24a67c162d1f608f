//! The status of a call that failed, as plain data.

use std::error::Error;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::connect::root;
use crate::command::refusal::Violation;

/// What a server said when it refused a call or ended a stream; or what became of the connection.
#[derive(Clone, Debug, Default)]
pub struct Refused {
    pub message: String,
    /// What the status code means.
    pub meaning: &'static str,
    /// A value of `ErrorReason` without its prefix. Empty: the connection broke, or it is not Docket that answered.
    pub reason: String,
    pub violations: Vec<Violation>,
    /// When the server expects to have room again.
    pub retry_after: Option<Duration>,
    pub not_found: bool,
    /// The same call may succeed a little later.
    pub transient: bool,
    /// The same stream may be opened again a little later.
    pub resumable: bool,
    /// The status has no details: it was not the server that spoke, but the connection.
    pub bare: bool,
    /// What broke, in the words of what broke.
    pub cause: String,
}

impl From<Status> for Refused {
    fn from(status: Status) -> Refused {
        let details = status.get_error_details();
        let violations = details.bad_request().map(|bad| bad.field_violations.as_slice()).unwrap_or_default();
        let violation =
            |v: &tonic_types::FieldViolation| Violation { field: v.field.clone(), description: v.description.clone() };
        let retry_after = details.retry_info().and_then(|retry| retry.retry_delay);
        let bare = status.details().is_empty();
        let code = status.code();
        // Unknown and Cancelled are what becomes of a call when its connection breaks.
        let transient = match code {
            Code::Unavailable => true,
            Code::ResourceExhausted => retry_after.is_some(),
            Code::Unknown | Code::Cancelled => bare,
            _ => false,
        };
        let resumable = matches!(code, Code::Unavailable | Code::ResourceExhausted | Code::Unknown | Code::Cancelled);
        Refused {
            message: status.message().to_owned(),
            meaning: code.description(),
            reason: details.error_info().map(|info| info.reason.clone()).unwrap_or_default(),
            violations: violations.iter().map(violation).collect(),
            retry_after,
            not_found: code == Code::NotFound,
            transient,
            resumable,
            bare,
            cause: Error::source(&status).map_or_else(|| status.message().to_owned(), root),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use tonic_types::{ErrorDetails, FieldViolation};

    use super::*;

    #[test]
    fn details_are_taken_out_of_the_status() {
        let mut details = ErrorDetails::with_error_info("OVERLOADED", "docket", HashMap::new());
        details.set_retry_info(Some(Duration::from_millis(200)));
        details.set_bad_request(vec![FieldViolation::new("ticket.subject", "must not be empty")]);
        let busy = Refused::from(Status::with_error_details(Code::ResourceExhausted, "too many", details));
        assert_eq!((busy.message.as_str(), busy.reason.as_str()), ("too many", "OVERLOADED"));
        assert_eq!(busy.retry_after, Some(Duration::from_millis(200)));
        assert_eq!(busy.violations[0].field, "ticket.subject");
        assert!(busy.transient && busy.resumable && !busy.bare);
    }

    #[test]
    fn what_may_be_sent_again_is_told_apart() {
        let of = |code| Refused::from(Status::new(code, ""));
        assert!(of(Code::Unavailable).transient && of(Code::Cancelled).transient);
        // Without a time to wait, more of the same only makes it worse.
        assert!(!of(Code::ResourceExhausted).transient && of(Code::ResourceExhausted).resumable);
        assert!(of(Code::NotFound).not_found && !of(Code::NotFound).transient);
    }
}
