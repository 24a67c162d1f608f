//! SLA clocks in rules: triggers, marks, `sla` in expressions, and the action.

use serde_json::json;

use crate::model::activity::Activity;
use crate::model::sla::policy::WarnAt;
use crate::model::stored_type::Families;
use crate::model::tenant::Tenant;
use crate::model::words::SlaMetric;
use crate::workflow::actions::{Effect, PolicyChoice};
use crate::workflow::cel;
use crate::workflow::facts::{Facts, Related};
use crate::workflow::fixture;
use crate::workflow::needs::NamedKind;
use crate::workflow::set::RuleSet;
use crate::workflow::tests::answering;
use crate::workflow::trigger::Mark;

const HOUR: i64 = 3_600_000_000;

fn set(rules: &[String]) -> RuleSet {
    let files = rules.iter().enumerate().map(|(place, text)| (format!("{place}.yaml"), text.clone()));
    RuleSet::from_sources(files.collect()).unwrap_or_else(|found| panic!("{found:#?}"))
}

fn rule(name: &str, rest: &str) -> String {
    format!("name: {name}\n{rest}\ndo: [{{tag: {{add: x}}}}]\n")
}

fn findings(on: &str) -> Vec<String> {
    let source = rule("a", on);
    let found = RuleSet::from_sources(vec![("r.yaml".into(), source)]).expect_err(on);
    found.into_iter().map(|d| format!("{}:{} {}: {} | {}", d.line, d.column, d.code, d.message, d.hint)).collect()
}

fn told(kind: &str, metric: &str, mark: &str) -> Activity {
    let data = json!({ "clocks": [{ "metric": metric, "mark": mark }] });
    Activity { data: Some(data), families: Families::NONE, ..fixture::activity(kind, fixture::ticket()) }
}

#[test]
fn a_trigger_waits_for_its_clock_and_its_mark() {
    let set = set(&[
        rule("a-breach", "on: {sla: resolution, at: breach}"),
        rule("b-mark", "on: {sla: resolution, at: -1h}"),
        rule(
            "c-same",
            "on:\n  - ticket.created\n  - {sla: resolution, at: \"-60m\"}\n  - {sla: first_response, at: 80%}",
        ),
        rule("d-any", "triggers: [sla.warning, sla.breached]"),
        rule("e-late", "on: [{sla: resolution, at: +2h}]"),
        rule("f-off", "on: {sla: resolution, at: breach}\nenabled: false"),
    ]);
    assert_eq!(set.warnings(), []);
    for (activity, expected) in [
        (told("sla.breached", "RESOLUTION", ""), ["a-breach", "d-any"].as_slice()),
        (told("sla.breached", "FIRST_RESPONSE", ""), &["d-any"]),
        (told("sla.warning", "RESOLUTION", "3600s"), &["b-mark", "c-same", "d-any"]),
        (told("sla.warning", "RESOLUTION", "80%"), &["d-any"]),
        (told("sla.warning", "FIRST_RESPONSE", "80%"), &["c-same", "d-any"]),
        (told("sla.warning", "RESOLUTION", "+7200s"), &["d-any", "e-late"]),
        (told("ticket.created", "RESOLUTION", "3600s"), &["c-same"]),
        (told("sla.paused", "RESOLUTION", ""), &[]),
        (Activity { data: None, ..told("sla.breached", "", "") }, &["d-any"]),
    ] {
        let names: Vec<&str> = answering(&set, &activity).iter().map(|rule| rule.name.as_str()).collect();
        assert_eq!(names, expected, "{} {:?}", activity.kind, activity.data);
    }
    let waits: Vec<String> = set.rules()[2].waits().collect();
    assert_eq!(waits, ["ticket.created", "{sla: resolution, at: -1h}", "{sla: first_response, at: 80%}"]);
}

