//! Internal engineering work that tickets link to.

use super::words::{IssueStatus, IssueType, Priority, Words};
use uuid::Uuid;

row! {
    Issue in issue, key(tenant_id, id) + stamps {
        tenant_id: String,
        id: Uuid,
        title: String,
        description: String,
        kind: IssueType,
        status: IssueStatus,
        priority: Priority,
        reporter_id: String,
        assignee_id: String,
        project: String,
        external_url: String,
        metadata: serde_json::Value,
        resolved_at: Option<super::time::Instant>,
        /// Shown ids of the linked tickets (`tkt_…`), in the order of linking. `issue_ticket` holds the same, for the way back.
        ticket_ids: Words,
        /// The rule that made it; '' when a caller did.
        workflow: String,
    }
}

row! {
    IssueTicket in issue_ticket, key(tenant_id, ticket_id, issue_id) {
        tenant_id: String,
        ticket_id: Uuid,
        issue_id: Uuid,
    }
}
