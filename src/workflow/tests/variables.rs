//! `variables`: what they stand for, and what is refused.

use crate::workflow::actions::{Effect, SetFields};
use crate::workflow::facts::Facts;
use crate::workflow::fixture;
use crate::workflow::rule::Verdict;
use crate::workflow::schema::Root;
use crate::workflow::set::RuleSet;

fn set(variables: &str, rest: &str) -> Result<RuleSet, Vec<String>> {
    let source = format!("name: a\non: ticket.created\nvariables:\n{variables}{rest}\n");
    RuleSet::from_sources(vec![("r.yaml".into(), source)]).map_err(|found| {
        found.into_iter().map(|d| format!("{}:{} {}: {} | {}", d.line, d.column, d.code, d.message, d.hint)).collect()
    })
}

const TAG: &str = "do: [{tag: {add: x}}]";

#[test]
fn a_variable_is_read_wherever_the_rule_has_cel() {
    let set = set(
        "  loud: variables.urgent && size(ticket.subject) > 3\n  urgent: ticket.priority in ['high', 'urgent']\n  on_: true\n  \
           words: ticket.tags.map(t, lower(t))\n  name: \"requester.name\"\n",
        "if: [variables.loud, variables.on_, \"ticket.tags.exists(t, t in variables.words)\"]\n\
         do: [{set: {subject: \"${variables.name}: ${ticket.subject}\"}}]",
    )
    .expect("loads");
    let rule = &set.rules()[0];
    assert!(rule.needs(Root::Requester), "what a variable reads is loaded");
    let mut ticket = fixture::ticket();
    ticket.priority = crate::model::words::Priority::High;
    let contact = fixture::contact();
    let mut facts = Facts { ticket: Some(&ticket), ..Facts::at(fixture::NOW, "acme") };
    facts.related.requester = Some(&contact);
    assert_eq!(rule.matches(&facts), Verdict::Matched);
    let subject = Some("Rita: Login broken".to_owned());
    assert_eq!(rule.effects(&facts), Ok(vec![Effect::Set(SetFields { subject, ..SetFields::default() })]));
    let low = fixture::ticket();
    assert_eq!(rule.matches(&Facts { ticket: Some(&low), ..facts }), Verdict::NotMatched);
}

#[test]
fn a_variable_that_is_not_read_is_not_evaluated() {
    let set = set("  late: ticket.resolved_at < now\n", &format!("if: ticket.number == 0 && variables.late\n{TAG}"));
    let set = set.expect("loads");
    let bare = fixture::bare_ticket();
    let facts = Facts { ticket: Some(&bare), ..Facts::at(fixture::NOW, "acme") };
    assert_eq!(set.rules()[0].matches(&facts), Verdict::NotMatched);
    let warnings: Vec<_> = set.warnings().iter().map(|d| (d.line, d.column, d.code)).collect();
    assert_eq!(warnings, [(5, 27, "may-be-absent")], "where it is read, beside its guards");
}

#[test]
fn variables_are_typed() {
    let wrong =
        |variables: &str, condition: &str| set(variables, &format!("if: {condition}\n{TAG}")).expect_err(condition);
    assert_eq!(
        wrong("  count: size(ticket.tags)\n", "variables.count == '3'"),
        ["5:21 type: a whole number is compared with text | leave the quotes out"]
    );
    assert_eq!(
        wrong("  word: ticket.priority\n", "variables.word == 'HIHG'"),
        ["5:23 unknown-word: `HIHG` is no priority | did you mean `HIGH`?"]
    );
    assert_eq!(wrong("  word: ticket.priority\n", "variables.word")[0].split(':').nth(1), Some("5 not-boolean"));
    assert_eq!(
        wrong("  vip: \"'vip' in ticket.tags\"\n", "variables.vpi"),
        ["5:5 unknown-variable: there is no variable `vpi` | did you mean `vip`?"]
    );
    assert!(wrong("  whole: ticket\n", "true")[0].starts_with("4:10 type: the whole ticket"));
    assert!(wrong("  Bad: 'true'\n", "true")[0].starts_with("4:3 name: `Bad` is no name for a variable"));
    assert!(wrong("  a: ticket.sbject\n", "true")[0].starts_with("4:13 unknown-field"));
    assert!(wrong("  a: 'true'\n", "variables")[0].contains("`variables` as a whole has no value"));
    let without = RuleSet::from_sources(vec![(
        "r.yaml".into(),
        format!("name: a\non: ticket.created\nif: variables.x\n{TAG}\n"),
    )]);
    assert_eq!(without.expect_err("is refused")[0].hint, "define it: variables: {x: …}");
    let tenants = set("  a: 'true'\n", &format!("tenants: variables.a\n{TAG}"));
    assert!(tenants.expect_err("another scope")[0].contains("there is no `variables` here"));
}

#[test]
fn a_circle_of_variables_is_refused() {
    let found = set("  a: variables.b\n  b: variables . c && true\n  c: variables.a\n  d: ticket.number > 1\n", TAG);
    assert_eq!(
        found.expect_err("a circle"),
        [
            "4:3 cycle: `a` stands for itself | let no variable read one that reads it",
            "5:3 cycle: `b` stands for itself | let no variable read one that reads it",
            "6:3 cycle: `c` stands for itself | let no variable read one that reads it",
        ]
    );
    assert!(set("  a: variables.a\n", TAG).is_err());
}

#[test]
fn what_variables_stand_for_is_bounded() {
    let double = |n: usize| format!("  v{n}: \"variables.v{} && variables.v{}\"\n", n - 1, n - 1);
    let all: String = (1..30).map(double).collect();
    let began = std::time::Instant::now();
    let found = set(&format!("  v0: ticket.number > 1\n{all}"), TAG).expect_err("too much");
    assert!(found[0].contains("this is too much for one expression"), "{}", found[0]);
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    let deep = "  inner: ticket.tags.exists(a, ticket.tags.exists(b, a == b))\n";
    let found = set(deep, &format!("if: ticket.tags.exists(t, variables.inner)\n{TAG}")).expect_err("three deep");
    assert!(found[0].contains("too much"), "{}", found[0]);
    let many: String = (0..33).map(|n| format!("  v{n}: 'true'\n")).collect();
    assert!(set(&many, TAG).expect_err("too many")[0].contains("at most 32 variables"));
}

#[test]
fn one_that_nothing_reads_is_told_of() {
    let used = "  a: ticket.number > 1\n  b: variables.a\n";
    let warned = |variables: &str| {
        let set = set(variables, &format!("if: variables.b\n{TAG}")).expect("loads");
        set.warnings().iter().map(|d| format!("{}:{} {}: {}", d.line, d.column, d.code, d.message)).collect::<Vec<_>>()
    };
    assert_eq!(warned(used), [""; 0]);
    assert_eq!(
        warned(&format!("{used}  spare: ticket.number > 2\n")),
        ["6:10 unused: nothing reads `variables.spare`"]
    );
}
