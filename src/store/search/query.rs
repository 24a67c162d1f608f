//! Parser of search queries. Any text with a word is a query, and none is an error in SQL.

use std::collections::HashSet;

use super::place::{Place, Sort, lexeme};
use super::rules::Rules;
use super::spelling::folded;
use super::words::Kind;
use crate::model::script::is_hangul;
use crate::model::ticket::TicketRef;

/// Words of one query that are looked up; of a longer one, the rarest. Words that must not be there have to be as few.
pub const MAX_WORDS: usize = 16;
/// Words of a longer query that are counted to find the rarest: the longest.
const COUNTED: usize = 64;

/// Words that all have to be there, or must not be, for an index of certain rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    rules: Rules,
    terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    /// At these distances from each other.
    words: Vec<Word>,
    excluded: bool,
    /// A ticket that it may name.
    number: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    /// Its place within the term.
    at: usize,
    text: String,
    bare: Option<String>,
    /// It may go on.
    open: bool,
    /// What looks otherwise with accents, unlike a pair of letters.
    is_whole: bool,
}

/// Which of the words that accents distinguish are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Accents {
    Any,
    AsWritten,
}

/// Why there is nothing to search with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadQuery {
    #[error("must have a word to look for: letters or digits")]
    NoWord,
    #[error("must have at most {MAX_WORDS} words that are excluded, has {0}")]
    TooMany(usize),
}

impl Query {
    /// Reads `word`, `begin*`, `"a phrase"`, `-without`. Words of one piece (`ann@example.org`) are a phrase; the last word
    /// may go on, unless a space or a quote ends it, or it is a number or excluded. A word in Hangul always may: endings are
    /// written onto it.
    pub fn parse(text: &str, rules: Rules) -> Result<Query, BadQuery> {
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
            let words = words(piece, open, rules);
            if !words.is_empty() {
                terms.push(Term { words, excluded, number: number(piece) });
            }
            rest = after.trim_start();
        }
        let excluded: usize = terms.iter().filter(|term| term.excluded).map(|term| term.words.len()).sum();
        match excluded {
            _ if terms.iter().all(|term| term.excluded) => Err(BadQuery::NoWord),
            many if many > MAX_WORDS => Err(BadQuery::TooMany(many)),
            _ => Ok(Query { rules, terms }),
        }
    }

    pub(super) fn rules(&self) -> Rules {
        self.rules
    }

    /// As PostgreSQL reads a tsquery, over the lexemes of one place.
    pub(super) fn within(&self, tenant_id: &str, place: Place, notes: bool, accents: Accents) -> String {
        let hash = place.hash(tenant_id);
        let terms: Vec<String> = self.terms.iter().map(|term| term.within(&hash, notes, accents)).collect();
        terms.join(" & ")
    }

    /// Whether tickets that have it as it is written are to be told from those that have it with other accents. Weights alone
    /// tell those of a single word without any.
    pub(super) fn tells_accents(&self) -> bool {
        let mut words = self.looked_up().filter(|word| word.is_whole);
        let accented = words.clone().any(|word| word.bare.is_some());
        self.rules != Rules::First && (accented || words.nth(1).is_some())
    }

    /// Of a query that is too long to be looked up as a whole, the words to count, each once; none of one that is not.
    pub(super) fn to_count(&self) -> Vec<&str> {
        let mut seen = HashSet::new();
        if self.looked_up().nth(MAX_WORDS).is_none() {
            return Vec::new();
        }
        let words = self.looked_up().map(|word| word.text.as_str());
        let mut words: Vec<&str> = words.filter(|text| seen.insert(*text)).collect();
        words.sort_by_key(|text| std::cmp::Reverse(text.chars().count()));
        words.truncate(COUNTED);
        words
    }

    /// As [`Query::within`], of one of those words.
    pub(super) fn one_within(&self, text: &str, tenant_id: &str, place: Place, notes: bool) -> String {
        let hash = place.hash(tenant_id);
        let word = self.looked_up().find(|word| word.text == text);
        let ways =
            word.into_iter().flat_map(|word| sorts(notes).iter().map(|sort| word.lexeme(&hash, *sort, Accents::Any)));
        format!("({})", ways.collect::<Vec<_>>().join(" | "))
    }

    /// Only the rarest of the words that were counted, where they stand, and what is excluded.
    pub(super) fn narrowed(&self, counted: &[(&str, i64)]) -> Query {
        let mut rarest: Vec<_> = counted.to_vec();
        rarest.sort_by_key(|(_, count)| *count);
        let mut left: HashSet<&str> = rarest.into_iter().take(MAX_WORDS).map(|(text, _)| text).collect();
        let mut terms = Vec::new();
        for term in &self.terms {
            let mut term = term.clone();
            // Each once, even if it stands there again.
            term.words.retain(|word| term.excluded || left.remove(word.text.as_str()));
            if !term.words.is_empty() {
                terms.push(term);
            }
        }
        Query { rules: self.rules, terms }
    }

    fn looked_up(&self) -> impl Iterator<Item = &Word> + Clone {
        self.terms.iter().filter(|term| !term.excluded).flat_map(|term| &term.words)
    }
}

