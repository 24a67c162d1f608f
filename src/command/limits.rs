//! Size limits of an installation, used by request validation, and the check of a ticket's size after each change,
//! including changes by rules. Fixed limits are in `crate::model::limits`.

use std::sync::OnceLock;

use super::Refusal;
use crate::model::limits::CATEGORY_CHARS;
use crate::model::line;
use crate::model::ticket::Ticket;

/// What an installation may set: how much one request, one ticket and one batch may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A request, decoded.
    pub message_bytes: usize,
    pub subject_chars: usize,
    /// A description, or the body of a message.
    pub text_bytes: usize,
    pub tags: usize,
    pub tag_chars: usize,
    pub custom_fields: usize,
    /// All custom fields of a ticket, as JSON.
    pub custom_bytes: usize,
    /// Requests in one batch, and ids of one BatchGet.
    pub batch: usize,
    /// Revocations of one tenant that still concern tokens.
    pub revocations: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            message_bytes: 4 << 20,
            subject_chars: 500,
            text_bytes: 64 << 10,
            tags: 64,
            tag_chars: 64,
            custom_fields: 64,
            custom_bytes: 16 << 10,
            batch: 500,
            revocations: 1_000,
        }
    }
}

static INSTALLED: OnceLock<Limits> = OnceLock::new();

/// The limits of this process: the same from its first command to its last.
pub fn limits() -> &'static Limits {
    INSTALLED.get_or_init(Limits::default)
}

/// Sets the limits of this process. False: it has some already, for somebody asked.
pub fn install(limits: Limits) -> bool {
    INSTALLED.set(limits).is_ok()
}

/// Refuses a ticket that has become too large by this edit; what was there before is not looked at again.
pub fn check(before: Option<&Ticket>, after: &Ticket) -> Result<(), Refusal> {
    let changed = |field: fn(&Ticket) -> &String| before.is_none_or(|before| field(before) != field(after));
    if changed(|t| &t.subject) {
        required("subject", &after.subject, limits().subject_chars)?;
    }
    if changed(|t| &t.category) {
        required("category", &after.category, CATEGORY_CHARS)?;
    }
    let over = |what: &str, is: usize, limit: usize| match is > limit {
        true => Err(Refusal::LimitExceeded { name: after.display_number(), what: what.into(), limit: limit as u64 }),
        false => Ok(()),
    };
    if changed(|t| &t.description) {
        over("bytes of the description", after.description.len(), limits().text_bytes)?;
    }
    if before.is_none_or(|before| before.tags != after.tags) {
        over("tags", after.tags.len(), limits().tags)?;
        for tag in after.tags.iter() {
            required("tags", tag, limits().tag_chars)?;
        }
    }
    if before.is_none_or(|before| before.custom != after.custom)
        && let Some(fields) = after.custom.as_object()
        && !fields.is_empty()
    {
        over("custom fields", fields.len(), limits().custom_fields)?;
        over("bytes of the custom fields", after.custom.to_string().len(), limits().custom_bytes)?;
    }
    Ok(())
}

/// Text of 1 to `most` characters.
pub fn required(field: &str, text: &str, most: usize) -> Result<(), Refusal> {
    // Bytes are never fewer than characters: counting is for long text only.
    if text.is_empty() || (text.len() > most && text.chars().count() > most) {
        return Err(Refusal::field(field, format!("must have 1 to {most} characters")));
    }
    Ok(())
}

/// Text of one line that a rule wrote, as Docket keeps it: 1 to `most` characters.
pub fn line(field: &str, text: &str, most: usize) -> Result<String, Refusal> {
    match line::kept(text, most) {
        Ok(line) if line.is_empty() => Err(Refusal::field(field, format!("must have 1 to {most} characters"))),
        kept => kept.map_err(|flaw| Refusal::field(field, flaw.to_string())),
    }
}

/// A body or a description that a rule wrote.
pub fn long_text(field: &str, text: &str) -> Result<(), Refusal> {
    let most = limits().text_bytes;
    if text.len() > most {
        return Err(Refusal::field(field, format!("must have at most {most} bytes")));
    }
    Ok(())
}
