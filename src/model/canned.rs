//! Canned responses.

use uuid::Uuid;

use super::id;

row! {
    CannedResponse in canned_response, key(tenant_id, id) + stamps {
        tenant_id: String,
        id: Uuid,
        /// Unique among those that are not deleted, in any spelling.
        name: String,
        /// The name as names compare: see [`crate::model::fold`].
        folded: String,
        title: String,
        /// With `${ … }` in it.
        body: String,
        /// Whose reply it is; '' = the whole tenant's.
        team_id: String,
    }
}

reference! {
    /// How a caller or a rule may name a canned response.
    CannedRef by id::CANNED_RESPONSE
}
