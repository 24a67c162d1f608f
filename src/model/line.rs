//! Text of one line: the form in which subjects, names, tags and the like are kept.
//!
//! One function makes it, [`kept`]: for what callers send, for what rules write, and for what is imported. White space and
//! invisible characters at the ends are taken away, the rest is normalised to NFC, and what is no line is refused.

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::CodePointSetData;
use icu_properties::props::{DefaultIgnorableCodePoint, VariationSelector};

/// Characters of a text that can become one character in NFC, and bytes of each: a text that is longer than this times the
/// limit stays too long, whatever normalising does to it.
const BYTES: usize = 4 * 4;

/// Why a text is no line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    #[error("must not be blank: it has no character that can be seen")]
    Blank,
    #[error("must be one line without control characters, has U+{:04X}", u32::from(*.0))]
    Control(char),
    #[error("must have at most {most} characters, has {has}")]
    Long { most: usize, has: usize },
}

/// The text as Docket keeps it, of at most `most` characters. An empty one stays empty.
///
/// # Errors
/// What is wrong with it.
pub fn kept(text: &str, most: usize) -> Result<String, Flaw> {
    let line = trimmed(text);
    if line.is_empty() && !text.is_empty() {
        return Err(Flaw::Blank);
    }
    if let Some(control) = line.chars().find(|c| breaks(*c)) {
        return Err(Flaw::Control(control));
    }
    if line.len() > most.saturating_mul(BYTES) {
        return Err(Flaw::Long { most, has: line.chars().count() });
    }
    let line = ComposingNormalizerBorrowed::new_nfc().normalize(line);
    // Bytes are never fewer than characters: most texts need no counting.
    let has = if line.len() > most { line.chars().count() } else { 0 };
    if has > most { Err(Flaw::Long { most, has }) } else { Ok(line.into_owned()) }
}

/// A name as it is looked up: what could not be kept names nothing, and stays as it is.
pub fn sought(name: &str) -> String {
    kept(name, name.len()).unwrap_or_else(|_| name.to_owned())
}

/// Whether a name is written as Docket keeps it. Names that are keys are not changed, so another form is refused.
///
/// # Errors
/// What is wrong with it.
pub fn is_kept(name: &str, most: usize) -> Result<bool, Flaw> {
    Ok(kept(name, most)? == name)
}

/// Without what cannot be seen at its ends. What belongs to the character before it stays: the style of an emoji, the letters
/// of a flag.
fn trimmed(text: &str) -> &str {
    let text = text.trim_start_matches(is_invisible);
    text.trim_end_matches(|c| is_invisible(c) && !belongs_to_the_one_before(c))
}

/// White space, and what has no width.
pub(super) fn is_invisible(c: char) -> bool {
    // The Braille pattern without dots is a symbol by its properties, and blank on paper.
    c.is_whitespace() || c == '\u{2800}' || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

fn belongs_to_the_one_before(c: char) -> bool {
    matches!(c, '\u{e0020}'..='\u{e007f}') || CodePointSetData::new::<VariationSelector>().contains(c)
}

/// Control characters, and the two separators of lines and paragraphs that are none.
fn breaks(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ends_are_trimmed_and_accents_composed() {
        for (sent, line) in [
            ("", ""),
            ("vip", "vip"),
            (" vip\t", "vip"),
            ("\u{feff}\u{200b}vip\u{3000}\u{ad}\n", "vip"),
            ("two  words", "two  words"),
            ("cafe\u{301}", "café"),
            ("\u{1112}\u{1161}\u{11ab}", "한"),
            ("pass\u{200b}word", "pass\u{200b}word"),
            ("ok ❤\u{fe0f}", "ok ❤\u{fe0f}"),
            ("🏴\u{e0067}\u{e0062}\u{e007f} ", "🏴\u{e0067}\u{e0062}\u{e007f}"),
        ] {
            assert_eq!(kept(sent, 64).as_deref(), Ok(line), "{sent:?}");
        }
    }

    #[test]
    fn what_is_no_line_is_told() {
        for blank in [" ", "\u{200b}", "\u{2060}\u{ad} ", "\u{fe0f}", "\u{3164}", "\u{2800}", "\r\n"] {
            assert_eq!(kept(blank, 64), Err(Flaw::Blank), "{blank:?}");
        }
        for (text, control) in
            [("a\r\nBcc: x", '\r'), ("a\0b", '\0'), ("a\u{85}b", '\u{85}'), ("a\u{2028}b", '\u{2028}')]
        {
            assert_eq!(kept(text, 64), Err(Flaw::Control(control)), "{text:?}");
        }
        assert_eq!(Flaw::Control('\n').to_string(), "must be one line without control characters, has U+000A");
    }

    #[test]
    fn lengths_are_those_of_the_line_and_bounded_before() {
        assert_eq!(kept(&format!("  {}  ", "e\u{301}".repeat(64)), 64), Ok("é".repeat(64)));
        assert_eq!(kept(&"é".repeat(65), 64), Err(Flaw::Long { most: 64, has: 65 }));
        // One character that is three in NFC.
        assert_eq!(kept(&"\u{fb2c}".repeat(22), 64), Err(Flaw::Long { most: 64, has: 66 }));
        let endless = "e\u{301}".repeat(1 << 20);
        assert_eq!(kept(&endless, 64), Err(Flaw::Long { most: 64, has: 2 << 20 }));
    }

    proptest! {
        /// Keeping what is kept changes nothing, so a resource that was read can be sent back.
        #[test]
        fn a_line_stays_as_it_is(text in r"(\PC|[ \u{200b}\u{301}\u{1161}\u{fe0f}\n]){0,40}") {
            if let Ok(line) = kept(&text, 1_000) {
                prop_assert_eq!(kept(&line, 1_000), Ok(line.clone()));
                prop_assert!(!line.starts_with(is_invisible) && !line.contains(breaks));
            }
        }
    }
}
