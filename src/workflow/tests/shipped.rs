//! The rules in workflows/, as they are shipped.

use std::path::Path;

use crate::model::activity::Activity;
use crate::model::activity_type::ActivityType;
use crate::model::lifecycle::Transition;
use crate::model::stored_type::Families;
use crate::model::tenant::Tenant;
use crate::model::ticket::Ticket;
use crate::model::words::{Priority, Status, TicketType, Visibility};
use crate::workflow::actions::{AssignTo, Assignment, BeforeEffect, Denial, Effect, MessageText, Move, PolicyChoice};
use crate::workflow::actions::{Post, SetFields, Strategy, TagEdit, WhenNone};
use crate::workflow::event::BeforeEvent;
use crate::workflow::facts::{Event, Facts, Related};
use crate::workflow::fixture;
use crate::workflow::rule::{Rule, Verdict};
use crate::workflow::set::{RuleSet, Waiting};
use crate::workflow::template::Wording;
use crate::workflow::tests::answering;

fn shipped() -> RuleSet {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("workflows");
    RuleSet::load_dir(&folder).unwrap_or_else(|found| panic!("{found:#?}"))
}

fn answer(rule: &Rule, facts: &Facts<'_>) -> Option<Vec<Effect>> {
    matched(rule, facts).then(|| rule.effects(facts).expect("has effects"))
}

fn answer_before(rule: &Rule, facts: &Facts<'_>) -> Option<Vec<BeforeEffect>> {
    matched(rule, facts).then(|| {
        let denial = rule.denial(facts).expect("has a value").map(BeforeEffect::Deny);
        rule.amendments(facts).expect("has effects").into_iter().chain(denial).collect()
    })
}

fn matched(rule: &Rule, facts: &Facts<'_>) -> bool {
    match rule.matches(facts) {
        Verdict::Matched => true,
        Verdict::NotMatched => false,
        Verdict::Error(why) => panic!("{}: {why}", rule.name),
    }
}

fn before<'a>(event: &'a str, ticket: &'a Ticket) -> Facts<'a> {
    let event =
        Event { kind: event, types: &[], families: &[], position: 0, cause: None, data: None, ticket: Some(ticket) };
    Facts { event: Some(event), ticket: Some(ticket), ..Facts::at(fixture::NOW, "acme") }
}

fn happened(kind: &str, ticket: Ticket) -> Activity {
    let mut activity = fixture::activity(kind, ticket);
    activity.cause = None;
    activity
}

#[test]
fn all_of_them_load_without_a_warning() {
    let set = shipped();
    assert_eq!(set.warnings(), []);
    let names: Vec<&str> = set.rules().iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "auto-close",
            "breach-warning-then-escalate",
            "enterprise-priority",
            "enterprise-sla",
            "escalation-to-issue",
            "issue-resolved-resolves-ticket",
            "no-escalate-closed",
            "resolution-metric",
            "triage-new",
            "vulnerability-incident",
        ]
    );
    assert!(set.rules().iter().all(|rule| !rule.description.is_empty()));
}

#[test]
fn triage_tags_by_words_and_assigns_in_the_team() {
    let set = shipped();
    let rule = set.rule("triage-new").expect("is there");
    let assign = Effect::Assign(Assignment {
        team: String::new(),
        to: Some(AssignTo::Strategy {
            strategy: Strategy::LeastOpen,
            only_online: false,
            max_open: None,
            skills: vec![],
        }),
        when_none: WhenNone::Leave,
    });
    let tag = |word: &str| Effect::Tag(TagEdit { add: vec![word.into()], remove: vec![] });
    let effects = |edit: fn(&mut Ticket)| {
        let mut ticket = fixture::bare_ticket();
        edit(&mut ticket);
        answer(rule, &Facts::of(&happened("ticket.created", ticket))).expect("matches")
    };
    assert_eq!(effects(|_| ()), [tag("auth")], "Login broken, of no team");
    assert_eq!(effects(|t| t.team_id = "support".into()), [tag("auth"), assign.clone()]);
    assert_eq!(
        effects(|t| {
            t.team_id = "support".into();
            t.assignee_id = "ann".into();
        }),
        [tag("auth")]
    );
    assert_eq!(effects(|t| t.subject = "Blogging engine".into()), []);
    assert_eq!(
        effects(|t| {
            t.subject = "Question".into();
            t.description = "The INVOICE page gives a 503 error".into();
        }),
        [tag("billing"), tag("outage")]
    );
}

