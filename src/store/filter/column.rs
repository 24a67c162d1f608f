//! Columns of the fields that filters can name.

use super::sorted::{Sort, Sorted};
use crate::model::directory::*;
use crate::model::fields::{named, prefix};
use crate::model::id;
use crate::model::issue::issue_fields;
use crate::model::message::message_fields;
use crate::model::ticket::ticket_fields;
use crate::model::time::Instant;
use crate::model::words::*;
use crate::store::audience::Audience;
use crate::workflow::schema::Root;
use uuid::Uuid;

/// A column and what is to be known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub sql: &'static str,
    pub sort: Sort,
    /// It can be NULL, and then reading it is an error.
    pub optional: bool,
}

const fn of(sql: &'static str, sort: Sort) -> Option<Column> {
    Some(Column { sql, sort, optional: false })
}

const fn optional(sql: &'static str, sort: Sort) -> Option<Column> {
    Some(Column { sql, sort, optional: true })
}

/// The column of `root.names`, whatever names below a map follow. `None`: it lies in no column.
pub fn column(root: Root, names: &[String], audience: &Audience) -> Option<Column> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match root {
        Root::Ticket => ticket(&names, audience),
        Root::Message => message(&names),
        Root::Issue => issue(&names),
        Root::Organization => organization(&names),
        Root::Activity => activity(&names, audience),
        Root::Run => run(&names),
        Root::Tag => tag(&names),
        Root::CannedResponse => canned(&names),
        Root::SlaPolicy => policy(&names),
        Root::Calendar => calendar(&names),
        Root::SlaOutcome => outcome(&names),
        _ => entry(root, &names),
    }
}

/// `columns! { fn ticket_column … }`: `deal_id: …, as deal_id in cel` lies in the column `deal_id`.
macro_rules! columns {
    (fn $find:ident $docs:tt $row:ident in $table:ident, key $key:tt { $(
        $meta:tt $field:ident: $ty:ty, $image:tt $id:tt $wire:tt ($($name:ident $cel:ident)?) $also:tt
        $write:tt $edit:tt $told:tt;
    )+ }) => {
        fn $find(names: &[&str]) -> Option<Column> {
            let (first, rest) = names.split_first()?;
            $($(if *first == named!($name) {
                return below::<$ty>(stringify!($field), prefix!($id), rest);
            })?)+
            None
        }
    };
}

ticket_fields! { columns fn ticket_column }
message_fields! { columns fn message }
issue_fields! { columns fn issue }

/// The column of a field, whose value may be a map with names below it.
fn below<T: Sorted>(sql: &'static str, prefix: &'static str, rest: &[&str]) -> Option<Column> {
    let sort = T::sort(prefix);
    (rest.is_empty() || sort == Sort::Json).then_some(Column { sql, sort, optional: T::OPTIONAL })
}

fn ticket(names: &[&str], audience: &Audience) -> Option<Column> {
    // A requester is shown the public part of the thread's counts; a filter must not tell the rest.
    let public = audience.requester.is_some();
    match names {
        ["display_number"] => of("number", Sort::Display),
        ["message_count"] if public => of("public_message_count", Sort::Int),
        ["last_message_at"] if public => optional("last_public_message_at", Sort::Time),
        _ => ticket_column(names),
    }
}

/// An entry of the directory: the column of a field of it.
trait FilteredEntry {
    fn column(names: &[&str]) -> Option<Column>;
}

macro_rules! entry_columns {
    ($($row:ident: $one:ident, $many:ident by $fields:ident, $changed:ident, $missing:ident;)+) => { $(
        impl FilteredEntry for $row {
            fn column(names: &[&str]) -> Option<Column> {
                $fields! { columns fn find }
                find(names)
            }
        }
    )+

        fn entry(root: Root, names: &[&str]) -> Option<Column> {
            match root {
                $(Root::$row => $row::column(names),)+
                _ => None,
            }
        }
    };
}
entries! { entry_columns }

fn organization(names: &[&str]) -> Option<Column> {
    match names {
        ["subscription", "plan"] => of("subscription_plan", Sort::Text),
        ["subscription", "status"] => of("subscription_status", Sort::Text),
        _ => Organization::column(names),
    }
}

/// The rest of an activity lies in its body and in its image, which are read in memory.
fn activity(names: &[&str], audience: &Audience) -> Option<Column> {
    // A requester is shown no versions: they count notes too.
    let public = audience.requester.is_some();
    match names {
        ["type"] => of("kind", Sort::Text),
        ["families"] => of("families", Sort::Words),
        ["position"] => of("position", Sort::Int),
        ["ticket_id"] => of("ticket_id", Sort::IdOrNone(id::TICKET)),
        ["ticket_version"] if public => of("0", Sort::Int),
        ["ticket_version"] => of("ticket_version", Sort::Int),
        ["actor", "kind"] => of("actor_kind", Sort::Text),
        ["actor", "id"] => of("actor_id", Sort::Text),
        ["occurred_at"] => of("occurred_at", Sort::Time),
        ["app_id"] => of("app_id", Sort::Text),
        _ => None,
    }
}

fn run(names: &[&str]) -> Option<Column> {
    match names {
        ["id"] => of("id", Sort::Id(id::RUN)),
        ["workflow"] => of("workflow", Sort::Text),
        ["hash"] => of("hash", Sort::Text),
        ["position"] => of("position", Sort::Int),
        ["ticket_id"] => of("ticket_id", Sort::IdOrNone(id::TICKET)),
        ["verdict"] => of("verdict", Sort::Text),
        ["reason"] => of("reason", Sort::Text),
        ["request_id"] => of("request_id", Sort::Text),
        ["created_at"] => of("created_at", Sort::Time),
        _ => None,
    }
}

