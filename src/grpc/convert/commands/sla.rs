//! CreateSlaPolicy to DeleteCalendar. A new resource is an edit that names every field.

use std::ops::RangeInclusive;
use std::sync::Arc;

use super::check::{id, own_name};
use super::etag;
use crate::command::Verb;
use crate::command::verbs::{
    CalendarEdit, CreateCalendar, CreateSlaPolicy, DeleteCalendar, DeleteSlaPolicy, PolicyEdit, UpdateCalendar,
    UpdateSlaPolicy,
};
use crate::grpc::convert::answer::At;
use crate::grpc::convert::sla;
use crate::grpc::convert::violations::Violations;
use crate::grpc::convert::words::WireWord;
use crate::grpc::convert::{fields, time};
use crate::grpc::pb;
use crate::grpc::pb::preview_policy_change_request;
use crate::model::id::{CALENDAR, SLA_POLICY};
use crate::model::limits::{EXCLUDED, MINUTES, NAME_CHARS, WARNINGS};
use crate::model::sla::calendar::Calendar;
use crate::model::sla::hours::{Hours, Opening};
use crate::model::sla::ics::{self, Imported, Wanted};
use crate::model::sla::policy::{SlaPolicy, WarnAt};
use crate::model::words::*;
use crate::workflow::TicketCondition;

const MICROS: i64 = 1_000_000;

writes! {
    CreateSlaPolicyRequest -> CreateSlaPolicyResponse { sla_policy: SlaPolicy }, by create_policy;
    UpdateSlaPolicyRequest -> UpdateSlaPolicyResponse { sla_policy: SlaPolicy }, by update_policy;
    DeleteSlaPolicyRequest -> DeleteSlaPolicyResponse { sla_policy: SlaPolicy }, by delete_policy;
    CreateCalendarRequest -> CreateCalendarResponse { calendar: Calendar }, by create_calendar;
    UpdateCalendarRequest -> UpdateCalendarResponse { calendar: Calendar }, by update_calendar;
    ImportHolidaysRequest -> ImportHolidaysResponse { calendar: Calendar, by import_answer }, by import_holidays;
    DeleteCalendarRequest -> DeleteCalendarResponse { calendar: Calendar }, by delete_calendar;
}

pub fn create_policy(request: pb::CreateSlaPolicyRequest, found: &mut Violations) -> CreateSlaPolicy {
    let pb::CreateSlaPolicyRequest { sla_policy, request_id: _, validate_only: _ } = request;
    let policy = found.set("sla_policy", sla_policy);
    found.within("sla_policy", |found| {
        let mut edit = policy_edit(policy, |_| true, found);
        // A new policy without any has the default.
        edit.pause_on = edit.pause_on.filter(|states| !states.is_empty());
        CreateSlaPolicy(edit)
    })
}

pub fn update_policy(request: pb::UpdateSlaPolicyRequest, found: &mut Violations) -> UpdateSlaPolicy {
    let pb::UpdateSlaPolicyRequest { sla_policy, update_mask, request_id: _, validate_only: _ } = request;
    let mask = fields::SLA_POLICY.masked(found, update_mask);
    let mut policy = found.set("sla_policy", sla_policy);
    found.within("sla_policy", |found| UpdateSlaPolicy {
        policy: sla::policy_named(found, "id", &policy.id),
        etag: etag(found, std::mem::take(&mut policy.etag)),
        edit: policy_edit(policy, |field| mask.contains(&field), found),
    })
}

pub fn delete_policy(request: pb::DeleteSlaPolicyRequest, found: &mut Violations) -> DeleteSlaPolicy {
    let pb::DeleteSlaPolicyRequest { id, etag: sent, request_id: _, validate_only: _ } = request;
    DeleteSlaPolicy { policy: sla::policy_named(found, "id", &id), etag: etag(found, sent) }
}

pub fn create_calendar(request: pb::CreateCalendarRequest, found: &mut Violations) -> CreateCalendar {
    let pb::CreateCalendarRequest { calendar, request_id: _, validate_only: _ } = request;
    let calendar = found.set("calendar", calendar);
    found.within("calendar", |found| CreateCalendar(calendar_edit(calendar, |_| true, found)))
}

pub fn update_calendar(request: pb::UpdateCalendarRequest, found: &mut Violations) -> UpdateCalendar {
    let pb::UpdateCalendarRequest { calendar, update_mask, request_id: _, validate_only: _ } = request;
    let mask = fields::CALENDAR.masked(found, update_mask);
    let mut calendar = found.set("calendar", calendar);
    found.within("calendar", |found| UpdateCalendar {
        calendar: sla::calendar_named(found, "id", &calendar.id),
        etag: etag(found, std::mem::take(&mut calendar.etag)),
        edit: calendar_edit(calendar, |field| mask.contains(&field), found),
    })
}