#[test]
fn enterprise_tickets_start_high() {
    let set = shipped();
    let rule = set.rule("enterprise-priority").expect("is there");
    let mut ticket = fixture::bare_ticket();
    let (enterprise, free) = (fixture::organization("Enterprise"), fixture::organization("Free"));
    let high = BeforeEffect::Set(SetFields { priority: Some(Priority::High), ..SetFields::default() });
    let facts = before("ticket.creating", &ticket);
    assert_eq!(
        answer_before(
            rule,
            &Facts { related: Related { organization: Some(&enterprise), ..Related::default() }, ..facts }
        ),
        Some(vec![high])
    );
    assert_eq!(
        answer_before(rule, &Facts { related: Related { organization: Some(&free), ..Related::default() }, ..facts }),
        None
    );
    assert_eq!(answer_before(rule, &facts), None, "no organization is no error");
    ticket.priority = Priority::Urgent;
    let facts = before("ticket.creating", &ticket);
    assert_eq!(
        answer_before(
            rule,
            &Facts { related: Related { organization: Some(&enterprise), ..Related::default() }, ..facts }
        ),
        None,
        "never lowered"
    );
}

#[test]
fn a_closed_ticket_is_not_escalated() {
    let set = shipped();
    let [Waiting { rule, .. }] = set.before(BeforeEvent::Escalating).collect::<Vec<_>>()[..] else {
        panic!("one rule waits")
    };
    let escalated = Ticket { status: Status::Escalated, ..fixture::bare_ticket() };
    let from = |status| {
        let is = Ticket { status, ..fixture::bare_ticket() };
        answer_before(rule, &Facts { before: Some(&is), ..before("ticket.escalating", &escalated) })
    };
    assert_eq!(from(Status::Open), None);
    let denied = BeforeEffect::Deny(Denial { message: "Cannot escalate a closed ticket: reopen it first".into() });
    assert_eq!(from(Status::Closed), Some(vec![denied]));
}

