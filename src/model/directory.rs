//! Directory entries: organizations, contacts, teams and agents. Other systems own them; routing and conditions use
//! them.

use super::words::{AgentStatus, Words};

row! {
    Organization in organization, key(tenant_id, id) + stamps {
        tenant_id: String,
        id: String,
        name: String,
        tier: String,
        subscription_plan: String,
        subscription_status: String,
        attributes: serde_json::Value,
    }
}

row! {
    Contact in contact, key(tenant_id, id) + stamps {
        tenant_id: String,
        id: String,
        name: String,
        email: String,
        organization_id: String,
        attributes: serde_json::Value,
    }
}

row! {
    Team in team, key(tenant_id, id) + stamps {
        tenant_id: String,
        id: String,
        name: String,
        member_ids: Words,
        /// Whom round robin chose last; '' before the first.
        last_assigned: String,
    }
}

row! {
    Agent in agent, key(tenant_id, id) + stamps {
        tenant_id: String,
        id: String,
        name: String,
        email: String,
        status: AgentStatus,
        /// How many open tickets the agent takes; 0 = no limit.
        capacity: i32,
        skills: Words,
        weight: i32,
        /// Tickets assigned and not RESOLVED, CLOSED or deleted. Kept by the journal, for ids that no Upsert named as well.
        open_count: i64,
        /// False while only assignments named this id: then it counts, and is no agent of the directory.
        known: bool,
    }
}
