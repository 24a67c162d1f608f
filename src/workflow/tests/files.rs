//! Files of rules: accepted, refused at the right place, and the resulting set.

use serde_json::{Map, json};

use crate::model::activity::Task;
use crate::model::activity_type::ActivityType;
use crate::model::lifecycle::Transition;
use crate::model::words::{IssueType, Priority, Status, Visibility};
use crate::workflow::actions::{
    self, AssignTo, Assignment, Effect, IssueDraft, LinkTo, MessageText, Move, PolicyChoice, Post,
};
use crate::workflow::actions::{Briefing, CustomEvent, Delivery, Measurement, SetFields, Strategy, TagEdit, WhenNone};
use crate::workflow::event::BeforeEvent;
use crate::workflow::facts::{Facts, Related};
use crate::workflow::fixture;
use crate::workflow::rule::{FailurePolicy, OnError, Verdict};
use crate::workflow::schema::Root;
use crate::workflow::set::RuleSet;
use crate::workflow::template::Wording;
use crate::workflow::tests::answering;

fn set(source: &str) -> RuleSet {
    RuleSet::from_sources(vec![("r.yaml".into(), source.into())]).unwrap_or_else(|found| {
        panic!("{}", found.iter().map(|d| d.render(source)).collect::<Vec<_>>().join("\n"));
    })
}

fn findings(source: &str) -> Vec<String> {
    let found = RuleSet::from_sources(vec![("r.yaml".into(), source.into())]).expect_err("is refused");
    found.into_iter().map(|d| format!("{}:{} {}: {} | {}", d.line, d.column, d.code, d.message, d.hint)).collect()
}

const EVERYTHING: &str = r#"
name: everything
description: Uses every key.
owner: platform
order: -5
on: [ticket.escalated, "custom.*"]
if:
  - ticket.status != 'CLOSED'
  - "'vip' in ticket.tags"
do:
  - set: {subject: "[${ticket.display_number}] ${ticket.subject}", priority: urgent, status: in progress, category: ops,
          custom.seats: "${ticket.custom.seats + 1}", custom.plain: 7, custom.list: [a, 1], custom.money: "$${x} $5"}
  - tag: {add: ["${ticket.category}", hot, hot], remove: cold}
  - id: pick
    assign: {strategy: round_robin, team: "${ticket.team_id}", only_online: true, max_open: 4, skills: ["${ticket.category}", VPN, vpn], when_none: {to: bob}}
  - assign: {to: ann}
  - transition: {verb: hold, reason: "waits for ${requester.name}"}
  - message: {body: "Hello ${ticket.requester_name}", visibility: internal}
  - create_issue: {title: T, priority: "${ticket.priority}", once: per_ticket}
  - if: ticket.number == 1
    create_task: {subject: never}
  - create_task: {subject: "Call ${organization.name}", assignee: "${ticket.assignee_id}", contact: con_1}
  - link: {issue: "${ticket.category}", relation: relates_to}
  - sla: {policy: gold}
  - emit: {type: custom.seen, data: {seats: "${ticket.custom.seats}", said: "Hi ${ticket.requester_name}", all: [1, {a: "$${x}"}]}}
  - webhook: {endpoint: chat, payload: "${ticket.tags}"}
  - dispatch_agent: {agent: triage, prompt: "Look at ${ticket.display_number}"}
  - metric: {name: wait_seconds, value: "${now - ticket.created_at}", labels: {team: "${ticket.team_id}", kind: hot}}
stop: true
on_error: continue
"#;

