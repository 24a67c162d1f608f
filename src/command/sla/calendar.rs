//! Calendars: made, changed and taken away, each write a version of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{CalendarEdit, refused};
use crate::command::access::{check_etag, staff_only};
use crate::command::forms::put;
use crate::command::record::{Note, SCHEMA_VERSION, SOURCE, next_position, plain};
use crate::command::refusal::Kind;
use crate::command::scope::Scope;
use crate::command::{Refusal, Stop, World};
use crate::model::activity_type::ActivityType;
use crate::model::sla::calendar::{Calendar, CalendarRef, CalendarVersion};
use crate::model::sla::hours::Holiday;
use crate::model::words::SourceType;

const WHAT: &str = "calendars";
const FIELD: &str = "calendar";
/// Names of policies in a refusal.
const NAMED: usize = 5;

/// Makes one of a name that no other has.
pub fn create(world: &mut World, scope: &mut Scope<'_>, edit: &CalendarEdit) -> Result<Arc<Calendar>, Stop> {
    staff_only(scope, WHAT)?;
    let after = edited(&blank(scope), edit)?;
    free(world, &after.name)?;
    write(world, scope, after)
}

/// Writes the named fields; no difference changes nothing.
pub fn update(
    world: &mut World,
    scope: &Scope<'_>,
    which: &CalendarRef,
    etag: &str,
    edit: &CalendarEdit,
) -> Result<Arc<Calendar>, Stop> {
    let calendar = find(world, scope, which)?;
    if calendar.deleted_at.is_some() {
        return Err(missing(which).into());
    }
    check_etag(etag, calendar.etag_version, || named(&calendar))?;
    let after = edited(&calendar, edit)?;
    if after.name != calendar.name {
        free(world, &after.name)?;
    }
    if after == *calendar {
        return Ok(calendar);
    }
    if calendar.has_hours() && !after.has_hours() {
        let advice = "leave it some hours, or give the policies another calendar";
        unused(world, &calendar, false, advice)?;
    }
    write(world, scope, after)
}

/// Deleting it again, by its id, changes nothing.
pub fn delete(world: &mut World, scope: &Scope<'_>, which: &CalendarRef, etag: &str) -> Result<Arc<Calendar>, Stop> {
    let calendar = find(world, scope, which)?;
    if calendar.deleted_at.is_some() {
        return Ok(calendar);
    }
    check_etag(etag, calendar.etag_version, || named(&calendar))?;
    unused(world, &calendar, true, "give them another calendar first")?;
    let (deleted_at, deleted_by) = (Some(scope.now), scope.actor.id.clone());
    write(world, scope, Calendar { deleted_at, deleted_by, ..Calendar::clone(&calendar) })
}

fn missing(which: &CalendarRef) -> Refusal {
    Refusal::NotFound { kind: Kind::Calendar, id: which.to_string() }
}

fn named(calendar: &Calendar) -> String {
    format!("calendar {:?}", calendar.name)
}

fn free(world: &World, name: &str) -> Result<(), Stop> {
    match world.calendar(&CalendarRef::Name(name.to_owned()))? {
        Some(_) => Err(Refusal::NameTaken { kind: Kind::Calendar, name: name.to_owned() }.into()),
        None => Ok(()),
    }
}

/// One that is there, or, by its id, was, for a caller who may change it.
fn find(world: &World, scope: &Scope<'_>, which: &CalendarRef) -> Result<Arc<Calendar>, Stop> {
    staff_only(scope, WHAT)?;
    let calendar = world.calendar(which)?.ok_or_else(|| missing(which))?;
    if scope.caller().app_id().is_some_and(|app| app != calendar.app_id) {
        return Err(missing(which).into());
    }
    Ok(calendar)
}

