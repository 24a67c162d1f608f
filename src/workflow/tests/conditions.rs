//! Values of conditions.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::model::activity::Change;
use crate::model::sla::hours::{Day, Hours, Interval, Opening};
use crate::model::words::{Priority, Status, Words};
use crate::workflow::cel::{self, Fault};
use crate::workflow::facts::{Facts, NamedHours, Related};
use crate::workflow::filter::{Filter, Subject, TooMuch};
use crate::workflow::fixture::{self, change};
use crate::workflow::schema::Root;

fn worth(source: &str, facts: &Facts<'_>) -> Result<bool, String> {
    let expr = cel::condition(source, &cel::RULE).unwrap_or_else(|problems| panic!("{source}: {problems:?}"));
    cel::holds(&expr, facts).map_err(|fault| fault.to_string())
}

fn all_hold(facts: &Facts<'_>, sources: &[&str]) {
    for source in sources {
        assert_eq!(worth(source, facts), Ok(true), "{source}");
    }
}

#[test]
fn fields_compare_as_they_read() {
    let ticket = fixture::ticket();
    let facts = Facts { ticket: Some(&ticket), ..Facts::at(fixture::NOW, "acme") };
    all_hold(
        &facts,
        &[
            "ticket.status == 'OPEN'",
            "ticket.status == 'open'",
            "ticket.type != 'service request'",
            "ticket.priority in ['high', 'Medium']",
            "!(ticket.priority in ['HIGH', 'URGENT'])",
            "'vip' in ticket.tags && !('us' in ticket.tags)",
            "ticket.number == 42 && ticket.number > 41 && ticket.number < 43.5",
            "ticket.satisfaction >= 4 && ticket.satisfaction + 1 == 5.5",
            "ticket.display_number == 'TKT-0042'",
            "ticket.id.startsWith('tkt_') && size(ticket.id) == 30",
            "ticket.subject.contains('gin') && ticket.subject.endsWith('broken')",
            "lower(ticket.subject) == 'login broken' && ticket.subject.lower() == 'login broken'",
            "ticket.subject.matches('^L[a-z]+ ') && !matches(ticket.subject, '^l')",
            "size(ticket.tags) == 2 && ticket.tags[0] == 'vip' && ticket.subject.size() == 12",
            "now - ticket.created_at == duration('2h')",
            "ticket.created_at < timestamp('2999-01-01T00:00:00Z')",
            "ticket.created_at + duration('90m') + duration('30m') == now",
            "ticket.subject + '!' == 'Login broken!'",
            "(ticket.number > 40 ? 'a' : 'b') == 'a'",
            "-ticket.number == -42 && ticket.number % 5 == 2 && ticket.number / 5 == 8",
            "tenant.id == 'acme'",
        ],
    );
}

#[test]
fn maps_hold_anything() {
    let ticket = fixture::ticket();
    let facts = Facts { ticket: Some(&ticket), ..Facts::at(fixture::NOW, "acme") };
    all_hold(
        &facts,
        &[
            "ticket.custom.region == 'EU' && ticket.custom['region'] == 'EU'",
            "ticket.custom.seats > 2 && ticket.custom.seats == 3.0 && ticket.custom.vip",
            "has(ticket.custom.region) && !has(ticket.custom.colour) && !has(ticket.custom.nothing)",
            "'seats' in ticket.custom && !('colour' in ticket.custom)",
            "ticket.custom.region != 3",
            "ticket.custom.list == ['a', 'b'] && ticket.custom.list.exists(x, x == 'b')",
            "ticket.custom.exists(key, key == 'seats')",
            "ticket.custom.nothing == null && ticket.custom.region != null",
        ],
    );
    assert_eq!(worth("ticket.custom.colour == 'red'", &facts), Err("ticket.custom.colour is absent".into()));
    assert_eq!(worth("ticket.custom.region > 3", &facts), Err("text > a whole number".into()));
    assert_eq!(worth("ticket.custom.seats", &facts), Err("a whole number where true or false is needed".into()));
}

#[test]
fn comprehensions_look_at_each_item() {
    let ticket = fixture::ticket();
    let facts = Facts { ticket: Some(&ticket), ..Facts::at(fixture::NOW, "acme") };
    all_hold(
        &facts,
        &[
            "ticket.tags.exists(t, t.startsWith('v'))",
            "ticket.tags.all(t, size(t) > 1) && !ticket.tags.all(t, t == 'vip')",
            "ticket.tags.exists_one(t, t == 'eu')",
            "ticket.tags.filter(t, t != 'eu') == ['vip']",
            "ticket.tags.map(t, size(t)) == [3, 2]",
            "ticket.tags.map(t, t != 'vip', lower(t)) == ['eu']",
            "ticket.tags.exists(t, ['vip', 'gold'].exists(g, g == t))",
        ],
    );
}

