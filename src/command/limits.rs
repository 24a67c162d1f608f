//! How large a ticket may become, and what rules may write: callers' words were checked on the wire, these are not.

use super::Refusal;
use super::refusal::Violation;
use crate::model::ticket::Ticket;

pub const SUBJECT_CHARS: usize = 500;
pub const CATEGORY_CHARS: usize = 128;
pub const LONG_TEXT_BYTES: usize = 64 << 10;
pub const TAGS: usize = 64;
pub const TAG_CHARS: usize = 64;
pub const CUSTOM_FIELDS: usize = 64;
/// Each change of an issue is told on every ticket that it is linked to.
pub const ISSUE_TICKETS: usize = 500;
pub const CUSTOM_BYTES: usize = 16 << 10;

/// Refuses a ticket that has become too large by this edit; what was there before is not looked at again.
pub fn check(before: Option<&Ticket>, after: &Ticket) -> Result<(), Refusal> {
    let changed = |field: fn(&Ticket) -> &String| before.is_none_or(|before| field(before) != field(after));
    if changed(|t| &t.subject) {
        required("subject", &after.subject, SUBJECT_CHARS)?;
    }
    if changed(|t| &t.category) {
        required("category", &after.category, CATEGORY_CHARS)?;
    }
    let over = |what: &str, is: usize, limit: usize| match is > limit {
        true => Err(Refusal::LimitExceeded { name: after.display_number(), what: what.into(), limit: limit as u64 }),
        false => Ok(()),
    };
    if changed(|t| &t.description) {
        over("bytes of the description", after.description.len(), LONG_TEXT_BYTES)?;
    }
    if before.is_none_or(|before| before.tags != after.tags) {
        over("tags", after.tags.len(), TAGS)?;
        for tag in after.tags.iter() {
            required("tags", tag, TAG_CHARS)?;
        }
    }
    if before.is_none_or(|before| before.custom != after.custom)
        && let Some(fields) = after.custom.as_object()
        && !fields.is_empty()
    {
        over("custom fields", fields.len(), CUSTOM_FIELDS)?;
        over("bytes of the custom fields", after.custom.to_string().len(), CUSTOM_BYTES)?;
    }
    Ok(())
}

/// Text of 1 to `most` characters.
pub fn required(field: &str, text: &str, most: usize) -> Result<(), Refusal> {
    // Bytes are never fewer than characters: counting is for long text only.
    if text.is_empty() || (text.len() > most && text.chars().count() > most) {
        return Err(invalid(field, format!("must have 1 to {most} characters")));
    }
    Ok(())
}

/// A body or a description that a rule wrote.
pub fn long_text(field: &str, text: &str) -> Result<(), Refusal> {
    if text.len() > LONG_TEXT_BYTES {
        return Err(invalid(field, format!("must have at most {LONG_TEXT_BYTES} bytes")));
    }
    Ok(())
}

fn invalid(field: &str, description: String) -> Refusal {
    Refusal::Invalid { violations: vec![Violation { field: field.to_owned(), description }] }
}