#[test]
fn every_action_becomes_its_effect() {
    let missing: Vec<_> =
        actions::names(|action| action.is_after() && !EVERYTHING.contains(&format!("{}:", action.name())));
    assert_eq!(missing, [""; 0], "EVERYTHING lacks an action");
    let set = set(EVERYTHING);
    let rule = set.rule("everything").expect("is there");
    assert_eq!((rule.order, rule.stop, rule.before), (-5, true, false));
    assert_eq!((rule.on_error, rule.failure_policy, rule.line), (OnError::Continue, FailurePolicy::Ignore, 2));
    assert!(rule.needs(Root::Organization) && rule.needs(Root::Requester));
    assert!(!rule.needs(Root::Team) && !rule.needs(Root::Assignee) && !rule.needs(Root::Before));

    let activity = fixture::activity("ticket.escalated", fixture::ticket());
    let (organization, contact) = (fixture::organization("Free"), fixture::contact());
    let related = Related { organization: Some(&organization), requester: Some(&contact), ..Related::default() };
    let facts = Facts { related, ..Facts::of(&activity) };
    assert_eq!(rule.matches(&facts), Verdict::Matched);
    let mut hello = Wording::default();
    hello.push_own("Hello ");
    hello.text.push_str("Rita");
    let effects = rule.effects(&facts).expect("has effects");
    assert_eq!(
        effects,
        [
            Effect::Set(SetFields {
                subject: Some("[TKT-0042] Login broken".into()),
                priority: Some(Priority::Urgent),
                status: Some(Status::InProgress),
                category: Some("ops".into()),
                kind: None,
                team_id: None,
                custom: vec![
                    ("seats".into(), json!(4)),
                    ("plain".into(), json!(7)),
                    ("list".into(), json!(["a", 1])),
                    ("money".into(), json!("${x} $5")),
                ],
            }),
            Effect::Tag(TagEdit { add: vec!["general".into(), "hot".into()], remove: vec!["cold".into()] }),
            Effect::Assign(Assignment {
                team: "support".into(),
                to: Some(AssignTo::Strategy {
                    strategy: Strategy::RoundRobin,
                    only_online: true,
                    max_open: Some(4),
                    skills: vec!["general".into(), "VPN".into()],
                }),
                when_none: WhenNone::To("bob".into()),
            }),
            Effect::Assign(Assignment {
                team: String::new(),
                to: Some(AssignTo::Agent("ann".into())),
                when_none: WhenNone::Leave
            }),
            Effect::Transition(Move { verb: Transition::Hold, reason: "waits for Rita".into() }),
            Effect::Message(Post { text: MessageText::Body(hello), visibility: Visibility::Internal }),
            Effect::CreateIssue(IssueDraft {
                title: "T".into(),
                description: String::new(),
                kind: IssueType::Task,
                priority: Priority::Medium,
                reporter_id: String::new(),
                project: String::new(),
                once: Some(String::new()),
            }),
            Effect::CreateTask(Task {
                subject: "Call Umbrella".into(),
                assignee_id: "ann".into(),
                contact_id: "con_1".into(),
            }),
            Effect::Link(LinkTo::Issue("general".into())),
            Effect::Sla(PolicyChoice::Named("gold".into())),
            Effect::Emit(CustomEvent {
                kind: "custom.seen".into(),
                data: Map::from_iter([
                    ("seats".to_owned(), json!(3)),
                    ("said".to_owned(), json!("Hi Rita")),
                    ("all".to_owned(), json!([1, { "a": "${x}" }])),
                ]),
            }),
            Effect::Webhook(Delivery { endpoint: "chat".into(), payload: json!(fixture::ticket().tags.0) }),
            Effect::DispatchAgent(Briefing { agent: "triage".into(), prompt: "Look at TKT-0042".into() }),
            Effect::Metric(Measurement {
                name: "wait_seconds".into(),
                value: 7_200.0,
                labels: vec![("kind".into(), "hot".into()), ("team".into(), "support".into())],
            }),
        ]
    );

    let without = Facts { related: Related { organization: None, ..related }, ..facts };
    assert_eq!(rule.effects(&without), Err("do[8] (create_task): organization.name is absent".into()));
}

#[test]
fn verdicts_tell_why() {
    let set = set(
        "name: a\non: ticket.created\nif:\n  - ticket.resolved_at < now\n  - ticket.number == 42\ndo: [{tag: {add: x}}]\n",
    );
    let rule = &set.rules()[0];
    let bare = fixture::bare_ticket();
    let facts = Facts { ticket: Some(&bare), ..Facts::at(fixture::NOW, "acme") };
    assert_eq!(rule.matches(&facts), Verdict::Error("if[0]: ticket.resolved_at is absent".into()));
    let mut other = fixture::bare_ticket();
    other.number = 1;
    let facts = Facts { ticket: Some(&other), ..facts };
    assert_eq!(rule.matches(&facts), Verdict::NotMatched);
    let full = fixture::ticket();
    let facts = Facts { ticket: Some(&full), ..facts };
    assert_eq!(rule.matches(&facts), Verdict::NotMatched, "resolved_at is now");
    assert_eq!(set.warnings().len(), 1, "resolved_at is read without has()");
    assert_eq!((set.warnings()[0].line, set.warnings()[0].column), (4, 12));
}

