//! Test data for rules.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::model::activity::{Activity, Actor, Cause, Change, Task};
use crate::model::activity_type::ActivityType;
use crate::model::directory::{Agent, Asset, Contact, Deal, Organization, Team};
use crate::model::issue::Issue;
use crate::model::message::Message;
use crate::model::row::{Origin, Stamped};
use crate::model::sla::clock::{Clock, Clocks, Goal};
use crate::model::stored_type::Families;
use crate::model::ticket::Ticket;
use crate::model::time::Instant;
use crate::model::words::*;

const HOUR: i64 = 3_600_000_000;
pub const NOW: Instant = Instant(1_789_763_400_000_000);

fn words(all: &[&str]) -> Words {
    Words(all.iter().map(|word| (*word).to_owned()).collect())
}

/// Everything is there, so that every field has a value.
pub fn ticket() -> Ticket {
    Ticket {
        rule_runs: Default::default(),
        queued_at: Some(NOW),
        queue: Default::default(),
        tenant_id: "acme".into(),
        id: Uuid::from_u128(7),
        number: 42,
        subject: "Login broken".into(),
        description: "Since this morning".into(),
        kind: TicketType::Incident,
        status: Status::Open,
        priority: Priority::Medium,
        category: "general".into(),
        channel: Channel::Web,
        tags: words(&["vip", "eu"]),
        custom: json!({"region": "EU", "seats": 3, "vip": true, "score": 1.5, "list": ["a", "b"], "nothing": null}),
        requester_id: "con_1".into(),
        requester_email: "rita@example.com".into(),
        requester_name: "Rita".into(),
        assignee_id: "ann".into(),
        team_id: "support".into(),
        organization_id: "org_1".into(),
        deal_id: "deal_1".into(),
        related_asset_id: "asset_1".into(),
        related_vulnerability_id: "CVE-2026-1".into(),
        sla_policy_id: Some(Uuid::from_u128(8)),
        first_response_due_at: Some(NOW),
        due_at: Some(NOW.plus_micros(3_600_000_000)),
        breached_at: Some(NOW.plus_micros(-7_200_000_000)),
        asked_at: Some(NOW),
        clocks: Clocks {
            all: SlaMetric::ALL.iter().map(|metric| clock(*metric)).collect(),
            policy_id: Some(Uuid::from_u128(8)),
            begun: None,
        },
        sla_next_at: None,
        fired: Default::default(),
        first_response_at: Some(NOW),
        resolved_at: Some(NOW),
        closed_at: Some(NOW),
        escalated_at: Some(NOW),
        reopened_at: Some(NOW),
        escalation_level: 1,
        reopen_count: 2,
        satisfaction: Some(4.5),
        satisfaction_comment: "good".into(),
        message_count: 3,
        public_message_count: 2,
        last_message_at: Some(NOW),
        last_public_message_at: Some(NOW),
        follow_up_of: Some(Uuid::from_u128(9)),
        merged_into: Some(Uuid::from_u128(10)),
        version: 5,
        described_at: 1,
        app_id: "portal".into(),
        source: "docket".into(),
        source_type: SourceType::Api,
        created_at: NOW.plus_micros(-7_200_000_000),
        created_by: "rita".into(),
        updated_at: NOW,
        updated_by: "ann".into(),
        deleted_at: Some(NOW),
        deleted_by: "admin".into(),
        schema_version: 1,
        etag_version: 3,
        position: 12,
    }
}

fn clock(metric: SlaMetric) -> Clock {
    let goal = Goal {
        policy_id: Uuid::from_u128(8),
        policy_version: 2,
        calendar_id: None,
        calendar_version: 0,
        target: 8 * HOUR,
        zones: "2026a".into(),
    };
    Clock {
        metric,
        cycle: 1,
        state: ClockState::Running,
        goal,
        asked_at: Some(NOW.plus_micros(-2 * HOUR)),
        start: NOW.plus_micros(-2 * HOUR),
        pauses: Vec::new(),
        due: Some(NOW.plus_micros(6 * HOUR)),
        reckoned_at: Some(NOW.plus_micros(-2 * HOUR)),
        warnings: Vec::new(),
        told: true,
        breached_at: Some(NOW.plus_micros(-HOUR)),
        ended_at: Some(NOW),
    }
}

/// As most tickets are when they are made: nothing optional is there.
pub fn bare_ticket() -> Ticket {
    Ticket {
        queued_at: None,
        tags: Words::default(),
        custom: json!({}),
        requester_id: String::new(),
        assignee_id: String::new(),
        team_id: String::new(),
        organization_id: String::new(),
        related_vulnerability_id: String::new(),
        sla_policy_id: None,
        first_response_due_at: None,
        due_at: None,
        breached_at: None,
        asked_at: None,
        clocks: Default::default(),
        sla_next_at: None,
        fired: Default::default(),
        first_response_at: None,
        resolved_at: None,
        closed_at: None,
        escalated_at: None,
        reopened_at: None,
        satisfaction: None,
        last_message_at: None,
        follow_up_of: None,
        merged_into: None,
        deleted_at: None,
        ..ticket()
    }
}

