//! A ticket, as its row and as everyone above sees it.

use super::sla::clock::Clocks;
use super::time::Instant;
use super::words::{Channel, Priority, Status, TicketType, Words};
use uuid::Uuid;

row! {
    /// Absent text is `''`; what can be absent otherwise is an `Option`.
    Ticket in ticket, key(tenant_id, id) + stamps {
        tenant_id: String,
        id: Uuid,
        /// Per tenant from 1, dense, never reused.
        number: i64,
        subject: String,
        description: String,
        kind: TicketType,
        status: Status,
        priority: Priority,
        category: String,
        channel: Channel,
        tags: Words,
        custom: serde_json::Value,
        requester_id: String,
        requester_email: String,
        requester_name: String,
        assignee_id: String,
        team_id: String,
        organization_id: String,
        deal_id: String,
        related_asset_id: String,
        related_vulnerability_id: String,
        sla_policy_id: Option<Uuid>,
        first_response_due_at: Option<Instant>,
        due_at: Option<Instant>,
        clocks: Clocks,
        /// When the next of them warns or is breached.
        sla_next_at: Option<Instant>,
        first_response_at: Option<Instant>,
        resolved_at: Option<Instant>,
        closed_at: Option<Instant>,
        escalated_at: Option<Instant>,
        reopened_at: Option<Instant>,
        escalation_level: i32,
        reopen_count: i32,
        satisfaction: Option<f64>,
        satisfaction_comment: String,
        message_count: i64,
        public_message_count: i64,
        last_message_at: Option<Instant>,
        last_public_message_at: Option<Instant>,
        follow_up_of: Option<Uuid>,
        merged_into: Option<Uuid>,
        /// Rises by one with each activity of the ticket.
        version: i64,
        /// The log position whose changes hold the description as it is now.
        described_at: i64,
    }
}

impl Ticket {
    /// `TKT-0042`.
    pub fn display_number(&self) -> String {
        display_number(self.number)
    }

    pub fn etag(&self) -> String {
        etag(self.etag_version)
    }

    /// As its requester is shown it: counts and times are of public messages.
    pub fn public(self) -> Ticket {
        Ticket { message_count: self.public_message_count, last_message_at: self.last_public_message_at, ..self }
    }
}

pub fn display_number(number: i64) -> String {
    format!("TKT-{number:04}")
}

/// The opaque text of an etag.
pub fn etag(version: i64) -> String {
    format!("{version:x}")
}

/// How a caller may name a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TicketRef {
    Id(Uuid),
    Number(i64),
}

impl TicketRef {
    /// `tkt_…`, `42` or `TKT-0042`.
    pub fn parse(text: &str) -> Option<TicketRef> {
        if let Some(id) = super::id::parse(super::id::TICKET, text) {
            return Some(TicketRef::Id(id));
        }
        let digits = text.strip_prefix("TKT-").unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        digits.parse().ok().map(TicketRef::Number)
    }
}

impl std::fmt::Display for TicketRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TicketRef::Id(id) => f.write_str(&super::id::show(super::id::TICKET, *id)),
            TicketRef::Number(number) => f.write_str(&display_number(*number)),
        }
    }
}
