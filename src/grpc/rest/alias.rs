//! The names that other systems have for fields, as one table: what imports, REST and the command line take besides the
//! contract's own. Any field's own name is taken in any case, with or without `_`, and without a final `_id`.

use serde_json::Value;

use super::words::fold;

/// What the value means under the other name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    Same,
    /// `true` is INTERNAL, `false` is PUBLIC.
    InternalNote,
    /// A word of Channel; any other text keeps its own field.
    ChannelWord,
}

/// `written` in a message `of` docket.v1 stands for `field`.
#[derive(Debug)]
pub struct Alias {
    pub of: &'static str,
    pub written: &'static str,
    pub field: &'static str,
    pub meaning: Meaning,
}

const fn same(of: &'static str, written: &'static str, field: &'static str) -> Alias {
    Alias { of, written, field, meaning: Meaning::Same }
}

pub const ALIASES: &[Alias] = &[
    same("Ticket", "title", "subject"),
    same("Ticket", "contact_email", "requester_email"),
    same("Ticket", "contact_name", "requester_name"),
    same("Ticket", "creator_id", "created_by"),
    same("Ticket", "assigned_to_id", "assignee_id"),
    same("Ticket", "submitted_by_id", "requester_id"),
    same("Ticket", "ticket_number", "number"),
    same("Ticket", "sla_deadline", "due_at"),
    same("Ticket", "tag", "tags"),
    Alias { of: "Ticket", written: "source", field: "channel", meaning: Meaning::ChannelWord },
    same("Tag", "colour", "color"),
    same("CannedResponse", "content", "body"),
    same("SlaPolicy", "first_response_mins", "first_response_minutes"),
    same("SlaPolicy", "next_response_mins", "next_response_minutes"),
    same("SlaPolicy", "resolution_mins", "resolution_minutes"),
    same("Message", "content", "body"),
    Alias { of: "Message", written: "is_internal_note", field: "visibility", meaning: Meaning::InternalNote },
];

/// Paths of other systems, by how they begin.
pub const PATHS: &[(&str, &str)] = &[("/api/v1/helpdesk/", "/api/v1/")];

/// The channels that other systems call a ticket's source.
const SOURCES: &[&str] = &["web", "email", "portal", "api"];

/// What a name stands for in a message, if the table has it and the value fits.
pub fn find(of: &str, written: &str, value: &Value) -> Option<&'static Alias> {
    let wanted = fold(written);
    ALIASES.iter().find(|alias| alias.of == of && fold(alias.written) == wanted && alias.meaning.fits(value))
}

impl Meaning {
    fn fits(self, value: &Value) -> bool {
        match self {
            Meaning::Same | Meaning::InternalNote => true,
            Meaning::ChannelWord => {
                value.as_str().is_some_and(|text| SOURCES.iter().any(|word| word.eq_ignore_ascii_case(text)))
            }
        }
    }

    /// The value as the field takes it.
    pub fn apply(self, value: Value) -> Value {
        match (self, &value) {
            (Meaning::InternalNote, Value::Bool(true)) => Value::from("INTERNAL"),
            (Meaning::InternalNote, Value::Bool(false)) => Value::from("PUBLIC"),
            _ => value,
        }
    }
}
