//! UpdateTicket: the masked fields, checked like those of a new ticket.

use super::ticket::*;
use super::{etag, source};
use crate::command::Action;
use crate::command::action::TicketEdit;
use crate::grpc::convert::mask::{self, Paths};
use crate::grpc::convert::value;
use crate::grpc::convert::violations::Violations;
use crate::grpc::convert::words::WireWord;
use crate::grpc::pb;
use crate::model::words::Status;

pub fn update(request: pb::UpdateTicketRequest, found: &mut Violations) -> Action {
    let pb::UpdateTicketRequest { ticket, update_mask, request_id: _, validate_only: _ } = request;
    let paths = mask::paths(found, update_mask);
    let mut ticket = found.set("ticket", ticket);
    found.within("ticket", |found| Action::UpdateTicket {
        ticket: found.ticket("id", &ticket.id),
        etag: etag(found, std::mem::take(&mut ticket.etag)),
        edit: Box::new(edit(ticket, paths, found)),
    })
}

/// Only what the mask names is looked at: the rest of the message may be anything.
fn edit(mut ticket: pb::Ticket, paths: Paths, found: &mut Violations) -> TicketEdit {
    let Paths { fields, custom, everything } = paths;
    let has = |field| fields.contains(&field);
    let mut single = |name: &str| ticket.custom.remove(name).unwrap_or_default();
    let custom_keys = custom.into_iter().map(|name| {
        let value = value::from_pb(found, &format!("custom.{name}"), single(&name));
        (name, value)
    });
    TicketEdit {
        custom_keys: custom_keys.collect(),
        subject: has("subject").then(|| subject(found, ticket.subject)),
        description: has("description").then(|| description(found, ticket.description)),
        kind: has("type").then(|| kind(found, ticket.r#type)),
        status: has("status").then(|| status(found, ticket.status, everything)).flatten(),
        priority: has("priority").then(|| priority(found, ticket.priority)),
        category: has("category").then(|| category(found, ticket.category)),
        channel: has("channel").then(|| channel(found, ticket.channel)),
        source: has("source").then(|| source(found, ticket.source)),
        source_type: has("source_type").then(|| source_type(found, ticket.source_type)),
        tags: has("tags").then(|| tags(found, "tags", ticket.tags)),
        custom: has("custom").then(|| value::map_from_pb(found, "custom", ticket.custom)),
        requester_id: has("requester_id").then(|| id(found, "requester_id", ticket.requester_id)),
        requester_email: has("requester_email").then(|| email(found, "requester_email", ticket.requester_email)),
        requester_name: has("requester_name").then(|| name(found, "requester_name", ticket.requester_name)),
        assignee_id: has("assignee_id").then(|| id(found, "assignee_id", ticket.assignee_id)),
        team_id: has("team_id").then(|| id(found, "team_id", ticket.team_id)),
        organization_id: has("organization_id").then(|| id(found, "organization_id", ticket.organization_id)),
        deal_id: has("deal_id").then(|| id(found, "deal_id", ticket.deal_id)),
        related_asset_id: has("related_asset_id").then(|| id(found, "related_asset_id", ticket.related_asset_id)),
        related_vulnerability_id: has("related_vulnerability_id")
            .then(|| id(found, "related_vulnerability_id", ticket.related_vulnerability_id)),
        sla_policy_id: has("sla_policy_id").then(|| sla_policy_id(found, ticket.sla_policy_id)),
    }
}

/// A status cannot be cleared: `*` without one keeps it, naming it without one is a mistake.
fn status(found: &mut Violations, value: i32, everything: bool) -> Option<Status> {
    let status = Status::from_pb(found, "status", value);
    if value == pb::TicketStatus::Unspecified as i32 && !everything {
        found.add("status", "must be set when the mask names it");
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost_types::FieldMask;

    fn masked(ticket: pb::Ticket, paths: &[&str]) -> Result<TicketEdit, Vec<String>> {
        let mut found = Violations::default();
        let paths = mask::paths(&mut found, Some(FieldMask { paths: paths.iter().map(|p| (*p).to_owned()).collect() }));
        let edit = found.within("ticket", |found| edit(ticket, paths, found));
        match found.is_empty() {
            true => Ok(edit),
            false => Err(found.fields().into_iter().map(str::to_owned).collect()),
        }
    }

    #[test]
    fn a_star_sets_every_field() {
        let ticket = pb::Ticket { subject: "s".into(), status: pb::TicketStatus::Pending as i32, ..Default::default() };
        let TicketEdit {
            subject,
            description,
            kind,
            status,
            priority,
            category,
            channel,
            source,
            source_type,
            tags,
            custom,
            custom_keys,
            requester_id,
            requester_email,
            requester_name,
            assignee_id,
            team_id,
            organization_id,
            deal_id,
            related_asset_id,
            related_vulnerability_id,
            sla_policy_id,
        } = masked(ticket, &["*"]).expect("a good edit");
        assert_eq!(subject.as_deref(), Some("s"));
        assert_eq!(category.as_deref(), Some("general"));
        assert_eq!(source.as_deref(), Some("docket"));
        assert_eq!(status, Some(Status::Pending));
        for text in [description, requester_id, requester_email, requester_name, assignee_id, team_id] {
            assert_eq!(text.as_deref(), Some(""));
        }
        for text in [organization_id, deal_id, related_asset_id, related_vulnerability_id] {
            assert_eq!(text.as_deref(), Some(""));
        }
        assert!(kind.is_some() && priority.is_some() && channel.is_some() && source_type.is_some());
        assert!(tags.is_some() && custom.is_some() && sla_policy_id == Some(None) && custom_keys.is_empty());
    }

    #[test]
    fn only_what_the_mask_names_is_read() {
        let ticket = pb::Ticket { priority: 99, category: "x".into(), ..Default::default() };
        let edit = masked(ticket.clone(), &["category", "custom.gone"]).expect("a good edit");
        assert_eq!(edit.category.as_deref(), Some("x"));
        assert_eq!(edit.custom_keys, [("gone".to_owned(), serde_json::Value::Null)]);
        assert!(edit.priority.is_none() && edit.subject.is_none());
        assert_eq!(
            masked(ticket, &["priority", "subject", "status"]).err().unwrap_or_default(),
            ["ticket.subject", "ticket.status", "ticket.priority"]
        );
    }
}
