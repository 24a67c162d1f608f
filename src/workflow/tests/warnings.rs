//! Warnings of rules that load and cannot do what their author wants: within a rule, and between rules.

use crate::workflow::set::RuleSet;

const TAG: &str = "do: [{tag: {add: x}}]";

fn warned(sources: &[&str]) -> Vec<String> {
    let files = sources.iter().enumerate().map(|(n, source)| (format!("{n}.yaml"), (*source).to_owned())).collect();
    let set = RuleSet::from_sources(files).unwrap_or_else(|found| panic!("{found:#?}"));
    set.warnings().iter().map(|d| format!("{}:{}:{} {}: {}", d.file, d.line, d.column, d.code, d.message)).collect()
}

/// Codes of what is said of a rule with these lines.
fn codes(lines: &str) -> Vec<&'static str> {
    let source = format!("name: a\n{lines}\n");
    match RuleSet::from_sources(vec![("r.yaml".into(), source.clone())]) {
        Ok(set) => set.warnings().iter().map(|d| d.code).collect(),
        Err(found) => panic!("{source}: {found:#?}"),
    }
}

fn on_created(condition: &str) -> Vec<&'static str> {
    codes(&format!("on: ticket.created\nif:\n  - {condition}\n{TAG}"))
}

fn refused(lines: &str) -> Vec<String> {
    let found = RuleSet::from_sources(vec![("r.yaml".into(), format!("name: a\n{lines}\n"))]).expect_err(lines);
    found.into_iter().map(|d| format!("{}:{} {}: {} | {}", d.line, d.column, d.code, d.message, d.hint)).collect()
}

#[test]
fn a_condition_that_can_never_hold() {
    for never in [
        "ticket.status == 'OPEN' && ticket.status == 'CLOSED'",
        "ticket.status == 'OPEN' && ticket.status in ['CLOSED', 'RESOLVED']",
        "ticket.status in ['OPEN', 'PENDING'] && ticket.status != 'OPEN' && ticket.status != 'PENDING'",
        "ticket.status == 'OPEN' && !(ticket.status == 'OPEN')",
        "ticket.priority == 'HIGH' && (ticket.status == 'OPEN' || ticket.number == 3) && ticket.priority == 'LOW'",
        "ticket.status == 'OPEN' && (ticket.status == 'CLOSED' || ticket.status == 'RESOLVED')",
        "ticket.number > 5 && ticket.number < 5",
        "ticket.number >= 5 && ticket.number < 5",
        "ticket.number == 7 && ticket.number > 7",
        "ticket.category == 'a' && ticket.category == 'b'",
        "ticket.category == 'a' && !has(ticket.category)",
        "has(ticket.category) && ticket.category == ''",
        "has(ticket.team_id) && !has(ticket.team_id)",
        "\"'vip' in ticket.tags && !('vip' in ticket.tags)\"",
        "ticket.subject.contains('x') && !ticket.subject.contains('x')",
        "1 == 2",
        "\"'a' in ['b', 'c']\"",
        "tenant.id == 'a' && tenant.id == 'b'",
        "\"(ticket.status == 'OPEN' ? 'a' : 'b') == 'c'\"",
    ] {
        let found = on_created(never);
        // What is computed is left alone.
        let told = if never.contains('?') { None } else { Some(&"never-true") };
        assert_eq!(found.first(), told, "{never}");
    }
    let list = "on: ticket.created\nif: [ticket.number > 3, ticket.status == 'OPEN', \"ticket.status == 'CLOSED'\"]";
    assert_eq!(
        warned(&[&format!("name: a\n{list}\n{TAG}")]),
        ["0.yaml:3:65 never-true: this can never hold together with the conditions before it"]
    );
    let step =
        "on: ticket.created\nif: ticket.status == 'OPEN'\ndo:\n  - if: ticket.status == 'CLOSED'\n    tag: {add: x}";
    assert_eq!(codes(step), ["never-true"], "an action that never comes");
    let tenants = "on: ticket.created\ntenants: [tenant.id == 'acme', tenant.id == 'globex']";
    assert_eq!(codes(&format!("{tenants}\n{TAG}")), ["never-true"]);
}

