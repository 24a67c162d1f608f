//! What cannot stand under `limits`, `metric` and `link`.

use crate::workflow::set::RuleSet;

fn found(source: &str) -> String {
    let found = RuleSet::from_sources(vec![("r.yaml".into(), source.into())]).expect_err(source);
    let told = found.iter().map(|d| format!("{}:{} {}: {} | {}", d.line, d.column, d.code, d.message, d.hint));
    told.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_limit_is_so_many_runs_within_a_time() {
    for (on, limits, expected) in [
        ("ticket.created", "{per_ticket: 1}", "3:22 grammar: `1` is no limit | 10/1h"),
        (
            "ticket.created",
            "{per_ticket: 1/1d}",
            "3:22 grammar: `1d` is no length of time in hours, minutes and seconds",
        ),
        ("ticket.created", "{per_tenant: 1/1h}", "3:10 unknown-key: limits has no key `per_tenant`"),
        ("ticket.created", "{}", "the key `per_ticket` is missing"),
        ("ticket.creating", "{per_ticket: 1/1h}", "3:1 grammar: `limits` count runs after an event"),
        ("team.changed", "{per_ticket: 1/1h}", "3:1 no-ticket: `team.changed` has no ticket"),
    ] {
        let action = if on == "team.changed" { "emit: {type: custom.x}" } else { "tag: {add: x}" };
        let said = found(&format!("name: a\non: {on}\nlimits: {limits}\ndo: [{{{action}}}]\n"));
        assert!(said.contains(expected), "{limits} on {on}: {said}");
    }
}

#[test]
fn a_metric_is_a_name_a_number_and_a_few_labels() {
    for (metric, expected) in [
        ("{name: Bad, value: 1}", "3:22 name: `Bad` is no name for a metric"),
        ("{name: a}", "the key `value` is missing"),
        ("{name: a, value: many}", "`value` takes a number from 0"),
        ("{name: a, value: -1}", "`value` takes a number from 0"),
        ("{name: a, value: '${ticket.subject}'}", "`value` takes a number from 0"),
        ("{name: a, value: 'n${ticket.number}'}", "`value` takes a number from 0"),
        ("{name: a, value: 1, labels: {le: x}}", "3:44 name: `le` is no name for a label"),
        ("{name: a, value: 1, labels: {a: x, b: x, c: x, d: x, e: x, f: x, g: x, h: x, i: x}}", "at most 8 labels"),
    ] {
        let said = found(&format!("name: a\non: ticket.created\ndo: [{{metric: {metric}}}]\n"));
        assert!(said.contains(expected), "{metric}: {said}");
    }
}

#[test]
fn a_link_is_between_an_issue_and_a_ticket() {
    for (link, expected) in [
        ("{ticket: x}", "3:14 no-issue: a ticket cannot be linked to a ticket"),
        ("{issue: x, ticket: y}", "link takes `issue` or `ticket`"),
        ("{issue: x, relation: blocks}", "do not stand to each other as `blocks`"),
    ] {
        let said = found(&format!("name: a\non: ticket.created\ndo: [{{link: {link}}}]\n"));
        assert!(said.contains(expected), "{link}: {said}");
    }
}
