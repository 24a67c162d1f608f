//! Which fields of a ticket an update may name.

use std::collections::HashSet;

use prost_types::FieldMask;

use super::value;
use super::violations::Violations;
use crate::model::issue::issue_fields;
use crate::model::limits::MASK_PATHS;
use crate::model::ticket::ticket_fields;

/// `names! { TICKET … }`, over a list's lines: the names of a module of that list.
macro_rules! names {
    ($module:ident $docs:tt $row:ident in $table:ident, key $key:tt { $(
        $meta:tt $field:ident: $ty:ty, $image:tt $id:tt ($($name:ident)?) $cel:tt ($($also:ident: $also_ty:ty)?)
        ($($written:ident $check:ident $($how:ident)*)?) ($($moved:ident $guard:ident)?) $told:tt;
    )+ }) => {
        pub mod $module {
            use $crate::model::fields::named;

            /// What an update writes, in the order in which `*` names it.
            pub const WRITABLE: &[&str] = &[$($(named!($written),)? $(named!($moved),)?)+];

            /// Everything that lies in a column and is on the wire.
            pub const ALL: &[&str] = &[$($(named!($name),)? $(named!($also),)?)+];
        }
    };
}

ticket_fields! { names ticket }
issue_fields! { names issue }

/// The fields that UpdateTicket writes. `custom.name` is one more for each custom field.
const WRITABLE: &[&str] = ticket::WRITABLE;

/// Made for the answer, from no column alone.
const MADE: &[&str] = &["etag", "sla"];

/// What a mask asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// Names of writable fields, each once.
    pub fields: Vec<&'static str>,
    /// Names of single custom fields, each once.
    pub custom: Vec<String>,
    /// Whether the mask was `*`.
    pub everything: bool,
}

/// The paths of a mask, each once; none, and a violation, where they are too many or none.
pub(super) fn asked(found: &mut Violations, mask: Option<FieldMask>) -> Vec<String> {
    let mut asked = mask.unwrap_or_default().paths;
    if asked.is_empty() {
        found.add("update_mask", "must name at least one field, or `*` for all");
    }
    if asked.len() > MASK_PATHS {
        found.add("update_mask", format!("must name at most {MASK_PATHS} fields, names {}", asked.len()));
        return Vec::new();
    }
    let mut seen = HashSet::new();
    asked.retain(|path| seen.insert(path.clone()));
    asked
}

pub fn paths(found: &mut Violations, mask: Option<FieldMask>) -> Paths {
    let asked = asked(found, mask);
    let mut paths = Paths { fields: Vec::new(), custom: Vec::new(), everything: false };
    for path in &asked {
        if path == "*" {
            paths.everything = true;
        } else if let Some(field) = WRITABLE.iter().find(|field| *field == path) {
            paths.fields.push(field);
        } else if let Some(name) = path.strip_prefix("custom.") {
            found.within("update_mask", |found| found.within("custom", |found| value::field_name(found, name)));
            paths.custom.push(name.to_owned());
        } else if ticket::ALL.iter().chain(MADE).any(|field| field == path) {
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
    fn every_field_of_a_ticket_is_known() {
        let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("descriptors");
        let ticket = pool.get_message_by_name("docket.v1.Ticket").expect("the ticket");
        let mut all: Vec<String> = ticket.fields().map(|f| f.name().to_owned()).collect();
        let mut known: Vec<String> = ticket::ALL.iter().chain(MADE).map(|f| (*f).to_owned()).collect();
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
        let many: Vec<String> = (0..129).map(|n| format!("custom.c{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(refused(&many), ["update_mask: must name at most 128 fields, names 129"]);
        assert!(refused(&many[1..]).is_empty());
    }
}