#[test]
fn a_condition_that_always_holds() {
    for always in [
        "ticket.status != 'OPEN' || ticket.status != 'CLOSED'",
        "has(ticket.team_id) || !has(ticket.team_id)",
        "1 == 1",
        "!(ticket.number > 5 && ticket.number < 3)",
        "ticket.number > 3 || ticket.number <= 3",
    ] {
        assert_eq!(on_created(&format!("'{}'", always.replace('\'', "''"))), ["always-true"], "{always}");
    }
    let both = RuleSet::from_sources(vec![(
        "r.yaml".into(),
        format!("name: a\non: ticket.created\nif: ticket.status != 'OPEN' || ticket.status != 'CLOSED'\n{TAG}\n"),
    )]);
    assert_eq!(both.expect("loads").warnings()[0].hint, "write `&&` if both are meant");
}

#[test]
fn conditions_that_can_hold_are_left_alone() {
    for fine in [
        "true",
        "false",
        "ticket.status == 'OPEN' || ticket.status == 'CLOSED'",
        "ticket.status in ['OPEN', 'PENDING'] && ticket.status != 'OPEN'",
        "ticket.number >= 5 && ticket.number <= 5",
        "ticket.number > 3 && ticket.number < 9 && ticket.number != 5",
        "ticket.category == '' && !has(ticket.category)",
        "ticket.priority == 'LOW' && changed('priority', 'HIGH', 'LOW')",
        "\"'vip' in ticket.tags && 'eu' in ticket.tags && !('us' in ticket.tags)\"",
        "ticket.tags.exists(t, t == 'a') && ticket.tags.exists(t, t == 'b')",
        "now - ticket.created_at > duration('1h')",
        "ticket.subject.matches('a') && !ticket.subject.matches('b')",
        "tenant.id == 'acme' && ticket.status == 'OPEN'",
        "ticket.created_at < now && ticket.created_at > timestamp('2026-01-01T00:00:00Z')",
    ] {
        assert_eq!(on_created(fine), [""; 0], "{fine}");
    }
}

#[test]
fn before_a_change_the_ticket_is_as_it_would_be() {
    let on =
        |event: &str, condition: &str| codes(&format!("on: {event}\nif: {condition}\ndo: [{{deny: {{message: no}}}}]"));
    assert_eq!(on("ticket.escalating", "ticket.status == 'CLOSED'"), ["never-true"]);
    assert_eq!(on("ticket.resolving", "ticket.status in ['OPEN', 'PENDING']"), ["never-true"]);
    assert_eq!(on("ticket.reopening", "ticket.status == 'CLOSED'"), ["never-true"]);
    assert_eq!(on("ticket.escalating", "before.status == 'CLOSED'"), [""; 0]);
    assert_eq!(on("[ticket.escalating, ticket.closing]", "ticket.status == 'CLOSED'"), [""; 0]);
    assert_eq!(on("[ticket.escalating, ticket.updating]", "ticket.status == 'OPEN'"), [""; 0]);
    let said = RuleSet::from_sources(vec![(
        "r.yaml".into(),
        "name: a\non: ticket.escalating\nif: ticket.status == 'CLOSED'\ndo: [{deny: {message: no}}]\n".into(),
    )]);
    assert_eq!(said.expect("loads").warnings()[0].hint, "read the ticket as it is: before.status");
    assert_eq!(codes(&format!("on: ticket.created\nif: event.type == 'ticket.resolved'\n{TAG}")), ["never-true"]);
    // A family's event has the family's name.
    assert_eq!(codes(&format!("on: ticket.updated\nif: event.type == 'ticket.resolved'\n{TAG}")), ["never-true"]);
    assert_eq!(codes(&format!("on: ticket.updated\nif: \"'ticket.resolved' in event.types\"\n{TAG}")), [""; 0]);
}

