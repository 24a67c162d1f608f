//! Arbitrary rules and filters: none makes the reader panic.

use proptest::prelude::*;

use crate::model::activity_type::ActivityType;
use crate::workflow::cel;
use crate::workflow::event::EventName;
use crate::workflow::facts::Facts;
use crate::workflow::filter::{Filter, Subject};
use crate::workflow::fixture;
use crate::workflow::schema::Root;
use crate::workflow::set::RuleSet;

/// Pieces that a person would put together, rightly or wrongly.
fn pieces() -> impl Strategy<Value = String> {
    let words = [
        "ticket",
        ".",
        "status",
        "priority",
        "tags",
        "custom",
        "subject",
        "number",
        "created_at",
        "resolved_at",
        "changes",
        "before",
        "organization",
        "tier",
        "now",
        "'OPEN'",
        "'x'",
        "\"y\"",
        "1",
        "2.5",
        "null",
        "true",
        "==",
        "!=",
        "<",
        ">=",
        "&&",
        "||",
        "!",
        "in",
        "+",
        "-",
        "*",
        "/",
        "%",
        "?",
        ":",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        " ",
        "has(",
        "size(",
        "lower(",
        "changed(",
        "timestamp(",
        "duration(",
        ".exists(t, ",
        ".map(t, ",
        ".filter(t, ",
        "t",
        ".matches(",
        ".contains(",
        "'2026-01-01T00:00:00Z'",
        "'1h'",
        "é",
        "\\",
        "$",
        "\n",
        "r'",
        "9223372036854775807",
    ];
    proptest::collection::vec(proptest::sample::select(words.to_vec()), 0..24).prop_map(|all| all.concat())
}

fn try_expression(source: &str) {
    let ticket = fixture::ticket();
    let bare = fixture::bare_ticket();
    match cel::condition(source, &cel::RULE) {
        Ok(expr) => {
            for ticket in [&ticket, &bare] {
                // Whatever it is worth; that it comes back is the point.
                let _ = cel::holds(&expr, &Facts { ticket: Some(ticket), ..Facts::at(fixture::NOW, "acme") });
            }
            assert!(
                !cel::unguarded(&expr, &[], &[EventName::After(ActivityType::TicketCreated)])
                    .iter()
                    .any(|p| p.at > source.len())
            );
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            for problem in problems {
                assert!(problem.at <= source.len(), "{source:?}: {problem:?}");
                assert!(!problem.message.is_empty());
            }
        }
    }
    if let Ok(filter) = Filter::compile(source, Root::Ticket) {
        let _ = filter.matches(Subject::Ticket(&bare), fixture::NOW);
    }
}

fn try_file(source: &str) {
    let file = vec![("r.yaml".to_owned(), source.to_owned())];
    if let Err(found) = RuleSet::from_sources(file) {
        assert!(!found.is_empty());
        for diagnostic in found {
            assert!(diagnostic.line >= 1 && diagnostic.column >= 1, "{diagnostic:?}");
            assert!(diagnostic.render(source).contains("r.yaml"));
        }
    }
}

const RULE: &str =
    "name: a\non: ticket.created\nif: ticket.status == 'OPEN'\ndo:\n  - tag: {add: [x, \"${ticket.category}\"]}\n";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_as_an_expression(source in "\\PC{0,80}") {
        try_expression(&source);
    }

    #[test]
    fn any_pieces_as_an_expression(source in pieces()) {
        try_expression(&source);
    }

    #[test]
    fn any_text_as_a_file(source in "[ -~\\n\\té\u{1F600}]{0,200}") {
        try_file(&source);
    }

    #[test]
    fn any_bytes_as_a_file(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        try_file(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn a_rule_with_a_hole(at in 0..RULE.len(), length in 0..12usize, put in "[ -~\\n]{0,6}") {
        let mut source = RULE.to_owned();
        source.replace_range(at..(at + length).min(RULE.len()), &put);
        try_file(&source);
    }

    #[test]
    fn any_expression_in_a_file(source in pieces()) {
        let quoted = source.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        try_file(&format!("name: a\non: ticket.created\nif: \"{quoted}\"\ndo: [{{message: {{body: \"${{{quoted}}}\"}}}}]\n"));
    }
}
