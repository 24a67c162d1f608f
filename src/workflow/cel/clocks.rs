//! The value of `sla` in expressions: the ticket's clocks.

use super::found::{Found, NoSuchField, whole};
use super::value::Value;
use crate::model::id;
use crate::model::sla::clock::{Clock, Clocks};
use crate::model::time::Instant;
use crate::model::words::SlaMetric;

/// The clocks as they are at an instant: what is due by then is breached, whoever has told it or not.
pub(super) fn value<'a>(clocks: &'a Clocks, now: Instant, names: &[String]) -> Found<'a> {
    let Some((name, rest)) = names.split_first() else { return Err(NoSuchField) };
    let metric = match name.as_str() {
        "first_response" => SlaMetric::FirstResponse,
        "next_response" => SlaMetric::NextResponse,
        "resolution" => SlaMetric::Resolution,
        "next_due_at" if rest.is_empty() => return Ok(clocks.next_due_at().map(Value::Time)),
        "policy_id" if rest.is_empty() => {
            return Ok(clocks.policy_id.map(|policy| Value::text(id::show(id::SLA_POLICY, policy))));
        }
        _ => return Err(NoSuchField),
    };
    whole(clocks.of(metric), |it| clock(it, now, rest), rest)
}

fn clock<'a>(it: &'a Clock, now: Instant, names: &[String]) -> Found<'a> {
    let [name] = names else { return Err(NoSuchField) };
    Ok(Some(match name.as_str() {
        "state" => Value::text(it.state.word()),
        "cycle" => Value::Int(it.cycle.into()),
        "policy_id" => Value::text(id::show(id::SLA_POLICY, it.goal.policy_id)),
        "target" => Value::Duration(it.goal.target),
        "start" => Value::Time(it.start),
        "breached" => Value::Bool(it.breached_by(now).is_some()),
        "due_at" => return Ok(it.deadline().map(Value::Time)),
        "breached_at" => return Ok(it.breached_by(now).map(Value::Time)),
        "ended_at" => return Ok(it.ended_at.map(Value::Time)),
        _ => return Err(NoSuchField),
    }))
}
