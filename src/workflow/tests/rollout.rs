//! `rollout` in files, and what rules in shadow say.

use crate::workflow::facts::{Facts, Related};
use crate::workflow::fixture;
use crate::workflow::set::RuleSet;

const GREET: &str = "name: greet\non: ticket.created\ndo: [{tag: {add: [x]}}]\n";

fn load(source: &str) -> RuleSet {
    RuleSet::from_sources(vec![("r.yaml".into(), source.into())]).unwrap_or_else(|found| panic!("{found:?}"))
}

#[test]
fn what_is_no_rollout_is_refused_where_it_stands() {
    for (rollout, expected) in [
        ("shadwo", "4:10 grammar: `shadwo` is none of its words | did you mean `shadow`?"),
        ("25", "4:10 grammar: expected active, shadow, or {percent: 25}, found `25` | "),
        ("{percent: 101}", "4:20 grammar: 101 is no share of the tickets | a whole number from 0 to 100"),
        ("{percent: -1}", "4:20 grammar: -1 is no share of the tickets | a whole number from 0 to 100"),
        (
            "{percent: 2.5}",
            "4:20 grammar: expected a whole number, found `2.5` | write digits, without quotes or a fraction",
        ),
        ("{share: 5}", "4:11 unknown-key: rollout has no key `share` | one of: percent"),
        ("{}", "4:10 grammar: the key `percent` is missing | add the key"),
    ] {
        let source = format!("{GREET}rollout: {rollout}\n");
        let found = RuleSet::from_sources(vec![("r.yaml".into(), source)]).expect_err("is refused");
        let found: Vec<String> =
            found.iter().map(|d| format!("{}:{} {}: {} | {}", d.line, d.column, d.code, d.message, d.hint)).collect();
        assert_eq!(found, [expected], "{rollout}");
    }
}

#[test]
fn a_rule_in_shadow_is_in_nobodys_way() {
    let set = |name: &str, priority: &str, rollout: &str| {
        format!("name: {name}\non: ticket.created\nrollout: {rollout}\ndo: [{{set: {{priority: {priority}}}}}]\n")
    };
    let warned = |rollout: &str| {
        let both = format!("{}---\n{}", set("a", "HIGH", "active"), set("b", "LOW", rollout));
        load(&both).warnings().iter().map(|d| d.code).collect::<Vec<_>>()
    };
    assert_eq!(warned("{percent: 50}"), ["conflict"]);
    assert_eq!(warned("shadow"), [""; 0]);
}

#[test]
fn every_action_says_what_it_would_do() {
    let rule = r#"
name: everything
on: ticket.escalated
rollout: shadow
do:
  - set: {priority: urgent, subject: "A \"new\" one", custom.seats: 7, team_id: billing}
  - tag: {add: [hot, late], remove: cold}
  - assign: {strategy: round_robin, team: billing}
  - assign: {strategy: least_open, skills: [vpn, "${ticket.category}"]}
  - assign: {to: ann}
  - assign: {strategy: least_open, only_online: true, max_open: 5, when_none: queue}
  - assign: {strategy: round_robin, team: billing, max_open: 3, when_none: {to: bob}}
  - assign: {to: ''}
  - assign: {team: billing}
  - transition: {verb: hold, reason: parts}
  - message: {body: "Hello ${requester.name}", visibility: internal}
  - message: {canned: sorry}
  - create_issue: {title: T, once: per_ticket}
  - if: ticket.number == 1
    create_task: {subject: never}
  - create_task: {subject: Call}
  - sla: {policy: gold}
  - sla: {policy: ''}
"#;
    let set = load(rule);
    let (ticket, contact) = (fixture::ticket(), fixture::contact());
    let related = Related { requester: Some(&contact), ..Related::default() };
    let facts = Facts { ticket: Some(&ticket), related, ..Facts::at(ticket.created_at, "acme") };
    let would = set.rules()[0].would(&facts).expect("every value is there");
    assert_eq!(
        would,
        [
            "set priority to URGENT, set subject to \"A \\\"new\\\" one\", set team_id to \"billing\", set custom.seats to 7",
            "add tags hot, late, remove tag cold",
            "assign in team \"billing\" by round_robin",
            &format!("assign in the ticket's team with skills vpn, {} by least_open", ticket.category),
            "assign to \"ann\"",
            "assign in the ticket's team who are online with fewer than 5 open tickets by least_open, or queue the ticket",
            "assign in team \"billing\" with fewer than 3 open tickets by round_robin, or to \"bob\"",
            "take the assignee away",
            "move into team \"billing\"",
            "hold the ticket because of \"parts\"",
            &format!("post a note \"Hello {}\"", contact.name),
            "post canned response \"sorry\" as a message",
            "create the issue \"T\" unless there is one",
            "create the task \"Call\"",
            "set the SLA policy to \"gold\"",
            "clear the SLA policy",
        ]
    );
}
