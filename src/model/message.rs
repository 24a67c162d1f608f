//! Messages of a ticket's thread: public replies and internal notes.

use super::fields::fields_row;
use super::time::Instant;
use super::words::{AuthorKind, SourceType, Visibility, Words};
use uuid::Uuid;

/// The fields of a message; [`super::fields`] says how a line is read.
macro_rules! message_fields {
    ($($callback:tt)+) => { $crate::model::fields::listed! { [$($callback)+]
        Message in message, key(tenant_id, id) {
            tenant_id: String, image 1 string, as tenant_id;
            id: Uuid, image 2 bytes, as id in cel, id MESSAGE;
            ticket_id: Uuid, image 3 bytes, as ticket_id in cel, id TICKET;
            /// '' once it is deleted: what was said is left in the log alone.
            body: String, image 4 string, as body in cel;
            visibility: Visibility, image 5 string, as visibility in cel;
            author_id: String, image 6 string, as author_id in cel;
            author_email: String, image 7 string, as author_email in cel;
            author_kind: AuthorKind, image 8 string, as author_kind in cel;
            /// The rule that wrote it; '' when a person or a service did.
            workflow: String, image 9 string, as workflow in cel;
            /// Ids of the agents that the body names.
            mentions: Words, image 22 string repeated, as mentions in cel;
            /// The application whose token made it; '' for people.
            app_id: String, image 10 string, as app_id;
            source: String, image 11 string, as source;
            source_type: SourceType, image 12 string, as source_type;
            created_at: Instant, image 13 int64, as created_at in cel;
            created_by: String, image 14 string, as created_by;
            updated_at: Instant, image 15 int64, as updated_at;
            updated_by: String, image 16 string, as updated_by;
            deleted_at: Option<Instant>, image 17 int64 optional, as deleted_at;
            deleted_by: String, image 18 string, as deleted_by;
            schema_version: i32, image 19 int32, as schema_version;
            /// The etag.
            etag_version: i64, image 20 int64;
            /// The log position of the last activity that changed it.
            position: i64, image 21 int64;
        }
    } };
}
pub(crate) use message_fields;

message_fields! { fields_row }

impl Message {
    /// As the ticket's requester is shown it: who is an agent is the desk's own.
    pub fn public(self) -> Message {
        Message { mentions: Words::default(), ..self }
    }
}

row! {
    /// What counting a thread takes of a message.
    Entry in message, key(tenant_id, id) {
        tenant_id: String,
        id: Uuid,
        ticket_id: Uuid,
        visibility: Visibility,
        author_kind: AuthorKind,
        created_at: Instant,
    }
}

impl Entry {
    pub fn of(message: &Message) -> Entry {
        let Message { tenant_id, id, ticket_id, visibility, author_kind, created_at, .. } = message;
        Entry {
            tenant_id: tenant_id.clone(),
            id: *id,
            ticket_id: *ticket_id,
            visibility: *visibility,
            author_kind: *author_kind,
            created_at: *created_at,
        }
    }
}
