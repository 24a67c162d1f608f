//! Regular expressions that say when a text costs them too much.

use regex_automata::Input;
use regex_automata::hybrid::dfa::{Config as DfaConfig, DFA};
use regex_automata::nfa::thompson::{Compiler, Config, WhichCaptures};

/// Bytes of a compiled regular expression.
const MAX_REGEX: usize = 256 * 1024;
/// Bytes of the states that are built while a text is read.
const STATES: usize = 64 * 1024;
/// Bytes, once for each state, up to which a text is short: at worst, 4 ms.
const SHORT: usize = 400_000;
/// How often they may be thrown away within one text, because there are too many.
const CLEARED: usize = 3;

/// A regular expression, compiled when the expression around it is.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// Looks at each byte once, and gives up on a text that needs too many states.
    dfa: DFA,
    /// Gives up on no text, and may visit all its `states` for each byte.
    regex: regex::Regex,
    states: usize,
}

impl Pattern {
    /// # Errors
    /// Why it is none, in words.
    pub fn new(text: &str) -> Result<Pattern, String> {
        let mut regex = regex::RegexBuilder::new(text);
        let regex = regex.size_limit(MAX_REGEX).dfa_size_limit(MAX_REGEX).nest_limit(32).build();
        let regex = regex.map_err(|error| why(&error))?;
        let compiled = Config::new().nfa_size_limit(Some(MAX_REGEX)).which_captures(WhichCaptures::None);
        let nfa = Compiler::new().configure(compiled).build(text).map_err(|error| error.to_string())?;
        let states = nfa.states().len();
        let limits = DfaConfig::new()
            .cache_capacity(STATES)
            .skip_cache_capacity_check(true)
            .minimum_cache_clear_count(Some(CLEARED))
            .unicode_word_boundary(true);
        let dfa = DFA::builder().configure(limits).build_from_nfa(nfa).map_err(|error| error.to_string())?;
        Ok(Pattern { dfa, regex, states })
    }

    /// As it is written.
    pub fn source(&self) -> &str {
        self.regex.as_str()
    }

    /// Whether it is somewhere in the text. `spend` is told how many bytes are looked at before they are, a byte once for each
    /// state that it may visit, and can refuse. The same text costs the same at every time.
    pub fn is_match<E>(&self, text: &str, mut spend: impl FnMut(usize) -> Result<(), E>) -> Result<bool, E> {
        // Its states are visited for an empty text, too.
        let all = (text.len() + 1).saturating_mul(self.states);
        // An automaton is built anew for each text, so that its cost does not depend on the texts before: that takes some 15 us, and
        // six of the shipped rules' patterns look at each new ticket.
        if all <= SHORT {
            spend(text.len() + all / 4)?;
            return Ok(self.regex.is_match(text));
        }
        spend(text.len())?;
        let input = Input::new(text).earliest(true);
        match self.dfa.try_search_fwd(&mut self.dfa.create_cache(), &input) {
            Ok(found) => Ok(found.is_some()),
            // Too many states; or `\b` beside a letter that is not ASCII.
            Err(_) => {
                spend(all)?;
                Ok(self.regex.is_match(text))
            }
        }
    }
}

fn why(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("").trim();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::time::Instant;

    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::new(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// What it costs to find it in the text, and whether it is there.
    fn found(pattern: &Pattern, text: &str) -> (usize, bool) {
        let mut cost = 0;
        let spend = |bytes| {
            cost += bytes;
            Ok::<(), Infallible>(())
        };
        let Ok(found) = pattern.is_match(text, spend);
        (cost, found)
    }

    #[test]
    fn what_people_write_looks_at_each_byte_once() {
        let text = format!("Grüße! Bestellung 12345678, bitte stornieren. {}", "Überall Ärger mit Öl. ".repeat(2_000));
        for (source, there) in [
            ("^[A-Z]+-[0-9]+$", false),
            ("(?i)refund|invoice|STORNIEREN", true),
            (r"order \d{4,10}", false),
            (r"Bestellung \d{4,10}\W", true),
            (r"^\S+@example\.com$", false),
            ("urgent.{0,20}outage", false),
            (r"\p{Lu}\p{Ll}+ger\s", true),
        ] {
            let (cost, found) = found(&pattern(source), &text);
            assert!(cost <= text.len(), "{source}: {cost}");
            assert_eq!(found, there, "{source}");
        }
    }

    #[test]
    fn both_ways_to_look_find_the_same() {
        let (word, heavy) = (pattern(r"\bvip\b"), pattern("x[xy]{12}z"));
        for text in ["vip", "a vip.", "für vip", "évip", "vipé", "VIP", ""] {
            assert_eq!(found(&word, text).1, word.regex.is_match(text), "{text}");
        }
        assert!(found(&word, "für einen vip").0 > 14, "word boundaries beside other letters");
        for text in ["xyxyxyxyxyxyxyz", "xxxxxxxxxxxxxz", "xxxxxxxxxxxxx", "yz"] {
            assert_eq!(found(&heavy, text).1, heavy.regex.is_match(text), "{text}");
        }
    }

    #[test]
    fn the_size_of_the_pattern_counts_for_a_short_text_too() {
        let (small, large) = (pattern("x"), pattern("(?:abcdefghij){200}"));
        for text in ["", "a", "abcdefghij"] {
            let (small, large) = (found(&small, text).0, found(&large, text).0);
            assert!(large > 100 * small.max(1), "{text:?}: {small}, {large}");
        }
    }

    #[test]
    fn a_text_that_visits_many_states_for_a_byte_costs_them_all() {
        let text: String =
            (0..65_536u32).map(|i| if i.wrapping_mul(2_654_435_761) & 0x8_0000 == 0 { 'x' } else { 'y' }).collect();
        let heavy = pattern("x[xy]{1500}z");
        let began = Instant::now();
        let refused = heavy.is_match(&text, |bytes| if bytes > text.len() { Err(bytes) } else { Ok(()) });
        assert!(refused.expect_err("too much") > 1_500 * text.len());
        assert!(began.elapsed().as_millis() < 500, "{:?}", began.elapsed());
        assert!(Pattern::new("(((x{90}){90}){90}){90}").expect_err("too large").contains("exceeds size limit"));
    }
}
