//! Tokenizer, the same for documents and queries.
//!
//! Letters, marks and digits that stand together are a word. Scripts that put no spaces between words are cut into pairs: each
//! letter with the next, and the last by itself. Whoever looks for a part of a run looks for the pairs of that part, side by side,
//! and finds it wherever it begins: a dictionary cuts some runs elsewhere than the part alone.

use super::spelling::{bare, folded};
use crate::model::script::{is_mark, is_unspaced};

/// Characters of a word; what is beyond counts for nothing.
const LONGEST: usize = 64;
/// Characters of one of a pair: a letter, and marks.
const LONGEST_OF_PAIR: usize = 8;

/// What stands at one place of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    /// Without accents, where it has some.
    pub bare: Option<String>,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Word,
    /// Two letters of a run: the how manieth of its pairs, and whether the last.
    Pair {
        nth: usize,
        last: bool,
    },
    /// The last letter of a run, which may be its only one.
    Last {
        only: bool,
    },
}

/// The tokens of a text, in their order.
pub fn tokens(text: &str) -> Vec<Token> {
    let text = folded(text);
    let mut cut = Cut::default();
    for c in text.chars() {
        if is_mark(c) {
            cut.mark(c);
        } else if is_unspaced(c) {
            cut.end_word();
            cut.run.push(c.to_string());
        } else if c.is_alphanumeric() {
            cut.end_run();
            cut.letter(c);
        } else {
            cut.end_word();
            cut.end_run();
        }
    }
    cut.end_word();
    cut.end_run();
    cut.all
}

#[derive(Default)]
struct Cut {
    all: Vec<Token>,
    word: String,
    length: usize,
    run: Vec<String>,
}

impl Cut {
    fn letter(&mut self, c: char) {
        self.length += 1;
        if self.length <= LONGEST {
            self.word.push(c);
        }
    }

    /// Belongs to the letter before; without one it is nothing.
    fn mark(&mut self, c: char) {
        match self.run.last_mut() {
            Some(letter) if letter.chars().count() < LONGEST_OF_PAIR => letter.push(c),
            Some(_) => {}
            None if !self.word.is_empty() => self.letter(c),
            None => {}
        }
    }

    fn end_word(&mut self) {
        self.length = 0;
        if !self.word.is_empty() {
            let text = std::mem::take(&mut self.word);
            self.all.push(Token { bare: bare(&text), text, kind: Kind::Word });
        }
    }

    fn end_run(&mut self) {
        let run = std::mem::take(&mut self.run);
        let token = |text, kind| Token { text, bare: None, kind };
        for (nth, pair) in run.windows(2).enumerate() {
            self.all.push(token(pair.concat(), Kind::Pair { nth, last: nth + 2 == run.len() }));
        }
        if let Some(last) = run.last() {
            self.all.push(token(last.clone(), Kind::Last { only: run.len() == 1 }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn words_are_what_people_take_for_words() {
        for (text, found) in [
            ("Paper jam, again!", &["paper", "jam", "again"][..]),
            ("ann@example.org", &["ann", "example", "org"]),
            ("TKT-0042 E_1234", &["tkt", "0042", "e", "1234"]),
            ("Ärger über Straße", &["ärger", "über", "strasse"]),
            ("cafe\u{301} \u{301}", &["café"]),
            ("pass\u{200b}word key\u{ad}board", &["password", "keyboard"]),
            ("हिन्दी में", &["हिन्दी", "में"]),
            ("비밀번호를 변경", &["비밀번호를", "변경"]),
            ("' \\ : & | ! ( ) * < > \u{0} 😀", &[]),
            ("½ ﷺ", &["1", "2", "صلى", "الله", "عليه", "وسلم"]),
        ] {
            assert_eq!(words(text), found, "{text}");
        }
        assert_eq!(words(&"x".repeat(1_000)), ["x".repeat(64)]);
    }

    #[test]
    fn scripts_without_spaces_are_cut_into_pairs() {
        for (text, found) in [
            ("東京都 2026年", &["東京", "京都", "都", "2026", "年"][..]),
            ("ｻｰﾊﾞｰ", &["サー", "ーバ", "バー", "ー"]),
            ("abc漢字def", &["abc", "漢字", "字", "def"]),
            ("รหัส", &["รหั", "หัส", "ส"]),
            ("ລະຫັດ", &["ລະ", "ະຫັ", "ຫັດ", "ດ"]),
            ("ខ្មែរ", &["ខ្មែ", "មែរ", "រ"]),
            ("東、京", &["東", "京"]),
        ] {
            assert_eq!(words(text), found, "{text}");
        }
        let heap = format!("ก{}ข", "\u{e48}".repeat(10_000));
        assert_eq!(words(&heap)[0].chars().count(), LONGEST_OF_PAIR + 1);
    }

    proptest! {
        #[test]
        fn no_word_holds_what_would_need_quoting(text in any::<String>()) {
            for token in tokens(&text) {
                for word in [Some(token.text), token.bare].into_iter().flatten() {
                    prop_assert!(!word.is_empty() && !word.contains(['\'', '\\', ':', ' ', '~', '\0']), "{:?}", word);
                }
            }
        }

        /// Wherever a part of a run begins and ends between letters, its pairs are there, side by side.
        #[test]
        fn every_part_of_a_run_is_in_it(run in "[ก-ฮุ่เา東京都あア]{2,12}", from in 0..12usize, length in 2..6usize) {
            let whole = words(&run);
            let letters: Vec<usize> = run.char_indices().filter(|(_, c)| !is_mark(*c)).map(|(at, _)| at).collect();
            prop_assume!(from + length <= letters.len());
            let end = letters.get(from + length).copied().unwrap_or(run.len());
            let mut part = words(&run[letters[from]..end]);
            part.pop();
            prop_assert!(whole.windows(part.len()).any(|at| at == part), "{:?} in {:?}", part, whole);
        }
    }
}
