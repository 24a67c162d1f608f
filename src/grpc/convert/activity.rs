//! Activities as protobuf messages.

use std::sync::Arc;

use super::violations::Violations;
use super::words::WireWord;
use super::{Disclosure, issue, message, ticket, time, value};
use crate::grpc::pb;
use crate::model::activity::{Activity, Actor, Cause, Change, Task};
use crate::model::id;

/// `epoch` is the log's; the ticket stands in the FULL view only.
pub fn to_pb(activity: Activity, epoch: i64, view: pb::ActivityView, disclosure: Disclosure) -> pb::Activity {
    let Activity {
        tenant_id: _,
        position,
        kind,
        families,
        ticket_id,
        ticket_version,
        app_id: _,
        requester_id: _,
        actor,
        occurred_at,
        changes,
        ticket,
        message,
        issue,
        task,
        data,
        explanation,
        cause,
        request_id,
        schema_version,
    } = match disclosure {
        Disclosure::Full => activity,
        Disclosure::Public => activity.public(),
    };
    let full = match view {
        pb::ActivityView::Full => true,
        pb::ActivityView::Basic | pb::ActivityView::Unspecified => false,
    };
    // The description travels in the changes: an activity looks the same fresh and read back.
    let image =
        |ticket| pb::Ticket { description: String::new(), ..ticket::to_pb(Arc::unwrap_or_clone(ticket), disclosure) };
    pb::Activity {
        position,
        epoch,
        r#type: kind.as_str().to_owned(),
        families: families.iter().map(|family| family.word().to_owned()).collect(),
        ticket_id: ticket_id.map(|id| id::show(id::TICKET, id)).unwrap_or_default(),
        ticket_version,
        actor: Some(actor_to_pb(actor)),
        occurred_at: Some(time::to_pb(occurred_at)),
        changes: changes.into_iter().map(change_to_pb).collect(),
        ticket: ticket.filter(|_| full).map(image),
        message: message.map(|message| message::to_pb(message, disclosure)),
        issue: issue.map(issue::to_pb),
        task: task.map(task_to_pb),
        data: data.map(value::struct_to_pb),
        cause: cause.map(cause_to_pb),
        request_id,
        schema_version,
        explanation: explanation.map(value::struct_to_pb),
    }
}

/// The view that a request asks for; unspecified means BASIC.
pub fn view(found: &mut Violations, value: i32) -> pb::ActivityView {
    pb::ActivityView::try_from(value).unwrap_or_else(|_| {
        found.add("view", format!("{value} is no ActivityView; use one of: BASIC, FULL"));
        pb::ActivityView::Basic
    })
}

fn actor_to_pb(actor: Actor) -> pb::Actor {
    let Actor { kind, id, display } = actor;
    pb::Actor { kind: kind.to_pb(), id, display }
}

fn change_to_pb(change: Change) -> pb::Change {
    let Change { field, old_value, new_value } = change;
    pb::Change { field, old_value: Some(value::to_pb(old_value)), new_value: Some(value::to_pb(new_value)) }
}

fn task_to_pb(task: Task) -> pb::Task {
    let Task { subject, assignee_id, contact_id } = task;
    pb::Task { subject, assignee_id, contact_id }
}

fn cause_to_pb(cause: Cause) -> pb::Cause {
    let Cause { root_position, parent_position, depth, workflow, run_id } = cause;
    pb::Cause { root_position, parent_position, depth, workflow, run_id: id::show(id::RUN, run_id) }
}
