//! Registered tags of a tenant.

row! {
    /// Known by its name, in whichever spelling; a ticket has this one. A deleted one keeps its row, for the next of that name.
    Tag in ticket_tag, key(tenant_id, folded) + stamps {
        tenant_id: String,
        /// The name as names compare: see [`super::fold`].
        folded: String,
        name: String,
        /// `#rrggbb`; '' = none.
        color: String,
        /// Whose tag it is; '' = the whole tenant's.
        team_id: String,
        description: String,
    }
}
