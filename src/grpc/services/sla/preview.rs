//! PreviewDeadline and PreviewElapsed: business time without a ticket.

use tonic::Status;

use super::find_calendar;
use crate::grpc::call::read::connection;
use crate::grpc::call::{Call, State};
use crate::grpc::convert::read::{Freshness, checked, freshness};
use crate::grpc::convert::violations::Violations;
use crate::grpc::convert::{sla, time};
use crate::grpc::pb;
use crate::grpc::status::{self, fault};
use crate::model::limits::{MINUTES, PAUSES};
use crate::model::sla::calendar::CalendarRef;
use crate::model::sla::count::{self, Pause};
use crate::model::sla::hours::{Hours, Opening};
use crate::model::time::Instant;

/// Whose hours count.
enum HoursSource {
    Inline(Hours),
    Calendar(CalendarRef),
}

pub async fn deadline(
    state: &State,
    call: Call,
    request: pb::PreviewDeadlineRequest,
) -> Result<pb::PreviewDeadlineResponse, Status> {
    use pb::preview_deadline_request::Hours as Given;
    let pb::PreviewDeadlineRequest { hours, start, target, pauses, min_position, epoch } = request;
    let (asked, start, target, pauses, fresh) = checked(|found| {
        let asked = match hours {
            None => HoursSource::Inline(Hours::always().clone()),
            Some(Given::Calendar(calendar)) => inline(found, *calendar),
            Some(Given::CalendarId(id)) => HoursSource::Calendar(sla::calendar_named(found, "calendar_id", &id)),
        };
        let start = time::required(found, "start", start.as_ref());
        let target = found.set("target", target);
        let target = time::length_from_pb(found, "target", &target, i64::from(MINUTES) * 60 * 1_000_000, "3650 days");
        (asked, start, target, read(found, pauses), freshness(found, min_position, epoch))
    })
    .map_err(status::refused)?;
    let hours = found(state, &call, "PreviewDeadline", asked, fresh).await?;
    Ok(pb::PreviewDeadlineResponse {
        deadline: time::maybe_to_pb(count::deadline(&hours, start, target, &pauses)),
        elapsed_at_now: Some(time::length_to_pb(count::counted(&hours, start, Instant::host_now(), &pauses))),
    })
}

pub async fn elapsed(
    state: &State,
    call: Call,
    request: pb::PreviewElapsedRequest,
) -> Result<pb::PreviewElapsedResponse, Status> {
    use pb::preview_elapsed_request::Hours as Given;
    let pb::PreviewElapsedRequest { hours, from, to, pauses, min_position, epoch } = request;
    let (asked, from, to, pauses, fresh) = checked(|found| {
        let asked = match hours {
            None => HoursSource::Inline(Hours::always().clone()),
            Some(Given::Calendar(calendar)) => inline(found, *calendar),
            Some(Given::CalendarId(id)) => HoursSource::Calendar(sla::calendar_named(found, "calendar_id", &id)),
        };
        let from = time::required(found, "from", from.as_ref());
        let to = time::required(found, "to", to.as_ref());
        if found.is_empty() && to < from {
            found.add("to", "must not be before `from`");
        }
        (asked, from, to, read(found, pauses), freshness(found, min_position, epoch))
    })
    .map_err(status::refused)?;
    let hours = found(state, &call, "PreviewElapsed", asked, fresh).await?;
    let elapsed = count::counted(&hours, from, to, &pauses);
    Ok(pb::PreviewElapsedResponse { elapsed: Some(time::length_to_pb(elapsed)) })
}

fn inline(found: &mut Violations, calendar: pb::Calendar) -> HoursSource {
    found.within("calendar", |found| {
        let pb::Calendar { time_zone, weekly, holidays, special_dates, .. } = calendar;
        let (weekly, holidays) = (sla::weekly(found, weekly), sla::holidays(found, holidays));
        let special_dates = sla::special_dates(found, special_dates);
        let opening = Opening { weekly: &weekly, holidays: &holidays, special_dates: &special_dates };
        HoursSource::Inline(Hours::new(&time_zone, opening).unwrap_or_else(|faults| {
            faults.into_iter().for_each(|fault| found.add(&fault.field, fault.description));
            Hours::always().clone()
        }))
    })
}

fn read(found: &mut Violations, pauses: Vec<pb::SlaPause>) -> Vec<Pause> {
    if pauses.len() > PAUSES {
        found.add("pauses", format!("must have at most {PAUSES} entries, has {}", pauses.len()));
        return Vec::new();
    }
    let mut read = Vec::with_capacity(pauses.len());
    for (index, pb::SlaPause { from, to }) in pauses.into_iter().enumerate() {
        let from = time::required(found, &format!("pauses[{index}].from"), from.as_ref());
        let field = format!("pauses[{index}].to");
        let to = to.and_then(|to| time::from_pb(found, &field, &to));
        if to.is_some_and(|to| to < from) {
            found.add(&field, "must not be before `from`");
        }
        read.push(Pause { from, to });
    }
    read
}

/// The hours asked for. A calendar that was taken once, by another version, and says nothing any more is a fault of ours.
async fn found(
    state: &State,
    call: &Call,
    method: &'static str,
    asked: HoursSource,
    fresh: Freshness,
) -> Result<Hours, Status> {
    let which = match asked {
        HoursSource::Inline(hours) => return Ok(hours),
        HoursSource::Calendar(which) => which,
    };
    let mut conn = connection(state, call, fresh).await?;
    let calendar = find_calendar(&mut conn, method, call, &which, 0).await?;
    calendar.hours().map_err(|faults| fault::incident(method, &format!("{which} cannot be read: {faults:?}")))
}