/// Refuses to take hours away from those who count by them; all of a calendar, from those too who only name it.
fn unused(world: &World, calendar: &Calendar, all: bool, advice: &'static str) -> Result<(), Stop> {
    let config = world.sla()?;
    let of = |row: &crate::model::sla::policy::SlaPolicy| {
        row.calendar_id == Some(calendar.id) && (all || row.business_hours_only)
    };
    let using: Vec<&str> =
        config.policies().iter().filter(|policy| of(&policy.row)).map(|policy| policy.row.name.as_str()).collect();
    let mut users: Vec<String> = using.iter().take(NAMED).map(|name| format!("SLA policy {name:?}")).collect();
    if using.len() > NAMED {
        users.push(format!("{} more SLA policies", using.len() - NAMED));
    }
    if all && world.settings()?.default_calendar_id == Some(calendar.id) {
        users.push("the tenant's default_calendar_id".to_owned());
    }
    match users.is_empty() {
        true => Ok(()),
        false => Err(Refusal::CalendarInUse { name: calendar.name.clone(), users, advice }.into()),
    }
}

fn edited(before: &Calendar, edit: &CalendarEdit) -> Result<Calendar, Stop> {
    let CalendarEdit { name, time_zone, weekly, holidays, more_holidays } = edit;
    let mut after = before.clone();
    put(&mut after.name, name);
    put(&mut after.time_zone, time_zone);
    put(&mut after.weekly, &weekly.as_ref().map(|weekly| json!(weekly)));
    let written = holidays.as_ref().map_or_else(|| after.holidays(), |written| sorted(written));
    after.holidays = json!(with(written, more_holidays));
    if let Err(faults) = after.hours() {
        refused(FIELD, faults)?;
    }
    Ok(after)
}

/// In the order of their dates; those that are written twice stay, to be refused.
fn sorted(holidays: &[Holiday]) -> Vec<Holiday> {
    let mut holidays = holidays.to_vec();
    holidays.sort_by(|a, b| a.date.cmp(&b.date));
    holidays
}

/// Of a date that both have, the name is that of `more`, where it has one.
fn with(holidays: Vec<Holiday>, more: &[Holiday]) -> Vec<Holiday> {
    if more.is_empty() {
        return holidays;
    }
    let mut by_date: BTreeMap<String, String> = holidays.into_iter().map(|day| (day.date, day.name)).collect();
    for Holiday { date, name } in more {
        let known = by_date.entry(date.clone()).or_default();
        if !name.is_empty() {
            known.clone_from(name);
        }
    }
    by_date.into_iter().map(|(date, name)| Holiday { date, name }).collect()
}

/// A new calendar without a word in it.
fn blank(scope: &mut Scope<'_>) -> Calendar {
    Calendar {
        tenant_id: scope.tenant().to_owned(),
        id: scope.new_id(),
        name: String::new(),
        time_zone: String::new(),
        weekly: Value::Array(Vec::new()),
        holidays: Value::Array(Vec::new()),
        version: 0,
        app_id: scope.app_id().to_owned(),
        source: SOURCE.to_owned(),
        source_type: SourceType::Api,
        created_at: scope.now,
        created_by: scope.actor.id.clone(),
        updated_at: scope.now,
        updated_by: scope.actor.id.clone(),
        deleted_at: None,
        deleted_by: String::new(),
        schema_version: SCHEMA_VERSION,
        etag_version: 0,
        position: 0,
    }
}

/// The row, its version, its activity, and what the batch knows of calendars in use.
fn write(world: &mut World, scope: &Scope<'_>, mut calendar: Calendar) -> Result<Arc<Calendar>, Stop> {
    let config = world.sla()?;
    calendar.updated_at = scope.now;
    calendar.updated_by.clone_from(&scope.actor.id);
    calendar.version += 1;
    calendar.etag_version += 1;
    calendar.position = next_position(world);
    let Calendar { id, version, position, .. } = calendar;
    let body = calendar.shown();
    let note = Note { data: Some(body.clone()), ..Note::of(ActivityType::CalendarChanged) };
    world.head.config_position = plain(world, scope, note);
    let kept = CalendarVersion { tenant_id: calendar.tenant_id.clone(), id, version, position, body };
    world.calendar_versions.put((id, version), Arc::new(kept));
    let calendar = Arc::new(calendar);
    world.calendars.put(id, calendar.clone());
    world.sla.put((), Arc::new(config.with_calendar(&calendar)));
    Ok(calendar)
}