#[test]
fn an_event_that_nothing_makes_and_a_status_that_cannot_be() {
    assert_eq!(codes(&format!("on: [ticket.created, custom.paid]\n{TAG}")), ["never-happens"]);
    assert_eq!(codes(&format!("on: custom.*\n{TAG}")), ["never-happens"]);
    let emits =
        |kind: &str, more: &str| format!("name: emits\n{more}on: ticket.created\ndo: [{{emit: {{type: {kind}}}}}]\n");
    let waits = |on: &str| format!("name: waits\non: [ticket.created, {on}]\n{TAG}\n");
    for heard in ["custom.paid", "custom.*"] {
        assert_eq!(warned(&[&waits(heard), &emits("custom.paid", "")]), [""; 0], "{heard}");
    }
    let never = ["0.yaml:2:22 never-happens: no rule emits the event `custom.payd`"];
    assert_eq!(warned(&[&waits("custom.payd"), &emits("custom.paid", "")]), never);
    assert_eq!(warned(&[&waits("custom.*"), &emits("custom.paid", "enabled: false\n")]).len(), 1);
    assert_eq!(codes("on: ticket.creating\ndo: [{set: {status: PENDING}}]"), ["status-on-creating"]);
    assert_eq!(codes("on: ticket.updating\ndo: [{set: {status: PENDING}}]"), [""; 0]);
}

#[test]
fn what_is_handed_out_is_not_delivered_by_anybody() {
    let two = "on: ticket.created\ndo:\n  - dispatch_agent: {agent: a, prompt: b}\n  - webhook: {endpoint: c}";
    assert_eq!(
        warned(&[&format!("name: a\n{two}\n"), "name: b\non: agent.changed\ndo: [{webhook: {endpoint: c}}]\n"]),
        [
            "0.yaml:4:29 not-delivered: this is recorded as `workflow.dispatched`, and nothing delivers it",
            "1.yaml:3:27 not-delivered: this is recorded as `workflow.dispatched`, and nothing delivers it",
        ]
    );
}

#[test]
fn events_of_rules_can_go_in_circles() {
    let from = |name: &str, on: &str, to: &str| format!("name: {name}\non: {on}\ndo: [{{emit: {{type: {to}}}}}]\n");
    let (a, b) = (from("a", "[ticket.created, custom.b]", "custom.a"), from("b", "custom.*", "custom.b"));
    assert!(warned(&[&a, &b]).iter().any(|told| told.contains("cycle: ")), "{:?}", warned(&[&a, &b]));
    assert_eq!(warned(&[&a.replace(", custom.b", ""), &b.replace("custom.*", "custom.a")]), [""; 0]);
}

#[test]
fn an_event_of_rules_may_have_no_ticket() {
    let set = RuleSet::from_sources(vec![(
        "r.yaml".into(),
        "name: e\non: agent.changed\ndo: [{emit: {type: custom.a}}]\n---\n\
         name: a\non: custom.a\nif: ticket.number > 3\ndo: [{tag: {add: x}}]\n"
            .into(),
    )]);
    let warnings = set.expect("loads").warnings().iter().map(|d| (d.code, d.hint.clone())).collect::<Vec<_>>();
    assert_eq!(warnings, [("may-be-absent", "ticket != null && …".to_owned())]);
}

#[test]
fn patterns_and_texts_of_other_systems() {
    for (condition, part) in [
        ("ticket.subject.matches('/vip/i')", "write r'(?i)vip'"),
        ("ticket.subject.matches('/^a b$/')", "write r'^a b$'"),
        ("ticket.subject.matches('\\bvip\\b')", "write r'…\\b…'"),
        ("ticket.subject == '\\bvip'", "write r'…\\b…'"),
    ] {
        let source = format!("name: a\non: ticket.created\nif: {condition}\n{TAG}\n");
        let set = RuleSet::from_sources(vec![("r.yaml".into(), source)]).expect(condition);
        let warning = set.warnings().first().unwrap_or_else(|| panic!("{condition} is not told"));
        assert_eq!((warning.code, warning.line), ("pattern", 3));
        assert!(warning.hint.contains(part), "{condition}: {}", warning.hint);
    }
    for fine in
        ["ticket.subject.matches('/')", "ticket.subject.matches('^/path/x')", "ticket.subject.matches(r'\\bvip\\b')"]
    {
        assert_eq!(on_created(fine), [""; 0], "{fine}");
    }
    let body = |body: &str| {
        let source = format!("name: a\non: ticket.created\ndo:\n  - message:\n      body: \"{body}\"\n");
        let set = RuleSet::from_sources(vec![("r.yaml".into(), source)]).expect(body);
        set.warnings().iter().map(|d| format!("{}:{} {} | {}", d.line, d.column, d.message, d.hint)).collect::<Vec<_>>()
    };
    assert_eq!(
        body("Hi {{ticket.subject}}"),
        ["5:17 `{{…}}` is text here, and is sent as it stands | write ${ticket.subject}"]
    );
    assert_eq!(
        body("Hi #{ ticket.subject }"),
        ["5:17 `#{…}` is text here, and is sent as it stands | write ${ticket.subject}"]
    );
    assert_eq!(body("Hi ${ticket.subject} {{}} #1 {x}"), [""; 0]);
    assert!(
        refused("on: ticket.created\ndo: [{message: {body: \"${{ ticket.subject }}\"}}]")[0]
            .contains("leave the braces out")
    );
}

