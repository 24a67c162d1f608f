//! Values of actions: fixed, one `${expression}` (typed), or text with expressions inside. `$${` is a literal `${`.

use std::ops::Range;

use serde_json::Value as Json;

use super::cel::ast::{Expr, ExprKind, Literal};
use super::cel::{self, Scope, Value, Variables};
use super::diagnostic::Problem;
use super::facts::Facts;
use super::schema::{Enumeration, Type};

/// What an action's key takes.
#[derive(Clone, Copy, Debug)]
pub enum Want {
    Text,
    Word(&'static Enumeration),
    /// Whatever JSON holds.
    Json,
}

/// A text that was made of a template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wording {
    pub text: String,
    /// Where it is the template's own words, and not what `${…}` put in.
    pub own: Vec<Range<usize>>,
}

impl Wording {
    pub fn push_own(&mut self, words: &str) {
        let start = self.text.len();
        self.text.push_str(words);
        self.own.push(start..self.text.len());
    }
}

#[derive(Clone, Debug)]
pub enum Template {
    Fixed(Json),
    Value(Expr),
    Text(Vec<TemplatePart>),
}

#[derive(Clone, Debug)]
pub enum TemplatePart {
    Text(String),
    Value(Expr),
}

impl Template {
    /// Reads `source`; places in findings are offsets into it.
    ///
    /// # Errors
    /// Every finding.
    pub fn compile(source: &str, want: Want, scope: &Scope, variables: &Variables) -> Result<Template, Vec<Problem>> {
        let pieces = split(source).map_err(|problem| vec![problem])?;
        let mut problems = Vec::new();
        let mut parts = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => parts.push(TemplatePart::Text(text)),
                Piece::Code { at, code } if is_braced(code) => problems.push(doubly_braced(at, code)),
                Piece::Code { at, code } => match cel::compile_among(code, scope, variables) {
                    Ok(expr) => parts.push(TemplatePart::Value(expr)),
                    Err(found) => problems.extend(found.into_iter().map(|p| Problem { at: p.at + at, ..p })),
                },
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let template = match parts.len() {
            0 => Template::Fixed(Json::String(String::new())),
            1 => match parts.swap_remove(0) {
                TemplatePart::Text(text) => Template::Fixed(Json::String(text)),
                TemplatePart::Value(expr) => Template::Value(expr),
            },
            _ => Template::Text(parts),
        };
        template.fit(want).map_err(|problem| vec![problem])
    }

    /// Holds the template against what the key takes, and makes fixed words the stored ones.
    fn fit(mut self, want: Want) -> Result<Template, Problem> {
        let Want::Word(words) = want else { return Ok(self) };
        match &mut self {
            Template::Fixed(Json::String(text)) => *text = word(words, text)?.to_owned(),
            Template::Value(expr) => fit_expr(expr, words, 2)?,
            Template::Fixed(_) | Template::Text(_) => {
                let hint = format!("one of: {}", words.words.join(", "));
                return Err(Problem::error("type", 0, format!("a {} is one word", words.name), hint));
            }
        }
        Ok(self)
    }

    /// Its value, where nothing is left to evaluate.
    pub fn fixed(&self) -> Option<&Json> {
        match self {
            Template::Fixed(json) => Some(json),
            Template::Value(_) | Template::Text(_) => None,
        }
    }

    pub fn exprs(&self) -> Vec<&Expr> {
        match self {
            Template::Fixed(_) => Vec::new(),
            Template::Value(expr) => vec![expr],
            Template::Text(parts) => parts
                .iter()
                .filter_map(|part| match part {
                    TemplatePart::Text(_) => None,
                    TemplatePart::Value(expr) => Some(expr),
                })
                .collect(),
        }
    }

    pub fn text(&self, facts: &Facts<'_>) -> Result<String, String> {
        self.wording(facts).map(|wording| wording.text)
    }

    /// The text, and which of it is the template's own.
    pub fn wording(&self, facts: &Facts<'_>) -> Result<Wording, String> {
        let shown = |expr| cel::evaluate(expr, facts).map(Value::into_text).map_err(|fault| fault.to_string());
        let mut wording = Wording::default();
        match self {
            Template::Fixed(Json::String(text)) => wording.push_own(text),
            Template::Fixed(json) => wording.push_own(&Value::of_json(json).into_text()),
            Template::Value(expr) => wording.text = shown(expr)?.into_owned(),
            Template::Text(parts) => {
                for part in parts {
                    match part {
                        TemplatePart::Text(fixed) => wording.push_own(fixed),
                        TemplatePart::Value(expr) => wording.text.push_str(&shown(expr)?),
                    }
                    if wording.text.len() > cel::MAX_TEXT {
                        return Err("a text of more than 64 KiB".into());
                    }
                }
            }
        }
        Ok(wording)
    }

