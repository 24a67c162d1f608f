//! SLA clocks, their ledger and their segments as protobuf messages.

use super::time;
use super::words::WireWord;
use crate::grpc::pb;
use crate::model::id;
use crate::model::sla::clock::{Clock, Clocks, Goal};
use crate::model::sla::count::{counted, deadline};
use crate::model::sla::hours::Hours;
use crate::model::sla::ledger::Entry;
use crate::model::sla::segments::{Segment, SegmentKind, ends};
use crate::model::time::Instant;
use crate::model::words::LedgerKind;

/// A clock at an instant. Without hours that can be read, what was counted is not known.
pub fn to_pb(clock: &Clock, hours: Option<&Hours>, now: Instant) -> pb::SlaClock {
    let Clock { metric, cycle, state, goal, start, pauses, breached_at, ended_at, .. } = clock;
    let Goal { policy_id, policy_version, calendar_id, calendar_version, target, zones } = goal;
    let elapsed = hours.map(|hours| counted(hours, *start, clock.until(now), pauses));
    pb::SlaClock {
        metric: metric.to_pb(),
        cycle: *cycle,
        state: state.to_pb(),
        policy_id: id::show(id::SLA_POLICY, *policy_id),
        policy_version: *policy_version,
        calendar_id: calendar_id.map(|it| id::show(id::CALENDAR, it)).unwrap_or_default(),
        calendar_version: *calendar_version,
        target: Some(time::length_to_pb(*target)),
        start: Some(time::to_pb(*start)),
        elapsed: elapsed.map(time::length_to_pb),
        remaining: elapsed.filter(|_| clock.is_open()).map(|elapsed| time::length_to_pb((target - elapsed).max(0))),
        due_at: time::maybe_to_pb(clock.deadline()),
        breached_at: time::maybe_to_pb(*breached_at),
        ended_at: time::maybe_to_pb(*ended_at),
        zone_data: zones.clone(),
        next_warning_at: time::maybe_to_pb(clock.next_warning_at()),
    }
}

/// All clocks of a ticket at an instant, and what the policy that governs it is called.
pub fn all_to_pb<'a>(
    clocks: &Clocks,
    policy_name: String,
    hours: impl Fn(&Clock) -> Option<&'a Hours>,
    now: Instant,
) -> pb::TicketSla {
    pb::TicketSla {
        clocks: clocks.all.iter().map(|clock| to_pb(clock, hours(clock), now)).collect(),
        next_due_at: time::maybe_to_pb(clocks.next_due_at()),
        at: Some(time::to_pb(now)),
        policy_id: clocks.policy_id.map(|it| id::show(id::SLA_POLICY, it)).unwrap_or_default(),
        policy_name,
    }
}

pub fn entry_to_pb(position: i64, entry: Entry) -> pb::SlaLedgerEntry {
    let Entry { metric, cycle, kind, at, goal, restart, due, mark, reason, by, counted_at, late, used, .. } = entry;
    let late_by = matches!(kind, LedgerKind::Warn | LedgerKind::Breach).then(|| time::length_to_pb(late));
    let calendar = goal.as_ref().and_then(|goal| goal.calendar_id);
    pb::SlaLedgerEntry {
        position,
        metric: metric.to_pb(),
        cycle,
        kind: kind.to_pb(),
        at: Some(time::to_pb(at)),
        reason,
        due_at: time::maybe_to_pb(due),
        target: goal.as_ref().map(|goal| time::length_to_pb(goal.target)),
        policy_id: goal.as_ref().map(|goal| id::show(id::SLA_POLICY, goal.policy_id)).unwrap_or_default(),
        policy_version: goal.as_ref().map_or(0, |goal| goal.policy_version),
        calendar_id: calendar.map(|it| id::show(id::CALENDAR, it)).unwrap_or_default(),
        calendar_version: goal.as_ref().map_or(0, |goal| goal.calendar_version),
        restart,
        mark,
        late_by,
        elapsed: used.map(time::length_to_pb),
        counted_at: time::maybe_to_pb(counted_at),
        actor_id: by,
    }
}

/// From the clock's start to its end, its deadline or now, whichever is the latest; at most `most`, and whether there are more.
/// Never left out are those that lead up to the deadline. `ledger` tells why and by whom it was paused.
pub fn segments_to_pb(
    clock: &Clock,
    ledger: &[(i64, Entry)],
    hours: &Hours,
    now: Instant,
    most: usize,
) -> (Vec<pb::SlaSegment>, bool) {
    // Of a clock that missed it, the deadline is inside.
    let to = clock.until(now).max(clock.deadline().unwrap_or(clock.start));
    // A deadline cuts a stretch in two: what comes after it is late.
    let cut =
        deadline(hours, clock.start, clock.goal.target, &clock.pauses).filter(|cut| *cut < to && *cut > clock.start);
    let late = if cut.is_some() { most / 5 } else { 0 };
    let (mut all, mut more) = ends(hours, clock.start, cut.unwrap_or(to), &clock.pauses, most - late);
    if let Some(cut) = cut {
        let (after, more_after) = ends(hours, cut, to, &clock.pauses, most - all.len());
        all.extend(after);
        more |= more_after;
    }
    let (mut sum, mut at) = (0, clock.start);
    let shown = all.iter().map(|segment| {
        if segment.from != at {
            sum = counted(hours, clock.start, segment.from, &clock.pauses);
        }
        if segment.kind == SegmentKind::Counted {
            sum += segment.to.0 - segment.from.0;
        }
        at = segment.to;
        segment_to_pb(segment, ledger, hours, sum)
    });
    (shown.collect(), more)
}

fn segment_to_pb(segment: &Segment<'_>, ledger: &[(i64, Entry)], hours: &Hours, counted: i64) -> pb::SlaSegment {
    let kind = match segment.kind {
        SegmentKind::Counted => pb::SlaSegmentKind::Counted,
        SegmentKind::Closed => pb::SlaSegmentKind::Closed,
        SegmentKind::Paused => pb::SlaSegmentKind::Paused,
    };
    let holiday = segment.holiday.map(|name| if name.is_empty() { "holiday" } else { name });
    let stops = |entry: &&Entry| {
        matches!(entry.kind, LedgerKind::Pause | LedgerKind::Fulfil | LedgerKind::Void) && entry.at <= segment.from
    };
    let paused = ledger.iter().rev().map(|(_, entry)| entry).find(stops);
    let paused = paused.filter(|_| segment.kind == SegmentKind::Paused);
    pb::SlaSegment {
        from: Some(time::to_pb(segment.from)),
        to: Some(time::to_pb(segment.to)),
        kind: kind.into(),
        holiday: holiday.unwrap_or_default().to_owned(),
        local_from: local(hours, segment.from),
        local_to: local(hours, segment.to),
        counted: Some(time::length_to_pb(counted)),
        reason: paused.map(|entry| entry.reason.clone()).unwrap_or_default(),
        actor_id: paused.map(|entry| entry.by.clone()).unwrap_or_default(),
    }
}

/// `2026-09-14T10:00:00-04:00`.
fn local(hours: &Hours, at: Instant) -> String {
    let shown = |at: jiff::Timestamp| at.to_zoned(hours.zone().time_zone().clone()).strftime("%Y-%m-%dT%H:%M:%S%:z");
    jiff::Timestamp::from_microsecond(at.0).map_or_else(|_| at.to_string(), |at| shown(at).to_string())
}
