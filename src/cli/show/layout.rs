//! Table and card layout of each kind of resource.

/// A column of a table. If columns do not fit, those with the highest rank are dropped first; rank 0 is always kept.
#[derive(Debug)]
pub struct Column {
    pub path: &'static str,
    pub title: &'static str,
    pub rank: u8,
}

#[derive(Debug)]
pub struct Layout {
    /// Name of the message in docket.v1.
    pub message: &'static str,
    pub columns: &'static [Column],
    /// Fields in the heading of a card.
    pub heading: &'static [&'static str],
    /// Field with the long text at the end of a card; '' if there is none.
    pub text: &'static str,
    /// Whether a card includes numbers that are 0.
    pub zeros: bool,
}

const fn column(path: &'static str, title: &'static str, rank: u8) -> Column {
    Column { path, title, rank }
}

pub const TICKET: Layout = Layout {
    message: "Ticket",
    columns: &[
        column("display_number", "NUMBER", 0),
        column("status", "STATUS", 1),
        column("priority", "PRIORITY", 2),
        column("assignee_id", "ASSIGNEE", 3),
        column("team_id", "TEAM", 5),
        column("tags", "TAGS", 6),
        column("updated_at", "UPDATED", 4),
        column("subject", "SUBJECT", 0),
    ],
    heading: &["display_number", "subject"],
    text: "description",
    zeros: false,
};

pub const MESSAGE: Layout = Layout {
    message: "Message",
    columns: &[
        column("id", "ID", 2),
        column("visibility", "VISIBILITY", 3),
        column("author_id", "AUTHOR", 0),
        column("created_at", "CREATED", 1),
        column("body", "BODY", 0),
    ],
    heading: &["id"],
    text: "body",
    zeros: false,
};

pub const ISSUE: Layout = Layout {
    message: "Issue",
    columns: &[
        column("id", "ID", 0),
        column("status", "STATUS", 1),
        column("type", "TYPE", 4),
        column("priority", "PRIORITY", 3),
        column("assignee_id", "ASSIGNEE", 2),
        column("title", "TITLE", 0),
    ],
    heading: &["id", "title"],
    text: "description",
    zeros: false,
};

pub const AGENT: Layout = Layout {
    message: "Agent",
    columns: &[
        column("id", "ID", 0),
        column("status", "STATUS", 1),
        column("open_count", "OPEN", 2),
        column("capacity", "CAPACITY", 3),
        column("skills", "SKILLS", 4),
        column("name", "NAME", 0),
    ],
    heading: &["id", "name"],
    text: "",
    zeros: false,
};

pub const TEAM: Layout = Layout {
    message: "Team",
    columns: &[column("id", "ID", 0), column("name", "NAME", 1), column("member_ids", "MEMBERS", 0)],
    heading: &["id", "name"],
    text: "",
    zeros: false,
};

pub const ORGANIZATION: Layout = Layout {
    message: "Organization",
    columns: &[
        column("id", "ID", 0),
        column("tier", "TIER", 1),
        column("subscription.plan", "PLAN", 2),
        column("name", "NAME", 0),
    ],
    heading: &["id", "name"],
    text: "",
    zeros: false,
};

pub const CONTACT: Layout = Layout {
    message: "Contact",
    columns: &[
        column("id", "ID", 0),
        column("email", "EMAIL", 1),
        column("organization_id", "ORGANIZATION", 2),
        column("name", "NAME", 0),
    ],
    heading: &["id", "name"],
    text: "",
    zeros: false,
};

pub const DEAL: Layout = Layout {
    message: "Deal",
    columns: &[column("id", "ID", 0), column("stage", "STAGE", 1), column("name", "NAME", 0)],
    heading: &["id", "name"],
    text: "",
    zeros: false,
};

pub const ASSET: Layout = Layout {
    message: "Asset",
    columns: &[column("id", "ID", 0), column("kind", "KIND", 1), column("name", "NAME", 0)],
    heading: &["id", "name"],
    text: "",
    zeros: false,
};

pub const ACTIVITY: Layout = Layout {
    message: "Activity",
    columns: &[
        column("position", "POSITION", 0),
        column("occurred_at", "AT", 2),
        column("actor.id", "BY", 1),
        column("type", "TYPE", 0),
    ],
    heading: &["position", "type"],
    text: "",
    zeros: false,
};

pub const TENANT: Layout = Layout {
    message: "Tenant",
    columns: &[
        column("id", "ID", 0),
        column("reopen_agent", "REOPEN AGENT", 2),
        column("reopen_requester", "REOPEN REQUESTER", 1),
        column("push_back_window", "PUSH BACK", 3),
        column("tag_mode", "TAGS", 4),
    ],
    heading: &["id"],
    text: "",
    zeros: false,
};

pub const REVOCATION: Layout = Layout {
    message: "Revocation",
    columns: &[
        column("id", "ID", 0),
        column("tenant_id", "TENANT", 1),
        column("updated_at", "REVOKED", 0),
        column("updated_by", "BY", 2),
    ],
    heading: &["id"],
    text: "",
    zeros: false,
};

pub const TAG: Layout = Layout {
    message: "Tag",
    columns: &[
        column("name", "NAME", 0),
        column("color", "COLOR", 1),
        column("team_id", "TEAM", 2),
        column("description", "DESCRIPTION", 0),
    ],
    heading: &["name"],
    text: "description",
    zeros: false,
};