#[test]
fn marks_are_those_of_the_enabled_rules_that_are_the_tenants() {
    let rules = [
        rule("a", "on: [{sla: resolution, at: 80%}, {sla: resolution, at: breach}]"),
        rule(
            "b",
            "on: [{sla: resolution, at: 80%}, {sla: first_response, at: -1h}]\ntenants: tenant.attributes.plan == 'pro'",
        ),
        rule("c", "on: {sla: resolution, at: +1h}\nenabled: false"),
        rule("d", "on: sla.warning"),
    ];
    let all = set(&rules);
    let mark = |metric, at| Mark { metric, at };
    let percent = mark(SlaMetric::Resolution, WarnAt::Percent(80));
    let facts = Facts::at(fixture::NOW, "acme");
    assert_eq!(all.marks(&facts), [percent], "what is not the tenant's has no marks there");
    let pro = Tenant { attributes: json!({"plan": "pro"}), ..Tenant::unset("acme") };
    let hour = mark(SlaMetric::FirstResponse, WarnAt::Before(HOUR));
    assert_eq!(all.marks(&Facts { tenant: Some(&pro), ..facts }), [hour, percent], "each once");
    assert!(all.marks_by_tenant() && all.has_marks());

    let without = set(&[rules[3].clone(), rule("e", "on: {sla: resolution, at: breach}")]);
    assert!(!without.has_marks() && !without.marks_by_tenant());
    assert_eq!((without.marks_hash(), RuleSet::default().marks_hash()), ("", ""), "a breach is told in any case");
    let hash = |rules: &[String]| set(rules).marks_hash().to_owned();
    let (first, more) = (hash(&rules[..1]), hash(&rules[..2]));
    assert!(!first.is_empty() && first != more);
    assert_eq!(hash(&rules), more, "rules without marks do not matter");
    assert_eq!(hash(&[rule("other", "order: 3\non: {sla: resolution, at: 80%}\nif: ticket.number > 1")]), first);
    assert_ne!(hash(&[rule("a", "on: {sla: resolution, at: 80%}\ntenants: tenant.id == 'x'")]), first);
    assert_ne!(hash(&[rule("a", "on: {sla: resolution, at: 81%}")]), first);
}

#[test]
fn a_slip_in_a_trigger_is_told_with_its_place() {
    for (on, expected) in [
        (
            "on: {sla: resolutoin, at: breach}",
            "2:11 unknown-word: there is no SLA clock `resolutoin` | did you mean `resolution`?",
        ),
        (
            "on:\n  - ticket.created\n  - {sla: resolution, at: breached}",
            "4:27 unknown-word: `breached` is no instant of a clock | did you mean `breach`?",
        ),
        (
            "on: {sla: resolution, at: \"0%\"}",
            "2:27 unknown-word: `0%` is no share of a target | 1% to 99% of the target, or up to 1000% once it has run out",
        ),
        ("on: {sla: resolution, at: 100%}", "2:27 unknown-word: 100% of the target is its deadline | at: breach"),
        (
            "on: {sla: resolution, at: 80}",
            "2:27 unknown-word: `80` is no instant of a clock | breach, 80% of the target, -1h before it runs out, or +2h after",
        ),
        (
            "on: {sla: resolution, at: -80}",
            "2:27 unknown-word: `-80` is no length of time | hours, minutes and seconds: -1h, -1h30m, +90s",
        ),
        ("on: {sla: resolution, at: \"-0h\"}", "2:27 unknown-word: `-0h` is the deadline itself | at: breach"),
        (
            "on: {sla: resolution, at: 1h}",
            "2:27 unknown-word: `1h` does not say before or after | -1h before the target runs out, +1h after",
        ),
        ("on: {sla: resolution}", "2:5 grammar: the key `at` is missing | add the key"),
        (
            "on: [{sla: resolution, att: 80%}]",
            "2:24 unknown-key: a trigger with `sla` has no key `att` | did you mean `at`?",
        ),
        (
            "on: [ticket.creating, {sla: resolution, at: breach}]",
            "2:23 unknown-event: one rule waits either for what is about to happen or for what has happened | make two rules of it",
        ),
    ] {
        assert_eq!(findings(on), [expected], "{on}");
    }
    let both = findings("on: {sla: x, at: y}");
    assert_eq!(both.len(), 2, "{both:?}");
}

