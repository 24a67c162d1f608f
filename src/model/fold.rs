//! Case folding: how tags compare.
//!
//! The database does the same in `docket_fold`, for its index; a test compares the two.

use std::borrow::Cow;

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizerBorrowed;

/// Without case, by Unicode's full folding: `STRASSE` and `straße` are one, however their accents are written. Texts that fold
/// to the same are the same word.
pub fn fold(text: &str) -> Cow<'_, str> {
    if !text.is_ascii() {
        let nfc = ComposingNormalizerBorrowed::new_nfc();
        let folded = CaseMapper::new().fold_string(&nfc.normalize(text)).into_owned();
        return Cow::Owned(nfc.normalize(&folded).into_owned());
    }
    match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(text.to_ascii_lowercase()),
        false => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_word_fold_to_the_same() {
        for spellings in [
            ["VIP", "vip"],
            ["Straße", "STRASSE"],
            ["cafe\u{301}", "CAFÉ"],
            ["ΟΔΟΣ", "οδος"],
            ["ﬁnance", "FINANCE"],
            ["ǰ", "J\u{30c}"],
            ["İzmir", "i\u{307}zmir"],
        ] {
            assert_eq!(fold(spellings[0]), fold(spellings[1]), "{spellings:?}");
        }
        assert_ne!(fold("İzmir"), fold("izmir"), "folding knows no language");
        assert_ne!(fold("resume"), fold("résumé"));
    }

    /// What the function says of the characters that change: those of near scripts and the others, each into one, and those that
    /// become several.
    fn lines() -> Vec<String> {
        let (mut near, mut far, mut several) = (Vec::new(), Vec::new(), Vec::new());
        for c in '\u{80}'..=char::MAX {
            let folded = CaseMapper::new().fold_string(c.encode_utf8(&mut [0; 4])).into_owned();
            let table = match folded.chars().count() {
                1 if folded.starts_with(c) => continue,
                1 if c < '\u{530}' => &mut near,
                1 => &mut far,
                _ => &mut several,
            };
            table.push((c, folded));
        }
        let from = |table: &[(char, String)]| table.iter().map(|(c, _)| *c).collect::<String>();
        let to = |table: &[(char, String)]| table.iter().map(|(_, folded)| folded.as_str()).collect::<String>();
        let replaced =
            several.iter().fold("folded".to_owned(), |it, (c, folded)| format!("replace({it}, '{c}', '{folded}')"));
        let mut lines: Vec<String> =
            [&near, &far, &several].map(|table| format!("IF folded ~ '[{}]' THEN", from(table))).into();
        lines.extend(
            [&near, &far].map(|table| format!("folded := translate(folded, '{}', '{}');", from(table), to(table))),
        );
        lines.push(format!("folded := {replaced};"));
        lines
    }

    #[test]
    fn the_function_of_the_database_has_the_same_tables() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/2026-11-29-000120_folded_tags/up.sql");
        let migration = std::fs::read_to_string(path).unwrap_or_default();
        for line in lines() {
            assert!(migration.contains(&line), "a later Unicode folds more: make a migration with\n{line}");
        }
    }
}
