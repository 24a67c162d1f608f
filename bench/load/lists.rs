//! Typical lists, each on a tenant with few tickets and on one with many, as created by seed.sql.

/// A list, and its counterpart in hand-written SQL.
pub struct Typical {
    /// Name within the names of legs.
    pub name: &'static str,
    pub filter: &'static str,
    /// File in sql/.
    pub script: &'static str,
    /// Labels of its goals: against pgbench, and against its own short list.
    pub against: &'static str,
    pub flat: &'static str,
}

pub static TYPICAL: [Typical; 5] = [
    Typical {
        name: "assignee",
        filter: "ticket.assignee_id == 'ann' && ticket.status == 'OPEN'",
        script: "list_assignee.sql",
        against: "ListTickets, open of an assignee, long list / pgbench",
        flat: "the same: times slower than the short list",
    },
    Typical {
        name: "team",
        filter: "ticket.team_id == 'support' && ticket.priority == 'URGENT' && ticket.status == 'OPEN'",
        script: "list_team.sql",
        against: "ListTickets, urgent and open of a team, long list / pgbench",
        flat: "the same: times slower than the short list",
    },
    Typical {
        name: "requester",
        filter: "ticket.requester_id == 'rita'",
        script: "list_requester.sql",
        against: "ListTickets, a requester's own, long list / pgbench",
        flat: "the same: times slower than the short list",
    },
    Typical {
        name: "organization",
        filter: "ticket.organization_id == 'acme'",
        script: "list_organization.sql",
        against: "ListTickets, an organization's, long list / pgbench",
        flat: "the same: times slower than the short list",
    },
    Typical {
        name: "tag",
        filter: "'vip' in ticket.tags && ticket.status == 'OPEN'",
        script: "list_tag.sql",
        against: "ListTickets, open with a tag that a hundred have, long list / pgbench",
        flat: "the same: times slower than the short list",
    },
];
