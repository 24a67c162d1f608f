//! Patterns and texts that mean something else than they look like.

use super::warning;
use crate::workflow::cel::ast::{Expr, ExprKind, Literal};
use crate::workflow::diagnostic::Problem;

/// Of an expression.
pub fn expression(expr: &Expr) -> Vec<Problem> {
    let mut found = Vec::new();
    expr.walk(&mut |e| match &e.kind {
        ExprKind::Matches(_, pattern) => {
            found.extend(slashes(pattern.source(), e.at).or_else(|| control(pattern.source(), e.at)))
        }
        ExprKind::Literal(Literal::Text(text)) => found.extend(control(text, e.at)),
        _ => {}
    });
    found
}

/// `/x/i`: in many languages the slashes are quotes.
fn slashes(pattern: &str, at: usize) -> Option<Problem> {
    let (inner, flags) = pattern.strip_prefix('/')?.rsplit_once('/')?;
    let are_flags = flags.len() <= 6 && flags.bytes().all(|flag| b"dgimsuvy".contains(&flag));
    if inner.is_empty() || !are_flags {
        return None;
    }
    let kept: String = flags.chars().filter(|flag| "ims".contains(*flag)).collect();
    let prefix = if kept.is_empty() { String::new() } else { format!("(?{kept})") };
    let message = "the slashes are part of this pattern, so it finds only texts that have them";
    Some(warning("pattern", at, message, format!("write r'{prefix}{inner}'")))
}

/// `'\b'` is a backspace unless the quote is raw.
fn control(text: &str, at: usize) -> Option<Problem> {
    let (escape, name) = [('\u{8}', "\\b"), ('\u{7}', "\\a"), ('\u{c}', "\\f"), ('\u{b}', "\\v")]
        .into_iter()
        .find_map(|(c, name)| text.contains(c).then_some((c, name)))?;
    let message = format!("`{name}` is the character U+{:04X} here, and no part of a pattern", escape as u32);
    Some(warning("pattern", at, message, format!("write r'…{name}…', in which a backslash is itself")))
}

/// Of a text with `${…}`: what other systems write instead.
pub fn text(source: &str) -> Option<Problem> {
    for (open, close, name) in [("{{", "}}", "{{…}}"), ("#{", "}", "#{…}")] {
        let Some((at, rest)) = source.match_indices(open).find_map(|(at, _)| {
            let escaped = source.get(..at).is_some_and(|before| before.ends_with('$'));
            source.get(at + open.len()..).filter(|_| !escaped).map(|rest| (at, rest))
        }) else {
            continue;
        };
        let Some((inner, _)) = rest.split_once(close) else { continue };
        if !inner.trim().is_empty() && !inner.contains('\n') {
            let message = format!("`{name}` is text here, and is sent as it stands");
            return Some(warning("template", at, message, format!("write ${{{}}}", inner.trim())));
        }
    }
    None
}
