//! What other languages write and CEL does not, each with the form that is meant here.

use super::slips::{first_word, last_word, syntax};
use crate::workflow::diagnostic::Problem;

/// What was borrowed where the parser stopped; `None`: nothing that is known.
pub(super) fn explain(source: &str, at: usize) -> Option<Problem> {
    let (before, rest) = source.split_at_checked(at)?;
    let found = length(before, rest).or_else(|| symbol(before, rest));
    found.or_else(|| listed(source, before, rest)).or_else(|| word(before, rest))
}

/// `7d`, behind whose number the parser stopped.
fn length(before: &str, rest: &str) -> Option<Problem> {
    let start = before.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
    let (number, unit) = (before.get(start..).filter(|digits| !digits.is_empty())?, first_word(rest));
    let hours = |each: u64| number.parse::<u64>().ok()?.checked_mul(each).map(|hours| format!("{hours}h"));
    let meant = match unit {
        _ if rest.starts_with(char::is_whitespace) => return None,
        "ms" | "us" | "s" | "m" | "h" => format!("{number}{unit}"),
        "min" => format!("{number}m"),
        "d" => hours(24)?,
        "w" => hours(7 * 24)?,
        _ => return None,
    };
    let hint = format!("write duration('{meant}'), as in ticket.created_at > now - duration('{meant}')");
    Some(syntax(start, format!("`{number}{unit}` is no value"), &hint))
}

fn symbol(before: &str, rest: &str) -> Option<Problem> {
    if rest.starts_with('>') && before.ends_with('<') {
        return Some(syntax(before.len() - 1, "`<>` is no operator".into(), "write `!=`"));
    }
    let symbol = ["=~", "!~", "~"].into_iter().find(|symbol| rest.starts_with(symbol))?;
    Some(syntax(before.len(), format!("`{symbol}` is no operator"), &pattern(operand(before))))
}

fn pattern(subject: &str) -> String {
    format!("write {subject}.contains('…'), or in rules and streams {subject}.matches('…')")
}

/// `in (a, b)`, in which the parser stopped at the comma.
fn listed(source: &str, before: &str, rest: &str) -> Option<Problem> {
    if !rest.starts_with(',') {
        return None;
    }
    let open = before.rfind('(')?;
    let (at, word) = last_word(before.get(..open)?.trim_end());
    if !word.eq_ignore_ascii_case("in") {
        return None;
    }
    let items = source.get(open + 1..)?;
    let items = items.get(..items.find(')')?)?.trim();
    Some(syntax(at, "`in` takes a list between [ and ]".into(), &format!("write in [{items}]")))
}

/// A word between two values.
fn word(before: &str, rest: &str) -> Option<Problem> {
    let (at, after) = (before.len() + rest.len() - rest.trim_start().len(), rest.trim_start());
    let (word, subject) = (first_word(after), operand(before));
    let hint = match word.to_ascii_lowercase().as_str() {
        "like" | "ilike" => {
            format!("write {subject}.contains('…'), .startsWith('…') or .endsWith('…'); lower({subject}) ignores case")
        }
        "contains" | "includes" => format!("write {subject}.contains('…') of a text, '…' in {subject} of a list"),
        "startswith" => format!("write {subject}.startsWith('…')"),
        "endswith" => format!("write {subject}.endsWith('…')"),
        "matches" | "regexp" | "rlike" => pattern(subject),
        "in" => "write in ['…', '…']".to_owned(),
        "between" => format!("write {subject} >= … && {subject} <= …"),
        "is" => match first_word(after.get(word.len()..)?) {
            not if not.eq_ignore_ascii_case("not") => format!("write has({subject})"),
            null if null.eq_ignore_ascii_case("null") => format!("write !has({subject})"),
            _ => "write `==`".to_owned(),
        },
        _ => return None,
    };
    Some(syntax(at, format!("`{word}` is no operator"), &hint))
}

/// The field before an operator, or a word for it.
fn operand(before: &str) -> &str {
    let before = before.trim_end();
    let start = before.rfind(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.'))).map_or(0, |at| at + 1);
    match before.get(start..) {
        Some(name) if name.contains('.') && !name.ends_with('.') => name,
        _ => "a",
    }
}