#[test]
fn an_error_counts_only_where_nothing_else_decides() {
    let ticket = fixture::bare_ticket();
    let facts = Facts { ticket: Some(&ticket), ..Facts::at(fixture::NOW, "acme") };
    let error = "ticket.resolved_at < now";
    assert_eq!(worth(error, &facts), Err("ticket.resolved_at is absent".into()));
    assert_eq!(worth(&format!("{error} && ticket.number == 1"), &facts), Ok(false));
    assert_eq!(worth(&format!("ticket.number == 1 && {error}"), &facts), Ok(false));
    assert_eq!(worth(&format!("{error} || ticket.number == 42"), &facts), Ok(true));
    assert!(worth(&format!("{error} && ticket.number == 42"), &facts).is_err());
    assert!(worth(&format!("!({error})"), &facts).is_err());
    assert!(worth("ticket.number / 0 == 1", &facts).is_err());
    assert!(worth("ticket.number * 9223372036854775807 > 0", &facts).is_err());
}

#[test]
fn what_is_absent_is_not_there() {
    let ticket = fixture::bare_ticket();
    let facts = Facts { ticket: Some(&ticket), ..Facts::at(fixture::NOW, "acme") };
    all_hold(
        &facts,
        &[
            "!has(ticket.assignee_id) && ticket.assignee_id == ''",
            "!has(ticket.resolved_at) && ticket.resolved_at == null",
            "before == null && !has(before.status)",
            "!has(organization.tier) && organization == null",
            "!has(ticket.tags)",
        ],
    );
    assert_eq!(worth("organization.tier == 'Enterprise'", &facts), Err("organization.tier is absent".into()));
    assert_eq!(worth("before.status == 'OPEN'", &facts), Err("before.status is absent".into()));
}

#[test]
fn changes_tell_what_moved() {
    let ticket = fixture::ticket();
    let changes: Vec<Change> = vec![
        change("priority", json!("LOW"), json!("MEDIUM")),
        change("assignee_id", Json::Null, json!("ann")),
        change("resolved_at", json!("2026-01-31T00:00:00Z"), Json::Null),
        change("custom", json!({"region": "US", "seats": 3}), json!({"region": "EU", "seats": 3, "new": 1})),
    ];
    let facts = Facts { ticket: Some(&ticket), changes: &changes, ..Facts::at(fixture::NOW, "acme") };
    all_hold(
        &facts,
        &[
            "changed('priority') && !changed('status')",
            "changed('priority', 'low') && changed('priority', 'LOW', 'medium')",
            "!changed('priority', 'HIGH') && !changed('priority', 'LOW', 'HIGH')",
            "changed('assignee_id', '', 'ann')",
            "changed('custom.region', 'US') && !changed('custom.region', 'US', 'APAC') && !changed('custom.seats')",
            "changed('custom.new', '') && changes.custom.old.region == 'US'",
            "changes.priority.old == 'LOW' && changes.priority.new == 'MEDIUM'",
            "has(changes.priority) && 'priority' in changes && !('status' in changes)",
            "changes.resolved_at.old < timestamp('2026-02-01T00:00:00Z')",
            "!has(changes.resolved_at.new)",
        ],
    );
    assert_eq!(worth("changes.status.old == 'OPEN'", &facts), Err("changes.status.old is absent".into()));
}

#[test]
fn everything_beside_the_ticket_can_be_read() {
    let activity = fixture::activity("ticket.note_added", fixture::ticket());
    let (organization, contact, agent, team) =
        (fixture::organization("Enterprise"), fixture::contact(), fixture::agent(), fixture::team());
    let (deal, asset) = (fixture::deal(), fixture::asset());
    let facts = Facts {
        related: Related {
            organization: Some(&organization),
            requester: Some(&contact),
            assignee: Some(&agent),
            team: Some(&team),
            deal: Some(&deal),
            asset: Some(&asset),
        },
        ..Facts::of(&activity)
    };
    all_hold(
        &facts,
        &[
            "event.type == 'ticket.note_added' && event.position == 17",
            "event.actor.id == 'ann' && actor.kind == 'agent'",
            "event.cause.workflow == 'triage-new' && event.cause.depth == 1",
            "event.data.severity == 3",
            "message.visibility == 'internal' && message.body.contains('@ann')",
            "issue.metadata.sprint == 4 && 'tkt_1' in issue.ticket_ids",
            "organization.tier == 'Enterprise' && organization.subscription.plan == 'gold'",
            "requester.attributes.language == 'de'",
            "assignee.open_count < assignee.capacity && 'network' in assignee.skills",
            "'bob' in team.member_ids",
            "deal.stage == 'Negotiation' && deal.attributes.amount >= 50000",
            "asset.kind == 'printer' && asset.attributes.floor == 2",
        ],
    );
}

