//! One message of a ticket's thread: a public reply or an internal note.

use super::words::{AuthorKind, Visibility};
use uuid::Uuid;

row! {
    Message in message, key(tenant_id, id) + stamps {
        tenant_id: String,
        id: Uuid,
        ticket_id: Uuid,
        body: String,
        visibility: Visibility,
        author_id: String,
        author_email: String,
        author_kind: AuthorKind,
        /// The rule that wrote it; '' when a person or a service did.
        workflow: String,
    }
}
