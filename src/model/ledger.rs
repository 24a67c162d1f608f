//! Rows that the journal maintains: heads, answered requests, runs of rules, rule sets.

use super::queue::Queues;
use super::time::Instant;
use super::words::RunVerdict;
use uuid::Uuid;

row! {
    /// One row for each tenant. Its lock is held through the commit, which makes the log dense.
    #[derive(diesel::Queryable, diesel::Selectable)]
    #[diesel(table_name = super::schema::tenant_head, check_for_backend(diesel::pg::Pg))]
    Head in tenant_head, key(tenant_id) {
        tenant_id: String,
        /// The last position of the log; 0 = empty.
        position: i64,
        /// The last position that changed configuration.
        config_position: i64,
        /// The last ticket number given out.
        last_number: i64,
        /// Positions up to this one are no longer kept.
        floor: i64,
        last_at: Instant,
        queues: Queues,
    }
}

row! {
    /// A write that succeeded, for the next one with its request id.
    Request in request, key(tenant_id, key) {
        tenant_id: String,
        /// Hash of (sub, app_id, request_id).
        key: Uuid,
        /// Hash of the method and the decoded message.
        fingerprint: Uuid,
        /// The shown id of the resource that was answered; '' for a batch.
        resource_id: String,
        /// The position whose activity holds the resource as it was answered.
        resource_position: i64,
        /// The activities of the write are first_position..=position; first_position > position when there were none.
        first_position: i64,
        position: i64,
        created_at: Instant,
    }
}

row! {
    /// What a rule did where its activities do not tell: errors, refusals, bounds, denials.
    Run in run, key(tenant_id, id) {
        tenant_id: String,
        id: Uuid,
        workflow: String,
        hash: String,
        /// The activity that it reacted to; 0 for a denial.
        position: i64,
        ticket_id: Option<Uuid>,
        verdict: RunVerdict,
        reason: String,
        took_micros: i64,
        request_id: String,
        created_at: Instant,
    }
}

/// The one row of the installation, read with the heads of every batch.
#[derive(Clone, Debug, PartialEq, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = super::schema::installation, check_for_backend(diesel::pg::Pg))]
pub struct Installation {
    /// Of the log; rises after a restore or a failover that lost commits.
    pub epoch: i64,
    /// Content hash of the active rule set; '' when none was ever made active.
    pub rule_set: String,
    /// How often a set was made active: since when its timers are active may differ.
    pub activation: i64,
}
