//! Rebuilds resources from activities. Pure.

use std::sync::Arc;

use crate::command::Resource;
use crate::command::resource::Held;
use crate::model::activity::Activity;
use crate::model::activity_type::ActivityType;
use crate::model::id;
use crate::model::ledger::Request;
use crate::model::ticket::Ticket;
use uuid::Uuid;

/// The resource that these activities of the write hold; its tickets have no description yet. `None`: they do not hold it.
pub fn resource(held: Held, request: &Request, activities: Vec<Activity>) -> Option<Resource> {
    match held {
        Held::One(read) => read(activities.first()?),
        Held::Each(read) => {
            let row = |at| read(activities.iter().find(|activity| activity.position == at)?);
            positions(held, request).map(row).collect::<Option<_>>().map(Resource::All)
        }
        Held::Tickets => created(&activities).map(Resource::Tickets),
        Held::Message => {
            let message = activities.iter().find(|a| a.position == request.resource_position)?.message.clone()?;
            if id::show(id::MESSAGE, message.id) != request.resource_id {
                return None;
            }
            let ticket = last(&activities, message.ticket_id)?;
            Some(Resource::Message(Arc::new(message), ticket))
        }
        // No activity holds them.
        Held::Runs => None,
    }
}

/// Where the log has what was answered, in that order: one activity, or one for each entry of a batch.
pub fn positions(held: Held, request: &Request) -> impl Iterator<Item = i64> {
    let listed = match held {
        Held::Each(_) => request.resource_id.split(',').filter_map(|at| at.parse().ok()).collect(),
        Held::One(_) | Held::Tickets | Held::Message | Held::Runs => vec![request.resource_position],
    };
    listed.into_iter()
}

/// The tickets that the caller itself made, in that order, each as the write left it.
fn created(activities: &[Activity]) -> Option<Vec<Arc<Ticket>>> {
    let by_caller = activities.iter().filter(|a| a.kind == ActivityType::TicketCreated && a.cause.is_none());
    let tickets: Vec<_> = by_caller.map(|a| last(activities, a.ticket_id?)).collect::<Option<_>>()?;
    (!tickets.is_empty()).then_some(tickets)
}

fn last(activities: &[Activity], ticket: Uuid) -> Option<Arc<Ticket>> {
    activities.iter().rev().find(|a| a.ticket_id == Some(ticket))?.ticket.clone()
}

/// The tickets of a resource.
pub fn tickets(resource: &Resource) -> impl Iterator<Item = &Arc<Ticket>> {
    let all = match resource {
        Resource::Ticket(ticket) | Resource::Message(_, ticket) => std::slice::from_ref(ticket),
        Resource::Tickets(tickets) => tickets.as_slice(),
        _ => &[],
    };
    all.iter()
}

/// Gives each ticket the description that the activity at its `described_at` holds. `None`: one of them is not there.
pub fn describe(resource: Resource, described: &[Activity]) -> Option<Resource> {
    let full = |ticket: Arc<Ticket>| {
        let at = described.iter().find(|a| a.position == ticket.described_at)?;
        Some(Arc::new(Ticket { description: at.description(), ..Arc::unwrap_or_clone(ticket) }))
    };
    Some(match resource {
        Resource::Ticket(ticket) => Resource::Ticket(full(ticket)?),
        Resource::Message(message, ticket) => Resource::Message(message, full(ticket)?),
        Resource::Tickets(tickets) => Resource::Tickets(tickets.into_iter().map(full).collect::<Option<_>>()?),
        other => other,
    })
}