#[test]
fn an_event_without_a_ticket_takes_no_action_that_needs_one() {
    assert_eq!(
        refused("on: agent.changed\ndo: [{assign: {to: ann}}]"),
        ["3:7 no-ticket: `agent.changed` has no ticket, and `assign` needs one | wait for an event of a ticket"]
    );
    assert_eq!(refused("on: [ticket.created, tenant.changed]\ndo: [{tag: {add: x}}, {message: {body: x}}]").len(), 2);
    assert_eq!(
        refused("on: organization.changed\nif: ticket.status == 'OPEN'\ndo: []\nstop: true")[0],
        "3:12 never-present: no event of this rule has a ticket | look at `on`"
    );
    // An issue may be linked to no ticket.
    assert_eq!(codes(&format!("on: issue.resolved\nif: ticket.status == 'OPEN'\n{TAG}")), ["may-be-absent"]);
    assert_eq!(codes(&format!("on: issue.resolved\nif: ticket != null && ticket.status == 'OPEN'\n{TAG}")), [""; 0]);
}

#[test]
fn two_rules_that_set_one_field_at_one_order() {
    let rule = |name: &str, rest: &str| format!("name: {name}\n{rest}\n");
    let high = rule("a", "on: ticket.created\ndo: [{set: {priority: HIGH}}]");
    let low = |rest: &str| rule("b", &format!("{rest}\ndo: [{{set: {{priority: LOW}}}}]"));
    assert_eq!(
        warned(&[&high, &low("on: [ticket.created, ticket.resolved]")]),
        ["1.yaml:3:23 conflict: `b` and `a` (0.yaml:1) both set `priority` at order 0"]
    );
    assert_eq!(warned(&[&high, &low("on: ticket.created\norder: 1")]), [""; 0]);
    assert_eq!(warned(&[&high, &low("on: ticket.resolved")]), [""; 0]);
    assert_eq!(warned(&[&high, &low("on: ticket.created\nenabled: false")]), [""; 0]);
    assert_eq!(warned(&[&high, &low("on: ticket.created").replace("LOW", "HIGH")]), [""; 0], "the same value");
    let family = rule("c", "on: ticket.updated\ndo: [{assign: {to: ann}}]");
    let member = rule("d", "on: ticket.resolved\ndo: [{assign: {strategy: least_open}}]");
    assert_eq!(warned(&[&family, &member]).len(), 1, "a family has the events of its types");
    let only = |name: &str, kind: &str, value: &str| {
        rule(name, &format!("on: ticket.created\nif: ticket.type == '{kind}'\ndo: [{{set: {{priority: {value}}}}}]"))
    };
    assert_eq!(warned(&[&only("a", "INCIDENT", "HIGH"), &only("b", "PROBLEM", "LOW")]), [""; 0], "never both");
    assert_eq!(warned(&[&only("a", "INCIDENT", "HIGH"), &only("b", "INCIDENT", "LOW")]).len(), 1);
    let tags = |name: &str| rule(name, &format!("on: ticket.created\n{TAG}"));
    assert_eq!(warned(&[&tags("a"), &tags("b")]), [""; 0], "tags are added to what is there");
}

