//! Value of a path in the facts. A test walks the schema through this file, so that neither lacks a field.

use serde_json::Value as Json;

use super::ast::Path;
use super::clocks;
use super::found::{Found, NoSuchField, whole};
use super::value::Value;
use crate::model::activity::{Activity, Actor, Cause, Change};
use crate::model::directory::*;
use crate::model::fields::{named, prefix};
use crate::model::id;
use crate::model::issue::{Issue, issue_fields};
use crate::model::message::{Message, message_fields};
use crate::model::ticket::{Ticket, ticket_fields};
use crate::model::time::{Instant, Written};
use crate::model::words::*;
use crate::workflow::event::{SCHEDULE, TIMER};
use crate::workflow::facts::{Event, Facts, Related};
use crate::workflow::schema::Root;
use uuid::Uuid;

/// The value at `path`. A whole object gives `Bool(true)`: it is only asked whether it is there.
pub fn value<'a>(facts: &Facts<'a>, path: &Path) -> Found<'a> {
    let names = path.names.as_slice();
    match path.root {
        Root::Event => whole(facts.event, |e| event(facts, e, names), names),
        Root::Ticket => whole(facts.ticket, |t| ticket(t, names), names),
        Root::Before => whole(facts.before, |t| ticket(t, names), names),
        Root::Changes => changes(facts.changes, names),
        Root::Message => whole(facts.message, |m| message(m, names), names),
        Root::Issue => whole(facts.issue, |i| issue(i, names), names),
        Root::Actor => whole(facts.actor, |a| actor(a, names), names),
        Root::Activity => whole(facts.activity, |a| activity(a, names), names),
        Root::Run | Root::Tag | Root::CannedResponse | Root::SlaPolicy | Root::Calendar | Root::SlaOutcome => Ok(None),
        Root::Sla => whole(facts.ticket, |t| clocks::value(&t.clocks, facts.now, names), names),
        Root::OpenIssues => Ok(facts.open_issues.map(Value::Int)),
        Root::Now => Ok(Some(Value::Time(facts.now))),
        Root::Tenant => match names {
            [] => Ok(Some(Value::Bool(true))),
            [name] if name == "id" => Ok(Some(Value::text(facts.tenant_id))),
            [name, rest @ ..] if name == "attributes" => facts.tenant.map_or(Ok(None), |t| json(&t.attributes, rest)),
            _ => Err(NoSuchField),
        },
        root => related(&facts.related, root, names),
    }
}

fn text(text: &str) -> Found<'_> {
    Ok(Some(Value::text(text)))
}

fn time<'a>(at: Option<Instant>) -> Found<'a> {
    Ok(at.map(Value::Time))
}

fn int<'a>(number: impl Into<i64>) -> Found<'a> {
    Ok(Some(Value::Int(number.into())))
}

fn shown<'a>(prefix: &str, uuid: Option<Uuid>) -> Found<'a> {
    Ok(Some(Value::text(uuid.map(|uuid| id::show(prefix, uuid)).unwrap_or_default())))
}

/// Down into a JSON object, name by name.
fn json<'a>(mut json: &'a Json, names: &[String]) -> Found<'a> {
    for name in names {
        match json.get(name) {
            Some(inner) => json = inner,
            None => return Ok(None),
        }
    }
    Ok(Some(Value::of_json(json)))
}

/// A value of a row, or what lies below it.
trait Below {
    /// `prefix`: of ids. `rest`: the names behind the field's own.
    fn below<'a>(&'a self, prefix: &str, rest: &[String]) -> Found<'a>;
}

/// `below! { String => |v, prefix, rest| …; }`
macro_rules! below {
    ($($ty:ty => |$v:ident, $prefix:ident, $rest:ident| $found:expr;)+) => { $(
        impl Below for $ty {
            fn below<'a>(&'a self, $prefix: &str, $rest: &[String]) -> Found<'a> { let $v = self; $found }
        }
    )+ };
}

below! {
    String => |v, _prefix, rest| last(text(v), rest);
    i32 => |v, _prefix, rest| last(int(*v), rest);
    i64 => |v, _prefix, rest| last(int(*v), rest);
    Option<f64> => |v, _prefix, rest| last(Ok(v.map(Value::Double)), rest);
    Instant => |v, _prefix, rest| last(time(Some(*v)), rest);
    Option<Instant> => |v, _prefix, rest| last(time(*v), rest);
    Words => |v, _prefix, rest| last(Ok(Some(Value::Texts(v))), rest);
    Json => |v, _prefix, rest| json(v, rest);
    Uuid => |v, prefix, rest| last(shown(prefix, Some(*v)), rest);
    Option<Uuid> => |v, prefix, rest| last(shown(prefix, *v), rest);
}

macro_rules! below_words {
    ($($ty:ty),+) => { below! { $($ty => |v, _prefix, rest| last(text(v.word()), rest);)+ } };
}
below_words! {
    Status, Priority, TicketType, Channel, SourceType, Visibility, AuthorKind, IssueType, IssueStatus, AgentStatus
}

