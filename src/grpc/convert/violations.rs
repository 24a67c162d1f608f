//! Collects the violations of a request, so that its author can fix them at once: the first of them, and the number of all.

use uuid::Uuid;

use crate::command::limits::limits;
use crate::command::refusal::{Kind, Refusal, Violation};
use crate::model::id;
use crate::model::limits::{ID_CHARS, VIOLATIONS};
use crate::model::line;
use crate::model::ticket::TicketRef;
use crate::model::words::Words;

/// Collects violations under a path that [`Violations::within`] extends.
#[derive(Debug, Default)]
pub struct Violations {
    found: Vec<Violation>,
    /// Beyond those that are told.
    more: usize,
    scope: String,
    /// The first well-formed id that can name nothing.
    missing: Option<(Kind, String)>,
}

impl Violations {
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// `value`, where nothing is wrong. An id that names nothing is told once the rest of the message is well.
    pub fn give<T>(self, value: T) -> Result<T, Refusal> {
        match (self.found, self.missing) {
            (found, _) if !found.is_empty() => Err(Refusal::Invalid { violations: found, more: self.more }),
            (_, Some((kind, id))) => Err(Refusal::NotFound { kind, id }),
            (_, None) => Ok(value),
        }
    }

    /// `value`, or its default and a violation where the message does not have it.
    pub fn set<T: Default>(&mut self, field: &str, value: Option<T>) -> T {
        value.unwrap_or_else(|| {
            self.add(field, "must be set");
            T::default()
        })
    }

    #[cfg(test)]
    pub fn into_found(self) -> Vec<Violation> {
        self.found
    }

    #[cfg(test)]
    pub fn fields(&self) -> Vec<&str> {
        self.found.iter().map(|v| v.field.as_str()).collect()
    }

    pub fn add(&mut self, field: &str, description: impl Into<String>) {
        if self.found.len() == VIOLATIONS {
            self.more += 1;
            return;
        }
        let dot = if self.scope.is_empty() || field.starts_with('[') { "" } else { "." };
        self.found.push(Violation { field: format!("{}{dot}{field}", self.scope), description: description.into() });
    }

    /// What `check` adds stands below `field`.
    pub fn within<T>(&mut self, field: &str, check: impl FnOnce(&mut Violations) -> T) -> T {
        let outer = self.scope.len();
        if outer > 0 {
            self.scope.push('.');
        }
        self.scope.push_str(field);
        let result = check(self);
        self.scope.truncate(outer);
        result
    }

    pub fn no_nul(&mut self, field: &str, text: &str) {
        if text.contains('\0') {
            self.add(field, "must not contain U+0000");
        }
    }

    /// Text of at most `max` characters; it may be empty.
    pub fn text(&mut self, field: &str, text: &str, max: usize) {
        self.no_nul(field, text);
        // A text is never longer in characters than in bytes: most need no counting.
        if text.len() > max {
            let chars = text.chars().count();
            if chars > max {
                self.add(field, format!("must have at most {max} characters, has {chars}"));
            }
        }
    }

    /// Text of 1 to `max` characters.
    pub fn required(&mut self, field: &str, text: &str, max: usize) {
        match text.is_empty() {
            true => self.add(field, format!("must have 1 to {max} characters")),
            false => self.text(field, text, max),
        }
    }

    /// Text of one line as Docket keeps it, of at most `max` characters; it may be empty.
    pub fn line(&mut self, field: &str, text: &str, max: usize) -> String {
        line::kept(text, max).unwrap_or_else(|flaw| {
            self.add(field, flaw.to_string());
            String::new()
        })
    }

    /// Text of one line of 1 to `max` characters.
    pub fn required_line(&mut self, field: &str, text: &str, max: usize) -> String {
        if text.is_empty() {
            self.add(field, format!("must have 1 to {max} characters"));
        }
        self.line(field, text, max)
    }

    /// A list of at most `max_items` lines of 1 to `max_chars` characters, each once.
    pub fn lines(&mut self, field: &str, texts: &[String], max_items: usize, max_chars: usize) -> Words {
        if !self.fits(field, texts.len(), max_items) {
            return Words::default();
        }
        let each = texts.iter().enumerate();
        Words::unique(each.map(|(i, text)| self.required_line(&format!("{field}[{i}]"), text, max_chars)))
    }

