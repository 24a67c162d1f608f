//! Rows made at random: of few values, so that they meet those of the filters, with the odd ones among them.

use std::sync::Arc;

use docket::model::activity::{Activity, Actor, Cause, Change, Task};
use docket::model::activity_type::ActivityType;
use docket::model::directory::{Agent, Asset, Contact, Deal, Organization, Team};
use docket::model::id;
use docket::model::issue::Issue;
use docket::model::message::Message;
use docket::model::ticket::Ticket;
use docket::model::time::Instant;
use docket::model::words::*;
use serde_json::{Value, json};

use super::random::Random;
use crate::server::{a_ticket, at, uuid};

/// What texts in rows and in filters are made of.
pub const TEXTS: &[&str] = &[
    "",
    // What is one tag in two spellings.
    "Straße",
    "STRASSE",
    "cafe\u{301}",
    "CAFÉ",
    "İ",
    "i\u{307}",
    "ﬁ",
    "FI",
    "ΟΔΟΣ",
    "οδος",
    "a",
    "A",
    "ab",
    "Ab",
    "b",
    "%",
    "_",
    "a%",
    "é",
    "É",
    "e\u{301}",
    "it's",
    "\"q\"",
    "\\",
    "Agent-1",
    "7",
    "ß",
    "ẞ",
    "İ",
    "Σ",
    "ΑΣ",
    "☃",
    "\u{1F600}",
    " ",
    "null",
    "tkt_",
    "TKT-0003",
    "a\nb",
    "Ǆ",
    "K",
];
/// Whole numbers, those at the ends of their range among them.
pub const INTS: &[i64] =
    &[-2, -1, 0, 1, 2, 3, 7, 9_007_199_254_740_993, i64::MAX, i64::MIN, i64::MAX - 1, 1_000_000_007];
/// Minutes of the first day of 2026.
const MINUTES: usize = 6;

fn text(random: &mut Random) -> String {
    random.of(TEXTS).to_owned()
}

fn int(random: &mut Random) -> i64 {
    if random.one_in(3) { random.of(INTS) } else { random.below(4) as i64 }
}

fn small(random: &mut Random) -> i32 {
    if random.one_in(8) { random.of(&[i32::MIN, i32::MAX, -1]) } else { random.below(4) as i32 }
}

fn time(random: &mut Random) -> Instant {
    match random.below(12) {
        // Where PostgreSQL's time begins, and where 64 bits end.
        0 => random.of(&[
            Instant(-210_866_803_200_000_000),
            Instant(i64::MAX - 1_000_000),
            Instant(253_402_300_799_999_999),
        ]),
        1 => Instant(at(60).0 + 1),
        _ => at(random.below(MINUTES) as i64 * 60),
    }
}

fn words(random: &mut Random) -> Words {
    Words::unique(random.some(4, text))
}

fn scalar(random: &mut Random) -> Value {
    match random.below(9) {
        0 | 1 => json!(random.of(TEXTS)),
        2 | 3 => json!(random.below(6) as i64 - 2),
        4 => json!(random.of(INTS)),
        5 => json!(random.below(8) as f64 / 2.0 - 2.0),
        6 => json!(random.of(&[0.1, 1e23, 1.5e300, -0.0, 1e18, 9_007_199_254_740_992.0, 5e-324])),
        7 => json!(random.one_in(2)),
        _ => Value::Null,
    }
}

fn value(random: &mut Random) -> Value {
    match random.below(8) {
        0 => Value::Array(random.some(3, scalar)),
        1 => Value::Array(random.some(3, |random| json!({"b": scalar(random)}))),
        2 => json!({"b": scalar(random)}),
        3 => json!({"b": {"a": scalar(random)}, "": scalar(random)}),
        _ => scalar(random),
    }
}

