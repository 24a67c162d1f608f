//! Verbs of calendars: create, update, delete; each write makes a version.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::put;
use crate::command::access::{self, check_etag, staff_only};
use crate::command::configured::{self, Configured};
use crate::command::record::{SCHEMA_VERSION, SOURCE};
use crate::command::refusal::Kind;
use crate::command::scope::Scope;
use crate::command::sla::refused;
use crate::command::wants::Wants;
use crate::command::{Refusal, Resource, Stop, Verb, Want, World};
use crate::model::activity_type::ActivityType;
use crate::model::fold::fold;
use crate::model::id;
use crate::model::row::Stamped;
use crate::model::shown::Data;
use crate::model::sla::calendar::{Calendar, CalendarRef, CalendarVersion};
use crate::model::sla::hours::{Holiday, Interval, SpecialDate};
use crate::model::sla::policy::SlaPolicy;
use crate::model::words::SourceType;

const WHAT: &str = "calendars";
const FIELD: &str = "calendar";
/// Names of policies in a refusal.
const NAMED: usize = 5;

/// Makes one of a name that no other has. What the edit does not name has its default.
#[derive(Clone, Debug)]
pub struct CreateCalendar(pub CalendarEdit);

impl Verb for CreateCalendar {
    fn name(&self) -> &'static str {
        "create_calendar"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants_of(None, &self.0, wants);
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        staff_only(scope, WHAT)?;
        let after = edited(&blank(scope), &self.0)?;
        free(world, &after.name)?;
        Ok(write(world, scope, after)?.into())
    }
}

/// Writes the named fields; no difference changes nothing.
#[derive(Clone, Debug)]
pub struct UpdateCalendar {
    pub calendar: CalendarRef,
    pub etag: String,
    pub edit: CalendarEdit,
}

impl Verb for UpdateCalendar {
    fn name(&self) -> &'static str {
        "update_calendar"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants_of(Some(&self.calendar), &self.edit, wants);
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let calendar = find(world, scope, &self.calendar)?;
        if calendar.deleted_at.is_some() {
            return Err(missing(&self.calendar).into());
        }
        check_etag(&self.etag, calendar.etag_version, || quoted(&calendar))?;
        let after = edited(&calendar, &self.edit)?;
        if after.folded != calendar.folded {
            free(world, &after.name)?;
        }
        if after == *calendar {
            return Ok(calendar.into());
        }
        if calendar.has_hours() && !after.has_hours() {
            let advice = "leave it some hours, or give the policies another calendar";
            unused(world, &calendar, false, advice)?;
        }
        Ok(write(world, scope, after)?.into())
    }
}

/// Deleting it again, by its id, changes nothing.
#[derive(Clone, Debug)]
pub struct DeleteCalendar {
    pub calendar: CalendarRef,
    pub etag: String,
}

impl Verb for DeleteCalendar {
    fn name(&self) -> &'static str {
        "delete_calendar"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants_of(Some(&self.calendar), &CalendarEdit::default(), wants);
        wants.add(Want::Settings);
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let calendar = find(world, scope, &self.calendar)?;
        if calendar.deleted_at.is_some() {
            return Ok(calendar.into());
        }
        check_etag(&self.etag, calendar.etag_version, || quoted(&calendar))?;
        unused(world, &calendar, true, "give them another calendar first")?;
        let mut after = Arc::unwrap_or_clone(calendar);
        after.delete(scope.now, &scope.actor.id);
        Ok(write(world, scope, after)?.into())
    }
}

/// The fields of a calendar that a write names; `None` = not named. Its hours were compiled already.
#[derive(Clone, Debug, Default)]
pub struct CalendarEdit {
    pub name: Option<String>,
    pub time_zone: Option<String>,
    pub weekly: Option<Vec<Interval>>,
    pub holidays: Option<Vec<Holiday>>,
    pub special_dates: Option<Vec<SpecialDate>>,
    /// Beside those that it has; of a date that it has, the name is this one's.
    pub more_holidays: Vec<Holiday>,
}

