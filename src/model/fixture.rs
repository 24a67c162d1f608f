//! A minimal activity for unit tests and, included by path, for the tests of the store.

use crate::model::activity::{Activity, Actor};
use crate::model::stored_type::Families;
use crate::model::time::Instant;
use crate::model::words::ActorKind;

pub fn activity(tenant: &str, position: i64, kind: &str, occurred_at: Instant) -> Activity {
    Activity {
        tenant_id: tenant.into(),
        position,
        kind: kind.into(),
        families: Families::NONE,
        ticket_id: None,
        ticket_version: 0,
        app_id: String::new(),
        requester_id: String::new(),
        actor: Actor { kind: ActorKind::Agent, id: "ann".into(), display: String::new() },
        occurred_at,
        changes: Vec::new(),
        ticket: None,
        message: None,
        issue: None,
        task: None,
        data: None,
        explanation: None,
        cause: None,
        request_id: String::new(),
        schema_version: 1,
    }
}