/// Custom fields, metadata or attributes.
fn map(random: &mut Random) -> Value {
    let mut map = serde_json::Map::new();
    for key in ["a", "b", "c d", "é'"] {
        if let Some(value) = random.maybe(value) {
            map.insert(key.to_owned(), value);
        }
    }
    Value::Object(map)
}

/// `Row { made at random …, with the stamps of a row }`
macro_rules! stamped {
    ($random:ident, $tenant:ident, $n:ident, $row:ident { $($field:ident: $value:expr),* $(,)? }) => {
        $row {
            tenant_id: $tenant.to_owned(),
            $($field: $value,)*
            app_id: text($random),
            source: text($random),
            source_type: $random.of(SourceType::ALL),
            created_at: time($random),
            created_by: text($random),
            updated_at: time($random),
            updated_by: text($random),
            deleted_at: None,
            deleted_by: String::new(),
            schema_version: 1,
            etag_version: 1,
            position: $n,
        }
    };
}

pub fn ticket(random: &mut Random, tenant: &str, n: i64) -> Ticket {
    let status = random.of(Status::ALL);
    Ticket {
        subject: text(random),
        description: text(random),
        kind: random.of(TicketType::ALL),
        status,
        priority: random.of(Priority::ALL),
        category: text(random),
        channel: random.of(Channel::ALL),
        tags: words(random),
        custom: map(random),
        requester_id: text(random),
        requester_email: text(random),
        requester_name: text(random),
        assignee_id: text(random),
        team_id: text(random),
        organization_id: text(random),
        deal_id: text(random),
        related_asset_id: text(random),
        related_vulnerability_id: text(random),
        sla_policy_id: random.maybe(|random| uuid(random.below(3) as i64)),
        first_response_due_at: random.maybe(time),
        due_at: random.maybe(time),
        first_response_at: random.maybe(time),
        resolved_at: status.is_done().then(|| time(random)),
        closed_at: (status == Status::Closed).then(|| time(random)),
        escalated_at: random.maybe(time),
        reopened_at: random.maybe(time),
        escalation_level: small(random),
        reopen_count: small(random),
        satisfaction: random.maybe(|random| random.below(9) as f64 / 2.0 + 1.0),
        satisfaction_comment: text(random),
        message_count: int(random),
        last_message_at: random.maybe(time),
        follow_up_of: random.maybe(|random| uuid(random.below(3) as i64)),
        merged_into: random.maybe(|random| uuid(random.below(3) as i64)),
        app_id: text(random),
        source: text(random),
        source_type: random.of(SourceType::ALL),
        created_at: time(random),
        created_by: text(random),
        updated_at: time(random),
        updated_by: text(random),
        deleted_at: if random.one_in(6) { Some(time(random)) } else { None },
        deleted_by: text(random),
        ..a_ticket(tenant, n)
    }
}

pub fn message(random: &mut Random, tenant: &str, n: i64) -> Message {
    stamped!(
        random,
        tenant,
        n,
        Message {
            id: uuid(n),
            ticket_id: uuid(1),
            body: text(random),
            visibility: random.of(Visibility::ALL),
            author_id: text(random),
            author_email: text(random),
            author_kind: random.of(AuthorKind::ALL),
            workflow: text(random),
            mentions: words(random),
        }
    )
}

pub fn issue(random: &mut Random, tenant: &str, n: i64) -> Issue {
    stamped!(
        random,
        tenant,
        n,
        Issue {
            id: uuid(n),
            title: text(random),
            description: text(random),
            kind: random.of(IssueType::ALL),
            status: random.of(IssueStatus::ALL),
            priority: random.of(Priority::ALL),
            reporter_id: text(random),
            assignee_id: text(random),
            project: text(random),
            external_url: text(random),
            metadata: map(random),
            resolved_at: random.maybe(time),
            ticket_ids: Words::unique(random.some(3, |random| id::show(id::TICKET, uuid(random.below(4) as i64)))),
            workflow: text(random),
            once_key: text(random),
        }
    )
}

