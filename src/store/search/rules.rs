//! The rules by which texts were made words, in their versions: each has an index of its own, and what is asked of an index is made
//! words by the rules of that index.

use super::document::Weight;
use super::first;
use super::words::{Kind, Token, tokens};

/// A version of the rules. Another is another variant, a table like the last one's, and a line in `functions.sql`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rules {
    /// By lower case, and each Han and kana by itself. Its index is searched until the other is complete, and taken away then.
    First,
    Second,
}

/// Where a text stands in its ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Subject,
    Facts,
    Description,
    Message,
}

impl Rules {
    pub const NEWEST: Rules = Rules::Second;
    /// Whose index is searched while that of the newest is made.
    pub const OLDER: Rules = Rules::First;

    /// As a page token has it.
    pub fn number(self) -> i64 {
        match self {
            Rules::First => 1,
            Rules::Second => 2,
        }
    }

    pub(super) fn tokens(self, text: &str) -> Vec<Token> {
        let word = |text| Token { text, bare: None, kind: Kind::Word };
        match self {
            Rules::First => first::words(text).into_iter().map(word).collect(),
            Rules::Second => tokens(text),
        }
    }

    /// D is what an accented word is worth to those who look for it without accents.
    pub(super) fn weight(self, part: Part) -> Weight {
        match (part, self) {
            (Part::Subject, _) => Weight::A,
            (Part::Facts, _) => Weight::B,
            (Part::Description, _) | (Part::Message, Rules::Second) => Weight::C,
            (Part::Message, Rules::First) => Weight::D,
        }
    }

    /// The table of its documents.
    pub(super) fn table(self) -> &'static str {
        match self {
            Rules::First => "ticket_search",
            Rules::Second => "ticket_search_2",
        }
    }

    /// The functions that search it: one finds tickets, the other counts those that have a word.
    pub(super) fn functions(self) -> (&'static str, &'static str) {
        match self {
            Rules::First => ("docket_worded", "docket_counted"),
            Rules::Second => ("docket_worded_2", "docket_counted_2"),
        }
    }
}
