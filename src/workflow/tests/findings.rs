//! Diagnostics: what is refused, at which place, with which hint.

use crate::workflow::cel;
use crate::workflow::event::EventName;
use crate::workflow::set::RuleSet;

/// (source, code, column from 1, part of the message, part of the hint)
type Case = (&'static str, &'static str, u32, &'static str, &'static str);

const CASES: &[Case] = &[
    ("ticket.priorty == 'HIGH'", "unknown-field", 8, "ticket has no field `priorty`", "did you mean `priority`?"),
    ("tiket.priority == 'HIGH'", "unknown-variable", 1, "no `tiket`", "did you mean `ticket`?"),
    ("priority == 'HIGH'", "unknown-variable", 1, "no `priority`", "did you mean `ticket.priority`?"),
    ("ticket.status == OPEN", "unknown-variable", 18, "no `OPEN`", "words stand between quotes: 'OPEN'"),
    ("ticket.status == 'OPNE'", "unknown-word", 18, "`OPNE` is no status", "did you mean `OPEN`?"),
    ("ticket.priority in ['HIHG']", "unknown-word", 21, "`HIHG` is no priority", "did you mean `HIGH`?"),
    ("event.type == 'ticket.escaladed'", "unknown-event", 15, "no event", "did you mean `ticket.escalated`?"),
    ("ticket.subject", "not-boolean", 8, "this is text", "compare it"),
    ("ticket.number && true", "not-boolean", 8, "a whole number", "compare it"),
    ("ticket.subject == 3", "type", 16, "text is compared with a whole number", ""),
    ("ticket.number == '3'", "type", 15, "a whole number is compared with text", "leave the quotes out"),
    ("ticket.tags == 'vip'", "type", 13, "a list is compared with text", "'word' in list"),
    ("ticket.created_at > '2026-01-01'", "type", 19, "a time is compared with text", "timestamp("),
    ("ticket.priority > 'LOW'", "type", 17, "has no order", "in ['HIGH', 'URGENT']"),
    ("ticket.tags.contains('vip')", "type", 8, "contains() works on text", "'word' in list"),
    ("'x' in ticket.subject", "type", 5, "not into text", "contains"),
    ("ticket == 'x'", "type", 8, "the whole ticket is compared with text", ""),
    ("before == ticket", "type", 8, "the whole ticket is compared", ""),
    ("lowr(ticket.subject) == 'x'", "unknown-function", 1, "no function `lowr`", "did you mean `lower`?"),
    (
        "ticket.subject.startswith('x')",
        "unknown-function",
        16,
        "no function `startswith`",
        "did you mean `startsWith`?",
    ),
    ("ticket.subject.contains()", "arity", 16, "is not called like this", "ticket.subject.contains('login')"),
    ("ticket.created_at.getHours() > 8", "unknown-function", 19, "no function `getHours`", "in_hours("),
    ("in_hours()", "arity", 1, "is not called like this", "in_hours('support')"),
    ("in_hours(ticket.category)", "type", 17, "name or id between quotes", "in_hours('support')"),
    ("in_hours('')", "type", 10, "name or id between quotes", ""),
    ("in_hours(ticket.subject, 'support')", "type", 17, "is about a time, not about text", "timestamp("),
    (
        "business_minutes(now, 'support') > 5",
        "arity",
        1,
        "is not called like this",
        "business_minutes(ticket.created_at",
    ),
    ("business_minutes(3, now, 'support') > 5", "type", 18, "is about a time", "ticket.created_at"),
    ("ticket.subject.toLowerCase() == 'x'", "unknown-function", 16, "no function", "lower(ticket.subject)"),
    ("now() > ticket.created_at", "unknown-function", 1, "no function `now`", "leave the brackets out"),
    ("ticket.tags.exists(t)", "arity", 13, "is not called like this", "exists(t, t == 'vip')"),
    ("has('x')", "type", 1, "has() takes the name of a field", "has("),
    ("changed('priorty')", "unknown-field", 9, "names `priorty`", "did you mean `priority`?"),
    ("changed('updated_at')", "unknown-field", 9, "names `updated_at`", ""),
    ("changed('priority', 'LOWW')", "unknown-word", 21, "`LOWW` is no priority", "did you mean `LOW`?"),
    ("changes.priorty.old == 'x'", "unknown-field", 9, "names `priorty`", "did you mean `priority`?"),
    ("changes.priority == 'x'", "type", 18, "", ""),
    ("ticket.subject.matches('(')", "regex", 24, "this is no regular expression", "syntax"),
    ("ticket.subject.matches(ticket.category)", "type", 31, "must be written out", ""),
    ("timestamp('tomorrow') > now", "literal", 11, "`tomorrow` is no time", "2026-01-31"),
    ("now - ticket.created_at > duration('2d')", "literal", 36, "`2d` is no duration", "24h"),
    ("ticket.number + 1.5 > 2.0", "type", 15, "does not take", "do not mix"),
    ("ticket.tags.exists(t, t + 'x' == 'vipx')", "bounds", 25, "may not grow", ""),
    ("ticket.tags.exists(ticket, true)", "shadow", 20, "already has a meaning", "another name"),
    (
        "ticket.tags.exists(a, ticket.tags.exists(b, ticket.tags.exists(c, a == c)))",
        "too-deep",
        57,
        "may stand 2 deep",
        "",
    ),
    ("[[1]] == 3", "type", 1, "lists cannot hold lists", ""),
    ("{'a': 1}['a'] == 1", "unsupported", 1, "maps", ""),
    ("1u == 1", "unsupported", 1, "unsigned", "write 1"),
    ("ticket.subject.x == 'y'", "unknown-field", 16, "text has no fields", "remove .x"),
    ("ticket.custom", "not-boolean", 8, "a map", ""),
    ("-ticket.subject == 'x'", "type", 1, "needs a number", ""),
    ("ticket.status = 'OPEN'", "syntax", 15, "`=` does not compare", "write `==`"),
];