pub const CANNED_RESPONSE: Layout = Layout {
    message: "CannedResponse",
    columns: &[
        column("id", "ID", 1),
        column("name", "NAME", 0),
        column("team_id", "TEAM", 2),
        column("title", "TITLE", 0),
    ],
    heading: &["name", "title"],
    text: "body",
    zeros: false,
};

pub const SLA_POLICY: Layout = Layout {
    message: "SlaPolicy",
    columns: &[
        column("name", "NAME", 0),
        column("status", "STATUS", 1),
        column("priority", "PRIORITY", 3),
        column("team_id", "TEAM", 5),
        column("first_response_minutes", "FIRST RESPONSE", 2),
        column("next_response_minutes", "NEXT RESPONSE", 6),
        column("resolution_minutes", "RESOLUTION", 2),
        column("business_hours_only", "BUSINESS HOURS", 7),
        column("match", "MATCH", 4),
    ],
    heading: &["name"],
    text: "description",
    zeros: false,
};

pub const CALENDAR: Layout = Layout {
    message: "Calendar",
    columns: &[
        column("id", "ID", 2),
        column("name", "NAME", 0),
        column("time_zone", "ZONE", 0),
        column("version", "VERSION", 1),
    ],
    heading: &["name"],
    text: "",
    zeros: false,
};

pub const SLA_EFFECT: Layout = Layout {
    message: "SlaEffect",
    columns: &[
        column("display_number", "TICKET", 0),
        column("after.metric", "CLOCK", 0),
        column("kind", "EFFECT", 1),
        column("before.due_at", "DUE", 2),
        column("after.due_at", "DUE THEN", 0),
        column("breaches", "BREACHED", 0),
    ],
    heading: &["display_number"],
    text: "",
    zeros: false,
};

pub const STATS: Layout = Layout {
    message: "GetTicketStatsResponse",
    columns: &[
        column("total", "TICKETS", 0),
        column("unassigned", "UNASSIGNED", 1),
        column("overdue", "OVERDUE", 2),
        column("breached", "BREACHED", 3),
        column("escalated", "ESCALATED", 4),
    ],
    // Groups are printed as a table of their own.
    heading: &["groups"],
    text: "",
    zeros: true,
};

pub const STATS_GROUP: Layout = Layout {
    message: "TicketStatsGroup",
    columns: &[
        column("value", "GROUP", 0),
        column("total", "TICKETS", 0),
        column("unassigned", "UNASSIGNED", 1),
        column("overdue", "OVERDUE", 2),
        column("breached", "BREACHED", 3),
        column("escalated", "ESCALATED", 5),
        column("first_response.p50", "RESPONSE P50", 7),
        column("resolution.p50", "RESOLUTION P50", 6),
        column("satisfaction.mean", "CSAT", 4),
    ],
    heading: &["value"],
    text: "",
    zeros: true,
};

pub const BREACH: Layout = Layout {
    message: "SlaOutcome",
    columns: &[
        column("display_number", "NUMBER", 0),
        column("metric", "METRIC", 1),
        column("breached_at", "MISSED", 0),
        column("policy_name", "POLICY", 3),
        column("target", "TARGET", 4),
        column("priority", "PRIORITY", 5),
        column("team_id", "TEAM", 6),
        column("state", "STATE", 2),
        column("ended_at", "ENDED", 7),
        column("subject", "SUBJECT", 0),
    ],
    heading: &["display_number", "metric"],
    text: "",
    zeros: false,
};

pub const ATTAINMENT: Layout = Layout {
    message: "SlaAttainment",
    columns: &[
        column("metric", "METRIC", 0),
        column("count", "CLOCKS", 0),
        column("met", "MET", 2),
        column("breached", "BREACHED", 0),
        column("share", "SHARE", 1),
        column("p50", "P50", 3),
        column("p90", "P90", 4),
    ],
    heading: &["metric"],
    text: "",
    zeros: true,
};

pub const REPORT_GROUP: Layout = Layout {
    message: "SlaReportGroup",
    columns: &[
        column("value", "GROUP", 0),
        column("name", "NAME", 2),
        column("attainment.metric", "METRIC", 0),
        column("attainment.count", "CLOCKS", 0),
        column("attainment.met", "MET", 3),
        column("attainment.breached", "BREACHED", 0),
        column("attainment.share", "SHARE", 1),
        column("attainment.p50", "P50", 4),
        column("attainment.p90", "P90", 5),
    ],
    heading: &["value"],
    text: "",
    zeros: true,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::show::cell::Field;
    use crate::grpc::rest::Schema;

    #[test]
    fn every_kind_names_fields_that_are_there() {
        let schema = Schema::new().expect("descriptors");
        for kind in [
            &TICKET,
            &MESSAGE,
            &ISSUE,
            &AGENT,
            &TEAM,
            &ORGANIZATION,
            &CONTACT,
            &DEAL,
            &ASSET,
            &ACTIVITY,
            &TENANT,
            &REVOCATION,
            &TAG,
            &CANNED_RESPONSE,
            &SLA_POLICY,
            &CALENDAR,
            &STATS,
            &STATS_GROUP,
            &BREACH,
            &ATTAINMENT,
            &REPORT_GROUP,
        ] {
            let message = schema.message(kind.message).expect(kind.message);
            let columns = kind.columns.iter().map(|column| column.path);
            for path in
                columns.chain(kind.heading.iter().copied()).chain([kind.text].into_iter().filter(|t| !t.is_empty()))
            {
                assert!(Field::find(&message, path).is_some(), "{}.{path}", kind.message);
            }
            assert!(kind.columns.iter().any(|column| column.rank == 0), "{}", kind.message);
        }
    }
}
