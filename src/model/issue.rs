//! Issues: internal engineering work, linked to tickets.

use super::fields::fields_row;
use super::time::Instant;
use super::words::{IssueStatus, IssueType, Priority, SourceType, Words};
use uuid::Uuid;

/// The fields of an issue; [`super::fields`] says how a line is read.
macro_rules! issue_fields {
    ($($callback:tt)+) => { $crate::model::fields::listed! { [$($callback)+]
        #[derive(Default)]
        Issue in issue, key(tenant_id, id) {
            tenant_id: String, image 1 string, as tenant_id;
            id: Uuid, image 2 bytes, as id in cel, id ISSUE;
            title: String, image 3 string, as title in cel, write title, told etag;
            description: String, image 4 string, as description in cel, write long_text, told etag;
            kind: IssueType, image 5 string, as r#type in cel, write word, told etag later;
            // Its changes are told by hand, with the time of a resolve.
            status: IssueStatus, image 6 string, as status in cel, edit status;
            priority: Priority, image 7 string, as priority in cel, write word, told etag later;
            reporter_id: String, image 8 string, as reporter_id in cel, write id, told etag;
            assignee_id: String, image 9 string, as assignee_id in cel, write id, told etag;
            project: String, image 10 string, as project in cel, write id, told etag;
            external_url: String, image 11 string, as external_url in cel, write url, told etag;
            metadata: serde_json::Value, image 12 string, as metadata in cel, write structure, told etag last;
            /// Shown ids of the linked tickets (`tkt_…`), in the order of linking. `issue_ticket` holds the same, for the way
            /// back.
            ticket_ids: Words, image 14 string repeated, as ticket_ids in cel;
            /// The rule that made it; '' when a caller did.
            workflow: String, image 15 string, as workflow in cel;
            /// Rules make one issue with this key for a ticket; '' where their rule names none, or a caller made it.
            once_key: String, image 28 string;
            resolved_at: Option<Instant>, image 13 int64 optional, as resolved_at in cel;
            /// The application whose token made it; '' for people.
            app_id: String, image 16 string, as app_id in cel;
            source: String, image 17 string, as source in cel, write source, told etag;
            source_type: SourceType, image 18 string, as source_type, write word, told etag later;
            created_at: Instant, image 19 int64, as created_at in cel;
            updated_at: Instant, image 21 int64, as updated_at in cel;
            created_by: String, image 20 string, as created_by in cel;
            updated_by: String, image 22 string, as updated_by in cel;
            deleted_at: Option<Instant>, image 23 int64 optional, as deleted_at;
            deleted_by: String, image 24 string, as deleted_by;
            schema_version: i32, image 25 int32, as schema_version;
            /// Changes only with fields that a caller can write: the etag.
            etag_version: i64, image 26 int64;
            /// The log position of the last activity that changed it.
            position: i64, image 27 int64;
        }
    } };
}
pub(crate) use issue_fields;

issue_fields! { fields_row }

row! {
    IssueTicket in issue_ticket, key(tenant_id, ticket_id, issue_id) {
        tenant_id: String,
        ticket_id: Uuid,
        issue_id: Uuid,
    }
}

stamped_row! { Issue }
