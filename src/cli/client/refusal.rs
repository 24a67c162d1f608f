//! A refusal, in the server's own words, with what to do about it.

use tonic::Status;
use tonic_types::StatusExt;

use crate::cli::show::plain;

/// What was said, the reason, each violation on a line of its own, and what to do.
pub fn told(status: &Status) -> String {
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| info.reason.as_str()).unwrap_or_default();
    let violations = details.bad_request().map(|bad| bad.field_violations.as_slice()).unwrap_or_default();
    let mut lines = vec![match violations.len() {
        0 | 1 => plain(status.message()),
        many => format!("the request has {many} faults:"),
    }];
    if lines[0].is_empty() {
        lines[0] = format!("the server refused it: {}", status.code().description());
    }
    if violations.len() > 1 {
        lines.extend(violations.iter().map(|v| match v.field.as_str() {
            "" => format!("  {}", plain(&v.description)),
            field => format!("  {}: {}", plain(field), plain(&v.description)),
        }));
    }
    lines.extend(advice(reason).map(|advice| format!("  {advice}")));
    if let Some(delay) = details.retry_info().and_then(|retry| retry.retry_delay) {
        lines.push(format!("  try again in {} ms", delay.as_millis()));
    }
    if !reason.is_empty() {
        lines[0].push_str(&format!(" [{}]", plain(reason)));
    }
    lines.join("\n")
}

fn advice(reason: &str) -> Option<&'static str> {
    match reason {
        "ETAG_MISMATCH" => Some("view it again for its new etag, or leave --etag out to write over what was changed"),
        "TOKEN_EXPIRED" => Some("make a new one: `docket token --tenant … --sub … --roles …`"),
        "TOKEN_INVALID" | "TOKEN_MISSING" => Some("paste what `docket token` prints, for the server that you call"),
        "PAGE_TOKEN_INVALID" => Some("list again from the beginning"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::time::Duration;

    use tonic::Code;
    use tonic_types::{ErrorDetails, FieldViolation};

    use super::*;

    fn status(reason: &str, text: &str, violations: &[(&str, &str)]) -> Status {
        let mut details = ErrorDetails::with_error_info(reason, "docket", HashMap::new());
        details.set_bad_request(violations.iter().map(|(f, d)| FieldViolation::new(*f, *d)).collect::<Vec<_>>());
        Status::with_error_details(Code::InvalidArgument, text, details)
    }

    #[test]
    fn each_violation_stands_on_a_line() {
        let many = [("ticket.subject", "must not be empty"), ("ticket.tags", "at most 64")];
        assert_eq!(
            told(&status("INVALID_FIELDS", "ticket.subject: …", &many)),
            "the request has 2 faults: [INVALID_FIELDS]\n  ticket.subject: must not be empty\n  ticket.tags: at most 64"
        );
        assert_eq!(told(&status("INVALID_FIELDS", "a: b", &many[..1])), "a: b [INVALID_FIELDS]");
    }

    #[test]
    fn what_can_be_done_is_said() {
        assert!(told(&status("ETAG_MISMATCH", "it has changed", &[])).contains("--etag"));
        let mut details = ErrorDetails::with_error_info("OVERLOADED", "docket", HashMap::new());
        details.set_retry_info(Some(Duration::from_millis(200)));
        let busy = Status::with_error_details(Code::ResourceExhausted, "too \x1b[2Jmany", details);
        assert_eq!(told(&busy), "too \u{fffd}[2Jmany [OVERLOADED]\n  try again in 200 ms");
        assert_eq!(
            told(&Status::new(Code::NotFound, "")),
            "the server refused it: Some requested entity was not found"
        );
    }
}
