//! Tickets: the list of their fields, the row, and its methods.

use super::fields::fields_row;
use super::fired::Fired;
use super::rule_runs::RuleRuns;
use super::sla::clock::Clocks;
use super::time::Instant;
use super::words::{Channel, Priority, SourceType, Status, TicketType, Words};
use uuid::Uuid;

/// The fields of a ticket; [`super::fields`] says how a line is read. Error messages list them in this order.
macro_rules! ticket_fields {
    ($($callback:tt)+) => { $crate::model::fields::listed! { [$($callback)+]
        /// Absent text is `''`; what can be absent otherwise is an `Option`.
        #[derive(Default)]
        Ticket in ticket, key(tenant_id, id) {
            tenant_id: String, image 1 string, as tenant_id;
            id: Uuid, image 2 bytes, as id in cel, id TICKET;
            /// Per tenant from 1, dense, never reused.
            number: i64, image 3 int64, as number in cel, also display_number: String;
            subject: String, image 4 string, as subject in cel, write subject copied, told etag;
            description: String, as description in cel, write long_text, told etag;
            kind: TicketType, image 5 string, as r#type in cel, write word copied, told etag;
            status: Status, image 6 string, as status in cel, edit status, told etag;
            priority: Priority, image 7 string, as priority in cel, write word copied apart, told etag;
            category: String, image 8 string, as category in cel, write category copied apart, told etag;
            channel: Channel, image 9 string, as channel in cel, write word copied, told etag;
            source: String, image 42 string, as source in cel, write source copied, told etag later;
            source_type: SourceType, image 43 string, as source_type in cel, write word copied, told etag later;
            tags: Words, image 10 string repeated, as tags in cel, write tags copied apart, told etag;
            custom: serde_json::Value, image 11 string, as custom in cel, write map, told etag;
            requester_id: String, image 12 string, as requester_id in cel, write id copied, told etag;
            requester_email: String, image 13 string, as requester_email in cel, write email copied, told etag;
            requester_name: String, image 14 string, as requester_name in cel, write name copied, told etag;
            assignee_id: String, image 15 string, as assignee_id in cel, write id apart, told etag;
            team_id: String, image 16 string, as team_id in cel, write id copied apart, told etag;
            organization_id: String, image 17 string, as organization_id in cel, write id copied, told etag;
            deal_id: String, image 18 string, as deal_id in cel, write id, told etag;
            related_asset_id: String, image 19 string, as related_asset_id in cel, write id, told etag;
            related_vulnerability_id: String, image 20 string, as related_vulnerability_id in cel, write id, told etag;
            sla_policy_id: Option<Uuid>, image 21 bytes, as sla_policy_id in cel, id SLA_POLICY,
                write sla_policy_id, told etag;
            first_response_due_at: Option<Instant>, image 22 int64 optional,
                as first_response_due_at in cel, told only;
            due_at: Option<Instant>, image 23 int64 optional, as due_at in cel, told only;
            clocks: Clocks, image 53 bytes;
            /// The first deadline of its resolution that was missed; never taken back.
            breached_at: Option<Instant>, image 71 int64 optional, as breached_at in cel, told only;
            /// Of the oldest message of its requester that nobody has answered: a question waits.
            asked_at: Option<Instant>, image 70 int64 optional;
            /// When the next of them warns or is breached, or a timer of a rule fires.
            sla_next_at: Option<Instant>, image 54 int64 optional;
            /// Timers of rules that have fired.
            fired: Fired, image 63 bytes;
            first_response_at: Option<Instant>, image 24 int64 optional,
                as first_response_at in cel, told only;
            resolved_at: Option<Instant>, image 25 int64 optional, as resolved_at in cel, told only;
            closed_at: Option<Instant>, image 26 int64 optional, as closed_at in cel, told only;
            escalated_at: Option<Instant>, image 27 int64 optional, as escalated_at in cel, told only;
            reopened_at: Option<Instant>, image 28 int64 optional, as reopened_at in cel, told only;
            // Escalating again is a caller's write that changes nothing else: it moves the etag.
            escalation_level: i32, image 29 int32, as escalation_level in cel, told etag;
            reopen_count: i32, image 30 int32, as reopen_count in cel, told only;
            satisfaction: Option<f64>, image 31 double optional, as satisfaction in cel, told etag;
            satisfaction_comment: String, image 32 string, as satisfaction_comment in cel, told etag;
            message_count: i64, image 33 int64, as message_count in cel;
            public_message_count: i64, image 34 int64;
            last_message_at: Option<Instant>, image 35 int64 optional, as last_message_at in cel;
            last_public_message_at: Option<Instant>, image 36 int64 optional;
            follow_up_of: Option<Uuid>, image 37 bytes, as follow_up_of in cel, id TICKET, told only;
            merged_into: Option<Uuid>, image 38 bytes, as merged_into in cel, id TICKET, told etag;
            /// Rises by one with each activity of the ticket.
            version: i64, image 39 int64;
            /// The log position whose changes hold the description as it is now.
            described_at: i64, image 40 int64;
            /// The application whose token made it; '' for people.
            app_id: String, image 41 string, as app_id in cel;
            created_at: Instant, image 44 int64, as created_at in cel;
            updated_at: Instant, image 46 int64, as updated_at in cel;
            created_by: String, image 45 string, as created_by in cel;
            updated_by: String, image 47 string, as updated_by in cel;
            deleted_at: Option<Instant>, image 48 int64 optional, as deleted_at in cel, told etag later;
            deleted_by: String, image 49 string, as deleted_by in cel, told only later;
            schema_version: i32, image 50 int32, as schema_version;
            /// Changes only with fields that a caller can write: the etag.
            etag_version: i64, image 51 int64;
            /// The log position of the last activity that changed it.
            position: i64, image 52 int64;
            rule_runs: RuleRuns, image 60 string;
            queued_at: Option<Instant>, image 61 int64 optional, as queued_at in cel, told only;
            /// What it waits for, as [`super::queue::Wait`]; null where it does not.
            queue: serde_json::Value, image 62 string;
        }
    } };
}
pub(crate) use ticket_fields;

ticket_fields! { fields_row }

stamped_row! { Ticket }

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
