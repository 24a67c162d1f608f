//! Comparison with the crate's own interpreter: expressions that both support have the same value in both.

use std::collections::HashMap;

use cel::{Context, Program, Value as Theirs};

use super::{RULE, compile, evaluate, value::Value};
use crate::workflow::facts::Facts;
use crate::workflow::fixture;

const SHARED: &[&str] = &[
    "ticket.number == 42",
    "ticket.number + 1 > 42 && ticket.number - 50 < 0",
    "ticket.number % 5 * 3 - 7 / 2",
    "ticket.number / 0 == 1",
    "ticket.number / 0 == 1 || true",
    "false && ticket.number / 0 == 1",
    "ticket.number / 0 == 1 && false",
    "ticket.number / 0 == 1 && true",
    "ticket.subject == 'Login broken'",
    "ticket.subject < 'M' && ticket.subject >= 'Login'",
    "ticket.subject.contains('broken') || ticket.subject.startsWith('x')",
    "ticket.subject.endsWith('n') && ticket.subject.matches('L.*n$')",
    "ticket.subject + '!'",
    "size(ticket.subject)",
    "size('häß')",
    "size(ticket.tags)",
    "'vip' in ticket.tags",
    "'us' in ticket.tags || 'eu' in ticket.tags",
    "ticket.tags[1] == 'eu'",
    "ticket.tags[2] == 'eu'",
    "ticket.tags.exists(t, t == 'eu')",
    "ticket.tags.all(t, size(t) == 3)",
    "ticket.tags.exists_one(t, t.startsWith('v'))",
    "ticket.tags.filter(t, t != 'eu')",
    "ticket.tags.map(t, size(t) * 2)",
    "ticket.tags.map(t, t != 'eu', t.contains('i'))",
    "[1, 2, 3].exists(x, x > 2) && ![1, 2].all(x, x > 1)",
    "[1, 2] == [1, 2] && [1] != [1, 2]",
    "ticket.number in [1, 42]",
    "ticket.number > 40 ? 'big' : 'small'",
    "!(ticket.number > 40) ? 1 : -1",
    "timestamp('2026-01-01T00:00:00Z') + duration('36h') == timestamp('2026-01-02T12:00:00Z')",
    "timestamp('2026-01-02T00:00:00Z') - timestamp('2026-01-01T00:00:00Z') == duration('24h')",
    "timestamp('2026-01-02T00:00:00+02:00') < timestamp('2026-01-02T00:00:00Z')",
    "duration('1.5h') == duration('90m') && duration('-10s') < duration('0s')",
    "1.5 * 2.0 == 3.0 && 1 == 1.0 && 2 > 1.5",
    "9223372036854775807 + 1",
    "-9223372036854775808 - 1",
    "ticket.custom.region == 'EU'",
    "ticket.custom.colour == 'red'",
    "has(ticket.custom.region) && !has(ticket.custom.colour)",
    "'region' in ticket.custom",
    "ticket.custom.seats + 1 == 4",
    "ticket.custom.region == 3",
    "ticket.custom.region > 3",
];

fn theirs() -> Context<'static, 'static> {
    let text = |text: &str| Theirs::from(text);
    let custom: HashMap<String, Theirs> =
        HashMap::from([("region".into(), text("EU")), ("seats".into(), Theirs::Int(3))]);
    let tags: Vec<Theirs> = vec![text("vip"), text("eu")];
    let ticket: HashMap<String, Theirs> = HashMap::from([
        ("number".into(), Theirs::Int(42)),
        ("subject".into(), text("Login broken")),
        ("tags".into(), Theirs::from(tags)),
        ("custom".into(), Theirs::from(custom)),
    ]);
    let mut context = Context::default();
    context.add_variable_from_value("ticket", Theirs::from(ticket));
    context
}

/// Both as JSON would show them; `None` = an error.
fn shown(value: Theirs) -> serde_json::Value {
    match value {
        Theirs::Bool(b) => b.into(),
        Theirs::Int(i) => i.into(),
        Theirs::Float(d) => d.into(),
        Theirs::String(s) => s.as_str().into(),
        Theirs::List(all) => all.iter().cloned().map(shown).collect(),
        other => panic!("{other:?} is not compared here"),
    }
}

#[test]
fn both_say_the_same() {
    let ticket = fixture::ticket();
    let facts = Facts { ticket: Some(&ticket), ..Facts::at(fixture::NOW, "acme") };
    let context = theirs();
    for source in SHARED {
        let expr = compile(source, &RULE).unwrap_or_else(|problems| panic!("{source}: {problems:?}"));
        let ours = evaluate(&expr, &facts).ok().map(Value::into_json);
        let program = Program::compile(source).expect(source);
        let theirs = program.execute(&context).ok().map(shown);
        assert_eq!(ours, theirs, "{source}");
    }
}