/// The words of one piece of a query. Of a run of letters, every other pair and the last one say as much as all of them.
fn words(piece: &str, open: bool, rules: Rules) -> Vec<Word> {
    let tokens = rules.tokens(piece);
    let end = tokens.len();
    let looked_up = tokens.into_iter().enumerate().filter_map(|(at, token)| {
        let ends = at + 1 == end;
        let goes_on = match token.kind {
            Kind::Word => (open && ends) || (rules != Rules::First && token.text.ends_with(is_hangul)),
            Kind::Pair { nth, last } if last || nth % 2 == 0 => false,
            // Within a run it is the first of a pair.
            Kind::Last { only: true } => ends,
            Kind::Pair { .. } | Kind::Last { only: false } => return None,
        };
        Some(Word { at, text: token.text, bare: token.bare, open: goes_on, is_whole: token.kind == Kind::Word })
    });
    looked_up.collect()
}

fn sorts(notes: bool) -> &'static [Sort] {
    if notes { &[Sort::Public, Sort::Note] } else { &[Sort::Public] }
}

fn number(piece: &str) -> Option<i64> {
    match TicketRef::parse(&folded(piece))? {
        TicketRef::Number(number) => Some(number),
        TicketRef::Id(_) => None,
    }
}

impl Term {
    fn within(&self, hash: &str, notes: bool, accents: Accents) -> String {
        // What is excluded is so with all accents.
        let accents = if self.excluded { Accents::Any } else { accents };
        let mut ways: Vec<String> = sorts(notes).iter().map(|sort| self.phrase(hash, *sort, accents)).collect();
        ways.extend(self.number.map(|number| lexeme(hash, Sort::Number, &number.to_string())));
        format!("{}({})", if self.excluded { "!" } else { "" }, ways.join(" | "))
    }

    fn phrase(&self, hash: &str, sort: Sort, accents: Accents) -> String {
        let mut phrase = String::new();
        let mut before = None;
        for word in &self.words {
            if let Some(before) = before.replace(word.at) {
                phrase.push_str(&format!(" <{}> ", word.at - before));
            }
            phrase.push_str(&word.lexeme(hash, sort, accents));
        }
        phrase
    }
}

