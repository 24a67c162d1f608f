//! How scripts write words: where spaces stand between them, and what belongs to the letter before it.

use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup, LineBreak, Script};

/// Accents, vowel signs and the like, which follow their letter.
pub fn is_mark(c: char) -> bool {
    c >= '\u{300}' && GeneralCategoryGroup::Mark.contains(CodePointMapData::<GeneralCategory>::new().get(c))
}

/// Letters of scripts that put no spaces between words: Han, kana and their neighbours; Thai, Lao, Khmer, Burmese, Javanese and
/// theirs.
pub fn is_unspaced(c: char) -> bool {
    if c < '\u{e00}' || !c.is_alphanumeric() {
        return false;
    }
    // What makes kana long is common to two scripts, and of neither by its property.
    c == '\u{30fc}'
        || matches!(
            CodePointMapData::<Script>::new().get(c),
            Script::Han
                | Script::Hiragana
                | Script::Katakana
                | Script::Bopomofo
                | Script::Yi
                | Script::Tangut
                | Script::Nushu
        )
        || matches!(
            CodePointMapData::<LineBreak>::new().get(c),
            LineBreak::ComplexContext | LineBreak::Aksara | LineBreak::AksaraPrebase | LineBreak::AksaraStart
        )
}

/// Letters of Hangul, which writes spaces between words, and endings onto them.
pub fn is_hangul(c: char) -> bool {
    c >= '\u{1100}' && CodePointMapData::<Script>::new().get(c) == Script::Hangul
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_told_apart_by_their_properties() {
        for c in "東々〇あアーｶㄅꀀกກកမᨠꦏ".chars() {
            assert!(is_unspaced(c) && !is_hangul(c), "{c}");
        }
        for c in "aßжع१あ、。😀한 ½".chars().filter(|c| *c != 'あ') {
            assert!(!is_unspaced(c), "{c}");
        }
        assert!("한하ㅎ".chars().all(is_hangul));
        assert!("\u{301}\u{64e}\u{94d}\u{e31}\u{17d2}\u{20dd}\u{903}".chars().all(is_mark));
        assert!(!"aก한".chars().any(is_mark));
    }
}