fn wants_of(which: Option<&CalendarRef>, edit: &CalendarEdit, wants: &mut Wants<'_>) {
    wants.add(Want::SlaConfig);
    let name = edit.name.clone().map(CalendarRef::Name);
    which.cloned().into_iter().chain(name).for_each(|calendar| wants.add(Want::Calendar(calendar.folded())));
}

impl Configured for Calendar {
    const CHANGED: ActivityType = ActivityType::CalendarChanged;

    fn id(&self) -> String {
        id::show(id::CALENDAR, self.id)
    }

    fn show(&self) -> Value {
        self.shown()
    }

    fn read(data: &Data<'_>) -> Option<Calendar> {
        Calendar::read(data)
    }

    fn put(self: Arc<Calendar>, world: &mut World) {
        world.calendars.put(self.id, self);
    }
}

/// The id of a calendar that is there; `field` names it in the request.
pub fn named(world: &World, field: &str, which: Option<&CalendarRef>) -> Result<Option<Uuid>, Stop> {
    let Some(which) = which else { return Ok(None) };
    match world.calendar(which)?.filter(|row| row.deleted_at.is_none()) {
        Some(row) => Ok(Some(row.id)),
        None => {
            let description = format!("there is no calendar {:?}", which.to_string());
            Err(Refusal::field(field, description).into())
        }
    }
}

fn missing(which: &CalendarRef) -> Refusal {
    Refusal::NotFound { kind: Kind::Calendar, id: which.to_string() }
}

fn quoted(calendar: &Calendar) -> String {
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
    access::own(scope, world.calendar(which)?).ok_or_else(|| missing(which).into())
}

/// Refuses to take hours away from those who count by them; all of a calendar, from those too who only name it.
fn unused(world: &World, calendar: &Calendar, all: bool, advice: &'static str) -> Result<(), Stop> {
    let config = world.sla()?;
    let of = |row: &SlaPolicy| row.calendar_id == Some(calendar.id) && (all || row.business_hours_only);
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
    let CalendarEdit { name, time_zone, weekly, holidays, special_dates, more_holidays } = edit;
    let mut after = before.clone();
    put(&mut after.name, name);
    after.folded = fold(&after.name).into_owned();
    put(&mut after.time_zone, time_zone);
    put(&mut after.weekly, &weekly.as_ref().map(|weekly| json!(weekly)));
    let special_dates = special_dates.as_ref().map(|written| sorted(written, |special| &special.date));
    put(&mut after.special_dates, &special_dates.map(|written| json!(written)));
    let written = holidays.as_ref().map_or_else(|| after.holidays(), |written| sorted(written, |day| &day.date));
    after.holidays = json!(with(written, more_holidays));
    if let Err(faults) = after.hours() {
        refused(FIELD, faults)?;
    }
    Ok(after)
}

/// In the order of their dates; those that are written twice stay, to be refused.
fn sorted<T: Clone>(written: &[T], date: fn(&T) -> &String) -> Vec<T> {
    let mut sorted = written.to_vec();
    sorted.sort_by(|a, b| date(a).cmp(date(b)));
    sorted
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
        folded: String::new(),
        time_zone: String::new(),
        weekly: Value::Array(Vec::new()),
        holidays: Value::Array(Vec::new()),
        special_dates: Value::Array(Vec::new()),
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
    calendar.version += 1;
    let calendar = configured::write(world, scope, calendar);
    let Calendar { id, version, position, .. } = *calendar;
    let kept = CalendarVersion { tenant_id: calendar.tenant_id.clone(), id, version, position, body: calendar.shown() };
    world.calendar_versions.put((id, version), Arc::new(kept));
    world.sla.put((), Arc::new(config.with_calendar(&calendar)));
    Ok(calendar)
}