#[test]
fn candidates_come_in_order() {
    let rule = |name: &str, order: i32, on: &str| {
        format!("name: {name}\norder: {order}\non: {on}\ndo: [{{tag: {{add: x}}}}]\n---\n")
    };
    let source = [
        rule("z-first", -1, "ticket.resolved"),
        rule("b-family", 0, "ticket.status_changed"),
        rule("a-both", 0, "[ticket.updated, ticket.resolved]"),
        rule("c-other", 0, "ticket.created"),
        rule("d-custom", 0, "'custom.*'"),
        rule("e-named", 0, "custom.paid"),
        rule("off", 0, "ticket.resolved") + "",
    ]
    .concat()
    .replace("name: off\n", "name: off\nenabled: false\n");
    let set = set(&source);
    let names = |rules: Vec<&crate::workflow::Rule>| rules.iter().map(|rule| rule.name.clone()).collect::<Vec<_>>();
    assert_eq!(
        names(answering(&set, &fixture::activity("ticket.resolved", fixture::ticket()))),
        ["z-first", "a-both", "b-family"]
    );
    assert_eq!(names(answering(&set, &fixture::activity("custom.paid", fixture::ticket()))), ["d-custom", "e-named"]);
    assert_eq!(names(set.after(ActivityType::TicketDeleted)), [""; 0]);
    assert_eq!(set.rules().len(), 7, "the disabled one is listed");
    assert!(set.before(BeforeEvent::Resolving).next().is_none());
}

#[test]
fn the_hash_is_of_names_and_sources() {
    let files = |all: &[(&str, &str)]| all.iter().map(|(f, s)| ((*f).to_owned(), (*s).to_owned())).collect::<Vec<_>>();
    let (a, b) = (
        "name: a\non: ticket.created\ndo: [{tag: {add: x}}]\n",
        "name: b\non: ticket.created\ndo: [{tag: {add: x}}]\n",
    );
    let one = RuleSet::from_sources(files(&[("1.yaml", a), ("2.yaml", b), ("2.test.yaml", "x: [")])).expect("loads");
    let two = RuleSet::from_sources(files(&[("2.yaml", b), ("1.yaml", a)])).expect("loads");
    assert_eq!(one.hash(), two.hash());
    assert_eq!(one.hash().len(), 64);
    assert_eq!(one.sources().len(), 2, "tests are no rules");
    let renamed = RuleSet::from_sources(files(&[("1.yaml", b), ("2.yaml", a)])).expect("loads");
    assert_ne!(one.hash(), renamed.hash());
    assert_eq!(RuleSet::from_sources(one.sources().to_vec()).expect("loads").hash(), one.hash());
    let twice = RuleSet::from_sources(files(&[("1.yaml", a), ("2.yaml", a)])).expect_err("one name twice");
    assert_eq!(twice[0].message, "the name `a` is taken by 1.yaml:1");
    assert!(RuleSet::from_sources(Vec::new()).expect("no rules are rules").rules().is_empty());
}

#[test]
fn places_hold_in_lists_blocks_and_quotes() {
    let source = "\
name: a
on: ticket.created
if:
  - ticket.number > 1
  - >-
    ticket.number > 2 &&
    ticket.nmber > 3
  - 'ticket.subject == ''x'' && ticket.nmber == 1'
do:
  - message:
      body: |
        Hello
        ${ticket.subjct}
";
    let places: Vec<String> =
        findings(source).into_iter().map(|f| f.split(" unknown-field").next().unwrap_or_default().to_owned()).collect();
    assert_eq!(places, ["7:12", "8:40", "13:18"]);
}

