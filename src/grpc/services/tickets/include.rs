//! Related resources included with tickets.

use diesel::result::Error;
use tonic::Status;

use crate::grpc::call::{Call, State};
use crate::grpc::convert::{issue, message, tag, ticket};
use crate::grpc::pb::included::Creator;
use crate::grpc::pb::{self, LinkRelation};
use crate::grpc::status::fault;
use crate::model::fold::fold;
use crate::model::ticket::Ticket;
use crate::store::read::include::{Around, Include, MESSAGES, around};

/// One for each ticket; none where nothing is wanted that stands beside a ticket.
///
/// # Errors
/// As for any read of `method`.
pub async fn included(
    state: &State,
    call: &Call,
    method: &'static str,
    tickets: &[Ticket],
    wanted: &[Include],
) -> Result<Vec<pb::Included>, Status> {
    if wanted.iter().all(|it| *it == Include::Sla) || tickets.is_empty() {
        return Ok(Vec::new());
    }
    // In a box: what few ask for must not make the future of every read larger.
    Box::pin(look_up(state, call, method, tickets, wanted)).await
}

async fn look_up(
    state: &State,
    call: &Call,
    method: &'static str,
    tickets: &[Ticket],
    wanted: &[Include],
) -> Result<Vec<pb::Included>, Status> {
    let mut conn = state.pool.get(call.caller.tenant()).await.map_err(fault::of_pool)?;
    let scope = call.scope();
    let found = around(&mut conn, scope, tickets, wanted).await;
    let found = found.map_err(|error: Error| fault::of_read(method, "", error))?;
    Ok(tickets.iter().map(|ticket| of_ticket(ticket, &found, wanted, call)).collect())
}

fn of_ticket(of: &Ticket, found: &Around, wanted: &[Include], call: &Call) -> pb::Included {
    let wants = |one: Include| wanted.contains(&one);
    let contact = |id: &String| found.contacts.get(id).cloned().map(pb::Contact::from);
    let agent = |id: &String| found.agents.get(id).cloned().map(pb::Agent::from);
    let mut shown = pb::Included {
        organization: found.organizations.get(&of.organization_id).cloned().map(pb::Organization::from),
        team: found.teams.get(&of.team_id).cloned().map(pb::Team::from),
        deal: found.deals.get(&of.deal_id).cloned().map(pb::Deal::from),
        asset: found.assets.get(&of.related_asset_id).cloned().map(pb::Asset::from),
        issues: found.issues.get(&of.id).into_iter().flatten().cloned().map(issue::to_pb).collect(),
        links: links(of, found, call),
        tags: of.tags.iter().filter_map(|name| found.tags.get(fold(name).as_ref())).cloned().map(tag::to_pb).collect(),
        ..pb::Included::default()
    };
    if wants(Include::Requester) {
        shown.requester = contact(&of.requester_id);
    }
    if wants(Include::Assignee) {
        shown.assignee = agent(&of.assignee_id);
    }
    if wants(Include::Creator) {
        let of_contact = || contact(&of.created_by).map(Creator::CreatorContact);
        shown.creator = agent(&of.created_by).map(Creator::CreatorAgent).or_else(of_contact);
    }
    if let Some(newest) = found.messages.get(&of.id) {
        shown.more_messages = newest.len() > MESSAGES;
        let shown_part = |row| message::to_pb(row, call.disclosure());
        shown.messages = newest.iter().take(MESSAGES).rev().cloned().map(shown_part).collect();
    }
    shown
}

fn links(of: &Ticket, found: &Around, call: &Call) -> Vec<pb::TicketLink> {
    let link = |relation: LinkRelation, other: &Ticket| pb::TicketLink {
        relation: relation.into(),
        ticket: Some(ticket::to_pb(other.clone(), call.disclosure())),
    };
    let before = of.follow_up_of.and_then(|id| found.followed.get(&id));
    let before = before.map(|other| link(LinkRelation::FollowUpOf, other));
    let after = found.following.get(&of.id).into_iter().flatten();
    before.into_iter().chain(after.map(|other| link(LinkRelation::FollowedUpBy, other))).collect()
}
