//! One message of a ticket's thread: a public reply or an internal note.

use super::time::Instant;
use super::words::{AuthorKind, Visibility, Words};
use uuid::Uuid;

row! {
    Message in message, key(tenant_id, id) + stamps {
        tenant_id: String,
        id: Uuid,
        ticket_id: Uuid,
        /// '' once it is deleted: what was said is left in the log alone.
        body: String,
        visibility: Visibility,
        author_id: String,
        author_email: String,
        author_kind: AuthorKind,
        /// The rule that wrote it; '' when a person or a service did.
        workflow: String,
        /// Ids of the agents that the body names.
        mentions: Words,
    }
}

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
        created_at: Instant,
    }
}

impl Entry {
    pub fn of(message: &Message) -> Entry {
        let Message { tenant_id, id, ticket_id, visibility, created_at, .. } = message;
        Entry {
            tenant_id: tenant_id.clone(),
            id: *id,
            ticket_id: *ticket_id,
            visibility: *visibility,
            created_at: *created_at,
        }
    }
}
