//! The database of these tests, and rows to put into it.

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use docket::model::ledger::Head;
use docket::model::ticket::Ticket;
use docket::model::time::Instant;
use docket::model::words::{Channel, Priority, SourceType, Status, TicketType, Words};
use docket::store::audience::Audience;
use docket::store::migrate;
use docket::store::pool::connect;
use docket::store::read::Scope;
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::shared::empty_database;

static MIGRATED: OnceCell<String> = OnceCell::const_new();

/// The conninfo of the migrated database that the tests share; each has tenants of its own.
pub async fn url() -> &'static str {
    let migrated = async || {
        let url = empty_database("reads").await;
        migrate::run(&url).await.unwrap();
        url
    };
    MIGRATED.get_or_init(migrated).await
}

/// A connection to it.
pub async fn database() -> AsyncPgConnection {
    connect(url().await).await.unwrap()
}

/// A connection to it that is a server's, and sees these tenants.
pub async fn server_of(tenants: &[&str]) -> AsyncPgConnection {
    let mut conn = database().await;
    act_as_server(&mut conn, tenants).await;
    conn
}

/// From here on the session is a server's, and sees these tenants.
pub async fn act_as_server(conn: &mut AsyncPgConnection, tenants: &[&str]) {
    let session = format!("SET ROLE docket_server; SET docket.tenants = '{{{}}}'", tenants.join(","));
    conn.batch_execute(&session).await.unwrap();
}

pub static EVERYBODY: Audience = Audience { app_id: None, requester: None };

pub fn all_of(tenant_id: &str) -> Scope<'_> {
    Scope { tenant_id, audience: &EVERYBODY }
}

/// 2026-01-01T00:00:00Z and `seconds`.
pub fn at(seconds: i64) -> Instant {
    Instant(1_767_225_600_000_000 + seconds * 1_000_000)
}

pub fn uuid(n: i64) -> Uuid {
    Uuid::from_u128(0x019b_7606_0000_7000_8000_0000_0000_0000 + n as u128)
}

/// The head of a log that goes so far, of a tenant with so many tickets. Without one there is no log to list.
pub fn a_head(tenant: &str, position: i64, last_number: i64) -> Head {
    let tenant_id = tenant.to_owned();
    Head {
        tenant_id,
        position,
        config_position: 0,
        last_number,
        floor: 0,
        last_at: at(position),
        queues: Default::default(),
    }
}

/// An open ticket with nothing in it, made `number` seconds into 2026.
pub fn a_ticket(tenant: &str, number: i64) -> Ticket {
    Ticket {
        rule_runs: Default::default(),
        queued_at: None,
        queue: Default::default(),
        tenant_id: tenant.into(),
        id: uuid(number),
        number,
        subject: format!("subject {number}"),
        description: String::new(),
        kind: TicketType::Incident,
        status: Status::Open,
        priority: Priority::Medium,
        category: "general".into(),
        channel: Channel::Api,
        tags: Words::default(),
        custom: serde_json::json!({}),
        requester_id: String::new(),
        requester_email: String::new(),
        requester_name: String::new(),
        assignee_id: String::new(),
        team_id: String::new(),
        organization_id: String::new(),
        deal_id: String::new(),
        related_asset_id: String::new(),
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
        escalation_level: 0,
        reopen_count: 0,
        satisfaction: None,
        satisfaction_comment: String::new(),
        message_count: 0,
        public_message_count: 0,
        last_message_at: None,
        last_public_message_at: None,
        follow_up_of: None,
        merged_into: None,
        version: 1,
        described_at: 1,
        app_id: String::new(),
        source: "docket".into(),
        source_type: SourceType::Api,
        created_at: at(number),
        created_by: "ann".into(),
        updated_at: at(number),
        updated_by: "ann".into(),
        deleted_at: None,
        deleted_by: String::new(),
        schema_version: 1,
        etag_version: 1,
        position: number,
    }
}
