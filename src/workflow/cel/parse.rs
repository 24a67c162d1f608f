//! Parser: from text to the `cel` crate's tree, with error messages that help.

use cel::common::ast::{IdedExpr, SourceInfo};
use cel::{Env, ParseError, ParseErrors};

use crate::model::limits::FILTER_CHARS;
use crate::workflow::diagnostic::Problem;

/// An expression that is read, and not checked yet.
#[derive(Debug)]
pub struct Parsed {
    pub(super) source: String,
    pub(super) tree: IdedExpr,
    pub(super) places: SourceInfo,
}

impl Parsed {
    /// # Errors
    /// What is wrong with the syntax, at most one finding, the first: those after it mostly follow from it.
    pub fn new(source: &str) -> Result<Parsed, Problem> {
        let (tree, places) = parse(source)?;
        Ok(Parsed { source: source.to_owned(), tree, places })
    }

    pub fn source(&self) -> &str {
        &self.source
    }
}

/// Parses without expanding macros: the checker wants the calls as they were written.
fn parse(source: &str) -> Result<(IdedExpr, SourceInfo), Problem> {
    let length = source.chars().count();
    if length > FILTER_CHARS {
        return Err(Problem::error(
            "too-long",
            0,
            format!("the expression has {length} characters; {FILTER_CHARS} is the limit"),
            "split it into several conditions of the list",
        ));
    }
    if source.trim().is_empty() {
        return Err(Problem::error("syntax", 0, "the expression is empty", "write a condition, or leave the key out"));
    }
    if let Some(at) = source.find('\0') {
        return Err(Problem::error("syntax", at, "the expression holds a NUL character", "remove it"));
    }
    if let Some(at) = too_deep(source) {
        return Err(nested_too_deep(at));
    }
    let parsed = if is_plain(source) { with_cel(source) } else { on_a_large_stack(source)? };
    parsed.map_err(|found| match found.errors.first() {
        Some(first) => explain(source, first),
        None => Problem::error("syntax", 0, "this is no CEL expression", ""),
    })
}

type Tree = Result<(IdedExpr, SourceInfo), ParseErrors>;

fn with_cel(source: &str) -> Tree {
    Env::default().with_optional_support(false).parser().parse_with_source_info(source)
}

/// Brackets within brackets. The checker bounds what they mean; more than these are no condition that anybody reads.
const MAX_BRACKETS: usize = 64;

/// Where the first bracket opens that has too many around it. Those in quotes are text.
fn too_deep(source: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0usize, None);
    let mut chars = source.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (Some(_), '\\') => {
                chars.next();
            }
            (Some(open), c) => quote = Some(open).filter(|open| *open != c),
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[' | '{') if depth == MAX_BRACKETS => return Some(at),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, _) => {}
        }
    }
    None
}

fn nested_too_deep(at: usize) -> Problem {
    Problem::error("too-deep", at, "the expression is nested too deep", "split it into several conditions of the list")
}

/// The crate's parser recurses through many frames for each bracket and operator: within these bounds any thread holds it.
fn is_plain(source: &str) -> bool {
    let (mut depth, mut deepest) = (0usize, 0usize);
    for c in source.chars() {
        match c {
            '(' | '[' | '{' | '?' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    source.len() <= 256 && deepest <= 3
}

/// Its depth limit of 96 fits into this many bytes even unoptimized.
const LARGE_STACK: usize = 64 * 1024 * 1024;

fn on_a_large_stack(source: &str) -> Result<Tree, Problem> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(LARGE_STACK).spawn_scoped(scope, || with_cel(source));
        let parsed = thread.ok().and_then(|thread| thread.join().ok());
        parsed.ok_or_else(|| Problem::error("syntax", 0, "the expression cannot be read", "make it simpler"))
    })
}

