//! Tokenizer of the first rules, for what is asked of an index that they made.

/// Characters of a word; what is beyond counts for nothing.
const LONGEST: usize = 64;

/// Words in lower case: letters and digits that stand together, each character by itself in scripts that put no spaces.
pub fn words(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut word = String::new();
    let mut length = 0;
    for c in text.chars() {
        let alone = stands_alone(c);
        if alone || !(c.is_alphanumeric() || (is_mark(c) && !word.is_empty())) {
            all.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
            length = 0;
        }
        if alone {
            all.push(c.to_string());
        } else if c.is_alphanumeric() || (is_mark(c) && !word.is_empty()) {
            length += 1;
            if length <= LONGEST {
                word.extend(c.to_lowercase());
            }
        }
    }
    all.extend((!word.is_empty()).then_some(word));
    all
}

/// Accents that follow their letter.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// Kana and Han.
fn stands_alone(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
        && c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_what_people_take_for_words() {
        for (text, found) in [
            ("Paper jam, again!", &["paper", "jam", "again"][..]),
            ("ann@example.org", &["ann", "example", "org"]),
            ("TKT-0042 E_1234", &["tkt", "0042", "e", "1234"]),
            ("Ärger über Straße", &["ärger", "über", "straße"]),
            ("東京 2026年", &["東", "京", "2026", "年"]),
            ("cafe\u{301} \u{301}", &["cafe\u{301}"]),
            ("' \\ : & | ! ( ) * < > \u{0}", &[]),
        ] {
            assert_eq!(words(text), found, "{text}");
        }
        assert_eq!(words(&"x".repeat(1_000)), ["x".repeat(64)]);
    }

    proptest! {
        #[test]
        fn no_word_holds_what_would_need_quoting(text in any::<String>()) {
            for word in words(&text) {
                prop_assert!(!word.is_empty() && !word.contains(['\'', '\\', ':', ' ', '~', '\0']), "{:?}", word);
            }
        }
    }
}
