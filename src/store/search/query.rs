//! Parser of search queries. Any text with a word is a query, and none is an error in SQL.

use super::place::{Place, Sort, lexeme};
use super::words::words;
use crate::model::ticket::TicketRef;

/// Words in one query.
pub const MAX_WORDS: usize = 16;

/// Words that all have to be there, or must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    /// One after the other.
    words: Vec<String>,
    /// The last word may go on.
    open: bool,
    excluded: bool,
    /// A ticket that it may name.
    number: Option<i64>,
}

/// Why there is nothing to search with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadQuery {
    #[error("must have a word to look for")]
    NoWord,
    #[error("must have at most {MAX_WORDS} words, has {0}")]
    TooMany(usize),
}

impl Query {
    /// Reads `word`, `begin*`, `"a phrase"`, `-without`. Words of one piece (`ann@example.org`) are a phrase; the last word
    /// may go on, unless a space or a quote ends it, or it is a number or excluded.
    pub fn parse(text: &str) -> Result<Query, BadQuery> {
        let mut terms = Vec::new();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (excluded, after) = match rest.strip_prefix('-') {
                Some(after) => (true, after),
                None => (false, rest),
            };
            let (piece, open, after) = match after.strip_prefix('"') {
                Some(quoted) => {
                    let (piece, after) = quoted.split_once('"').unwrap_or((quoted, ""));
                    (piece, false, after)
                }
                None => {
                    let end = after.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(after.len());
                    let (piece, left) = after.split_at(end);
                    let number = number(piece).is_some();
                    (piece, piece.ends_with('*') || (left.is_empty() && !excluded && !number), left)
                }
            };
            let words = words(piece);
            if !words.is_empty() {
                terms.push(Term { words, open, excluded, number: number(piece) });
            }
            rest = after.trim_start();
        }
        let count: usize = terms.iter().map(|term| term.words.len()).sum();
        match count {
            _ if terms.iter().all(|term| term.excluded) => Err(BadQuery::NoWord),
            count if count > MAX_WORDS => Err(BadQuery::TooMany(count)),
            _ => Ok(Query { terms }),
        }
    }

    /// As PostgreSQL reads a tsquery, over the lexemes of one place.
    pub(super) fn within(&self, tenant_id: &str, place: Place, notes: bool) -> String {
        let hash = place.hash(tenant_id);
        let terms: Vec<String> = self.terms.iter().map(|term| term.within(&hash, notes)).collect();
        terms.join(" & ")
    }
}

fn number(piece: &str) -> Option<i64> {
    match TicketRef::parse(piece)? {
        TicketRef::Number(number) => Some(number),
        TicketRef::Id(_) => None,
    }
}

impl Term {
    fn within(&self, hash: &str, notes: bool) -> String {
        let sorts: &[Sort] = if notes { &[Sort::Public, Sort::Note] } else { &[Sort::Public] };
        let mut ways: Vec<String> = sorts.iter().map(|sort| self.phrase(hash, *sort)).collect();
        ways.extend(self.number.map(|number| lexeme(hash, Sort::Number, &number.to_string())));
        format!("{}({})", if self.excluded { "!" } else { "" }, ways.join(" | "))
    }

    fn phrase(&self, hash: &str, sort: Sort) -> String {
        let mut phrase: Vec<String> = self.words.iter().map(|word| lexeme(hash, sort, word)).collect();
        if let Some(last) = phrase.last_mut().filter(|_| self.open) {
            last.push_str(":*");
        }
        phrase.join(" <-> ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The terms, as people write them.
    fn read(text: &str) -> Vec<String> {
        let shown = |term: &Term| {
            let star = if term.open { "*" } else { "" };
            format!("{}{}{star}", if term.excluded { "-" } else { "" }, term.words.join("+"))
        };
        Query::parse(text).map(|query| query.terms.iter().map(shown).collect()).unwrap_or_default()
    }

    #[test]
    fn queries_are_read_as_they_are_meant() {
        for (text, terms) in [
            ("paper jam", &["paper", "jam*"][..]),
            ("paper jam ", &["paper", "jam"]),
            ("pap* jam ", &["pap*", "jam"]),
            ("\"paper jam\" tray", &["paper+jam", "tray*"]),
            ("\"paper jam\"", &["paper+jam"]),
            ("jam -paper", &["jam", "-paper"]),
            ("jam -paper*", &["jam", "-paper*"]),
            ("jam 42", &["jam", "42"]),
            ("jam -\"third tray\" ", &["jam", "-third+tray"]),
            ("ann@example.org", &["ann+example+org*"]),
            ("E-1234 well-known", &["e+1234", "well+known*"]),
            ("\"never closed", &["never+closed"]),
            ("TKT-0042 ", &["tkt+0042"]),
            ("printer & | ! ( ) <-> ' \\ :* ", &["printer"]),
        ] {
            assert_eq!(read(text), terms, "{text}");
        }
        assert_eq!(Query::parse("tkt-0042").map(|query| query.terms[0].number), Ok(Some(42)));
        assert_eq!(Query::parse("42").map(|query| query.terms[0].number), Ok(Some(42)));
    }

    #[test]
    fn without_a_word_there_is_nothing_to_look_for() {
        for none in ["", "  ", "-paper", "\"\"", "!!!", "-", "-\"a b\" -c"] {
            assert_eq!(Query::parse(none), Err(BadQuery::NoWord), "{none}");
        }
        assert_eq!(Query::parse(&"a ".repeat(17)), Err(BadQuery::TooMany(17)));
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_read_or_refused(text in any::<String>()) {
            let _ = Query::parse(&text);
        }
    }
}