fn policy(names: &[&str]) -> Option<Column> {
    match names {
        ["id"] => of("id", Sort::Id(id::SLA_POLICY)),
        ["name"] => of("name", Sort::Text),
        ["description"] => of("description", Sort::Text),
        ["status"] => of("status", Sort::Text),
        ["applies_to"] => of("applies_to", Sort::Words),
        ["priority"] => optional("priority", Sort::Text),
        ["team_id"] => of("team_id", Sort::Text),
        ["match"] => of("condition", Sort::Text),
        ["position"] => of("place", Sort::Int),
        ["first_response_minutes"] => optional("first_response_minutes", Sort::Int),
        ["next_response_minutes"] => optional("next_response_minutes", Sort::Int),
        ["resolution_minutes"] => optional("resolution_minutes", Sort::Int),
        ["calendar_id"] => of("calendar_id", Sort::IdOrNone(id::CALENDAR)),
        ["business_hours_only"] => of("business_hours_only", Sort::Bool),
        ["version"] => of("version", Sort::Int),
        ["created_by"] => of("created_by", Sort::Text),
        ["updated_by"] => of("updated_by", Sort::Text),
        _ => stamp(names),
    }
}

fn calendar(names: &[&str]) -> Option<Column> {
    match names {
        ["id"] => of("id", Sort::Id(id::CALENDAR)),
        ["name"] => of("name", Sort::Text),
        ["time_zone"] => of("time_zone", Sort::Text),
        ["version"] => of("version", Sort::Int),
        ["created_by"] => of("created_by", Sort::Text),
        ["updated_by"] => of("updated_by", Sort::Text),
        _ => stamp(names),
    }
}

fn outcome(names: &[&str]) -> Option<Column> {
    match names {
        ["ticket_id"] => of("ticket_id", Sort::Id(id::TICKET)),
        ["metric"] => of("metric", Sort::Text),
        ["cycle"] => of("cycle", Sort::Int),
        ["policy_id"] => of("policy_id", Sort::Id(id::SLA_POLICY)),
        ["policy_version"] => of("policy_version", Sort::Int),
        ["target"] => of("target", Sort::Duration),
        ["priority"] => of("priority", Sort::Text),
        ["type"] => of("kind", Sort::Text),
        ["team_id"] => of("team_id", Sort::Text),
        ["organization_id"] => of("organization_id", Sort::Text),
        ["app_id"] => of("app_id", Sort::Text),
        ["breached_at"] => optional("breached_at", Sort::Time),
        ["counted_at"] => optional("counted_at", Sort::Time),
        ["late_by"] => of("late", Sort::Duration),
        ["position"] => of("position", Sort::Int),
        ["fulfilled_at"] => optional("fulfilled_at", Sort::Time),
        ["voided_at"] => optional("voided_at", Sort::Time),
        ["elapsed"] => optional("elapsed", Sort::Duration),
        _ => None,
    }
}

fn canned(names: &[&str]) -> Option<Column> {
    match names {
        ["id"] => of("id", Sort::Id(id::CANNED_RESPONSE)),
        ["name"] => of("name", Sort::Text),
        ["title"] => of("title", Sort::Text),
        ["body"] => of("body", Sort::Text),
        ["team_id"] => of("team_id", Sort::Text),
        ["created_by"] => of("created_by", Sort::Text),
        ["updated_by"] => of("updated_by", Sort::Text),
        _ => stamp(names),
    }
}

fn tag(names: &[&str]) -> Option<Column> {
    match names {
        ["name"] => of("name", Sort::Text),
        ["color"] => of("color", Sort::Text),
        ["team_id"] => of("team_id", Sort::Text),
        ["description"] => of("description", Sort::Text),
        ["created_by"] => of("created_by", Sort::Text),
        ["updated_by"] => of("updated_by", Sort::Text),
        _ => stamp(names),
    }
}

/// What every resource has.
fn stamp(names: &[&str]) -> Option<Column> {
    match names {
        ["app_id"] => of("app_id", Sort::Text),
        ["created_at"] => of("created_at", Sort::Time),
        ["updated_at"] => of("updated_at", Sort::Time),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::schema::Type;

    /// Whether every field that a filter may name is in a column; returns those that are not.
    fn missing(root: Root) -> Vec<String> {
        let Type::Object(object) = root.ty() else { panic!("{root:?} has no fields") };
        let mut missing = Vec::new();
        for field in object.fields {
            let paths = match field.ty {
                Type::Object(inner) => inner.names().map(|name| vec![field.name.to_owned(), name.to_owned()]).collect(),
                _ => vec![vec![field.name.to_owned()]],
            };
            missing.extend(
                paths
                    .into_iter()
                    .filter(|path| column(root, path, &Audience::default()).is_none())
                    .map(|path| path.join(".")),
            );
        }
        missing
    }

    #[test]
    fn every_field_of_the_schema_lies_in_a_column() {
        for root in [
            Root::Ticket,
            Root::Message,
            Root::Issue,
            Root::Organization,
            Root::Contact,
            Root::Agent,
            Root::Team,
            Root::Run,
            Root::Tag,
            Root::CannedResponse,
            Root::SlaPolicy,
            Root::Calendar,
            Root::SlaOutcome,
        ] {
            assert_eq!(missing(root), [""; 0], "{root:?}");
        }
    }
}
