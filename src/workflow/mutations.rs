//! Files that somebody wrote and something went wrong with, for tests.

use proptest::prelude::*;

/// One change to a text: what stands somewhere is taken out, put in again elsewhere, or gives way to something else.
#[derive(Clone, Debug)]
pub struct Mutation {
    at: usize,
    length: usize,
    to: usize,
    put: String,
}

/// A few of them.
pub fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let put = proptest::sample::select(vec![
        "",
        "",
        "\n",
        "  ",
        ": ",
        "- ",
        "'",
        "\"",
        "{",
        "}",
        "[",
        "]",
        "(((((((((((",
        "#",
        " #",
        "&a ",
        "*a",
        "!",
        "|",
        ">-",
        "${",
        "}",
        "$${",
        "null",
        "true",
        "~",
        "9999999999999999999",
        "1e400",
        "-",
        "---\n",
        "\u{feff}",
        "\t",
        "é",
        "\\b",
        "r'",
        " || ",
        " && ",
        "if",
        "on:",
        "triggers: x\n",
        "variables.vip",
        "{{x}}",
        "matches('/x/i')",
        "-1h",
        "0s",
        "99999999999h",
        "@daily",
        "2026-02-30T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "$ticket",
    ]);
    let one = (any::<u16>(), 0..40usize, any::<u16>(), put);
    let one =
        one.prop_map(|(at, length, to, put)| Mutation { at: at.into(), length, to: to.into(), put: put.to_owned() });
    proptest::collection::vec(one, 1..6)
}

/// The text with these changes.
pub fn mutated(source: &str, mutations: &[Mutation]) -> String {
    let mut text: Vec<char> = source.chars().collect();
    for Mutation { at, length, to, put } in mutations {
        let at = at % (text.len() + 1);
        let end = (at + length).min(text.len());
        let taken: Vec<char> = text.splice(at..end, put.chars()).collect();
        if put.is_empty() {
            let to = to % (text.len() + 1);
            text.splice(to..to, taken);
        }
    }
    text.into_iter().collect()
}
