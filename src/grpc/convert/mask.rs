//! Which fields of a ticket an update may name.

use prost_types::FieldMask;

use super::value;
use super::violations::Violations;

/// The fields of a ticket that UpdateTicket writes, in the order in which `*` names them. `custom.name` is one more for
/// each custom field.
pub const WRITABLE: &[&str] = &[
    "subject",
    "description",
    "type",
    "status",
    "priority",
    "category",
    "channel",
    "source",
    "source_type",
    "tags",
    "custom",
    "requester_id",
    "requester_email",
    "requester_name",
    "assignee_id",
    "team_id",
    "organization_id",
    "deal_id",
    "related_asset_id",
    "related_vulnerability_id",
    "sla_policy_id",
];

/// The fields that Docket sets, or that never change.
const FIXED: &[&str] = &[
    "sla",
    "id",
    "number",
    "display_number",
    "first_response_due_at",
    "due_at",
    "first_response_at",
    "resolved_at",
    "closed_at",
    "escalated_at",
    "reopened_at",
    "escalation_level",
    "reopen_count",
    "satisfaction",
    "satisfaction_comment",
    "message_count",
    "last_message_at",
    "follow_up_of",
    "merged_into",
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

/// What a mask asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// Names from [`WRITABLE`], each once.
    pub fields: Vec<&'static str>,
    /// Names of single custom fields, each once.
    pub custom: Vec<String>,
    /// Whether the mask was `*`.
    pub everything: bool,
}

pub fn paths(found: &mut Violations, mask: Option<FieldMask>) -> Paths {
    let asked = mask.unwrap_or_default().paths;
    let mut paths = Paths { fields: Vec::new(), custom: Vec::new(), everything: false };
    if asked.is_empty() {
        found.add("update_mask", "must name at least one field, or `*` for all");
    }
    for path in &asked {
        if path == "*" {
            paths.everything = true;
        } else if let Some(field) = WRITABLE.iter().find(|field| *field == path) {
            if !paths.fields.contains(field) {
                paths.fields.push(field);
            }
        } else if let Some(name) = path.strip_prefix("custom.") {
            found.within("update_mask", |found| found.within("custom", |found| value::field_name(found, name)));
            if !paths.custom.iter().any(|n| n == name) {
                paths.custom.push(name.to_owned());
            }
        } else if FIXED.contains(&path.as_str()) {
            found.add("update_mask", format!("`{path}` is set by the server and cannot be updated"));
        } else {
            found.add("update_mask", format!("a ticket has no field `{}`", shown(path)));
        }
    }
    if paths.everything {
        if asked.len() > 1 {
            found.add("update_mask", "`*` stands alone");
        }
        paths.fields = WRITABLE.to_vec();
    }
    if !paths.custom.is_empty() && paths.fields.contains(&"custom") {
        found.add("update_mask", "`custom` and `custom.name` exclude one another");
    }
    paths
}

/// An unknown path, short and printable.
pub(super) fn shown(path: &str) -> String {
    path.chars().take(64).flat_map(char::escape_default).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grpc::pb::FILE_DESCRIPTOR_SET;
    use prost_reflect::DescriptorPool;

    fn refused(paths_asked: &[&str]) -> Vec<String> {
        let mut found = Violations::default();
        paths(&mut found, Some(FieldMask { paths: paths_asked.iter().map(|p| (*p).to_owned()).collect() }));
        found.into_found().into_iter().map(|v| format!("{}: {}", v.field, v.description)).collect()
    }

    #[test]
    fn every_field_of_a_ticket_is_writable_or_fixed() {
        let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("descriptors");
        let ticket = pool.get_message_by_name("docket.v1.Ticket").expect("the ticket");
        let mut all: Vec<String> = ticket.fields().map(|f| f.name().to_owned()).collect();
        let mut known: Vec<String> = WRITABLE.iter().chain(FIXED).map(|f| (*f).to_owned()).collect();
        all.sort();
        known.sort();
        assert_eq!(all, known);
    }

    #[test]
    fn what_cannot_be_updated_is_named() {
        assert_eq!(refused(&[]), ["update_mask: must name at least one field, or `*` for all"]);
        assert_eq!(
            refused(&["number", "colour", "custom."]),
            [
                "update_mask: `number` is set by the server and cannot be updated",
                "update_mask: a ticket has no field `colour`",
                "update_mask.custom.: its name must have 1 to 64 characters, has 0",
            ]
        );
        assert_eq!(refused(&["*", "subject"]), ["update_mask: `*` stands alone"]);
        assert_eq!(refused(&["custom.a", "custom"]), ["update_mask: `custom` and `custom.name` exclude one another"]);
        assert!(refused(&["subject", "custom.a", "subject"]).is_empty());
    }
}
