//! Spellings of one word, folded into one.

use std::borrow::Cow;

use icu_casemap::CaseMapper;
use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;

/// What lengthens an Arabic word on paper, and says nothing.
const TATWEEL: char = '\u{640}';

/// Letters that their Unicode names call an accented one, and that do not decompose: what they are without.
const STROKES: [(char, &str); 12] = [
    ('ı', "i"),
    ('ł', "l"),
    ('ø', "o"),
    ('đ', "d"),
    ('ð', "d"),
    ('ħ', "h"),
    ('ŧ', "t"),
    ('æ', "ae"),
    ('œ', "oe"),
    ('ɨ', "i"),
    ('ɓ', "b"),
    ('ɗ', "d"),
];

/// Without case, by Unicode's full folding, without what only looks different (full width, ligatures), and without what cannot be
/// seen: Unicode's NFKC_Casefold, and without tatweel.
pub fn folded(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Cow::Owned(text.to_ascii_lowercase()),
            false => Cow::Borrowed(text),
        };
    }
    let (case, nfkc) = (CaseMapper::new(), ComposingNormalizerBorrowed::new_nfkc());
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let seen = |c: &char| *c != TATWEEL && !ignorable.contains(*c);
    // What is left out may be part of another character: a tatweel with its vowel point.
    let mut text: String =
        DecomposingNormalizerBorrowed::new_nfkd().normalize_iter(text.chars()).filter(seen).collect();
    // Folding may leave what is not normalised, and normalising what is not folded; neither does so twice.
    for _ in 0..2 {
        text = nfkc.normalize(&case.fold_string(&text)).into_owned();
    }
    Cow::Owned(text)
}

/// A folded word without accents, vowel points of Arabic and Hebrew, and strokes; `None`: it has none.
pub fn bare(word: &str) -> Option<String> {
    if word.is_ascii() {
        return None;
    }
    let classes = CanonicalCombiningClassMapBorrowed::new();
    let mut bare = String::with_capacity(word.len());
    for c in DecomposingNormalizerBorrowed::new_nfd().normalize_iter(word.chars()) {
        match STROKES.iter().find(|(stroked, _)| *stroked == c) {
            Some((_, plain)) => bare.push_str(plain),
            None if is_accent(classes.get_u8(c)) => {}
            None => bare.push(c),
        }
    }
    let bare = ComposingNormalizerBorrowed::new_nfc().normalize(&bare).into_owned();
    (bare != word && !bare.is_empty()).then_some(bare)
}

/// By its combining class: overlays; points of Hebrew, Arabic and Syriac; what is attached, above or below. Others make another
/// letter: the voice of kana, the vowels and tones of Indic scripts and of Thai.
fn is_accent(class: u8) -> bool {
    matches!(class, 1 | 10..=36 | 200..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_word_fold_to_the_same() {
        for (one, other) in [
            ("cafe\u{301}", "CAFÉ"),
            ("ＡＢＣ１２３", "abc123"),
            ("ｶﾞｰﾃﾞﾝ", "ガーデン"),
            ("oﬃce", "OFFICE"),
            ("ﬁnance ﬂow oﬀ ﬆop", "finance flow off stop"),
            ("մﬓ", "մմն"),
            ("ǆ ĳ ŉ", "dž ij ʼn"),
            ("ΟΔΟΣ", "οδος"),
            ("ᾳ ΑΙ", "αι αι"),
            ("STRASSE", "straße"),
            ("ẞ", "ss"),
            ("İ", "i\u{307}"),
            ("pass\u{200b}word", "password"),
            ("key\u{ad}board", "keyboard"),
            ("a\u{200c}b\u{200d}c\u{2060}d\u{feff}e\u{200e}f\u{180b}g\u{fe0f}h\u{34f}i", "abcdefghi"),
            ("\u{1112}\u{1161}\u{11ab}글", "한글"),
            ("ﾡﾢ", "ㄱㄲ"),
            ("مـحـمـد", "محمد"),
            ("ﻣﺤﻤﺪ", "محمد"),
            ("م\u{fe71}", "م\u{64b}"),
            ("a\u{ffa0}b", "ab"),
            ("①②", "12"),
            ("™ ℡ ㎏", "tm tel kg"),
            ("𝐇𝐞𝐥𝐥𝐨", "hello"),
            ("ᏣᎳᎩ", "ꮳꮃꭹ"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
        for (one, other) in [("résumé", "resume"), ("ısı", "isi"), ("は", "ば"), ("हिन्दी", "हन्दी"), ("مَلِك", "ملك")]
        {
            assert_ne!(folded(one), folded(other), "{one} {other}");
        }
    }

    #[test]
    fn accents_and_points_go_and_what_makes_another_letter_stays() {
        for (word, without) in [
            ("problème", "probleme"),
            ("i\u{307}stanbul", "istanbul"),
            ("ısı", "isi"),
            ("łódź", "lodz"),
            ("ørsted", "orsted"),
            ("œuvre", "oeuvre"),
            ("việt", "viet"),
            ("ёж", "еж"),
            ("ωραία", "ωραια"),
            ("مَلِكٌ", "ملك"),
            ("إسلام", "اسلام"),
            ("שָׁלוֹם", "שלום"),
        ] {
            assert_eq!(bare(&folded(word)).as_deref(), Some(without), "{word}");
        }
        for word in ["problem", "が", "हिन्दी", "น้ำ", "한국", "东京", "ភ្លេច", "\u{301}"]
        {
            assert_eq!(bare(&folded(word)), None, "{word}");
        }
    }

    #[test]
    fn a_hostile_heap_of_marks_takes_its_own_length() {
        let heap = format!("a{}", "\u{301}\u{323}".repeat(200_000));
        assert_eq!(folded(&heap).chars().count(), 400_000);
        assert_eq!(bare(&folded(&heap)).as_deref(), Some("a"));
    }

    proptest! {
        /// However a text was normalised on its way here, it is the same; and folding what is folded changes nothing.
        #[test]
        fn no_form_of_a_text_differs(text in r"(\PC|[a-zA-Zıİßſςﬁｶﾞ\u{200b}\u{301}\u{345}\u{64b}\u{1161}\u{ad}가各]){0,24}") {
            let once = folded(&text).into_owned();
            prop_assert_eq!(folded(&once), once.as_str());
            let composed = ComposingNormalizerBorrowed::new_nfc().normalize(&text).into_owned();
            let compatible = ComposingNormalizerBorrowed::new_nfkc().normalize(&text).into_owned();
            let apart = DecomposingNormalizerBorrowed::new_nfd().normalize(&text).into_owned();
            for form in [composed, compatible, apart] {
                prop_assert_eq!(folded(&form), once.as_str());
            }
            if let Some(word) = bare(&once) {
                prop_assert_eq!(bare(&word), None);
            }
        }
    }
}