#[test]
fn an_escalation_makes_one_issue() {
    let set = shipped();
    let [rule] = answering(&set, &happened("ticket.escalated", fixture::ticket()))[..] else {
        panic!("one rule waits")
    };
    let activity = happened("ticket.escalated", fixture::ticket());
    let effects = answer(rule, &Facts::of(&activity)).expect("matches");
    let [Effect::CreateIssue(issue), Effect::CreateTask(task)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((issue.title.as_str(), issue.once.as_deref()), ("Escalation: Login broken", Some("")));
    assert_eq!((issue.priority, issue.description.as_str()), (Priority::Medium, "Since this morning"));
    assert_eq!((task.subject.as_str(), task.assignee_id.as_str()), ("Ticket escalated: Login broken", "ann"));
    let mut change = fixture::ticket();
    change.kind = TicketType::Change;
    assert_eq!(answer(rule, &Facts::of(&happened("ticket.escalated", change))), None);
}

#[test]
fn a_resolved_issue_resolves_its_ticket() {
    let set = shipped();
    let [rule] = set.after(ActivityType::IssueResolved)[..] else { panic!("one rule waits") };
    let resolve =
        Effect::Transition(Move { verb: Transition::Resolve, reason: "Issue resolved: Session store".into() });
    let resolved = |ticket, open| {
        let activity = happened("issue.resolved", ticket);
        answer(rule, &Facts { open_issues: Some(open), ..Facts::of(&activity) })
    };
    assert_eq!(resolved(fixture::ticket(), 0), Some(vec![resolve]));
    assert_eq!(resolved(fixture::ticket(), 1), None, "there is another one");
    assert_eq!(resolved(Ticket { status: Status::Resolved, ..fixture::ticket() }, 0), None);
    let lone = Activity { ticket: None, ticket_id: None, ..happened("issue.resolved", fixture::ticket()) };
    assert_eq!(answer(rule, &Facts::of(&lone)), None, "an issue of no ticket is no error");
}

#[test]
fn a_vulnerability_is_an_incident() {
    let set = shipped();
    let rule = set.rule("vulnerability-incident").expect("is there");
    let bare = fixture::bare_ticket();
    assert_eq!(answer_before(rule, &before("ticket.creating", &bare)), None);
    let ticket = fixture::ticket();
    let effects = answer_before(rule, &before("ticket.creating", &ticket)).expect("matches");
    assert_eq!(
        effects,
        [
            BeforeEffect::Set(SetFields { kind: Some(TicketType::Incident), ..SetFields::default() }),
            BeforeEffect::Tag(TagEdit { add: vec!["security".into()], remove: vec![] }),
        ]
    );
}

#[test]
fn a_deadline_is_told_of_and_then_escalated() {
    let set = shipped();
    let told = |kind: &str, mark: &str, ticket: Ticket| {
        let data = serde_json::json!({ "clocks": [{ "metric": "RESOLUTION", "mark": mark }] });
        Activity { data: Some(data), families: Families::NONE, ..happened(kind, ticket) }
    };
    let effects = |activity: &Activity| {
        let [rule] = answering(&set, activity)[..] else { panic!("one rule waits") };
        assert_eq!(answer(rule, &Facts::of(activity)), None, "not for a tenant that did not ask");
        let tenant = Tenant { attributes: serde_json::json!({"on_breach": "escalate"}), ..Tenant::unset("acme") };
        answer(rule, &Facts { tenant: Some(&tenant), ..Facts::of(activity) }).expect("matches")
    };
    let due = fixture::NOW.plus_micros(6 * 3_600_000_000);
    let said = "80 % of the time to resolve this ticket is used. It is due at ";
    let warned = |ticket| match &effects(&told("sla.warning", "80%", ticket))[..] {
        [
            Effect::Message(Post { text: MessageText::Body(Wording { text, own }), visibility: Visibility::Internal }),
        ] => (text.clone(), own.first().map(|words| words.start)),
        other => panic!("{other:?}"),
    };
    assert_eq!(warned(fixture::ticket()), (format!("@ann {said}{due}."), Some(0)), "the @ is the rule's own");
    let nobodys = Ticket { assignee_id: String::new(), ..fixture::ticket() };
    assert_eq!(warned(nobodys), (format!("{said}{due}."), Some(0)));
    let escalate = Effect::Transition(Move {
        verb: Transition::Escalate,
        reason: "The deadline for its resolution was missed".into(),
    });
    assert_eq!(effects(&told("sla.breached", "", fixture::ticket())), [escalate]);
    for status in [Status::Escalated, Status::Resolved] {
        assert_eq!(effects(&told("sla.breached", "", Ticket { status, ..fixture::ticket() })), []);
    }
    assert!(answering(&set, &told("sla.warning", "50%", fixture::ticket())).is_empty());
}

#[test]
fn enterprise_tickets_have_the_policy_that_the_tenant_names() {
    let set = shipped();
    let rule = set.rule("enterprise-sla").expect("is there");
    let activity = happened("ticket.created", fixture::bare_ticket());
    let (enterprise, free) = (fixture::organization("Enterprise"), fixture::organization("Free"));
    let tenant = Tenant { attributes: serde_json::json!({"enterprise_sla": "gold"}), ..Tenant::unset("acme") };
    let facts = Facts {
        tenant: Some(&tenant),
        related: Related { organization: Some(&enterprise), ..Related::default() },
        ..Facts::of(&activity)
    };
    assert_eq!(answer(rule, &facts), Some(vec![Effect::Sla(PolicyChoice::Named("gold".into()))]));
    assert_eq!(
        answer(rule, &Facts { related: Related { organization: Some(&free), ..Related::default() }, ..facts }),
        None
    );
    assert_eq!(answer(rule, &Facts { related: Related::default(), ..facts }), None);
    let without = Tenant::unset("acme");
    assert_eq!(
        answer(rule, &Facts { tenant: Some(&without), ..facts }),
        None,
        "a tenant that names none is left alone"
    );
    let chosen = happened("ticket.created", fixture::ticket());
    let facts = Facts { ticket: chosen.ticket.as_deref(), ..facts };
    assert_eq!(answer(rule, &facts), None, "what the caller chose stands");
}
