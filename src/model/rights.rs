//! Field rights: what a requester sets in a resource that it writes. Whoever has another role that writes sets all of it.

/// The fields of a message that requesters set; to others they say nothing.
#[derive(Debug)]
pub struct FieldRights {
    pub free: &'static [&'static str],
    /// Only with the values that they have anyway: their own.
    pub own: &'static [&'static str],
}

/// Of a new ticket, and of one that follows another.
pub const TICKET: FieldRights = FieldRights {
    free: &[
        "subject",
        "description",
        "type",
        "category",
        "channel",
        "custom",
        "related_asset_id",
        "related_vulnerability_id",
        "requester_name",
    ],
    own: &["requester_id", "requester_email"],
};

/// The other fields of a ticket that a tenant's settings may let requesters set. Not the organization and the SLA policy: whose
/// deadlines hold is not a requester's to say; nor where a ticket comes from.
pub const WIDENED: [&str; 5] = ["priority", "team_id", "assignee_id", "tags", "deal_id"];

/// Of a message to a ticket of theirs.
pub const MESSAGE: FieldRights = FieldRights { free: &["body", "visibility"], own: &["author_id", "author_email"] };

impl FieldRights {
    /// Those of the fields that a requester must leave out.
    pub fn reserved<'a>(&self, set: impl IntoIterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
        set.into_iter().filter(move |field| !self.free.contains(field) && !self.own.contains(field))
    }
}