    /// Long text, bounded by bytes.
    pub fn long_text(&mut self, field: &str, text: &str) {
        self.bytes(field, text, limits().text_bytes);
    }

    /// Text of at most so many bytes; it may be empty.
    pub fn bytes(&mut self, field: &str, text: &str, most: usize) {
        self.no_nul(field, text);
        if text.len() > most {
            self.add(field, format!("must have at most {most} bytes, has {}", text.len()));
        }
    }

    /// An id that another system made; it may be empty.
    pub fn id(&mut self, field: &str, id: &str) {
        self.text(field, id, ID_CHARS);
    }

    pub fn required_id(&mut self, field: &str, id: &str) {
        self.required(field, id, ID_CHARS);
    }

    /// A list of at most `max_items` ids that another system made.
    pub fn ids(&mut self, field: &str, ids: &[String], max_items: usize) {
        if self.fits(field, ids.len(), max_items) {
            ids.iter().enumerate().for_each(|(i, id)| self.required_id(&format!("{field}[{i}]"), id));
        }
    }

    fn fits(&mut self, field: &str, items: usize, max_items: usize) -> bool {
        if items > max_items {
            self.add(field, format!("must have at most {max_items} entries, has {items}"));
        }
        items <= max_items
    }

    /// How a caller names a ticket. What names none is remembered, and the ticket given stands for nothing.
    pub fn ticket(&mut self, field: &str, text: &str) -> TicketRef {
        self.required_id(field, text);
        TicketRef::parse(text).unwrap_or_else(|| {
            self.missing.get_or_insert((Kind::Ticket, text.to_owned()));
            TicketRef::Number(0)
        })
    }

    /// As [`Violations::ticket`].
    pub fn issue(&mut self, field: &str, text: &str) -> Uuid {
        self.own_id(field, text, Kind::Issue, id::ISSUE)
    }

    /// As [`Violations::ticket`].
    pub fn message(&mut self, field: &str, text: &str) -> Uuid {
        self.own_id(field, text, Kind::Message, id::MESSAGE)
    }

    /// As [`Violations::ticket`].
    pub fn run(&mut self, field: &str, text: &str) -> Uuid {
        self.own_id(field, text, Kind::Run, id::RUN)
    }

    fn own_id(&mut self, field: &str, text: &str, kind: Kind, prefix: &str) -> Uuid {
        self.required_id(field, text);
        id::parse(prefix, text).unwrap_or_else(|| {
            self.missing.get_or_insert((kind, text.to_owned()));
            Uuid::nil()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_say_where() {
        let mut found = Violations::default();
        found.add("a", "x");
        found.within("requests[3]", |found| {
            found.within("ticket", |found| found.lines("tags", &["ok".into(), "".into(), "a\0".into()], 64, 64));
        });
        found.add("b", "x");
        assert_eq!(found.fields(), ["a", "requests[3].ticket.tags[1]", "requests[3].ticket.tags[2]", "b"]);
    }

    #[test]
    fn what_is_wrong_comes_before_what_is_missing() {
        let mut found = Violations::default();
        found.ticket("id", "tkt_nonsense");
        assert_eq!(found.give(()), Err(Refusal::NotFound { kind: Kind::Ticket, id: "tkt_nonsense".into() }));
        let mut found = Violations::default();
        found.ticket("id", "nonsense");
        found.add("etag", "x");
        assert!(matches!(found.give(()), Err(Refusal::Invalid { violations, .. }) if violations.len() == 1));
        let mut found = Violations::default();
        found.ticket("id", "");
        assert!(matches!(found.give(()), Err(Refusal::Invalid { .. })));
    }

    #[test]
    fn what_is_wrong_without_end_is_counted() {
        let mut found = Violations::default();
        (0..1_000_000).for_each(|_| found.add("update_mask", "x"));
        assert!(found.found.capacity() < 100);
        let Err(Refusal::Invalid { violations, more }) = found.give(()) else { panic!("it is well") };
        assert_eq!((violations.len(), more), (50, 999_950));
    }

    #[test]
    fn lengths_are_characters_not_bytes() {
        let mut found = Violations::default();
        found.text("name", &"ü".repeat(200), 200);
        assert!(found.is_empty());
        found.text("name", &"ü".repeat(201), 200);
        assert_eq!(found.into_found()[0].description, "must have at most 200 characters, has 201");
    }
}
