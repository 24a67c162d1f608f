//! Keeps what a refusal sends below 4 KiB, encoded: many clients take 8 KiB of trailers, and proxies less.

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// What may be sent of text and details. The names of their headers, and the other headers of an answer, take the rest.
const MOST: usize = 3_500;
/// How long the text and each part of the details may be, tried in this order. Copies of the text are shortened before them.
const CAPS: [(usize, usize); 9] =
    [(1024, 1024), (1024, 512), (768, 256), (512, 256), (384, 256), (256, 128), (128, 128), (64, 64), (24, 24)];
const COPY: usize = 48;

/// The status, with every part shortened as far as it takes.
pub fn status(code: Code, text: String, details: ErrorDetails) -> Status {
    let mut status = Status::with_error_details(code, text, details);
    if sent(&status) <= MOST {
        return status;
    }
    let (text, details) = (status.message().to_owned(), status.get_error_details());
    for (of_text, of_part) in CAPS {
        let cut = |part: &str| shortened(part.to_owned(), if part == text { COPY.min(of_part) } else { of_part });
        status = Status::with_error_details(code, shortened(text.clone(), of_text), capped(&details, cut));
        if sent(&status) <= MOST {
            break;
        }
    }
    status
}

/// Bytes of the values of its headers, or a few more than it takes.
pub fn sent(status: &Status) -> usize {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.,:;'()/".contains(byte);
    let text: usize = status.message().bytes().map(|byte| if plain(&byte) { 1 } else { 3 }).sum();
    text + status.details().len().div_ceil(3) * 4
}

/// Every part of the details that is not fixed.
fn capped(details: &ErrorDetails, cut: impl Fn(&str) -> String) -> ErrorDetails {
    let mut fitting = ErrorDetails::new();
    if let Some(info) = details.error_info() {
        let metadata = info.metadata.iter().map(|(key, value)| (key.clone(), cut(value)));
        fitting.set_error_info(
            info.reason.clone(),
            info.domain.clone(),
            metadata.collect::<std::collections::HashMap<_, _>>(),
        );
    }
    if let Some(retry) = details.retry_info() {
        fitting.set_retry_info(retry.retry_delay);
    }
    if let Some(bad) = details.bad_request() {
        for violation in &bad.field_violations {
            fitting.add_bad_request_violation(cut(&violation.field), cut(&violation.description));
        }
    }
    if let Some(failure) = details.precondition_failure() {
        for violation in &failure.violations {
            let (subject, description) = (cut(&violation.subject), cut(&violation.description));
            fitting.add_precondition_failure_violation(violation.r#type.clone(), subject, description);
        }
    }
    if let Some(info) = details.resource_info() {
        let (name, description) = (cut(&info.resource_name), cut(&info.description));
        fitting.set_resource_info(info.resource_type.clone(), name, info.owner.clone(), description);
    }
    fitting
}

/// The beginning of a text that is longer than `most` bytes.
pub fn shortened(mut text: String, most: usize) -> String {
    if text.len() > most {
        let end = (0..=most).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        text.truncate(end);
        text.push('…');
    }
    text
}
