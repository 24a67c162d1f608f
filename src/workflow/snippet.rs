//! Templates without a rule: bodies of canned responses.

use super::cel::ast::Expr;
use super::cel::{self, Scope, Value};
use super::diagnostic::Problem;
use super::facts::Facts;
use super::schema::Root;
use super::template::{Piece, Wording, split};

/// There is no event, so nothing of one.
static SCOPE: Scope = Scope {
    roots: &[
        Root::Ticket,
        Root::Requester,
        Root::Assignee,
        Root::Team,
        Root::Organization,
        Root::Actor,
        Root::Now,
        Root::Tenant,
    ],
    changed: false,
    calendars: false,
    due: false,
};

/// Each is parsed anew when the text is needed.
const MOST_EXPRESSIONS: usize = 64;

/// A checked text.
#[derive(Clone, Debug)]
pub struct Snippet {
    parts: Vec<SnippetPart>,
}

#[derive(Clone, Debug)]
enum SnippetPart {
    Text(String),
    Value { source: String, expr: Expr },
}

/// The expression that has no value, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`${{{expression}}}`: {problem}")]
pub struct NoText {
    pub expression: String,
    pub problem: String,
}

impl Snippet {
    /// Reads and checks `source`; places in findings are offsets into it.
    ///
    /// # Errors
    /// Every finding.
    pub fn compile(source: &str) -> Result<Snippet, Vec<Problem>> {
        let pieces = split(source).map_err(|problem| vec![problem])?;
        let mut expressions = pieces.iter().filter_map(|piece| match piece {
            Piece::Code { at, .. } => Some(*at),
            Piece::Text(_) => None,
        });
        if let Some(at) = expressions.nth(MOST_EXPRESSIONS) {
            let message = format!("more than {MOST_EXPRESSIONS} expressions");
            return Err(vec![Problem::error("template", at, message, "make two of it")]);
        }
        let (mut parts, mut problems) = (Vec::new(), Vec::new());
        for piece in pieces {
            match piece {
                Piece::Text(text) => parts.push(SnippetPart::Text(text)),
                Piece::Code { at, code } => match cel::compile(code, &SCOPE) {
                    Ok(expr) => parts.push(SnippetPart::Value { source: code.to_owned(), expr }),
                    Err(found) => problems.extend(found.into_iter().map(|p| Problem { at: p.at + at, ..p })),
                },
            }
        }
        if problems.is_empty() { Ok(Snippet { parts }) } else { Err(problems) }
    }

    /// Whether an expression reads `root`.
    pub fn needs(&self, root: Root) -> bool {
        self.parts.iter().any(|part| match part {
            SnippetPart::Value { expr, .. } => expr.roots().contains(root),
            SnippetPart::Text(_) => false,
        })
    }

    /// The text over these facts, of at most 64 KiB.
    ///
    /// # Errors
    /// The first expression that has no value.
    pub fn text(&self, facts: &Facts<'_>) -> Result<String, NoText> {
        self.wording(facts).map(|wording| wording.text)
    }

    /// The same, with which of it is the response's own.
    ///
    /// # Errors
    /// As for [`Snippet::text`].
    pub fn wording(&self, facts: &Facts<'_>) -> Result<Wording, NoText> {
        let (mut wording, mut steps) = (Wording::default(), 0);
        for part in &self.parts {
            let source = match part {
                SnippetPart::Text(fixed) => {
                    wording.push_own(fixed);
                    ""
                }
                SnippetPart::Value { source, expr } => {
                    let value = cel::evaluate_after(&mut steps, expr, facts).map(Value::into_text);
                    let failed = |fault: cel::Fault| NoText { expression: source.clone(), problem: fault.to_string() };
                    wording.text.push_str(&value.map_err(failed)?);
                    source.as_str()
                }
            };
            if wording.text.len() > cel::MAX_TEXT {
                let problem = "the text becomes longer than 64 KiB".to_owned();
                return Err(NoText { expression: source.to_owned(), problem });
            }
        }
        Ok(wording)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::facts::Related;
    use crate::workflow::fixture;

    fn text(source: &str) -> Result<String, NoText> {
        let (ticket, contact) = (fixture::ticket(), fixture::contact());
        let facts = Facts {
            ticket: Some(&ticket),
            related: Related { requester: Some(&contact), ..Related::default() },
            ..Facts::at(fixture::NOW, "acme")
        };
        Snippet::compile(source).expect("a good text").text(&facts)
    }

    fn problems(source: &str) -> Vec<(u32, String)> {
        let found = Snippet::compile(source).expect_err("findings");
        found.iter().map(|p| (p.column(source), p.message.clone())).collect()
    }

    #[test]
    fn expressions_are_filled_in() {
        let said =
            text("Hello ${requester.name},\n${ticket.display_number} costs $5, $${no} ${ticket.tags.size()} tags");
        assert_eq!(said.as_deref(), Ok("Hello Rita,\nTKT-0042 costs $5, ${no} 2 tags"));
        assert_eq!(text("plain").as_deref(), Ok("plain"));
        assert_eq!(text("").as_deref(), Ok(""));
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_expression() {
        let failed = text("Dear ${requester.name} of ${organization.name}").expect_err("an absent organization");
        assert_eq!(failed.expression, "organization.name");
        assert!(failed.to_string().starts_with("`${organization.name}`: organization"), "{failed}");
        assert_eq!(text("${has(organization.name) ? organization.name : 'us'}").as_deref(), Ok("us"));
    }

    #[test]
    fn mistakes_are_found_when_it_is_written() {
        assert_eq!(problems("é ${ticket.subjekt}")[0].0, 12);
        let found = problems("${event.type} ${ticket.nope} ${message.body}");
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(problems("${changed('priority')}")[0].0 >= 3);
        assert_eq!(problems("a ${ticket.subject")[0], (3, "a `${` is never closed".into()));
        assert_eq!(problems("${}").len(), 1);
        assert_eq!(problems(&"${1}".repeat(65))[0].1, "more than 64 expressions");
        assert!(Snippet::compile(&"${1}".repeat(64)).is_ok());
    }

    #[test]
    fn a_text_grows_to_64_kib() {
        let part = "x".repeat(1024);
        assert!(text(&format!("{}{}", part.repeat(64), "")).is_ok());
        assert!(text(&format!("{}${{ticket.subject}}", part.repeat(64))).is_err());
    }

    #[test]
    fn it_says_what_it_reads() {
        let snippet = Snippet::compile("${ticket.subject} ${team.name}").expect("a text");
        assert!(snippet.needs(Root::Team) && snippet.needs(Root::Ticket) && !snippet.needs(Root::Requester));
    }
}
