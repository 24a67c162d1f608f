//! Which fields an update may name, of resources whose fields are all plain. The ticket's mask is [`super::mask`].

use prost_types::FieldMask;

use super::mask::{self, shown};
use super::violations::Violations;

/// The fields of a resource.
#[derive(Debug)]
pub struct Fields {
    /// As a text has it: `a message`.
    what: &'static str,
    /// The message on the wire.
    #[cfg(test)]
    name: &'static str,
    pub writable: &'static [&'static str],
    /// The fields that Docket sets, or that never change.
    fixed: &'static [&'static str],
}

pub static MESSAGE: Fields = Fields {
    what: "a message",
    #[cfg(test)]
    name: "docket.v1.Message",
    // The visibility may be named, so that a resource that was read can be sent back whole.
    writable: &["body", "visibility"],
    fixed: &["ticket_id", "author_id", "author_email", "author_kind", "workflow", "mentions", "source", "source_type"],
};

pub static TAG: Fields = Fields {
    what: "a tag",
    #[cfg(test)]
    name: "docket.v1.Tag",
    writable: &["color", "team_id", "description"],
    fixed: &["name", "source", "source_type"],
};

pub static CANNED_RESPONSE: Fields = Fields {
    what: "a canned response",
    #[cfg(test)]
    name: "docket.v1.CannedResponse",
    writable: &["name", "title", "body", "team_id"],
    fixed: &["source", "source_type"],
};

pub static TENANT: Fields = Fields {
    what: "a tenant",
    #[cfg(test)]
    name: "docket.v1.Tenant",
    writable: &[
        "reopen_agent",
        "reopen_requester",
        "push_back_window",
        "requester_reply_reopens_pending",
        "tag_mode",
        "categories",
        "requester_fields",
        "attributes",
        "default_calendar_id",
    ],
    fixed: &["source", "source_type"],
};

pub static SLA_POLICY: Fields = Fields {
    what: "an SLA policy",
    #[cfg(test)]
    name: "docket.v1.SlaPolicy",
    writable: &[
        "name",
        "description",
        "status",
        "applies_to",
        "priority",
        "team_id",
        "match",
        "position",
        "first_response_minutes",
        "next_response_minutes",
        "resolution_minutes",
        "calendar_id",
        "business_hours_only",
        "pause_on",
        "warn_at",
        "on_priority_change",
        "on_reopen",
        "counts_as_response",
    ],
    fixed: &["version", "source", "source_type"],
};

pub static CALENDAR: Fields = Fields {
    what: "a calendar",
    #[cfg(test)]
    name: "docket.v1.Calendar",
    writable: &["name", "time_zone", "weekly", "holidays", "special_dates"],
    fixed: &["version", "source", "source_type"],
};

pub static ISSUE: Fields = Fields {
    what: "an issue",
    #[cfg(test)]
    name: "docket.v1.Issue",
    writable: mask::issue::WRITABLE,
    fixed: &["ticket_ids", "resolved_at", "workflow"],
};

/// The fields that are fixed in every resource.
const STAMPS: &[&str] = &[
    "id",
    "tenant_id",
    "app_id",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
    "deleted_at",
    "deleted_by",
    "schema_version",
    "etag",
];

impl Fields {
    /// The fields that the mask names, `*` for all; what is wrong with it is a violation.
    pub fn masked(&self, found: &mut Violations, mask: Option<FieldMask>) -> Vec<&'static str> {
        let asked = mask::asked(found, mask);
        if asked.iter().any(|path| path == "*") {
            if asked.len() > 1 {
                found.add("update_mask", "`*` stands alone");
            }
            return self.writable.to_vec();
        }
        let mut named = Vec::new();
        for path in &asked {
            let path = path.as_str();
            if let Some(field) = self.writable.iter().find(|field| **field == path) {
                named.push(*field);
            } else if self.fixed.contains(&path) || STAMPS.contains(&path) {
                found.add("update_mask", format!("`{path}` cannot be updated"));
            } else {
                found.add("update_mask", format!("{} has no field `{}`", self.what, shown(path)));
            }
        }
        named
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grpc::pb::FILE_DESCRIPTOR_SET;
    use prost_reflect::DescriptorPool;

    #[test]
    fn every_field_is_writable_or_fixed() {
        let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("descriptors");
        for fields in [&MESSAGE, &TAG, &CANNED_RESPONSE, &SLA_POLICY, &CALENDAR, &TENANT, &ISSUE] {
            let message = pool.get_message_by_name(fields.name).expect("the message");
            let mut all: Vec<String> = message.fields().map(|field| field.name().to_owned()).collect();
            let known = [fields.writable, fields.fixed, STAMPS].concat();
            let mut known: Vec<String> = known.into_iter().map(str::to_owned).collect();
            all.sort();
            known.sort();
            assert_eq!(all, known, "{}", fields.what);
        }
    }

    #[test]
    fn what_cannot_be_updated_is_named() {
        let refused = |paths: &[&str]| -> Vec<String> {
            let mut found = Violations::default();
            MESSAGE.masked(&mut found, Some(FieldMask { paths: paths.iter().map(|p| (*p).to_owned()).collect() }));
            found.into_found().into_iter().map(|v| v.description).collect()
        };
        assert_eq!(refused(&[]), ["must name at least one field, or `*` for all"]);
        assert_eq!(refused(&["*", "body"]), ["`*` stands alone"]);
        assert_eq!(
            refused(&["etag", "author_id", "bodi"]),
            ["`etag` cannot be updated", "`author_id` cannot be updated", "a message has no field `bodi`"]
        );
        assert!(refused(&["body", "body"]).is_empty() && refused(&["*"]).is_empty());
        assert_eq!(refused(&["body"; 129]), ["must name at most 128 fields, names 129"]);
    }
}