impl Word {
    fn lexeme(&self, hash: &str, sort: Sort, accents: Accents) -> String {
        let star = if self.open { "*" } else { "" };
        let (what, labels) = match (&self.bare, accents) {
            (Some(bare), Accents::Any) => (bare, ""),
            // A word that has accents in the ticket is there without them as well, by the weight D.
            (None, Accents::AsWritten) if self.is_whole => (&self.text, "ABC"),
            _ => (&self.text, ""),
        };
        match (star, labels) {
            ("", "") => lexeme(hash, sort, what),
            _ => format!("{}:{star}{labels}", lexeme(hash, sort, what)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The terms, as people write them: `+` for side by side, `_` for a place between.
    fn read(text: &str) -> Vec<String> {
        terms(&Query::parse(text, Rules::Second).unwrap_or_else(|_| Query { rules: Rules::Second, terms: Vec::new() }))
    }

    fn terms(query: &Query) -> Vec<String> {
        let shown = |term: &Term| {
            let mut shown = String::from(if term.excluded { "-" } else { "" });
            let mut before = None;
            for word in &term.words {
                let between = before.replace(word.at).map(|before| format!("{}+", "_".repeat(word.at - before - 1)));
                shown.push_str(&between.unwrap_or_default());
                shown.push_str(&word.text);
                shown.push_str(if word.open { "*" } else { "" });
            }
            shown
        };
        query.terms.iter().map(shown).collect()
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
            ("jam ４２", &["jam", "42"]),
            ("jam -\"third tray\" ", &["jam", "-third+tray"]),
            ("ann@example.org", &["ann+example+org*"]),
            ("E-1234 well-known", &["e+1234", "well+known*"]),
            ("\"never closed", &["never+closed"]),
            ("TKT-0042 ", &["tkt+0042"]),
            ("printer & | ! ( ) <-> ' \\ :* ", &["printer"]),
            // Hangul goes on wherever it stands.
            ("비밀번호 변경 ", &["비밀번호*", "변경*"]),
            ("\"비밀번호 변경\" -오류", &["비밀번호*+변경*", "-오류*"]),
            ("LG전자 ", &["lg전자*"]),
            // Runs without spaces are pairs, side by side: every other says it all.
            ("東京 ", &["東京"]),
            ("東京都 ", &["東京+京都"]),
            ("東京都庁 舎", &["東京_+都庁", "舎*"]),
            ("猫 ", &["猫*"]),
            ("-猫 犬", &["-猫*", "犬*"]),
            ("猫abc ", &["猫+abc"]),
            ("東京2026年", &["東京_+2026+年*"]),
            ("รหัส", &["รหั+หัส"]),
        ] {
            assert_eq!(read(text), terms, "{text}");
        }
        let number = |text| Query::parse(text, Rules::Second).map(|query| query.terms[0].number);
        for text in ["tkt-0042", "42", "４２"] {
            assert_eq!(number(text), Ok(Some(42)), "{text}");
        }
    }

    #[test]
    fn an_older_index_is_asked_by_its_own_rules() {
        let first = |text| Query::parse(text, Rules::First).map(|query| terms(&query));
        assert_eq!(first("비밀번호 변경 ").as_deref(), Ok(&["비밀번호".to_owned(), "변경".to_owned()][..]));
        assert_eq!(first("東京都").as_deref(), Ok(&["東+京+都*".to_owned()][..]));
        assert_eq!(first("Straße ").as_deref(), Ok(&["straße".to_owned()][..]));
        assert_eq!(first("℡"), Err(BadQuery::NoWord));
    }

    #[test]
    fn without_a_word_there_is_nothing_to_look_for() {
        for none in ["", "  ", "-paper", "\"\"", "!!!", "-", "-\"a b\" -c", "😀 ❤\u{fe0f}", "\u{200b}\u{301}", "ـ"]
        {
            assert_eq!(Query::parse(none, Rules::Second), Err(BadQuery::NoWord), "{none}");
        }
        assert_eq!(Query::parse(&format!("a {}", "-b ".repeat(17)), Rules::Second), Err(BadQuery::TooMany(17)));
    }

    #[test]
    fn of_a_long_query_the_rarest_words_are_looked_up_where_they_stand() {
        let words: Vec<String> = (10..40).map(|n| format!("w{n}")).collect();
        let text = format!("{} \"x y z\" -no", words.join(" "));
        let query = Query::parse(&text, Rules::Second).unwrap_or_else(|problem| panic!("{problem}"));
        let counted: Vec<(&str, i64)> = query
            .to_count()
            .into_iter()
            .map(|word| (word, if matches!(word, "x" | "z" | "w12") { 0 } else { 9 }))
            .collect();
        assert_eq!(counted.len(), 33);
        let narrowed = terms(&query.narrowed(&counted));
        assert_eq!(narrowed.len(), 14 + 1 + 1, "{narrowed:?}");
        assert!(narrowed.contains(&"w12".to_owned()) && narrowed.contains(&"x_+z".to_owned()), "{narrowed:?}");
        assert!(narrowed.contains(&"-no".to_owned()), "what must not be there stays");
        // What is repeated is looked up once, and what is short enough is not counted.
        let same = Query::parse(&"a ".repeat(40), Rules::Second).unwrap_or_else(|problem| panic!("{problem}"));
        assert_eq!(terms(&same.narrowed(&[("a", 3)])), ["a"]);
        assert!(Query::parse(&"a ".repeat(16), Rules::Second).is_ok_and(|query| query.to_count().is_empty()));
        let endless: String = (0..500).map(|n| format!("v{n} ")).collect();
        assert!(Query::parse(&endless, Rules::Second).is_ok_and(|query| query.to_count().len() == COUNTED));
    }

    #[test]
    fn words_are_found_without_their_accents_and_told_by_them() {
        let place = Place(0);
        let within = |text, accents| {
            let query = Query::parse(text, Rules::Second).unwrap_or_else(|problem| panic!("{problem}"));
            let words = query.within("t", place, false, accents).replace(&place.hash("t"), "");
            (words, query.tells_accents())
        };
        assert_eq!(within("problème ", Accents::Any), ("(':probleme')".into(), true));
        assert_eq!(within("problème ", Accents::AsWritten), ("(':problème')".into(), true));
        assert_eq!(within("probleme", Accents::AsWritten), ("(':probleme':*ABC)".into(), false));
        assert_eq!(within("a -é ", Accents::AsWritten), ("(':a':ABC) & !(':e')".into(), false));
        assert_eq!(within("a b ", Accents::Any), ("(':a') & (':b')".into(), true));
        assert_eq!(within("東京都", Accents::AsWritten), ("(':東京' <1> ':京都')".into(), false));
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_read_or_refused(text in any::<String>()) {
            for rules in [Rules::First, Rules::Second] {
                let _ = Query::parse(&text, rules);
            }
        }
    }
}
