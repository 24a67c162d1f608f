//! Mentions in a text: `@` and 1 to 64 letters, digits, `.`, `_`, `-`, outside code.
//!
//! The text is Markdown, and is read as such: what stands in a code span, in a fenced or an indented block is code. An `@`
//! inside a word, an address or a path (`a@b.com`, `/@ann`), and one behind a backslash, names nobody.

use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

/// Different names in one text that count; what is named after them stays text.
pub const MOST: usize = 50;
/// Characters of a name; longer ones name nobody.
const NAME_CHARS: usize = 64;

/// The names in a text, as they are written, each once, at most [`MOST`].
pub fn names(text: &str) -> Vec<&str> {
    names_at(text, |_| true)
}

/// The same, of those whose `@` stands where it counts.
pub fn names_at(text: &str, counts: impl Fn(usize) -> bool) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    // Most texts name nobody, and are not read any further.
    if !text.contains('@') {
        return names;
    }
    for prose in prose(text) {
        for (at, _) in text[prose.clone()].match_indices('@') {
            let at = prose.start + at;
            let name = name(&text[at + 1..prose.end]);
            if !counts(at) || !begins_a_word(text, &prose, at) || !is_name(name) || names.contains(&name) {
                continue;
            }
            names.push(name);
            if names.len() == MOST {
                return names;
            }
        }
    }
    names
}

/// What a written name may stand for, the likelier first: `bob.` is an agent of that name, or `bob` at a sentence's end.
pub fn spellings(name: &str) -> impl Iterator<Item = &str> {
    let bare = name.trim_end_matches(['.', '-', '_']);
    [name, bare].into_iter().take(if bare.is_empty() || bare == name { 1 } else { 2 })
}

/// Where a text is neither code nor markup.
fn prose(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut code = false;
    for (event, place) in Parser::new(text).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(_)) => code = true,
            Event::End(TagEnd::CodeBlock) => code = false,
            // The parser cuts where markup could have begun.
            Event::Text(_) if !code => match found.last_mut() {
                Some(last) if last.end == place.start => last.end = place.end,
                _ => found.push(place),
            },
            _ => {}
        }
    }
    found
}

fn name(rest: &str) -> &str {
    let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '-')));
    &rest[..end.unwrap_or(rest.len())]
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().take(NAME_CHARS + 1).count() <= NAME_CHARS
}

fn begins_a_word(text: &str, prose: &Range<usize>, at: usize) -> bool {
    match text[prose.start..at].chars().next_back() {
        None => !text[..at].ends_with('\\'),
        Some(before) => !before.is_alphanumeric() && !"._%+-/@\\".contains(before),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_stand_behind_an_at() {
        for (text, found) in [
            ("@bob", vec!["bob"]),
            ("hello @bob, and (@ann.smith) too", vec!["bob", "ann.smith"]),
            ("@bob @bob @Bob", vec!["bob", "Bob"]),
            ("ask @bob.", vec!["bob."]),
            ("*@bob* **@ann** _@eve_", vec!["bob", "ann", "eve"]),
            ("> @bob said\n\n- @ann\n# @eve", vec!["bob", "ann", "eve"]),
            ("@triage-agent please", vec!["triage-agent"]),
            ("@snake_case_name", vec!["snake_case_name"]),
            ("@Zoë @李雷 @12", vec!["Zoë", "李雷", "12"]),
            ("", vec![]),
            ("@ @, @! at@", vec![]),
        ] {
            assert_eq!(names(text), found, "{text}");
        }
    }

    #[test]
    fn addresses_paths_and_escapes_name_nobody() {
        for text in [
            "a@b.com",
            "mail a.b+c@b.com or <a@b.com>",
            "user_@b.com",
            "https://example.com/@bob",
            "\\@bob",
            "@@bob",
            "ann@bob",
        ] {
            assert_eq!(names(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn code_names_nobody() {
        for text in [
            "`@bob`",
            "`` `@bob` ``",
            "```\n@bob\n```",
            "~~~ruby\n@bob = 1\n~~~",
            "````\n```\n@bob\n```\n````",
            "```\n@bob",
            "    @bob",
            "> ```\n> @bob\n> ```",
            "- a\n\n      @bob",
        ] {
            assert_eq!(names(text), [""; 0], "{text}");
        }
        assert_eq!(names("`a` @bob `b`\n```\n@eve\n```\n@ann `"), ["bob", "ann"]);
        // A span that is never closed is none.
        assert_eq!(names("` @bob"), ["bob"]);
    }

    #[test]
    fn names_have_at_most_64_characters() {
        let longest = "ü".repeat(64);
        assert_eq!(names(&format!("@{longest}")), [longest.as_str()]);
        assert_eq!(names(&format!("@{longest}x")), [""; 0]);
    }

    #[test]
    fn marks_at_the_end_belong_to_a_name_only_if_somebody_is_called_so() {
        let all = |name| spellings(name).collect::<Vec<_>>();
        assert_eq!(all("bob"), ["bob"]);
        assert_eq!(all("bob..."), ["bob...", "bob"]);
        assert_eq!(all("a.b-_"), ["a.b-_", "a.b"]);
        assert_eq!(all("..."), ["..."]);
    }

    #[test]
    fn ten_thousand_names_are_fifty() {
        let text: String = (0..10_000).map(|n| format!("@n{n} ")).collect();
        let found = names(&text);
        assert_eq!((found.len(), found[0], found[49]), (50, "n0", "n49"));
        assert_eq!(names(&"@".repeat(10_000)), [""; 0]);
        assert_eq!(names(&"@x ".repeat(10_000)), ["x"]);
    }

    proptest! {
        /// Nothing panics, and what is found stands in the text behind an `@`.
        #[test]
        fn any_text(text in "(?s)[@`~ \\\\\\n>*_a-c.é<-]{0,80}|.{0,80}") {
            for name in names(&text) {
                let written = format!("@{name}");
                prop_assert!(text.contains(&written) && is_name(name));
                prop_assert!(spellings(name).all(|spelling| !spelling.is_empty() && name.starts_with(spelling)));
            }
        }

        /// A name between words is found, and is not inside of code, however it is fenced.
        #[test]
        fn names_in_words_and_in_code(name in "[a-zA-Z0-9][a-zA-Z0-9.-]{0,20}", ticks in 1..6usize, before in "[a-z ,!]{0,12}") {
            let words = format!("x{before} @{name} y");
            prop_assert_eq!(names(&words), [name.as_str()]);
            let fence = "`".repeat(ticks);
            let span = format!("x{before} {fence} @{name} {fence} y");
            prop_assert_eq!(names(&span), [""; 0]);
            let block = format!("x\n\n~~~~{fence}\n{before} @{name}\n~~~~\n");
            prop_assert_eq!(names(&block), [""; 0]);
        }
    }
}