#[test]
fn each_refusal_says_what_to_do() {
    let rule = |rest: &str| format!("name: a\non: ticket.created\n{rest}\n");
    let mut silent = Vec::new();
    for (source, part) in [
        (rule("do: [{deny: {message: no}}]"), "`deny` cannot run after the command is decided"),
        (rule("do: [{}]"), "this step does nothing"),
        (rule("do: []"), "this rule does nothing"),
        (rule("do: [{tag: {add: x}, deny: {message: y}}]"), "one action a step"),
        (rule("do: [{assign: {to: a, strategy: least_open}}]"), "takes `to` or `strategy`"),
        (rule("do: [{assign: {strategy: least_opne}}]"), "did you mean `least_open`?"),
        (rule("do: [{assign: {strategy: skills}}]"), "there is no strategy `skills`"),
        (rule("do: [{assign: {strategy: least_open, when_none: park}}]"), "leave, queue, or {to: <agent id>}"),
        (rule("do: [{assign: {to: a, only_online: true}}]"), "belongs to a strategy"),
        (rule("do: [{assign: {team: a, max_open: 3}}]"), "belongs to a strategy"),
        (rule("do: [{assign: {to: a, skills: vpn}}]"), "`skills` belongs to a strategy"),
        (rule("do: [{assign: {strategy: least_open, skills: []}}]"), "`skills` names none"),
        (rule("do: [{assign: {strategy: least_open, skills: [vpn, ' ']}}]"), "an empty skill"),
        (rule("do: [{assign: {strategy: least_open, skills: '${ticket.catgory}'}}]"), "did you mean `category`?"),
        (rule("do: [{assign: {when_none: leave}}]"), "or `team` alone"),
        (rule("do: [{create_issue: {title: a, once: {key: ' '}}}]"), "needs none"),
        (rule("do: [{assign: {strategy: least_open, max_open: 0}}]"), "counts from 1"),
        (rule("do: [{transition: {verb: resolv}}]"), "did you mean `resolve`?"),
        (rule("do: [{set: {assignee_id: x}}]"), "cannot be set"),
        (rule("do: [{set: {priority: 3}}]"), "takes text"),
        (rule("do: [{set: {priority: '${ticket.status}'}}]"), "a priority is needed"),
        (rule("do: [{set: {priority: '${ticket.number > 1 ? ''HIHG'' : ''LOW''}'}}]"), "did you mean `HIGH`?"),
        (rule("do: [{set: {subject: '${ticket.subject'}}]"), "is never closed"),
        (rule("do: [{message: {body: x, visibility: hidden}}]"), "`hidden` is no visibility"),
        (rule("do: [{message: {visibility: public}}]"), "message takes `body` or `canned`"),
        (rule("do: [{message: {body: x, canned: y}}]"), "message takes `body` or `canned`"),
        (rule("do: [{create_issue: {title: x, once: always}}]"), "one of: per_ticket"),
        (rule("do: [{create_issue: {title: 3}}]"), "put it between quotes"),
        (rule("do: [{tag: {add: ['']}}]"), "an empty tag"),
        (rule("do: [{webhook: {payload: x}}]"), "endpoint"),
        (rule("do: [{emit: {type: paid}}]"), "`paid` is no type of an event that rules emit | custom. and small"),
        (rule("do: [{emit: {type: 'custom.${ticket.category}'}}]"), "is no type of an event"),
        (rule("do: [{emit: {type: custom.a, data: [1]}}]"), "`data` takes names and their values"),
        (
            rule("do: [{emit: {type: custom.a, data: {b: [1, {c: '${ticket.nme}'}]}}}]"),
            "3:58 unknown-field: ticket has",
        ),
        (rule("do: [{dispatch_agent: {agent: x}}]"), "prompt"),
        (rule("do: [{tag: {add: x}}]\nenabled: yes"), "write true or false"),
        (rule("do: [{tag: {add: x}}]\norder: first"), "expected a whole number"),
        (rule("do: {tag: {add: x}}"), "a list"),
        (rule("do: [{tag: {add: x}}]\nif: 3"), "expected a condition or a list of conditions, found `3`"),
        (
            rule("do: [{tag: {add: x}}]\nif: {{ticket.vip}}"),
            "a key must be a word | put text that begins with { between quotes",
        ),
        (rule("do: [{tag: {add: x}}]\ntriggers: ticket.updated"), "4:1 grammar: `on` and `triggers` are the same key"),
        (rule("do: [{tag: {add: [], remove: []}}]"), "tag takes `add` or `remove`"),
        (
            rule("do: [{tag: {add: x}}]\nif: ticket.number > 3 ? has(ticket.team_id) : true"),
            "put text that holds `: ` between quotes",
        ),
        (rule("do: [{tag: vip}]"), "3:12 grammar: expected keys and their values, found `vip` | tag: {add: [vip]}"),
        (
            rule("do: [{assign: ann}]"),
            "found `ann` | assign: {to: ann}, assign: {team: support}, or assign: {strategy: least_open",
        ),
        (rule("do: [{set: HIGH}]"), "found `HIGH` | set: {priority: HIGH}"),
        (rule("do: [{message: Hello}]"), "found `Hello` | message: {body:"),
        (rule("do: [{tag: [vip]}]"), "found a list | tag: {add: [vip]}"),
        (rule("do: [{tag: }]"), "3:10 grammar: tag takes `add` or `remove` | tag: {add: [vip]}"),
        (rule("do: [tag]"), "expected an action and its keys, found `tag` | tag: {add: [vip]}"),
        (rule("do: tag"), "expected a list, found `tag` | begin each item"),
        (
            rule("do: [{tag: {add: x}}]\norder: 3000000000"),
            "4:8 grammar: expected a whole number from -2147483648 to 2147483647, found `3000000000`",
        ),
        (rule("do: [{tag: {add: x}}]\norder: 99999999999999999999999999999"), "4:8 yaml: the number is too large"),
        (rule("do: [{tag: {add: x}}]\norder: 1.5"), "expected a whole number, found `1.5`"),
        (rule("do: [{assign: {strategy: least_open, max_open: 9999999999999999999}}]"), "to 9223372036854775807"),
        (rule("do: [{tag: {add: x}}]\non_error: stpo"), "`stpo` is none of its words | did you mean `stop`?"),
        (
            rule("do: [{tag: {add: x}}]\ntenants: [acme]"),
            "4:10 unknown-variable: `acme` is no condition | tenant.id == 'acme'",
        ),
        (rule("do: [{tag: {add: x}}]\ntenants: [acme, big-corp]"), "tenant.id in ['acme', 'big-corp']"),
        (
            rule("do: [{tag: {add: x}}]\nif: ticket.subject == 'a #1'"),
            "4:25 syntax: the text ends here: ` #` begins a comment | put the whole text between quotes",
        ),
        (
            rule("do:\n  - message:\n      body: Bug ${ticket.subject + ' #1'}"),
            "the text ends here: ` #` begins a comment",
        ),
        (
            rule("do: [{tag: {add: x}}]\nif: ticket.subject.matches('^\\d+$')"),
            "4:30 syntax: `\\d` is no escape in a text | write r'^\\d+$'",
        ),
        (rule("do: [{tag: {add: x}}]\nif: not has(ticket.team_id)"), "4:5 syntax: `not` is no operator"),
        (rule("do: [{tag: {add: x}}]\nif: \"ticket.subject.matches('\\d')\""), "write each backslash twice"),
        ("name: a\ndo: [{tag: {add: x}}]\n".into(), "the key `on` is missing"),
        ("- name: a\n".into(), "expected keys and their values"),
        ("just text\n".into(), "expected keys and their values"),
        ("name: a\non: [ticket.created, ticket.creating]\ndo: [{tag: {add: x}}]\n".into(), "make two rules of it"),
        ("name: a\non: workflow.failed\ndo: [{tag: {add: x}}]\n".into(), "may not wait for"),
        (
            "name: a\non: ticket.creating\ndo: [{message: {body: x}}]\n".into(),
            "cannot run before the command is decided",
        ),
        ("name: a\non: ticket.creating\ndo: [{deny: {message: ''}}]\n".into(), "a denial must say why"),
        ("name: [\n".into(), "this is no YAML"),
        ("name: a\n\ton: x\n".into(), "this is no YAML"),
        ("name: &x a\n".into(), "anchors"),
        ("name: a\nname: b\n".into(), "twice"),
    ] {
        let found = findings(&source).join("\n");
        if !found.contains(part) {
            silent.push(format!("{source}wants: {part}\ngets:  {found}"));
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n\n"));
}

#[test]
fn words_stay_words() {
    // YAML 1.1 would read these as booleans.
    let set = set("name: a\non: ticket.created\ndo: [{tag: {add: [on, no, off, y]}}]\n");
    let ticket = fixture::ticket();
    let facts = Facts { ticket: Some(&ticket), ..Facts::at(fixture::NOW, "acme") };
    let tags = ["on", "no", "off", "y"].map(str::to_owned).to_vec();
    assert_eq!(set.rules()[0].effects(&facts), Ok(vec![Effect::Tag(TagEdit { add: tags, remove: vec![] })]));
}