#[test]
fn one_evaluation_is_bounded() {
    let mut ticket = fixture::ticket();
    let big: Vec<Json> = (0..2_000).map(Json::from).collect();
    ticket.custom = json!({"big": big, "text": "x".repeat(60_000)});
    let facts = Facts { ticket: Some(&ticket), ..Facts::at(fixture::NOW, "acme") };
    let nested = "ticket.custom.big.all(a, ticket.custom.big.all(b, a + b >= 0))";
    // `a + b` could join texts, so it is not even taken.
    assert!(cel::condition(nested, &cel::RULE).is_err());
    let nested = "ticket.custom.big.all(a, ticket.custom.big.all(b, a >= 0 || b >= 0))";
    assert_eq!(worth(nested, &facts), Err("too much to evaluate".into()));
    let grown = "ticket.custom.text + ticket.subject + ticket.custom.text == ''";
    assert_eq!(worth(grown, &facts), Err("a text of more than 64 KiB".into()));
}

#[test]
fn an_evaluation_counts_the_texts_that_it_looks_through() {
    let mut ticket = fixture::ticket();
    let letter = |i: u32| if i.wrapping_mul(2_654_435_761) & 0x8_0000 == 0 { 'x' } else { 'y' };
    ticket.description = (0..64_000).map(letter).collect();
    ticket.tags = Words((0..64).map(|i| format!("tag-{i}")).collect());
    let facts = Facts { ticket: Some(&ticket), ..Facts::at(fixture::NOW, "acme") };
    // What people write has room for the longest body.
    for cheap in [
        "ticket.description.matches('refund|invoice|(?i)chargeback')",
        "lower(ticket.description).contains('refund') || ticket.description.matches('^[A-Z]+-[0-9]+')",
    ] {
        assert_eq!(worth(cheap, &facts), Ok(false), "{cheap}");
    }
    for costly in [
        "ticket.description.matches('x[xy]{1500}z')",
        "ticket.tags.all(a, lower(ticket.description) != a)",
        "ticket.tags.exists(a, ticket.description.matches('zebra'))",
        "ticket.tags.all(a, ticket.tags.all(b, !a.matches('(?:tag){600}')))",
    ] {
        assert_eq!(worth(costly, &facts), Err("too much to evaluate".into()), "{costly}");
        let filter = Filter::compile(costly, Root::Ticket).expect("a good filter");
        assert_eq!(filter.matches(Subject::Ticket(&ticket), fixture::NOW), Err(TooMuch), "neither a match nor none");
    }
}

#[test]
fn filters_ask_one_resource() {
    let ticket = fixture::ticket();
    let filter = |source: &str, root| Filter::compile(source, root).unwrap_or_else(|p| panic!("{source}: {p:?}"));
    let urgent = filter("ticket.status == 'open' && 'vip' in ticket.tags", Root::Ticket);
    assert_eq!(urgent.matches(Subject::Ticket(&ticket), fixture::NOW), Ok(true));
    let mut other = fixture::ticket();
    other.status = Status::Closed;
    assert_eq!(urgent.matches(Subject::Ticket(&other), fixture::NOW), Ok(false));
    let absent = filter("ticket.resolved_at < timestamp('2999-01-01T00:00:00Z')", Root::Ticket);
    assert_eq!(absent.matches(Subject::Ticket(&ticket), fixture::NOW), Ok(true));
    assert_eq!(
        absent.matches(Subject::Ticket(&fixture::bare_ticket()), fixture::NOW),
        Ok(false),
        "an error is no match"
    );
    other.priority = Priority::High;
    let activity = fixture::activity("ticket.resolved", other);
    let stream = filter(
        "activity.type == 'ticket.resolved' && 'ticket.status_changed' in activity.families \
         && activity.ticket.priority == 'HIGH' && activity.actor.kind == 'AGENT' && has(activity.cause.workflow)",
        Root::Activity,
    );
    assert_eq!(stream.matches(Subject::Activity(&activity), fixture::NOW), Ok(true));
    assert_eq!(stream.matches(Subject::Ticket(&ticket), fixture::NOW), Ok(false));
    for (root, source) in [
        (Root::Issue, "issue.status == 'RESOLVED' && issue.project == 'core'"),
        (Root::Organization, "organization.attributes.region == 'EU'"),
        (Root::Contact, "contact.email.endsWith('@example.com')"),
        (Root::Agent, "agent.status == 'online' && agent.open_count < 4"),
        (Root::Team, "size(team.member_ids) == 2"),
        (Root::Deal, "deal.name.startsWith('New')"),
        (Root::Asset, "asset.id == 'asset_1'"),
    ] {
        let (issue, organization, contact, agent, team) =
            (fixture::issue(), fixture::organization("Free"), fixture::contact(), fixture::agent(), fixture::team());
        let (deal, asset) = (fixture::deal(), fixture::asset());
        let subject = match root {
            Root::Issue => Subject::Issue(&issue),
            Root::Organization => Subject::Organization(&organization),
            Root::Contact => Subject::Contact(&contact),
            Root::Agent => Subject::Agent(&agent),
            Root::Team => Subject::Team(&team),
            Root::Deal => Subject::Deal(&deal),
            _ => Subject::Asset(&asset),
        };
        assert_eq!(filter(source, root).matches(subject, fixture::NOW), Ok(true), "{source}");
    }
}

