//! Messages for errors of the server, with advice.

use crate::cli::show::plain;
use crate::grpc::client::Refused;

/// The message and reason, each violation on a line of its own, and advice.
pub fn told(refused: &Refused) -> String {
    let Refused { message, meaning, reason, violations, retry_after, .. } = refused;
    let mut lines = vec![match violations.len() {
        0 | 1 => plain(message),
        many => format!("the request has {many} violations:"),
    }];
    if lines[0].is_empty() {
        lines[0] = format!("the server rejected the request: {meaning}");
    }
    if violations.len() > 1 {
        lines.extend(violations.iter().map(|v| match v.field.as_str() {
            "" => format!("  {}", plain(&v.description)),
            field => format!("  {}: {}", plain(field), plain(&v.description)),
        }));
    }
    lines.extend(advice(reason).map(|advice| format!("  {advice}")));
    if let Some(delay) = retry_after {
        lines.push(format!("  try again in {} ms", delay.as_millis()));
    }
    if !reason.is_empty() {
        lines[0].push_str(&format!(" [{}]", plain(reason)));
    }
    lines.join("\n")
}

fn advice(reason: &str) -> Option<&'static str> {
    match reason {
        "ETAG_MISMATCH" => Some("view it again for the new etag, or omit --etag to overwrite the change"),
        "TOKEN_EXPIRED" | "TOKEN_REVOKED" => Some("create a new one: `docket token --tenant … --sub … --roles …`"),
        "TOKEN_INVALID" | "TOKEN_MISSING" => Some("use a token from `docket token` for this server"),
        "PAGE_TOKEN_INVALID" => Some("list again from the first page"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::command::refusal::Violation;

    fn refused(reason: &str, text: &str, violations: &[(&str, &str)]) -> Refused {
        let violation = |(field, description): &(&str, &str)| Violation {
            field: (*field).to_owned(),
            description: (*description).to_owned(),
        };
        let violations = violations.iter().map(violation).collect();
        Refused { reason: reason.to_owned(), message: text.to_owned(), violations, ..Refused::default() }
    }

    #[test]
    fn each_violation_stands_on_a_line() {
        let many = [("ticket.subject", "must not be empty"), ("ticket.tags", "at most 64")];
        assert_eq!(
            told(&refused("INVALID_FIELDS", "ticket.subject: …", &many)),
            "the request has 2 violations: [INVALID_FIELDS]\n  ticket.subject: must not be empty\n  ticket.tags: at most 64"
        );
        assert_eq!(told(&refused("INVALID_FIELDS", "a: b", &many[..1])), "a: b [INVALID_FIELDS]");
    }

    #[test]
    fn what_can_be_done_is_said() {
        assert!(told(&refused("ETAG_MISMATCH", "it has changed", &[])).contains("--etag"));
        let busy =
            Refused { retry_after: Some(Duration::from_millis(200)), ..refused("OVERLOADED", "too \x1b[2Jmany", &[]) };
        assert_eq!(told(&busy), "too \u{fffd}[2Jmany [OVERLOADED]\n  try again in 200 ms");
        let silent = Refused { meaning: "Some requested entity was not found", ..Refused::default() };
        assert_eq!(told(&silent), "the server rejected the request: Some requested entity was not found");
    }
}