#[test]
fn expressions_read_the_clocks_of_the_ticket() {
    let ticket = fixture::ticket();
    let facts = Facts { ticket: Some(&ticket), ..Facts::at(fixture::NOW, "acme") };
    let holds = |source: &str, facts: &Facts<'_>| {
        cel::holds(&cel::condition(source, &cel::RULE).unwrap_or_else(|found| panic!("{source}: {found:?}")), facts)
    };
    for source in [
        "sla.resolution.state == 'RUNNING' && sla.resolution.target == duration('8h')",
        "sla.resolution.due_at - sla.resolution.start >= duration('8h')",
        "has(sla.next_response) && sla.next_due_at == sla.first_response.due_at",
        "sla.resolution.breached && sla.resolution.breached_at < now",
        "sla.resolution.policy_id.startsWith('slp_') && sla.resolution.cycle == 1",
        "sla.policy_id == sla.resolution.policy_id",
    ] {
        assert_eq!(holds(source, &facts), Ok(true), "{source}");
    }
    let bare = fixture::bare_ticket();
    let none = Facts { ticket: Some(&bare), ..facts };
    assert_eq!(holds("has(sla.resolution)", &none), Ok(false));
    let fault = holds("sla.resolution.breached", &none).expect_err("absent");
    assert_eq!(fault.to_string(), "sla.resolution.breached is absent");
    let problems = cel::condition("sla.resolution.state == 'RUNING'", &cel::RULE).expect_err("a slip");
    assert_eq!(problems[0].hint, "did you mean `RUNNING`?");

    // What is due by now is breached, whoever has told it or not.
    let mut late = fixture::ticket();
    for clock in &mut late.clocks.all {
        (clock.breached_at, clock.told) = (None, false);
    }
    let due = late.clocks.of(SlaMetric::Resolution).and_then(|clock| clock.due).expect("due");
    let at = |now| Facts { ticket: Some(&late), now, ..facts };
    assert_eq!(holds("sla.resolution.breached", &at(due)), Ok(false), "at the deadline is in time");
    assert_eq!(holds("sla.resolution.breached_at == sla.resolution.due_at", &at(due.plus_micros(1))), Ok(true));
}

#[test]
fn a_clock_that_may_be_absent_is_warned_of() {
    let warnings = |condition: &str| {
        let set = set(&[rule("a", &format!("on: {{sla: resolution, at: breach}}\nif: {condition}"))]);
        set.warnings().iter().map(|warning| warning.message.clone()).collect::<Vec<_>>()
    };
    assert_eq!(warnings("sla.resolution.breached"), ["sla.resolution may be absent, and reading it is then an error"]);
    assert_eq!(warnings("has(sla.resolution) && sla.resolution.breached"), [""; 0]);
    assert_eq!(warnings("has(sla.resolution.due_at) && sla.resolution.due_at < now"), [""; 0]);
    assert_eq!(warnings("before.status == ticket.status"), [""; 0], "a clock has a ticket that was there before");
}

