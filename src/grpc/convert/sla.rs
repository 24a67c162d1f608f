//! SLA policies and calendars as protobuf messages, and how requests name them.

use super::time;
use super::violations::Violations;
use super::words::WireWord;
use crate::grpc::pb;
use crate::model::limits::NAME_CHARS;
use crate::model::sla::calendar::{Calendar, CalendarRef};
use crate::model::sla::hours::{Day, Holiday, Interval, OpenInterval, SpecialDate};
use crate::model::sla::policy::{PolicyRef, SlaPolicy, WarnAt};
use crate::model::words::{Status, TicketType};
use crate::model::{id, ticket};

/// How a caller names one: by its id or its name.
pub fn policy_named(found: &mut Violations, field: &str, text: &str) -> PolicyRef {
    found.required(field, text, NAME_CHARS);
    PolicyRef::parse(text)
}

/// As [`policy_named`].
pub fn calendar_named(found: &mut Violations, field: &str, text: &str) -> CalendarRef {
    found.required(field, text, NAME_CHARS);
    CalendarRef::parse(text)
}

/// An empty text names none.
pub fn calendar_or_none(found: &mut Violations, field: &str, text: &str) -> Option<CalendarRef> {
    (!text.is_empty()).then(|| calendar_named(found, field, text))
}

pub fn version(found: &mut Violations, version: i32) {
    if version < 0 {
        found.add("version", "must not be negative");
    }
}

/// The hours of a week as they are written; [`crate::model::sla::hours::Hours::new`] says what cannot be.
pub fn weekly(found: &mut Violations, written: Vec<pb::CalendarInterval>) -> Vec<Interval> {
    let mut read = Vec::with_capacity(written.len());
    for (index, pb::CalendarInterval { day, open, close }) in written.into_iter().enumerate() {
        let at = usize::try_from(day).ok().and_then(|day| day.checked_sub(1)).and_then(|day| Day::ALL.get(day));
        match at {
            Some(day) => read.push(Interval { day: *day, open, close }),
            None => found.add(&format!("weekly[{index}].day"), "must be MONDAY to SUNDAY"),
        }
    }
    read
}

pub fn holidays(found: &mut Violations, written: Vec<pb::CalendarHoliday>) -> Vec<Holiday> {
    let read = |(index, pb::CalendarHoliday { date, name }): (usize, pb::CalendarHoliday)| Holiday {
        date,
        name: found.line(&format!("holidays[{index}].name"), &name, NAME_CHARS),
    };
    written.into_iter().enumerate().map(read).collect()
}

pub fn special_dates(found: &mut Violations, written: Vec<pb::CalendarSpecialDate>) -> Vec<SpecialDate> {
    let interval = |pb::CalendarHours { open, close }| OpenInterval { open, close };
    let read = |(index, pb::CalendarSpecialDate { date, name, hours }): (usize, pb::CalendarSpecialDate)| SpecialDate {
        date,
        name: found.line(&format!("special_dates[{index}].name"), &name, NAME_CHARS),
        hours: hours.into_iter().map(interval).collect(),
    };
    written.into_iter().enumerate().map(read).collect()
}

pub fn holiday_to_pb(Holiday { date, name }: Holiday) -> pb::CalendarHoliday {
    pb::CalendarHoliday { date, name }
}

fn special_date_to_pb(SpecialDate { date, name, hours }: SpecialDate) -> pb::CalendarSpecialDate {
    let interval = |OpenInterval { open, close }| pb::CalendarHours { open, close };
    pb::CalendarSpecialDate { date, name, hours: hours.into_iter().map(interval).collect() }
}

pub fn policy_to_pb(row: SlaPolicy) -> pb::SlaPolicy {
    let warn_at = row.warnings().filter_map(warn_at_to_pb).collect();
    pb::SlaPolicy {
        id: id::show(id::SLA_POLICY, row.id),
        name: row.name,
        description: row.description,
        status: row.status.to_pb(),
        applies_to: row.applies_to.iter().filter_map(|word| TicketType::parse(word)).map(WireWord::to_pb).collect(),
        priority: row.priority.map_or(0, WireWord::to_pb),
        team_id: row.team_id,
        r#match: row.condition,
        position: row.place,
        first_response_minutes: row.first_response_minutes,
        next_response_minutes: row.next_response_minutes,
        resolution_minutes: row.resolution_minutes,
        calendar_id: row.calendar_id.map(|id| id::show(id::CALENDAR, id)).unwrap_or_default(),
        business_hours_only: row.business_hours_only,
        pause_on: row.pause_on.iter().filter_map(|word| Status::parse(word)).map(WireWord::to_pb).collect(),
        warn_at,
        on_priority_change: row.on_priority_change.to_pb(),
        on_reopen: row.on_reopen.to_pb(),
        counts_as_response: row.counts_as_response.to_pb(),
        version: row.version,
        tenant_id: row.tenant_id,
        app_id: row.app_id,
        source: row.source,
        source_type: row.source_type.to_pb(),
        created_at: Some(time::to_pb(row.created_at)),
        created_by: row.created_by,
        updated_at: Some(time::to_pb(row.updated_at)),
        updated_by: row.updated_by,
        deleted_at: time::maybe_to_pb(row.deleted_at),
        deleted_by: row.deleted_by,
        schema_version: row.schema_version,
        etag: ticket::etag(row.etag_version),
    }
}

fn warn_at_to_pb(at: WarnAt) -> Option<pb::WarnAt> {
    let at = match at {
        WarnAt::Percent(percent) => pb::warn_at::At::Percent(percent),
        WarnAt::Before(micros) => pb::warn_at::At::Before(time::length_to_pb(micros)),
        // No policy has one.
        WarnAt::After(_) => return None,
    };
    Some(pb::WarnAt { at: Some(at) })
}

pub fn calendar_to_pb(row: Calendar) -> pb::Calendar {
    let (weekly, holidays, special_dates) = (row.weekly(), row.holidays(), row.special_dates());
    let Calendar {
        tenant_id,
        id,
        name,
        folded: _,
        time_zone,
        weekly: _,
        holidays: _,
        special_dates: _,
        version,
        app_id,
        source,
        source_type,
        created_at,
        created_by,
        updated_at,
        updated_by,
        deleted_at,
        deleted_by,
        schema_version,
        etag_version,
        position: _,
    } = row;
    let interval = |Interval { day, open, close }| pb::CalendarInterval { day: day as i32 + 1, open, close };
    pb::Calendar {
        id: id::show(id::CALENDAR, id),
        name,
        time_zone,
        weekly: weekly.into_iter().map(interval).collect(),
        holidays: holidays.into_iter().map(holiday_to_pb).collect(),
        special_dates: special_dates.into_iter().map(special_date_to_pb).collect(),
        version,
        tenant_id,
        app_id,
        source,
        source_type: source_type.to_pb(),
        created_at: Some(time::to_pb(created_at)),
        created_by,
        updated_at: Some(time::to_pb(updated_at)),
        updated_by,
        deleted_at: time::maybe_to_pb(deleted_at),
        deleted_by,
        schema_version,
        etag: ticket::etag(etag_version),
    }
}
