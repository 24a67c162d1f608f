//! Arbitrary rules and filters: none makes the reader panic.

use std::path::Path;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use crate::model::activity_type::ActivityType;
use crate::workflow::cel;
use crate::workflow::event::EventName;
use crate::workflow::facts::Facts;
use crate::workflow::filter::{Filter, Subject};
use crate::workflow::fixture;
use crate::workflow::mutations::{mutated, mutations};
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

/// In this time, without optimizations and beside other tests, whatever it is.
const IN_TIME: Duration = Duration::from_secs(60);

/// The shipped rules, and one with everything that they lack.
fn corpus() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("workflows");
    let shipped = RuleSet::read_dir(&folder).expect("reads").into_iter().map(|(_, source)| source);
    let other = "name: other\non: [ticket.updated, {sla: resolution, at: -1h}]\ntenants: tenant.id in ['a', 'b']\n\
                 variables: {vip: \"'vip' in ticket.tags\", loud: variables.vip || ticket.number > 3}\n\
                 if: [variables.loud, \"changed('priority', 'LOW', 'HIGH')\"]\norder: 7\nstop: true\ndo:\n  \
                 - {id: a, if: variables.vip, set: {priority: HIGH, custom.x: \"${ticket.number + 1}\"}}\n  \
                 - assign: {strategy: least_open, max_open: 3, when_none: {to: ann}}\n";
    let timed = "name: timed\non:\n  - {after: 1h30m, since: timestamp(ticket.custom.renewal), calendar: us, while: [ticket.number > 1], catch_up: true}\n  \
                 - {schedule: '*/5 9-17 1,15 JAN-JUN/2 MON', timezone: Europe/Berlin, for: ticket.status == 'OPEN'}\n  - manual\n\
                 limits: {per_ticket: 3/24h}\nrollout: {percent: 5}\ndo:\n  - message: {body: \"late by ${event.data.late_by}\"}\n  \
                 - emit: {type: custom.due, data: {at: [\"${event.data.due_at}\", {a: 1}]}}\n";
    shipped.chain([other.to_owned(), timed.to_owned()]).collect()
}

fn try_file(source: &str) {
    let began = Instant::now();
    try_file_untimed(source);
    assert!(began.elapsed() < IN_TIME, "{:?} for {source}", began.elapsed());
}

fn try_file_untimed(source: &str) {
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
    fn a_rule_that_was_changed_here_and_there(which: usize, changes in mutations()) {
        let corpus = corpus();
        try_file(&mutated(&corpus[which % corpus.len()], &changes));
    }

    #[test]
    fn any_expressions_beside_each_other(first in pieces(), second in pieces(), third in pieces()) {
        let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        try_file(&format!(
            "name: a\non: ticket.escalating\nvariables: {{v: \"{}\"}}\nif: [\"{}\", \"variables.v || {}\"]\ndo: [{{deny: {{message: no}}}}]\n",
            quoted(&first), quoted(&second), quoted(&third)
        ));
    }

    #[test]
    fn any_expression_in_a_file(source in pieces()) {
        let quoted = source.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        try_file(&format!("name: a\non: ticket.created\nif: \"{quoted}\"\ndo: [{{message: {{body: \"${{{quoted}}}\"}}}}]\n"));
    }
}

#[test]
fn the_worst_files_are_told_in_time() {
    let rule = |lines: &str| format!("name: a\non: ticket.created\n{lines}\ndo: [{{tag: {{add: x}}}}]\n");
    let list = |item: &str, count: usize| rule(&format!("if:\n{}", format!("  - {item}\n").repeat(count)));
    // Conditions that multiply when they are compared.
    let pairs: Vec<String> = (0..24).map(|n| format!("(ticket.number > {n} || ticket.category == 'c{n}')")).collect();
    let choices = pairs.join(" && ").chars().take(1_000).collect::<String>();
    let choices = &choices[..choices.rfind(" && ").expect("several")];
    let many: String = (0..150)
        .map(|n| rule(&format!("if: [\"{choices}\"]")).replace("name: a", &format!("name: a{n}")) + "---\n")
        .collect();
    for (what, source) in [
        ("slips", list("a = 'b'", 9_000)),
        ("short slips", list("a=", 9_900)),
        ("conditions with choices", list(&format!("\"{choices}\""), 20)),
        ("rules with choices", many),
        (
            "slips in texts",
            rule("")
                .replace("do: [{tag: {add: x}}]", &format!("do:\n{}", "  - message: {body: \"${x}\"}\n".repeat(2_400))),
        ),
        ("quotes", list("\"'\"", 9_000)),
        ("one long line", rule(&format!("if: [{}]", "a=,".repeat(9_000)))),
        ("blanks", rule(&format!("if: \"a{}=\"", " ".repeat(200_000)))),
    ] {
        assert!(source.len() <= 256 * 1024, "{what}: {}", source.len());
        let began = Instant::now();
        let _ = RuleSet::from_sources(vec![("r.yaml".to_owned(), source)]);
        println!("{what}: {:?}", began.elapsed());
        assert!(began.elapsed() < IN_TIME, "{what}: {:?}", began.elapsed());
    }
}