fn last<'a>(found: Found<'a>, rest: &[String]) -> Found<'a> {
    if rest.is_empty() { found } else { Err(NoSuchField) }
}

/// `resolved! { fn ticket … }`: `deal_id: …, as deal_id in cel` is found below `deal_id`.
macro_rules! resolved {
    (fn $find:ident $docs:tt $row:ident in $table:ident, key $key:tt { $(
        $meta:tt $field:ident: $ty:ty, $image:tt $id:tt $wire:tt ($($name:ident $cel:ident)?) ($($also:ident: $also_ty:ty)?)
        $write:tt $edit:tt $told:tt;
    )+ }) => {
        fn $find<'a>(row: &'a $row, names: &[String]) -> Found<'a> {
            let Some((first, rest)) = names.split_first() else { return Err(NoSuchField) };
            $(
                $(if first == named!($name) {
                    return row.$field.below(prefix!($id), rest);
                })?
                $(if first == stringify!($also) {
                    return row.$also().made(rest);
                })?
            )+
            Err(NoSuchField)
        }
    };
}

/// A value made of a row, or what lies in it.
trait Made {
    fn made<'a>(self, rest: &[String]) -> Found<'a>;
}

impl Made for String {
    fn made<'a>(self, rest: &[String]) -> Found<'a> {
        last(Ok(Some(Value::text(self))), rest)
    }
}

impl Made for Subscription {
    fn made<'a>(self, rest: &[String]) -> Found<'a> {
        match rest.first().map(String::as_str) {
            None => Ok(Some(Value::Bool(true))),
            Some("plan") => Ok(Some(Value::text(self.plan))),
            Some("status") => Ok(Some(Value::text(self.status))),
            _ => Err(NoSuchField),
        }
    }
}

ticket_fields! { resolved fn ticket }
message_fields! { resolved fn message }
issue_fields! { resolved fn issue }

/// An entry of the directory.
trait ResolvedEntry {
    fn field<'a>(&'a self, names: &[String]) -> Found<'a>;
}

macro_rules! resolved_entries {
    ($($row:ident: $one:ident, $many:ident by $fields:ident, $changed:ident, $missing:ident;)+) => { $(
        impl ResolvedEntry for $row {
            fn field<'a>(&'a self, names: &[String]) -> Found<'a> {
                $fields! { resolved fn find }
                find(self, names)
            }
        }
    )+ };
}
entries! { resolved_entries }

macro_rules! resolved_related {
    ($($place:ident: $row:ident by $id:ident, $root:ident;)+) => {
        /// Of an entry, as a ticket calls it (`requester`) or by itself (`contact`).
        fn related<'a>(related: &Related<'a>, root: Root, names: &[String]) -> Found<'a> {
            $(if root == Root::$root || root == Root::$row {
                return whole(related.$place, |it| it.field(names), names);
            })+
            Err(NoSuchField)
        }
    };
}
related! { resolved_related }

fn changes<'a>(changes: &'a [Change], names: &[String]) -> Found<'a> {
    let Some((field, rest)) = names.split_first() else { return Ok(Some(Value::Bool(true))) };
    let Some(change) = changes.iter().find(|change| change.field == *field) else { return Ok(None) };
    match rest {
        [] => Ok(Some(Value::Bool(true))),
        [side, rest @ ..] if side == "old" => json(&change.old_value, rest),
        [side, rest @ ..] if side == "new" => json(&change.new_value, rest),
        _ => Err(NoSuchField),
    }
    .map(|found| found.filter(|value| !matches!(value, Value::Null)))
}

fn event<'a>(facts: &Facts<'a>, e: Event<'a>, names: &[String]) -> Found<'a> {
    let Some((name, rest)) = names.split_first() else { return Err(NoSuchField) };
    match name.as_str() {
        "type" => text(e.kind),
        "types" if e.types.is_empty() => Ok(Some(Value::List(vec![Value::text(e.kind)]))),
        "types" => Ok(Some(Value::List(e.types.iter().map(|kind| Value::text(*kind)).collect()))),
        "families" => Ok(Some(Value::Types(e.families))),
        "position" => int(e.position),
        "ticket" => whole(e.ticket, |t| ticket(t, rest), rest),
        "actor" => whole(facts.actor, |a| actor(a, rest), rest),
        "cause" => whole(e.cause, |c| cause(c, rest), rest),
        "data" if matches!(rest, [due] if due == "due_at") && matches!(e.kind, TIMER | SCHEDULE) => {
            let text = e.data.and_then(|data| data.get("due_at")?.as_str());
            time(text.and_then(Written::parse).map(|due| due.at))
        }
        "data" => e.data.map_or(Ok(None), |data| json(data, rest)),
        _ => Err(NoSuchField),
    }
}

fn actor<'a>(a: &'a Actor, names: &[String]) -> Found<'a> {
    match names.first().map(String::as_str) {
        Some("kind") => text(a.kind.word()),
        Some("id") => text(&a.id),
        Some("display") => text(&a.display),
        _ => Err(NoSuchField),
    }
}