pub fn message() -> Message {
    Message {
        tenant_id: "acme".into(),
        id: Uuid::from_u128(20),
        ticket_id: Uuid::from_u128(7),
        body: "Hello @ann".into(),
        visibility: Visibility::Internal,
        author_id: "ann".into(),
        author_email: "ann@example.com".into(),
        author_kind: AuthorKind::Agent,
        workflow: "greeter".into(),
        mentions: words(&["ann"]),
        app_id: String::new(),
        source: "docket".into(),
        source_type: SourceType::Api,
        created_at: NOW,
        created_by: "ann".into(),
        updated_at: NOW,
        updated_by: "ann".into(),
        deleted_at: None,
        deleted_by: String::new(),
        schema_version: 1,
        etag_version: 1,
        position: 3,
    }
}

pub fn issue() -> Issue {
    Issue {
        tenant_id: "acme".into(),
        id: Uuid::from_u128(30),
        title: "Session store".into(),
        description: "It forgets".into(),
        kind: IssueType::Bug,
        status: IssueStatus::Resolved,
        priority: Priority::High,
        reporter_id: "con_1".into(),
        assignee_id: "dev".into(),
        project: "core".into(),
        external_url: "https://example.com/1".into(),
        metadata: json!({"sprint": 4}),
        resolved_at: Some(NOW),
        ticket_ids: words(&["tkt_1"]),
        workflow: String::new(),
        once_key: String::new(),
        app_id: String::new(),
        source: "docket".into(),
        source_type: SourceType::Api,
        created_at: NOW,
        created_by: "dev".into(),
        updated_at: NOW,
        updated_by: "dev".into(),
        deleted_at: None,
        deleted_by: String::new(),
        schema_version: 1,
        etag_version: 1,
        position: 4,
    }
}

pub fn organization(tier: &str) -> Organization {
    let mut organization = Organization {
        id: "org_1".into(),
        name: "Umbrella".into(),
        tier: tier.into(),
        subscription_plan: "gold".into(),
        subscription_status: "active".into(),
        attributes: json!({"region": "EU"}),
        ..Organization::default()
    };
    stamp(&mut organization);
    organization
}

pub fn contact() -> Contact {
    let mut contact = Contact {
        id: "con_1".into(),
        name: "Rita".into(),
        email: "rita@example.com".into(),
        organization_id: "org_1".into(),
        attributes: json!({"language": "de"}),
        ..Contact::default()
    };
    stamp(&mut contact);
    contact
}

pub fn agent() -> Agent {
    let mut agent = Agent {
        id: "ann".into(),
        name: "Ann".into(),
        email: "ann@example.com".into(),
        status: AgentStatus::Online,
        capacity: 5,
        skills: words(&["network"]),
        weight: 1,
        open_count: 3,
        known: true,
        ..Agent::default()
    };
    stamp(&mut agent);
    agent
}

pub fn team() -> Team {
    let mut team =
        Team { id: "support".into(), name: "Support".into(), member_ids: words(&["ann", "bob"]), ..Team::default() };
    stamp(&mut team);
    team
}

pub fn deal() -> Deal {
    let mut deal = Deal {
        id: "deal_1".into(),
        name: "New office".into(),
        stage: "Negotiation".into(),
        attributes: json!({"amount": 50000}),
        ..Deal::default()
    };
    stamp(&mut deal);
    deal
}

pub fn asset() -> Asset {
    let mut asset = Asset {
        id: "asset_1".into(),
        name: "Printer, floor 2".into(),
        kind: "printer".into(),
        attributes: json!({"floor": 2}),
        ..Asset::default()
    };
    stamp(&mut asset);
    asset
}

/// As an entry of the directory that the CRM wrote.
fn stamp(entry: &mut impl Stamped) {
    entry.begin(Origin {
        tenant: "acme",
        app_id: "portal",
        source: "docket",
        at: NOW,
        by: "crm",
        schema_version: 1,
        etag_version: 0,
    });
    entry.touch(NOW, "crm", 1);
}

pub fn change(field: &str, old_value: Json, new_value: Json) -> Change {
    Change { field: field.into(), old_value, new_value }
}

/// An activity with everything that one can carry.
pub fn activity(kind: &str, ticket: Ticket) -> Activity {
    Activity {
        tenant_id: "acme".into(),
        position: 17,
        kind: kind.into(),
        families: ActivityType::read(kind).map_or(Families::NONE, |known| known.families(true, false)),
        ticket_id: Some(ticket.id),
        ticket_version: ticket.version,
        app_id: "portal".into(),
        requester_id: ticket.requester_id.clone(),
        actor: Actor { kind: ActorKind::Agent, id: "ann".into(), display: "Ann".into() },
        occurred_at: NOW,
        changes: vec![
            change("priority", json!("LOW"), json!("MEDIUM")),
            change("resolved_at", json!("2026-01-31T00:00:00Z"), Json::Null),
        ],
        ticket: Some(Arc::new(ticket)),
        message: Some(message()),
        issue: Some(issue()),
        task: Some(Task { subject: "Call".into(), assignee_id: "ann".into(), contact_id: "con_1".into() }),
        data: Some(json!({"severity": 3})),
        explanation: None,
        cause: Some(Cause {
            root_position: 15,
            parent_position: 16,
            depth: 1,
            workflow: "triage-new".into(),
            run_id: Uuid::from_u128(40),
        }),
        request_id: "r-1".into(),
        schema_version: 1,
    }
}