pub fn organization(random: &mut Random, tenant: &str, n: i64) -> Organization {
    stamped!(
        random,
        tenant,
        n,
        Organization {
            id: format!("{n:03}{}", text(random)),
            name: text(random),
            tier: text(random),
            subscription_plan: text(random),
            subscription_status: text(random),
            attributes: map(random),
        }
    )
}

pub fn contact(random: &mut Random, tenant: &str, n: i64) -> Contact {
    stamped!(
        random,
        tenant,
        n,
        Contact {
            id: format!("{n:03}{}", text(random)),
            name: text(random),
            email: text(random),
            organization_id: text(random),
            attributes: map(random),
        }
    )
}

pub fn agent(random: &mut Random, tenant: &str, n: i64) -> Agent {
    stamped!(
        random,
        tenant,
        n,
        Agent {
            id: format!("{n:03}{}", text(random)),
            name: text(random),
            email: text(random),
            status: random.of(AgentStatus::ALL),
            capacity: small(random),
            skills: words(random),
            weight: small(random),
            open_count: int(random),
            known: true,
        }
    )
}

pub fn team(random: &mut Random, tenant: &str, n: i64) -> Team {
    stamped!(
        random,
        tenant,
        n,
        Team {
            id: format!("{n:03}{}", text(random)),
            name: text(random),
            member_ids: words(random),
            last_assigned: String::new(),
        }
    )
}

pub fn deal(random: &mut Random, tenant: &str, n: i64) -> Deal {
    stamped!(
        random,
        tenant,
        n,
        Deal {
            id: format!("{n:03}{}", text(random)),
            name: text(random),
            stage: text(random),
            attributes: map(random)
        }
    )
}

pub fn asset(random: &mut Random, tenant: &str, n: i64) -> Asset {
    stamped!(
        random,
        tenant,
        n,
        Asset {
            id: format!("{n:03}{}", text(random)),
            name: text(random),
            kind: text(random),
            attributes: map(random)
        }
    )
}

pub fn activity(random: &mut Random, tenant: &str, n: i64) -> Activity {
    let kind = random.of(ActivityType::ALL);
    let change = |random: &mut Random| {
        let field = random.of(&["priority", "subject", "tags", "due_at", "custom"]).to_owned();
        let value = |random: &mut Random, field: &str| match field {
            "priority" => json!(random.of(Priority::WORDS)),
            "due_at" if random.one_in(3) => Value::Null,
            "due_at" => json!(time(random).to_string()),
            "tags" => json!(words(random).0),
            "custom" => map(random),
            _ => json!(text(random)),
        };
        let (old_value, new_value) = (value(random, &field), value(random, &field));
        Change { field, old_value, new_value }
    };
    let a_cause = |random: &mut Random| Cause {
        root_position: int(random),
        parent_position: int(random),
        depth: small(random),
        workflow: text(random),
        run_id: uuid(random.below(3) as i64),
    };
    Activity {
        tenant_id: tenant.to_owned(),
        position: n,
        kind: kind.into(),
        families: kind.families(random.one_in(2), random.one_in(2)),
        ticket_id: random.maybe(|random| uuid(random.below(3) as i64)),
        ticket_version: int(random),
        app_id: text(random),
        requester_id: text(random),
        actor: Actor { kind: random.of(ActorKind::ALL), id: text(random), display: text(random) },
        occurred_at: time(random),
        changes: random.some(3, change),
        ticket: random.maybe(|random| Arc::new(ticket(random, tenant, n))),
        message: random.maybe(|random| message(random, tenant, n)),
        issue: random.maybe(|random| issue(random, tenant, n)),
        task: random.maybe(|random| Task {
            subject: text(random),
            assignee_id: text(random),
            contact_id: text(random),
        }),
        data: random.maybe(map),
        explanation: None,
        cause: random.maybe(a_cause),
        request_id: text(random),
        schema_version: 1,
    }
}