/// The parser's own wording names grammar tokens; the common slips get words of ours.
fn explain(source: &str, error: &ParseError) -> Problem {
    let at = offset(source, error.pos);
    let raw = error.msg.strip_prefix("Syntax error: ").unwrap_or(&error.msg);
    let rest = source.get(at..).unwrap_or("");
    let before = source.get(..at).unwrap_or("").trim_end();
    if raw.to_ascii_lowercase().contains("recursion") {
        return nested_too_deep(at);
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

fn syntax(at: usize, message: String, hint: &str) -> Problem {
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
        "is" | "IS" => syntax(at, format!("`{word}` is no operator"), "write `==`"),
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

fn first_word(text: &str) -> &str {
    let text = text.trim_start();
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    match text.chars().next() {
        Some(first) if end == 0 => &text[..first.len_utf8()],
        _ => &text[..end],
    }
}

/// The word at the end, and where it begins.
fn last_word(text: &str) -> (usize, &str) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn said(source: &str) -> (usize, String, String) {
        let problem = parse(source).expect_err(source);
        (problem.at, problem.message, problem.hint)
    }

    #[test]
    fn common_slips_are_told_in_plain_words() {
        for (source, at, message, hint) in [
            ("ticket.status = 'OPEN'", 14, "`=` does not compare", "write `==`"),
            ("a === b", 4, "`===` is no operator", "write `==`"),
            ("a => b", 2, "`=>` is no operator", "write `>=`"),
            (
                "a == 'open",
                5,
                "a quote is never closed",
                "end the text with the same quote; a quote inside is written \\'",
            ),
            (
                "a == \"open",
                5,
                "a quote is never closed",
                "end the text with the same quote; a quote inside is written \\'",
            ),
            ("a &&", 2, "nothing follows `&&`", "finish the comparison, or remove the operator"),
            ("a == ", 2, "nothing follows `==`", "finish the comparison, or remove the operator"),
            ("(a || b", 7, "a `(` is never closed", "add `)`"),
            ("a in ['x', 'y'", 14, "a `[` is never closed", "add `]`"),
            ("a and b", 2, "`and` is no operator", "write `&&`"),
            ("not a", 0, "`not` is no operator", "write `!` before what is not: `!has(…)`, `!(a in b)`"),
            ("a == 'x' && not b", 12, "`not` is no operator", "write `!` before what is not: `!has(…)`, `!(a in b)`"),
            ("a not in b", 2, "`not` is no operator", "write `!` before what is not: `!has(…)`, `!(a in b)`"),
            ("a == '^\\d+$'", 7, "`\\d` is no escape in a text", "write r'^\\d+$', in which a backslash is itself"),
            ("a == \"é\\w\"", 8, "`\\w` is no escape in a text", "write r\"é\\w\", in which a backslash is itself"),
            ("a == b)", 6, "this `)` closes nothing", "remove it, or open it with `(`"),
            ("a & b", 2, "`&` is no operator", "write `&&`"),
            ("", 0, "the expression is empty", "write a condition, or leave the key out"),
            ("99999999999999999999", 0, "the number is out of range", "whole numbers go up to 9223372036854775807"),
        ] {
            assert_eq!(said(source), (at, message.to_owned(), hint.to_owned()), "{source}");
        }
    }

    #[test]
    fn what_is_nested_too_deep_is_told_in_plain_words() {
        for source in [
            format!("{}a{}", "(".repeat(200), ")".repeat(200)),
            "[".repeat(1_000),
            format!("{}a", "!".repeat(1_000)),
            format!("{}a", "-".repeat(1_000)),
            format!("a{}", "[0]".repeat(300)),
            format!("{}a", "a?a:".repeat(200)),
            format!("{}a", "a?".repeat(300)),
        ] {
            let problem = match parse(&source) {
                Err(problem) => problem,
                // What the parser holds is bounded by the checker.
                Ok(_) => continue,
            };
            assert!(["too-deep", "syntax"].contains(&problem.code), "{problem:?}");
            assert!(!problem.message.contains("Error") && problem.message.len() < 100, "{problem:?}");
        }
        assert_eq!(
            said(&"(".repeat(200)),
            (64, "the expression is nested too deep".into(), "split it into several conditions of the list".into())
        );
        assert!(parse(&format!("a == '{}'", "(".repeat(200))).is_ok(), "brackets in a text are text");
    }

    #[test]
    fn columns_count_characters_also_after_others_than_ascii() {
        assert_eq!(said("'é' = 'x'").0, "'é' ".len());
    }

    #[test]
    fn no_nesting_overflows_the_stack_of_a_worker() {
        let repeated = |piece: &str, end: &str| {
            [40, 80, 250, 1_000]
                .map(|size| format!("{}a{}", piece.repeat(size / piece.len()), end.repeat(size / piece.len())))
        };
        let sources: Vec<String> = [
            repeated("(", ")"),
            repeated("!(", ")"),
            repeated("[", "]"),
            repeated("f(", ")"),
            repeated("a[", "]"),
            repeated("-", ""),
            repeated("!", ""),
            repeated("a+", ""),
            repeated("a?a:", ""),
            repeated("a?", ":a"),
            repeated("a==", ""),
            repeated("a.", ""),
            repeated("a&&", ""),
            repeated("a||!", ""),
            repeated("a&&a[0]||", ""),
            repeated("(", ""),
            repeated("a in ", ""),
        ]
        .concat();
        // A worker thread's two megabytes, in a build without optimizations.
        let worker = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
        let worker = worker.spawn(move || sources.iter().filter(|source| parse(source).is_ok()).count());
        assert!(worker.expect("starts").join().expect("no overflow") > 10);
    }

    #[test]
    fn the_length_is_bounded() {
        assert!(parse(&format!("a == '{}'", "x".repeat(1_010))).is_ok());
        assert_eq!(parse(&"a".repeat(1_025)).unwrap_err().code, "too-long");
    }
}