    pub fn json(&self, facts: &Facts<'_>) -> Result<Json, String> {
        match self {
            Template::Fixed(json) => Ok(json.clone()),
            Template::Value(_) | Template::Text(_) => self.value(facts).map(Value::into_json),
        }
    }

    pub fn value<'a>(&'a self, facts: &Facts<'a>) -> Result<Value<'a>, String> {
        match self {
            Template::Fixed(json) => Ok(Value::of_json(json)),
            Template::Value(expr) => cel::evaluate(expr, facts).map_err(|fault| fault.to_string()),
            Template::Text(_) => self.text(facts).map(Value::text),
        }
    }

    /// The text as one of a closed set of words.
    pub fn word<T>(&self, facts: &Facts<'_>, words: &Enumeration, parse: fn(&str) -> Option<T>) -> Result<T, String> {
        let text = self.text(facts)?;
        parse(&text).ok_or_else(|| format!("`{text}` is no {}", words.name))
    }

    /// One text, or the texts of a list.
    pub fn texts(&self, facts: &Facts<'_>) -> Result<Vec<String>, String> {
        let Template::Value(expr) = self else { return Ok(vec![self.text(facts)?]) };
        let value = cel::evaluate(expr, facts).map_err(|fault| fault.to_string())?;
        match value.items() {
            Some(items) => Ok(items.into_iter().map(|item| item.into_text().into_owned()).collect()),
            None => Ok(vec![value.into_text().into_owned()]),
        }
    }
}

/// `${{ … }}`, as other systems write it.
fn is_braced(code: &str) -> bool {
    code.starts_with('{') && code.ends_with('}')
}

fn doubly_braced(at: usize, code: &str) -> Problem {
    let inner = code.trim_matches(['{', '}']).trim();
    Problem::error("template", at, "one brace is enough", format!("leave the braces out: ${{{inner}}}"))
}

/// The stored word that `text` names.
fn word(words: &'static Enumeration, text: &str) -> Result<&'static str, Problem> {
    words.word(text).ok_or_else(|| {
        let hint = super::diagnostic::suggest(text, words.words.iter().copied());
        Problem::error("unknown-word", 0, format!("`{text}` is no {}", words.name), hint)
    })
}

/// Words that an expression can give: literals are read now, what is computed is read when it is known.
fn fit_expr(expr: &mut Expr, words: &'static Enumeration, offset: usize) -> Result<(), Problem> {
    match (&mut expr.kind, expr.ty) {
        (ExprKind::Literal(Literal::Text(text)), _) => {
            *text = word(words, text).map_err(|problem| Problem { at: expr.at + offset, ..problem })?.to_owned();
        }
        (ExprKind::Choose(three), _) => {
            let [_, yes, no] = three.as_mut();
            fit_expr(yes, words, offset)?;
            fit_expr(no, words, offset)?;
        }
        (_, Type::Enum(other)) if other == words => {}
        (_, Type::Text | Type::Any) => {}
        (_, other) => {
            let message = format!("a {} is needed, this is {other}", words.name);
            return Err(Problem::error(
                "type",
                expr.at + offset,
                message,
                format!("one of: {}", words.words.join(", ")),
            ));
        }
    }
    Ok(())
}

pub(super) enum Piece<'s> {
    Text(String),
    /// `at`: where the expression begins in the whole.
    Code {
        at: usize,
        code: &'s str,
    },
}

pub(super) fn split(source: &str) -> Result<Vec<Piece<'_>>, Problem> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut at = 0;
    while let Some(found) = source[at..].find('$') {
        let dollar = at + found;
        text.push_str(&source[at..dollar]);
        let rest = &source[dollar..];
        if rest.starts_with("$${") {
            text.push_str("${");
            at = dollar + 3;
        } else if let Some(code) = rest.strip_prefix("${") {
            let Some(length) = end_of_code(code) else {
                let hint = "add `}`; a literal `${` is written `$${`";
                return Err(Problem::error("template", dollar, "a `${` is never closed", hint));
            };
            if !text.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
            }
            pieces.push(Piece::Code { at: dollar + 2, code: &code[..length] });
            at = dollar + 2 + length + 1;
        } else {
            text.push('$');
            at = dollar + 1;
        }
    }
    text.push_str(&source[at..]);
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    Ok(pieces)
}

/// The length of the code before its `}`; braces in quotes do not count.
fn end_of_code(rest: &str) -> Option<usize> {
    let mut quote = None;
    let mut depth = 0usize;
    let mut chars = rest.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (Some(_), '\\') => {
                chars.next();
            }
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '{') => depth += 1,
            (None, '}') if depth == 0 => return Some(at),
            (None, '}') => depth -= 1,
            (None, _) => {}
        }
    }
    None
}
