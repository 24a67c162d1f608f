//! The lists that people work from: each on a tenant with a short and on one with a long list, as seed.sql makes them.

/// One list and its counterpart in hand-written SQL.
pub struct Typical {
    /// In the names of legs.
    pub name: &'static str,
    pub filter: &'static str,
    /// In sql/.
    pub script: &'static str,
    /// Its lines among the goals: against pgbench, and against its own short list.
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