#[test]
fn a_filter_reads_its_own_root_only() {
    for (source, code) in [
        ("issue.status == 'OPEN'", "unknown-variable"),
        ("status == 'OPEN'", "unknown-variable"),
        ("changed('status')", "unsupported"),
        ("ticket.subject", "not-boolean"),
        ("ticket.sla_state == 'x'", "unknown-field"),
    ] {
        let problems = Filter::compile(source, Root::Ticket).expect_err(source);
        assert_eq!(problems[0].code, code, "{source}: {problems:?}");
    }
    assert!(Filter::compile("now == now", Root::Now).is_err(), "no filter is over `now`");
}

#[test]
fn a_fault_names_the_path() {
    let facts = Facts::at(fixture::NOW, "acme");
    let expr = cel::condition("ticket.number == 1", &cel::RULE).expect("checks");
    assert!(matches!(cel::holds(&expr, &facts), Err(Fault::Absent(path)) if path.to_string() == "ticket.number"));
}

#[test]
fn calendars_say_what_is_open_and_for_how_long() {
    let ticket = fixture::ticket();
    let monday = [Interval { day: Day::Monday, open: "09:00".into(), close: "17:00".into() }];
    let hours = Hours::new("UTC", Opening { weekly: &monday, ..Opening::default() })
        .map(Arc::new)
        .map_err(|_| "cannot be read");
    let calendars = [
        NamedHours { name: "monday".into(), hours },
        NamedHours { name: "gone".into(), hours: Err("is none of this tenant's") },
    ];
    let facts = Facts { ticket: Some(&ticket), calendars: &calendars, ..Facts::at(fixture::NOW, "acme") };
    all_hold(
        &facts,
        &[
            "in_hours('monday') == in_hours(now, 'monday')",
            "in_hours(timestamp('2026-09-14T09:00:00Z'), 'monday')",
            "!in_hours(timestamp('2026-09-14T17:00:00Z'), 'monday')",
            "business_minutes(timestamp('2026-09-14T09:00:00Z'), timestamp('2026-09-14T09:01:59Z'), 'monday') == 1",
            "business_minutes(timestamp('2026-09-21T10:00:00Z'), timestamp('2026-09-14T16:00:00Z'), 'monday') == -120",
            // A lifetime is cheap: whole weeks are counted at once.
            "business_minutes(timestamp('1950-01-01T00:00:00Z'), timestamp('2050-01-01T00:00:00Z'), 'monday') > 2500000",
        ],
    );
    assert_eq!(worth("in_hours('gone')", &facts), Err("calendar \"gone\" is none of this tenant's".into()));
    assert_eq!(worth("in_hours(ticket.custom.region, 'monday')", &facts), Err("text where a time is needed".into()));
    let ages = "business_minutes(timestamp('0001-01-01T00:00:00Z'), timestamp('9999-12-31T00:00:00Z'), 'monday') > 1";
    assert_eq!(worth(ages, &facts), Err("too much to evaluate".into()));
    for (source, root) in [("in_hours('monday')", Root::Ticket), ("in_hours('monday')", Root::Activity)] {
        let found = Filter::compile(source, root).expect_err("no filter knows calendars");
        assert!(found[0].message.contains("belongs into rules"), "{}", found[0].message);
    }
}