pub fn delete_calendar(request: pb::DeleteCalendarRequest, found: &mut Violations) -> DeleteCalendar {
    let pb::DeleteCalendarRequest { id, etag: sent, request_id: _, validate_only: _ } = request;
    DeleteCalendar { calendar: sla::calendar_named(found, "id", &id), etag: etag(found, sent) }
}

pub fn import_holidays(request: pb::ImportHolidaysRequest, found: &mut Violations) -> UpdateCalendar {
    let more_holidays = imported(&request, found).taken;
    UpdateCalendar {
        calendar: sla::calendar_named(found, "id", &request.id),
        etag: etag(found, request.etag),
        edit: CalendarEdit { more_holidays, ..CalendarEdit::default() },
    }
}

/// What becomes of the text of a request.
pub fn imported(request: &pb::ImportHolidaysRequest, found: &mut Violations) -> Imported {
    let pb::ImportHolidaysRequest { ics, content, exclude, first_year, last_year, .. } = request;
    let (field, text) = match (ics.is_empty(), content.is_empty()) {
        (_, true) => ("ics", ics.as_bytes()),
        (true, false) => ("content", content.as_slice()),
        (false, false) => {
            found.add("content", "must be empty where `ics` is set: send the text or the bytes of the file");
            return Imported::default();
        }
    };
    let exclude = found.lines("exclude", exclude, EXCLUDED, NAME_CHARS).0;
    let wanted = Wanted { years: years(found, *first_year, *last_year), exclude };
    ics::holidays(text, &wanted).unwrap_or_else(|faults| {
        faults.into_iter().for_each(|fault| found.add(field, fault.to_string()));
        Imported::default()
    })
}

/// The service adds what became of the text, which it reads from the request.
fn import_answer(row: Calendar, at: At) -> pb::ImportHolidaysResponse {
    pb::ImportHolidaysResponse {
        calendar: Some(sla::calendar_to_pb(row)),
        position: at.position,
        epoch: at.epoch,
        ..pb::ImportHolidaysResponse::default()
    }
}

/// A change that is only asked about. `None` where there is none, which `found` says.
pub fn change(request: Option<preview_policy_change_request::Change>, found: &mut Violations) -> Option<Arc<dyn Verb>> {
    use preview_policy_change_request::Change;
    let Some(change) = request else {
        found.add("change", "must be set: one of create_sla_policy, update_sla_policy, delete_sla_policy, update_calendar and import_holidays");
        return None;
    };
    fn verb(verb: impl Verb) -> Arc<dyn Verb> {
        Arc::new(verb)
    }
    Some(match change {
        Change::CreateSlaPolicy(sent) => found.within("create_sla_policy", |found| verb(create_policy(sent, found))),
        Change::UpdateSlaPolicy(sent) => found.within("update_sla_policy", |found| verb(update_policy(sent, found))),
        Change::DeleteSlaPolicy(sent) => found.within("delete_sla_policy", |found| verb(delete_policy(sent, found))),
        Change::UpdateCalendar(sent) => found.within("update_calendar", |found| verb(update_calendar(sent, found))),
        Change::ImportHolidays(sent) => found.within("import_holidays", |found| verb(import_holidays(sent, found))),
    })
}

/// From this year, for ten years, where nothing is said.
fn years(found: &mut Violations, first: i32, last: i32) -> RangeInclusive<i16> {
    const LAST_YEAR: i16 = 9_999;
    let mut year = |field: &str, year: i32, default: i16| match i16::try_from(year) {
        Ok(0) => default,
        Ok(year @ 1..=LAST_YEAR) => year,
        _ => {
            found.add(field, format!("must be a year from 1 to {LAST_YEAR}"));
            default
        }
    };
    let first = year("first_year", first, jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).year());
    let last = year("last_year", last, first.saturating_add(10).min(LAST_YEAR));
    if last < first {
        found.add("last_year", format!("must not be before first_year, {first}"));
    }
    first..=last
}

