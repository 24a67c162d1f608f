//! Mentions in a text: `@` and 1 to 64 letters, marks, digits, `.`, `_`, `-`, outside code.
//!
//! The text is Markdown, and is read as such: what stands in a code span, in a fenced or an indented block is code. An `@`
//! inside a word, an address or a path (`a@b.com`, `@a@b.com`, `https://b.com/@ann`), and one behind a backslash, names nobody.
//! Scripts that put no spaces between words, and Hangul, end words of others: `感謝@bobさん` names bob.

use std::borrow::Cow;
use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::line::sought;
use super::script::{is_hangul, is_mark, is_unspaced};

/// Different names in one text that count; what is named after them stays text.
pub const MOST: usize = 50;
/// Characters of a name; longer ones name nobody.
const NAME_CHARS: usize = 64;
/// What a written name may stand for beside itself, at most.
const SPELLINGS: usize = 8;

/// The names in a text, as they are written, each once, at most [`MOST`].
pub fn names(text: &str) -> Vec<&str> {
    names_at(text, |_| true)
}

/// The same, of those whose `@` stands where it counts.
pub fn names_at(text: &str, counts: impl Fn(usize) -> bool) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    // Most texts name nobody, and are not read any further.
    if !text.contains(is_at) {
        return names;
    }
    for prose in prose(text) {
        let mut link = Link::default();
        for (at, sign) in text[prose.clone()].match_indices(is_at) {
            let at = prose.start + at;
            let behind = &text[at + sign.len()..prose.end];
            let name = name(behind);
            let is_mention = !link.reaches(&text[prose.clone()], at - prose.start)
                && begins_a_word(text, &prose, at, name)
                && !behind[name.len()..].starts_with(is_at);
            if !counts(at) || !is_name(name) || !is_mention || names.contains(&name) {
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

/// What a written name may stand for, the likelier first: `bob.` is an agent of that name, or `bob` at a sentence's end, and
/// `bobさん` is bob. As names are kept.
pub fn spellings(name: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let bare = name.trim_end_matches(['.', '-', '_']);
    let whole = [name, bare].into_iter().take(if bare.is_empty() || bare == name { 1 } else { 2 });
    whole.chain(ends(bare)).map(|name| if name.is_ascii() { name.into() } else { sought(name).into() })
}

/// Beginnings of a name that end where the script changes, or before the next letter of one that does not part words; the longest
/// first of the shortest few.
fn ends(name: &str) -> impl Iterator<Item = &str> {
    let mut ends: Vec<usize> = Vec::new();
    let mut before = None;
    for (at, c) in name.char_indices().filter(|(_, c)| !is_mark(*c)) {
        let joins = joins(c);
        if before.is_some_and(|before| joins || before) && ends.len() < SPELLINGS {
            ends.push(at);
        }
        before = Some(joins);
    }
    ends.into_iter().rev().map(|end| name[..end].trim_end_matches(['.', '-', '_'])).filter(|name| !name.is_empty())
}

/// Whether words that stand beside this letter need no space: in scripts without any, and in Hangul, which has endings.
fn joins(c: char) -> bool {
    is_unspaced(c) || is_hangul(c)
}

/// As keyboards for East Asia write it, too.
fn is_at(c: char) -> bool {
    matches!(c, '@' | '＠')
}

/// Where the links of a text end, looked for from its beginning to its end.
#[derive(Default)]
struct Link {
    looked: usize,
    is_one: bool,
    /// Since where there has been neither a space nor anything that no link has.
    begun: usize,
}

impl Link {
    /// Whether what stands here belongs to a link, `https://b.com/?to=@ann`. Asked in the order of the text.
    fn reaches(&mut self, text: &str, at: usize) -> bool {
        let since = &text[self.looked..at];
        if let Some((end, c)) = since.char_indices().rfind(|(_, c)| !is_of_link(*c)) {
            self.begun = self.looked + end + c.len_utf8();
            self.is_one = false;
        }
        let unread = self.begun.max(self.looked);
        self.is_one = self.is_one || text[unread..at].contains("://");
        self.looked = at;
        self.is_one
    }
}

fn is_of_link(c: char) -> bool {
    c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | '`' | '(' | ')' | '|')
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

/// The name that a text begins with. One that is too long ends with its script, if it does.
fn name(rest: &str) -> &str {
    let end = rest.find(|c: char| !(c.is_alphanumeric() || is_mark(c) || matches!(c, '.' | '_' | '-')));
    let name = &rest[..end.unwrap_or(rest.len())];
    if is_name(name) { name } else { ends(name).next().unwrap_or(name) }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().take(NAME_CHARS + 1).count() <= NAME_CHARS
}

fn begins_a_word(text: &str, prose: &Range<usize>, at: usize, name: &str) -> bool {
    // What joins its neighbours and cannot be seen does not part an address.
    let is_joiner = |c: char| matches!(c, '\u{ad}' | '\u{200c}' | '\u{200d}' | '\u{2060}' | '\u{feff}');
    match text[prose.start..at].trim_end_matches(|c| is_joiner(c) || is_mark(c)).chars().next_back() {
        None => !text[..at].ends_with('\\'),
        Some(before) if before.is_alphanumeric() => joins(before) && !is_domain(name),
        Some(before) => !"._%+-/@＠\\".contains(before),
    }
}

/// Whether a name could be that of a mail server: `用户@example.com` is an address.
fn is_domain(name: &str) -> bool {
    name.trim_end_matches('.').contains('.')
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
            ("@Zoe\u{308} @हिन्दी", vec!["Zoe\u{308}", "हिन्दी"]),
            ("＠bob", vec!["bob"]),
            ("「@bob」、@ann。（@eve）…@sam", vec!["bob", "ann", "eve", "sam"]),
            ("a\u{200b}@bob\u{200b}!", vec!["bob"]),
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
            "@bob@example.com",
            "@bob@ann",
            "用户@example.com",
            "사용자@example.co.kr",
            "Zoe\u{308}@b",
            "привет@bob",
            "ann\u{ad}@b.com ann\u{2060}@b.com",
            "https://example.com/?to=@bob&cc=@ann#@eve",
            "见https://example.com/a@b,@bob",
            "＠＠bob /＠bob",
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
        let all = |name| spellings(name).map(Cow::into_owned).collect::<Vec<_>>();
        assert_eq!(all("bob"), ["bob"]);
        assert_eq!(all("bob..."), ["bob...", "bob"]);
        assert_eq!(all("a.b-_"), ["a.b-_", "a.b"]);
        assert_eq!(all("..."), ["..."]);
    }

    /// Who is mentioned where these are agents.
    fn mentioned(text: &str, agents: &[&str]) -> Vec<String> {
        let one = |name| spellings(name).find(|spelling| agents.contains(&spelling.as_ref())).map(Cow::into_owned);
        names(text).into_iter().filter_map(one).collect()
    }

    #[test]
    fn words_of_other_scripts_end_a_name() {
        let agents = ["bob", "ann.smith", "李雷", "田中", "철수", "สมชาย", "Zoë", "bob李"];
        for (text, found) in [
            ("感謝@bob さん", vec!["bob"]),
            ("@bobさん", vec!["bob"]),
            ("请@bob看一下", vec!["bob"]),
            ("请@bob看一下，@ann.smith也来", vec!["bob", "ann.smith"]),
            ("@bob님 확인 부탁드립니다", vec!["bob"]),
            ("안녕하세요@bob", vec!["bob"]),
            ("@bobครับ สวัสดี@bob", vec!["bob", "bob"]),
            ("@田中さん、@李雷请看", vec!["田中", "李雷"]),
            ("@철수에게 @철수님", vec!["철수", "철수"]),
            ("คุณ@สมชายช่วยดู", vec!["สมชาย"]),
            ("@Zoe\u{308}さん", vec!["Zoë"]),
            ("@bob李 @bob.さん", vec!["bob李", "bob"]),
            ("@bobby @bobъ", vec![]),
        ] {
            assert_eq!(mentioned(text, &agents), found, "{text}");
        }
        let long = format!("请@bob{}", "看一下这个问题".repeat(30));
        assert_eq!(mentioned(&long, &agents), ["bob"]);
    }

    #[test]
    fn a_name_stands_for_few() {
        assert!(spellings(&"看".repeat(64)).count() <= SPELLINGS + 2);
        assert!(spellings(&"看a.".repeat(21)).count() <= SPELLINGS + 2);
    }

    #[test]
    fn long_texts_of_signs_are_read_once() {
        for text in ["a@".repeat(100_000), "@看".repeat(100_000), format!("https://{}", "@a/".repeat(100_000))] {
            assert!(names(&text).len() <= MOST);
        }
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
                let is_written = ['@', '＠'].iter().any(|sign| text.contains(&format!("{sign}{name}")));
                prop_assert!(is_written && is_name(name));
                prop_assert!(spellings(name).all(|spelling| !spelling.is_empty() && sought(name).starts_with(spelling.as_ref())));
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
