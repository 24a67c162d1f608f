//! Registered tags of a tenant.

row! {
    /// Known by its name, as tickets have it. A deleted one keeps its row, for the next of that name.
    Tag in ticket_tag, key(tenant_id, name) + stamps {
        tenant_id: String,
        name: String,
        /// `#rrggbb`; '' = none.
        color: String,
        /// Whose tag it is; '' = the whole tenant's.
        team_id: String,
        description: String,
    }
}