/// What the fields together cannot be, deciding tells.
fn policy_edit(policy: pb::SlaPolicy, has: impl Fn(&str) -> bool, found: &mut Violations) -> PolicyEdit {
    PolicyEdit {
        name: has("name").then(|| own_name(found, "name", &policy.name, SLA_POLICY)),
        description: has("description").then(|| {
            found.long_text("description", &policy.description);
            policy.description
        }),
        status: has("status")
            .then(|| SlaPolicyStatus::from_pb(found, "status", policy.status).unwrap_or(SlaPolicyStatus::Active)),
        applies_to: has("applies_to")
            .then(|| words(found, "applies_to", &policy.applies_to, TicketType::from_pb, TicketType::word)),
        priority: has("priority").then(|| Priority::from_pb(found, "priority", policy.priority)),
        team_id: has("team_id").then(|| id(found, "team_id", policy.team_id)),
        condition: has("match").then(|| condition(found, policy.r#match)),
        place: has("position").then_some(policy.position),
        first_response_minutes: has("first_response_minutes")
            .then(|| minutes(found, "first_response_minutes", policy.first_response_minutes)),
        next_response_minutes: has("next_response_minutes")
            .then(|| minutes(found, "next_response_minutes", policy.next_response_minutes)),
        resolution_minutes: has("resolution_minutes")
            .then(|| minutes(found, "resolution_minutes", policy.resolution_minutes)),
        calendar: has("calendar_id").then(|| sla::calendar_or_none(found, "calendar_id", &policy.calendar_id)),
        business_hours_only: has("business_hours_only").then_some(policy.business_hours_only),
        pause_on: has("pause_on").then(|| words(found, "pause_on", &policy.pause_on, Status::from_pb, Status::word)),
        warn_at: has("warn_at").then(|| warn_at(found, policy.warn_at)),
        on_priority_change: has("on_priority_change").then(|| {
            let word = OnPriorityChange::from_pb(found, "on_priority_change", policy.on_priority_change);
            word.unwrap_or(OnPriorityChange::Retroactive)
        }),
        on_reopen: has("on_reopen")
            .then(|| OnReopen::from_pb(found, "on_reopen", policy.on_reopen).unwrap_or(OnReopen::Continue)),
        counts_as_response: has("counts_as_response").then(|| {
            let word = CountsAsResponse::from_pb(found, "counts_as_response", policy.counts_as_response);
            word.unwrap_or(CountsAsResponse::AgentPublic)
        }),
    }
}

/// Its hours are checked as far as they are named together; the rest deciding tells.
fn calendar_edit(calendar: pb::Calendar, has: impl Fn(&str) -> bool, found: &mut Violations) -> CalendarEdit {
    let edit = CalendarEdit {
        name: has("name").then(|| own_name(found, "name", &calendar.name, CALENDAR)),
        weekly: has("weekly").then(|| sla::weekly(found, calendar.weekly)),
        holidays: has("holidays").then(|| sla::holidays(found, calendar.holidays)),
        special_dates: has("special_dates").then(|| sla::special_dates(found, calendar.special_dates)),
        time_zone: has("time_zone").then_some(calendar.time_zone),
        more_holidays: Vec::new(),
    };
    // What is not named is well already.
    let zone = edit.time_zone.as_deref().unwrap_or("UTC");
    let opening = Opening {
        weekly: edit.weekly.as_deref().unwrap_or_default(),
        holidays: edit.holidays.as_deref().unwrap_or_default(),
        special_dates: edit.special_dates.as_deref().unwrap_or_default(),
    };
    if let Err(faults) = Hours::new(zone, opening) {
        faults.into_iter().for_each(|fault| found.add(&fault.field, fault.description));
    }
    edit
}

/// Words of an enum, each once; the unspecified one is none.
fn words<W: WireWord>(
    found: &mut Violations,
    field: &str,
    values: &[i32],
    read: fn(&mut Violations, &str, i32) -> Option<W>,
    word: fn(W) -> &'static str,
) -> Words {
    let mut all = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let at = format!("{field}[{index}]");
        match read(found, &at, *value) {
            Some(one) => all.push(word(one).to_owned()),
            None if *value == 0 => found.add(&at, "must not be unspecified"),
            None => {}
        }
    }
    Words::unique(all)
}

fn condition(found: &mut Violations, source: String) -> String {
    if source.trim().is_empty() {
        return String::new();
    }
    found.no_nul("match", &source);
    for problem in TicketCondition::faults(&source) {
        let hint = if problem.hint.is_empty() { String::new() } else { format!(" ({})", problem.hint) };
        found.add("match", format!("column {}: {}{hint}", problem.column(&source), problem.message));
    }
    source
}

fn minutes(found: &mut Violations, field: &str, minutes: Option<i32>) -> Option<i32> {
    if minutes.is_some_and(|minutes| !(1..=MINUTES).contains(&minutes)) {
        found.add(field, format!("must be from 1 to {MINUTES} minutes (3650 days)"));
    }
    minutes
}

fn warn_at(found: &mut Violations, all: Vec<pb::WarnAt>) -> Words {
    let mut read: Vec<String> = Vec::new();
    if all.len() > WARNINGS {
        found.add("warn_at", format!("must have at most {WARNINGS} entries, has {}", all.len()));
        return Words::default();
    }
    for (index, pb::WarnAt { at }) in all.into_iter().enumerate() {
        let field = format!("warn_at[{index}]");
        let at = match at {
            Some(pb::warn_at::At::Percent(percent)) => WarnAt::Percent(percent),
            Some(pb::warn_at::At::Before(before)) => {
                let field = format!("{field}.before");
                let most = i64::from(MINUTES) * 60 * MICROS;
                let micros = time::length_from_pb(found, &field, &before, most, "3650 days");
                if micros % MICROS != 0 {
                    found.add(&field, "must be whole seconds");
                }
                WarnAt::Before(micros)
            }
            None => {
                found.add(&field, "must be a percentage of the target, or a time before it");
                continue;
            }
        };
        if read.contains(&at.show()) {
            found.add(&field, "stands there twice");
        }
        read.push(at.show());
    }
    Words(read)
}
