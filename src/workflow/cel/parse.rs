//! Parser: from text to the `cel` crate's tree, with error messages that help.

use cel::common::ast::{IdedExpr, SourceInfo};
use cel::{Env, ParseErrors};

use super::slips::explain;
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

pub(super) fn nested_too_deep(at: usize) -> Problem {
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
    fn what_other_languages_write_is_told_in_this_one() {
        for (source, at, message, hint) in [
            ("a in ('HIGH', 'LOW')", 2, "`in` takes a list between [ and ]", "write in ['HIGH', 'LOW']"),
            ("x && a IN (1,2)", 7, "`IN` is no operator", "write in ['…', '…']"),
            ("x && a in (1,2)", 7, "`in` takes a list between [ and ]", "write in [1,2]"),
            ("a <> 'x'", 2, "`<>` is no operator", "write `!=`"),
            (
                "t.a =~ 'x'",
                4,
                "`=~` is no operator",
                "write t.a.contains('…'), or in rules and streams t.a.matches('…')",
            ),
            ("a !~ 'x'", 2, "`!~` is no operator", "write a.contains('…'), or in rules and streams a.matches('…')"),
            (
                "t.a LIKE 'x%'",
                4,
                "`LIKE` is no operator",
                "write t.a.contains('…'), .startsWith('…') or .endsWith('…'); lower(t.a) ignores case",
            ),
            (
                "t.a contains 'x'",
                4,
                "`contains` is no operator",
                "write t.a.contains('…') of a text, '…' in t.a of a list",
            ),
            ("t.a startswith 'x'", 4, "`startswith` is no operator", "write t.a.startsWith('…')"),
            ("t.a between 1 and 2", 4, "`between` is no operator", "write t.a >= … && t.a <= …"),
            ("t.a is null", 4, "`is` is no operator", "write !has(t.a)"),
            ("t.a IS NOT NULL", 4, "`IS` is no operator", "write has(t.a)"),
            ("a is 'x'", 2, "`is` is no operator", "write `==`"),
            (
                "a > 7d",
                4,
                "`7d` is no value",
                "write duration('168h'), as in ticket.created_at > now - duration('168h')",
            ),
            (
                "a > now - 90m",
                10,
                "`90m` is no value",
                "write duration('90m'), as in ticket.created_at > now - duration('90m')",
            ),
        ] {
            assert_eq!(said(source), (at, message.to_owned(), hint.to_owned()), "{source}");
        }
        for source in ["a in (b", "é like", "a is", "9999999999999999999d", "~", "<>", "in ,", ", in ("] {
            assert!(parse(source).is_err(), "{source}");
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
