//! Slips of syntax, in plain words: what the parser says, and what was meant.

use cel::ParseError;

use super::borrowed;
use super::parse::nested_too_deep;
use crate::workflow::diagnostic::Problem;

/// The parser's own wording names grammar tokens; the common slips get words of ours.
pub(super) fn explain(source: &str, error: &ParseError) -> Problem {
    let at = offset(source, error.pos);
    let raw = error.msg.strip_prefix("Syntax error: ").unwrap_or(&error.msg);
    let rest = source.get(at..).unwrap_or("");
    let before = source.get(..at).unwrap_or("").trim_end();
    if raw.to_ascii_lowercase().contains("recursion") {
        return nested_too_deep(at);
    }
    if let Some(problem) = borrowed::explain(source, at) {
        return problem;
    }
    if let Some(text) = unrecognised(raw) {
        return meaningless(at, text, before, rest);
    }
    if raw.contains("'<EOF>'") {
        return unfinished(at, raw, before);
    }
    // `not x` is a name, and `x` the first word that has no place.
    match last_word(before) {
        (at, word @ ("not" | "NOT")) => misplaced(at, raw, word),
        _ => misplaced(at, raw, first_word(rest)),
    }
}

pub(super) fn syntax(at: usize, message: String, hint: &str) -> Problem {
    Problem::error("syntax", at, message, hint)
}

/// A character that is in no token.
fn meaningless(at: usize, text: &str, before: &str, rest: &str) -> Problem {
    match text.chars().next() {
        Some('\'' | '"') => quoted(at, rest),
        Some('=') if rest.starts_with("=>") => syntax(at, "`=>` is no operator".into(), "write `>=`"),
        Some('=') if before.ends_with("==") => syntax(at, "`===` is no operator".into(), "write `==`"),
        Some('=') => syntax(at, "`=` does not compare".into(), "write `==`"),
        Some('&') => syntax(at, "`&` is no operator".into(), "write `&&`"),
        Some('|') => syntax(at, "`|` is no operator".into(), "write `||`"),
        Some('$') => {
            let hint = "`${…}` belongs around an expression in a text; conditions are expressions already";
            syntax(at, "`$` has no meaning inside an expression".into(), hint)
        }
        _ => syntax(at, format!("`{text}` has no meaning here"), "remove it, or put text between quotes"),
    }
}

/// A text between quotes that is none.
fn quoted(at: usize, rest: &str) -> Problem {
    let Some((escape, raw)) = bad_escape(rest) else {
        let hint = "end the text with the same quote; a quote inside is written \\'";
        return syntax(at, "a quote is never closed".into(), hint);
    };
    let shown: String = rest.chars().skip(rest.get(..escape).unwrap_or_default().chars().count()).take(2).collect();
    let hint = format!("write {raw}, in which a backslash is itself");
    Problem::error("syntax", at + escape, format!("`{shown}` is no escape in a text"), hint)
}

/// The end came too early.
fn unfinished(at: usize, raw: &str, before: &str) -> Problem {
    const OPERATORS: [&str; 19] =
        ["==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "%", "!", " in", ".", "?", ":", ","];
    if raw.starts_with("missing ')'") || unclosed(before, '(', ')') {
        return syntax(at, "a `(` is never closed".into(), "add `)`");
    }
    if unclosed(before, '[', ']') {
        return syntax(at, "a `[` is never closed".into(), "add `]`");
    }
    let Some(operator) = OPERATORS.into_iter().find(|operator| before.ends_with(operator)) else {
        return syntax(at, "the expression ends too early".into(), "finish it");
    };
    let operator = operator.trim_start();
    let hint = "finish the comparison, or remove the operator";
    syntax(before.len() - operator.len(), format!("nothing follows `{operator}`"), hint)
}

/// A token where another one belongs.
fn misplaced(at: usize, raw: &str, word: &str) -> Problem {
    match word {
        "and" | "AND" => syntax(at, format!("`{word}` is no operator"), "write `&&`"),
        "or" | "OR" => syntax(at, format!("`{word}` is no operator"), "write `||`"),
        "not" | "NOT" => {
            syntax(at, format!("`{word}` is no operator"), "write `!` before what is not: `!has(…)`, `!(a in b)`")
        }
        ")" => syntax(at, "this `)` closes nothing".into(), "remove it, or open it with `(`"),
        "]" => syntax(at, "this `]` closes nothing".into(), "remove it, or open it with `[`"),
        _ if raw.starts_with("unsupported syntax") => {
            syntax(at, format!("{raw} is not part of this language"), "write it with `.` or `[…]`")
        }
        _ if raw.contains("int literal") => {
            syntax(at, "the number is out of range".into(), "whole numbers go up to 9223372036854775807")
        }
        "{" => syntax(at, "`{` does not fit here".into(), "conditions are expressions already: leave the braces out"),
        _ if raw.starts_with("extraneous") || raw.starts_with("mismatched") || raw.starts_with("no viable") => {
            syntax(at, format!("`{word}` does not fit here"), "is an operator, a comma or a quote missing before it?")
        }
        _ => syntax(at, format!("`{word}` does not fit here"), "look at what stands before it"),
    }
}

/// The text of `token recognition error at: '…'`.
fn unrecognised(raw: &str) -> Option<&str> {
    let text = raw.strip_prefix("token recognition error at: '")?;
    Some(text.strip_suffix('\'').unwrap_or(text).trim_end())
}

fn unclosed(text: &str, open: char, close: char) -> bool {
    text.matches(open).count() > text.matches(close).count()
}

pub(super) fn first_word(text: &str) -> &str {
    let text = text.trim_start();
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    match text.chars().next() {
        Some(first) if end == 0 => &text[..first.len_utf8()],
        _ => &text[..end],
    }
}

/// The word at the end, and where it begins.
pub(super) fn last_word(text: &str) -> (usize, &str) {
    let start = text.rfind(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(0, |at| at + 1);
    // A bracket or operator of more than one byte ends in the middle of a character.
    (start, text.get(start..).unwrap_or_default())
}

/// Where a quoted text has a backslash before something that it escapes nothing with, and the text with a raw quote. `None`: it has
/// not, or is never closed.
fn bad_escape(quoted: &str) -> Option<(usize, String)> {
    let quote = quoted.chars().next()?;
    let mut found = None;
    let mut chars = quoted.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => {
                let (_, escaped) = chars.next()?;
                if !matches!(
                    escaped,
                    'a' | 'b'
                        | 'f'
                        | 'n'
                        | 'r'
                        | 't'
                        | 'v'
                        | '"'
                        | '\''
                        | '`'
                        | '\\'
                        | '?'
                        | 'x'
                        | 'X'
                        | 'u'
                        | 'U'
                        | '0'..='7'
                ) {
                    found.get_or_insert(at);
                }
            }
            c if c == quote => return Some((found?, format!("r{}", quoted.get(..=at)?))),
            _ => {}
        }
    }
    None
}

/// The byte offset of the parser's line and column, both from 1.
fn offset(source: &str, (line, column): (isize, isize)) -> usize {
    let mut start = 0;
    for _ in 1..line.max(1) {
        match source[start..].find('\n') {
            Some(end) => start += end + 1,
            None => return source.len(),
        }
    }
    let steps = usize::try_from(column - 1).unwrap_or(0);
    source[start..].char_indices().nth(steps).map_or(source.len(), |(at, _)| start + at)
}