#[test]
fn rules_that_set_off_each_other() {
    let rule = |name: &str, on: &str, rest: &str| format!("name: {name}\non: {on}\n{rest}\n");
    let escalates = rule("a", "ticket.priority_changed", "do: [{transition: {verb: escalate}}]");
    let raises =
        |condition: &str| rule("b", "ticket.escalated", &format!("{condition}do: [{{set: {{priority: URGENT}}}}]"));
    assert_eq!(
        warned(&[&escalates, &raises("")]),
        ["0.yaml:3:26 cycle: these rules set off each other in a circle: a, b"]
    );
    assert_eq!(warned(&[&escalates, &raises("if: \"!has(event.cause)\"\n")]), [""; 0]);
    assert_eq!(warned(&[&escalates, &raises("if: actor.kind != 'WORKFLOW'\n")]), [""; 0]);
    let answers =
        |condition: &str| rule("c", "ticket.message_added", &format!("{condition}do: [{{message: {{body: Hi}}}}]"));
    assert_eq!(warned(&[&answers("")]), ["0.yaml:3:16 cycle: `c` sets off itself by what it does here"]);
    assert_eq!(warned(&[&answers("if: message.author_kind == 'REQUESTER'\n")]), [""; 0]);
    let note = rule("d", "ticket.message_added", "do: [{message: {body: Hi, visibility: INTERNAL}}]");
    assert_eq!(warned(&[&note]), [""; 0], "a note is no message");
    let sets = |condition: &str, value: &str| {
        rule("e", "ticket.updated", &format!("{condition}do: [{{set: {{category: {value}}}}}]"))
    };
    assert_eq!(warned(&[&sets("", "x")]), [""; 0], "what is so already is not changed again");
    assert_eq!(warned(&[&sets("", "\"${ticket.category}x\"")]).len(), 1);
    assert_eq!(warned(&[&sets("if: changed('status')\n", "\"${ticket.category}x\"")]), [""; 0]);
    let to = |name: &str, from: &str, to: &str| {
        rule(
            name,
            "ticket.priority_changed",
            &format!("order: {}\nif: ticket.priority == '{from}'\ndo: [{{set: {{priority: {to}}}}}]", from.len()),
        )
    };
    assert_eq!(warned(&[&to("f", "LOW", "MEDIUM"), &to("g", "MEDIUM", "HIGH")]), [""; 0], "it ends");
    assert_eq!(warned(&[&to("f", "LOW", "MEDIUM"), &to("g", "MEDIUM", "LOW")]).len(), 1);
}

#[test]
fn a_timer_that_begins_anew_by_what_it_does() {
    let rule = |since: &str, rest: &str| format!("name: a\non: {{after: 24h, since: ticket.{since}}}\n{rest}");
    let writes = "do: [{message: {body: Still there?}}]\n";
    for since in ["last_message_at", "updated_at"] {
        let told = warned(&[&rule(since, writes)]);
        assert!(told.len() == 1 && told[0].contains("repeats: `a` begins anew"), "{told:?}");
    }
    for (since, rest) in [
        ("created_at", writes.to_owned()),
        ("updated_at", TAG.to_owned()),
        ("updated_at", "do: [{set: {priority: LOW}}]".to_owned()),
        ("last_message_at", format!("if: ticket.status == 'OPEN'\n{writes}")),
        ("last_message_at", format!("limits: {{per_ticket: 1/24h}}\n{writes}")),
        ("last_message_at, while: ticket.status == 'OPEN'", writes.to_owned()),
    ] {
        assert_eq!(warned(&[&rule(since, &rest)]), [""; 0], "{since} {rest}");
    }
}

#[test]
fn a_thousand_files_are_checked_in_moments() {
    let rule = |n: usize| {
        let source = format!(
            "name: r{n}\non: [ticket.created, ticket.updated]\nif:\n  - \"!has(event.cause)\"\n  - ticket.category == 'c{n}' && has(ticket.team_id)\n  \
             - ticket.subject.matches(r'(?i)\\bword{n}\\b')\ndo:\n  - set: {{priority: HIGH, custom.x: {n}}}\n  \
             - message: {{body: \"Hello ${{ticket.requester_name}}\"}}\n"
        );
        (format!("{n}.yaml"), source)
    };
    let files: Vec<_> = (0..1_000).map(rule).collect();
    let began = std::time::Instant::now();
    let set = RuleSet::from_sources(files).expect("loads");
    let took = began.elapsed();
    assert_eq!(set.rules().len(), 1_000);
    assert_eq!(set.warnings(), []);
    // Without optimizations, beside other tests.
    assert!(took.as_secs() < 120, "{took:?}");
    println!("1,000 files: {took:?}");
}
