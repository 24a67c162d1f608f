//! Prefixes of lexemes, which keep a tenant's tickets with neighbouring numbers together in the index.

use uuid::Uuid;

use crate::model::id;

/// Ticket numbers in one place.
pub const SIZE: i64 = 4_096;

/// Some neighbouring tickets of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(pub i64);

/// What a lexeme says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A word that the ticket's requester may read.
    Public,
    /// A word of an internal note.
    Note,
    /// The ticket's number.
    Number,
    /// A hash of its requester's id, and of its application's.
    Requester,
    App,
}

impl Sort {
    fn sign(self) -> char {
        match self {
            Sort::Public => ':',
            Sort::Note => '~',
            Sort::Number => '#',
            Sort::Requester => '@',
            Sort::App => '/',
        }
    }
}

impl Place {
    pub fn of(number: i64) -> Place {
        Place(number.div_euclid(SIZE))
    }

    /// The lowest number in it.
    pub fn first(self) -> i64 {
        self.0 * SIZE
    }

    /// The highest number in it.
    pub fn last(self) -> i64 {
        self.first() + SIZE - 1
    }

    /// Ten characters with which its lexemes begin. That two places share them costs time only: rows are found by tenant and
    /// number as well.
    pub fn hash(self, tenant_id: &str) -> String {
        short(&[b"place", tenant_id.as_bytes(), &self.0.to_be_bytes()], 10)
    }
}

/// What is looked for, as text between quotes: `what` needs none of its own.
pub fn lexeme(hash: &str, sort: Sort, what: &str) -> String {
    format!("'{hash}{}{what}'", sort.sign())
}

/// An id as a mark.
pub fn mark(id: &str) -> String {
    short(&[b"mark", id.as_bytes()], 16)
}

fn short(parts: &[&[u8]], characters: usize) -> String {
    let hash: Uuid = id::hash(parts);
    let mut text = hash.simple().to_string();
    text.truncate(characters);
    text
}