#[test]
fn every_finding_has_its_place_and_its_advice() {
    for (source, code, column, message, hint) in CASES {
        let problems = cel::condition(source, &cel::RULE).expect_err(source);
        let first = &problems[0];
        assert_eq!((first.code, first.column(source)), (*code, *column), "{source}: {problems:?}");
        assert!(first.message.contains(message), "{source}: {}", first.message);
        assert!(first.hint.contains(hint), "{source}: {}", first.hint);
        assert_eq!(problems.len(), 1, "one slip, one finding: {source}: {problems:?}");
    }
}

#[test]
fn several_slips_are_told_at_once() {
    let source = "tiket.status == 'OPEN' && ticket.priorty == 'X' && lowr('x') == 'x'";
    let problems = cel::condition(source, &cel::RULE).expect_err(source);
    let codes: Vec<&str> = problems.iter().map(|p| p.code).collect();
    assert_eq!(codes, ["unknown-variable", "unknown-field", "unknown-function"]);
}

#[test]
fn the_depth_is_bounded() {
    let deep = |depth: usize| format!("{}true{}", "!(false || ".repeat(depth), ")".repeat(depth));
    assert!(cel::condition(&deep(8), &cel::RULE).is_ok());
    let problems = cel::condition(&deep(20), &cel::RULE).expect_err("too deep");
    assert_eq!(problems[0].code, "too-deep");
    // A long chain is not a deep one.
    assert!(cel::condition(&vec!["true"; 100].join(" && "), &cel::RULE).is_ok());
}

#[test]
fn reading_what_may_be_absent_is_warned_about() {
    let warned = |source: &str, events: &[&str]| -> Vec<String> {
        let expr = cel::condition(source, &cel::RULE).expect(source);
        let events: Vec<EventName> = events.iter().map(|event| EventName::read(event).expect(event)).collect();
        cel::unguarded(&expr, &[], &events).into_iter().map(|p| format!("{}: {}", p.code, p.hint)).collect()
    };
    let created = &["ticket.created"];
    assert_eq!(warned("organization.tier == 'x'", created), ["may-be-absent: organization != null && …"]);
    assert_eq!(warned("has(organization.tier) && organization.tier == 'x'", created), [""; 0]);
    assert_eq!(warned("organization != null && organization.tier == 'x'", created), [""; 0]);
    assert_eq!(warned("ticket.resolved_at < now", created), ["may-be-absent: has(ticket.resolved_at) && …"]);
    assert_eq!(warned("ticket.custom.region == 'EU'", created), ["may-be-absent: has(ticket.custom.region) && …"]);
    assert_eq!(warned("changed('status') && changes.status.old == 'OPEN'", created), [""; 0]);
    assert_eq!(warned("message.body == 'x'", &["ticket.message_added"]), [""; 0]);
    assert_eq!(warned("message.body == 'x'", created), ["never-present: look at `on`"]);
    assert_eq!(warned("before.status == 'OPEN'", &["ticket.updated"]), [""; 0]);
    assert_eq!(warned("ticket.status == 'OPEN' && ticket.assignee_id == ''", created), [""; 0]);
}

#[test]
fn two_rules_that_make_one_issue_between_them_are_warned_of() {
    let rule = |name: &str, once: &str, rest: &str| {
        format!("name: {name}\non: ticket.escalated\n{rest}do:\n  - create_issue: {{title: T, once: {once}}}\n")
    };
    let warned = |rules: &[String]| {
        let sources = rules.iter().enumerate().map(|(i, text)| (format!("{i}.yaml"), text.clone())).collect();
        let set = RuleSet::from_sources(sources).expect("loads");
        set.warnings().iter().map(|d| format!("{}: {} | {}", d.file, d.message, d.hint)).collect::<Vec<_>>()
    };
    let (a, b) = (rule("a", "per_ticket", ""), rule("b", "per_ticket", ""));
    let found = "1.yaml: `a` and `b` make one issue for a ticket between them | write once: {key: b} where both are to make one";
    assert_eq!(warned(&[a.clone(), b]), [found]);
    for other in [
        rule("b", "{key: security}", ""),
        rule("b", "per_ticket", "enabled: false\n"),
        rule("b", "per_ticket", "tenants: tenant.id == 'acme'\n"),
    ] {
        assert_eq!(warned(&[a.clone(), other]), [""; 0]);
    }
}
