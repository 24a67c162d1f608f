//! SLA outcomes as protobuf messages, and the windows of requests for them.

use std::collections::HashMap;

use prost_types::Timestamp;

use super::time;
use super::violations::Violations;
use super::words::WireWord;
use crate::grpc::pb;
use crate::model::id;
use crate::model::limits::GROUPS;
use crate::model::sla::outcome::Outcome;
use crate::model::sla::policy::SlaPolicy;
use crate::model::ticket::Ticket;
use crate::model::time::Instant;
use crate::model::words::ClockState;
use crate::store::outcome::{Attained, By};
use crate::store::read::outcome::Window;

/// From one instant to another that is not before it; what is absent is no bound.
pub fn window(found: &mut Violations, from: Option<Timestamp>, to: Option<Timestamp>) -> Window {
    let mut read = |field: &str, at: Option<Timestamp>| at.and_then(|at| time::from_pb_on(found, field, &at));
    let window = Window { from: read("from", from), to: read("to", to) };
    if matches!((window.from, window.to), (Some(from), Some(to)) if to < from) {
        found.add("to", "must not be before `from`");
    }
    window
}

pub fn group_by(found: &mut Violations, word: &str) -> Option<By> {
    let by = By::ALL.iter().find(|(name, _)| *name == word).map(|(_, by)| *by);
    if by.is_none() && !word.is_empty() {
        let names: Vec<&str> = By::ALL.iter().map(|(name, _)| *name).collect();
        found.add("group_by", format!("must be one of {}, or empty for no groups", names.join(", ")));
    }
    by
}

/// With its ticket and its policy as they are now, where they can be seen.
pub fn breach_to_pb(row: Outcome, ticket: Option<&Ticket>, policy: Option<&SlaPolicy>) -> pb::SlaOutcome {
    let Outcome {
        tenant_id: _,
        ticket_id,
        metric,
        cycle,
        policy_id,
        policy_version,
        target,
        priority,
        kind,
        team_id,
        organization_id,
        app_id,
        breached_at,
        counted_at,
        late,
        position,
        fulfilled_at,
        voided_at,
        elapsed,
    } = row;
    // A clock that goes on is the newest of its metric: its ticket has it.
    let now = ticket.and_then(|ticket| ticket.clocks.of(metric)).filter(|clock| clock.cycle == cycle);
    let state = match (fulfilled_at, voided_at) {
        (Some(_), _) => ClockState::Fulfilled,
        (None, Some(_)) => ClockState::Voided,
        (None, None) => now.map_or(ClockState::Running, |clock| clock.state),
    };
    let ended_at = fulfilled_at.or(voided_at).or_else(|| now.and_then(|clock| clock.ended_at));
    pb::SlaOutcome {
        ticket_id: id::show(id::TICKET, ticket_id),
        display_number: ticket.map(Ticket::display_number).unwrap_or_default(),
        subject: ticket.map(|ticket| ticket.subject.clone()).unwrap_or_default(),
        metric: metric.to_pb(),
        cycle,
        policy_id: id::show(id::SLA_POLICY, policy_id),
        policy_version,
        policy_name: policy.map(|policy| policy.name.clone()).unwrap_or_default(),
        target: Some(time::length_to_pb(target)),
        priority: priority.to_pb(),
        r#type: kind.to_pb(),
        team_id,
        organization_id,
        app_id,
        breached_at: time::maybe_to_pb(breached_at),
        late_by: Some(time::length_to_pb(late)),
        position,
        state: state.to_pb(),
        ended_at: time::maybe_to_pb(ended_at),
        elapsed: elapsed.map(time::length_to_pb),
        counted_at: time::maybe_to_pb(counted_at.or(breached_at)),
    }
}

/// The answer, but for where the log was. `named` are policies by their ids as they are shown.
pub fn report_to_pb(
    rows: Vec<Attained>,
    by: Option<By>,
    (from, to): (Instant, Instant),
    named: &HashMap<String, String>,
) -> pb::GetSlaReportResponse {
    let (mut all, mut groups) = (Vec::new(), Vec::new());
    for row in rows {
        let attainment = attainment(&row);
        let Some(value) = row.value else {
            all.push(attainment);
            continue;
        };
        let value = match by {
            Some(By::Policy) => value.parse().map_or(value, |policy| id::show(id::SLA_POLICY, policy)),
            _ => value,
        };
        let name = named.get(&value).cloned().unwrap_or_default();
        groups.push(pb::SlaReportGroup { value, name, attainment: Some(attainment) });
    }
    all.sort_by_key(|it| it.metric);
    let place = |group: &pb::SlaReportGroup| group.attainment.as_ref().map_or((0, 0), |it| (-it.count, it.metric));
    groups.sort_by(|a, b| place(a).cmp(&place(b)).then_with(|| a.value.cmp(&b.value)));
    let left_out = groups.len().saturating_sub(GROUPS);
    groups.truncate(GROUPS);
    pb::GetSlaReportResponse {
        all,
        groups,
        groups_left_out: i32::try_from(left_out).unwrap_or(i32::MAX),
        from: Some(time::to_pb(from)),
        to: Some(time::to_pb(to)),
        position: 0,
        epoch: 0,
    }
}

fn attainment(row: &Attained) -> pb::SlaAttainment {
    let Attained { value: _, metric, count, breached, fulfilled, p50, p90 } = row;
    let met = count - breached;
    pb::SlaAttainment {
        metric: metric.to_pb(),
        count: *count,
        met,
        breached: *breached,
        share: if *count == 0 { 0.0 } else { met as f64 / *count as f64 },
        fulfilled: *fulfilled,
        p50: p50.map(time::length_to_pb),
        p90: p90.map(time::length_to_pb),
    }
}