#[test]
fn a_policy_is_named_in_words_or_by_an_expression() {
    let action = |policy: &str| format!("name: a\non: ticket.created\ndo:\n  - sla: {{policy: {policy}}}\n");
    let (ticket, organization) = (fixture::ticket(), fixture::organization("gold"));
    let facts = Facts {
        ticket: Some(&ticket),
        related: Related { organization: Some(&organization), ..Related::default() },
        ..Facts::at(fixture::NOW, "acme")
    };
    for (policy, name) in [("gold", "gold"), ("'${organization.tier}'", "gold"), ("''", ""), ("' '", "")] {
        let set = set(&[action(policy)]);
        let effects = set.rules()[0].effects(&facts);
        assert_eq!(effects, Ok(vec![Effect::Sla(PolicyChoice::Named(name.into()))]), "{policy}");
    }
    let set = set(&[action("gold")]);
    let named: Vec<_> =
        set.rules()[0].named().iter().map(|it| (it.kind, it.name.as_str(), it.line, it.column)).collect();
    assert_eq!(named, [(NamedKind::SlaPolicy, "gold", 4, 19)]);
    for (source, part) in [
        (action("gold").replace("policy:", "polic:"), "did you mean `policy`?"),
        (action("3"), "put it between quotes"),
        (action("gold").replace("ticket.created", "ticket.creating"), "cannot run before the command is decided"),
        (action("'${organization.teir}'"), "did you mean `tier`?"),
    ] {
        let found = RuleSet::from_sources(vec![("r.yaml".into(), source.clone())]).expect_err(&source);
        assert!(found.iter().any(|d| d.hint.contains(part) || d.message.contains(part)), "{source}: {found:?}");
    }
}

#[test]
fn a_set_has_fifty_marks_at_most() {
    let rules = |count: usize| -> Vec<(String, String)> {
        let on = |n: usize| format!("on: [{{sla: resolution, at: {n}%}}, {{sla: resolution, at: breach}}]");
        (1..=count).map(|n| (format!("{n:02}.yaml"), rule(&format!("r{n}"), &on(n)))).collect()
    };
    assert!(RuleSet::from_sources(rules(50)).is_ok());
    let found = RuleSet::from_sources(rules(51)).expect_err("too many");
    assert_eq!((found.len(), found[0].code, found[0].file.as_str()), (1, "too-many-marks", "51.yaml"));
}

#[test]
fn the_data_of_an_instant_that_was_due_is_known() {
    let timer = "on: {after: 1h, since: ticket.created_at}\n";
    let schedule = "on: {schedule: 0 9 * * *, for: ticket.number > 1}\n";
    for on in [timer, schedule] {
        let rule = rule("a", &format!("{on}if: event.data.due_at < now && event.data.trigger != event.data.late_by"));
        assert_eq!(set(&[rule]).warnings(), [] as [crate::workflow::Diagnostic; 0], "{on}");
    }
    for (condition, message) in [
        ("event.data.due_at == 'x'", "3:23 type: a time is compared with text"),
        ("event.data.doe_at < now", "has no field `doe_at` | did you mean `due_at`?"),
    ] {
        let found = findings(&format!("{timer}if: {condition}"));
        assert!(found.len() == 1 && found[0].contains(message), "{found:?}");
    }
    // Of other events nobody knows what it has, and of those by hand it has nothing.
    for on in ["on: [manual, {schedule: 0 9 * * *, for: ticket.number > 1}]\n", "on: custom.paid\n"] {
        let rule = rule("a", &format!("{on}if: ticket != null && event.data.due_at == 'x'"));
        let warned: Vec<&str> = set(&[rule]).warnings().iter().map(|it| it.code).collect();
        assert!(warned.contains(&"may-be-absent"), "{on}: {warned:?}");
    }
    let due = json!({ "trigger": "t", "due_at": "2026-09-14T10:00:00Z", "late_by": "1s" });
    for kind in ["timer", "schedule"] {
        let activity = Activity { data: Some(due.clone()), ..told(kind, "", "") };
        let later = "event.data.due_at + duration('1h') == timestamp('2026-09-14T11:00:00Z')";
        let earlier = "timestamp(event.data.due_at) < now && event.data.due_at < now";
        for (text, scope) in [(later, &cel::DUE), (earlier, &cel::DUE), (earlier, &cel::RULE)] {
            let condition = cel::condition(text, scope).expect("a condition");
            assert_eq!(cel::holds(&condition, &Facts::of(&activity)), Ok(true), "{kind}");
        }
    }
}