fn cause<'a>(c: &'a Cause, names: &[String]) -> Found<'a> {
    match names.first().map(String::as_str) {
        Some("root_position") => int(c.root_position),
        Some("parent_position") => int(c.parent_position),
        Some("depth") => int(c.depth),
        Some("workflow") => text(&c.workflow),
        Some("run_id") => shown(id::RUN, Some(c.run_id)),
        _ => Err(NoSuchField),
    }
}

fn activity<'a>(a: &'a Activity, names: &[String]) -> Found<'a> {
    let Some((name, rest)) = names.split_first() else { return Err(NoSuchField) };
    match name.as_str() {
        "type" => text(a.kind.as_str()),
        "families" => Ok(Some(Value::Types(a.families.all()))),
        "position" => int(a.position),
        "ticket_id" => shown(id::TICKET, a.ticket_id),
        "ticket_version" => int(a.ticket_version),
        "actor" => whole(Some(&a.actor), |x| actor(x, rest), rest),
        "occurred_at" => time(Some(a.occurred_at)),
        "changes" => changes(&a.changes, rest),
        "ticket" => whole(a.ticket.as_deref(), |x| ticket(x, rest), rest),
        "message" => whole(a.message.as_ref(), |x| message(x, rest), rest),
        "issue" => whole(a.issue.as_ref(), |x| issue(x, rest), rest),
        "task" => whole(a.task.as_ref(), |x| task(x, rest), rest),
        "data" => a.data.as_ref().map_or(Ok(None), |data| json(data, rest)),
        "cause" => whole(a.cause.as_ref(), |x| cause(x, rest), rest),
        "request_id" => text(&a.request_id),
        "app_id" => text(&a.app_id),
        _ => Err(NoSuchField),
    }
}

fn task<'a>(t: &'a crate::model::activity::Task, names: &[String]) -> Found<'a> {
    match names.first().map(String::as_str) {
        Some("subject") => text(&t.subject),
        Some("assignee_id") => text(&t.assignee_id),
        Some("contact_id") => text(&t.contact_id),
        _ => Err(NoSuchField),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tenant::Tenant;
    use crate::workflow::fixture;
    use crate::workflow::schema::Type;

    /// Every path that the schema knows below `path`.
    fn paths(path: &Path, ty: Type, into: &mut Vec<(Path, Type)>) {
        into.push((path.clone(), ty));
        if let Type::Object(object) = ty {
            for field in object.fields {
                let names = path.names.iter().cloned().chain([field.name.to_owned()]).collect();
                paths(&Path { root: path.root, names }, field.ty, into);
            }
        }
    }

    fn fits(value: &Value<'_>, ty: Type) -> bool {
        match (value, ty) {
            (Value::Bool(true), Type::Object(_) | Type::Changes) => true,
            (Value::Int(_), Type::Int) | (Value::Double(_), Type::Double) | (Value::Time(_), Type::Time) => true,
            (Value::Bool(_), Type::Bool) | (Value::Duration(_), Type::Duration) => true,
            (Value::Text(text), Type::Enum(words)) => words.words.contains(&text.as_ref()),
            (Value::Text(text), Type::Text | Type::Event) => !text.is_empty(),
            (Value::Texts(all), Type::List(_)) => !all.is_empty(),
            (Value::Types(all), Type::List(_)) => !all.is_empty(),
            (Value::List(all), Type::List(_)) => !all.is_empty(),
            (value, Type::Map) => value.is_map(),
            _ => false,
        }
    }

    #[test]
    fn every_field_of_the_schema_is_found_and_is_of_its_type() {
        let activity = fixture::activity("ticket.escalated", fixture::ticket());
        let ticket = fixture::ticket();
        let mut issue = fixture::issue();
        issue.workflow = "escalation-to-issue".into();
        issue.app_id = "portal".into();
        let mut activity = activity;
        activity.issue = Some(issue);
        let (organization, contact) = (fixture::organization("Free"), fixture::contact());
        let (agent, team) = (fixture::agent(), fixture::team());
        let (deal, asset) = (fixture::deal(), fixture::asset());
        let tenant = Tenant { attributes: serde_json::json!({"plan": "pro"}), ..Tenant::unset("acme") };
        let full = Facts {
            tenant: Some(&tenant),
            before: Some(&ticket),
            open_issues: Some(1),
            related: Related {
                organization: Some(&organization),
                requester: Some(&contact),
                assignee: Some(&agent),
                team: Some(&team),
                deal: Some(&deal),
                asset: Some(&asset),
            },
            ..Facts::of(&activity)
        };
        let mut all = Vec::new();
        for root in Root::OF_RULES.iter().chain(Root::OF_FILTERS) {
            paths(&Path { root: *root, names: Vec::new() }, root.ty(), &mut all);
        }
        assert!(all.len() > 200, "the schema was walked");
        for (path, ty) in &all {
            match value(&full, path) {
                Ok(Some(value)) => assert!(fits(&value, *ty), "{path} is {value:?}, not {ty}"),
                other => panic!("{path}: {other:?}"),
            }
            assert_ne!(value(&Facts::at(fixture::NOW, "acme"), path).err(), Some(NoSuchField), "{path}");
        }
    }
}
