//! Settings of a tenant: how tickets are reopened, and which categories and tags are allowed.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::time::Instant;
use super::words::{ReopenMode, SourceType, TagMode, Words};

/// The category of a ticket whose maker names none; it is one of every tenant's.
pub const GENERAL: &str = "general";
/// Seven days.
pub const PUSH_BACK_MICROS: i64 = 7 * 24 * 3_600 * 1_000_000;

row! {
    /// One row for each tenant that ever changed something; [`Tenant::unset`] for the others.
    Tenant in tenant, key(tenant_id) + stamps {
        tenant_id: String,
        /// How a CLOSED ticket comes back for agents, services and rules.
        reopen_agent: ReopenMode,
        /// How one comes back for its requester: a CLOSED one, and a RESOLVED one when the push-back window is over.
        reopen_requester: ReopenMode,
        /// How long after its resolve a requester reopens a ticket in place; 0 = not at all.
        push_back_micros: i64,
        /// Whether a requester's message returns a PENDING ticket to OPEN.
        requester_reply_reopens_pending: bool,
        tag_mode: TagMode,
        /// What a ticket's category may be, beside [`GENERAL`]; empty = anything.
        categories: Words,
        /// What requesters set in their tickets, of [`WIDENED`](super::rights::WIDENED), beside what they always may.
        requester_fields: Words,
        /// What rules read as `tenant.attributes`.
        attributes: Value,
        /// Whose hours count where a policy names no calendar.
        default_calendar_id: Option<Uuid>,
    }
}

impl Tenant {
    /// The settings of a tenant that never wrote any: no stamps, and the etag of nothing.
    pub fn unset(tenant_id: &str) -> Tenant {
        Tenant {
            tenant_id: tenant_id.to_owned(),
            reopen_agent: ReopenMode::InPlace,
            reopen_requester: ReopenMode::FollowUp,
            push_back_micros: PUSH_BACK_MICROS,
            requester_reply_reopens_pending: true,
            tag_mode: TagMode::Free,
            categories: Words::default(),
            requester_fields: Words::default(),
            attributes: Value::Object(Map::new()),
            default_calendar_id: None,
            app_id: String::new(),
            source: String::new(),
            source_type: SourceType::System,
            created_at: Instant(0),
            created_by: String::new(),
            updated_at: Instant(0),
            updated_by: String::new(),
            deleted_at: None,
            deleted_by: String::new(),
            schema_version: 0,
            etag_version: 0,
            position: 0,
        }
    }

    /// Whether anybody ever wrote these settings.
    pub fn is_written(&self) -> bool {
        self.etag_version > 0
    }
}
