//! Replies that are written once and sent many times.

use uuid::Uuid;

use super::id;

row! {
    CannedResponse in canned_response, key(tenant_id, id) + stamps {
        tenant_id: String,
        id: Uuid,
        /// Unique among those that are not deleted.
        name: String,
        title: String,
        /// With `${ … }` in it.
        body: String,
        /// Whose reply it is; '' = the whole tenant's.
        team_id: String,
    }
}

/// How a caller or a rule may name a canned response.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CannedRef {
    Id(Uuid),
    Name(String),
}

impl CannedRef {
    /// `cnr_…` is an id, anything else a name.
    pub fn parse(text: &str) -> CannedRef {
        match id::parse(id::CANNED_RESPONSE, text) {
            Some(id) => CannedRef::Id(id),
            None => CannedRef::Name(text.to_owned()),
        }
    }
}

impl std::fmt::Display for CannedRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CannedRef::Id(id) => f.write_str(&id::show(id::CANNED_RESPONSE, *id)),
            CannedRef::Name(name) => f.write_str(name),
        }
    }
}
