//! Search document of a ticket and its thread, as a tsvector that is built here, so that documents and queries split
//! words alike.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::place::{Place, Sort, lexeme, mark};
use super::rules::{Part, Rules};

/// Different words of one ticket; those of its oldest messages, and of its notes, come last.
const MAX_WORDS: usize = 20_000;
/// Bytes of a tsvector, below PostgreSQL's limit of a megabyte.
const MAX_BYTES: usize = 900_000;
/// Where PostgreSQL's positions end.
const LAST: u16 = 16_383;
/// Places of one word in a document that are kept.
const PLACES: usize = 255;
/// What keeps the last word of a text from standing beside the first one of the next.
const GAP: u16 = 8;

/// What a word is worth where it stands, from the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    A,
    B,
    C,
    D,
}

impl Weight {
    fn letter(self) -> char {
        match self {
            Weight::A => 'A',
            Weight::B => 'B',
            Weight::C => 'C',
            Weight::D => 'D',
        }
    }
}

/// A document in the making. What requesters may read goes in before any note: nothing of a note must move their ranks.
pub struct Document {
    rules: Rules,
    hash: String,
    lexemes: BTreeMap<String, Vec<(u16, Weight)>>,
    at: u16,
    /// What they take in PostgreSQL, at most.
    bytes: usize,
}

impl Document {
    pub fn new(rules: Rules, tenant_id: &str, number: i64) -> Document {
        Document { rules, hash: Place::of(number).hash(tenant_id), lexemes: BTreeMap::new(), at: 0, bytes: 0 }
    }

    pub fn text(&mut self, sort: Sort, part: Part, text: &str) {
        let weight = self.rules.weight(part);
        for token in self.rules.tokens(text) {
            self.at = self.at.saturating_add(1).min(LAST);
            self.put(sort, &token.text, Some((self.at, weight)));
            // Another lexeme at the same place.
            if let Some(bare) = &token.bare {
                self.put(sort, bare, Some((self.at, Weight::D)));
            }
        }
        self.at = self.at.saturating_add(GAP).min(LAST);
    }

    /// A mark to narrow by; it has no rank.
    pub fn mark(&mut self, sort: Sort, id: &str) {
        self.put(sort, &mark(id), None);
    }

    /// Three times, so that the ticket itself comes before those that speak of it.
    pub fn number(&mut self, number: i64) {
        for _ in 0..3 {
            self.at = self.at.saturating_add(1).min(LAST);
            self.put(Sort::Number, &number.to_string(), Some((self.at, Weight::A)));
        }
    }

    fn put(&mut self, sort: Sort, what: &str, place: Option<(u16, Weight)>) {
        let lexeme = lexeme(&self.hash, sort, what);
        let is_new = !self.lexemes.contains_key(&lexeme);
        // Beside its text a lexeme takes a count and what aligns it, a place two bytes.
        let bytes = 2 + if is_new { lexeme.len() + 4 } else { 0 };
        if self.bytes + bytes > MAX_BYTES || (is_new && self.lexemes.len() >= MAX_WORDS) {
            return;
        }
        self.bytes += bytes;
        let places = self.lexemes.entry(lexeme).or_default();
        if places.len() < PLACES {
            places.extend(place);
        }
    }

    /// As PostgreSQL reads a tsvector.
    pub fn finish(self) -> String {
        let mut all = String::new();
        for (lexeme, places) in self.lexemes {
            all.push_str(&lexeme);
            let mut before = ':';
            for (at, weight) in places {
                // Writing to a text cannot fail.
                let _ = write!(all, "{before}{at}{}", weight.letter());
                before = ',';
            }
            all.push(' ');
        }
        all
    }
}
