//! UpdateTicket: the masked fields, checked like those of a new ticket.

use super::check;
use super::etag;
use super::forms::Form;
use crate::command::action::TicketEdit;
use crate::command::verbs::ticket::UpdateTicket;
use crate::grpc::convert::mask::{self, Paths};
use crate::grpc::convert::value;
use crate::grpc::convert::violations::Violations;
use crate::grpc::pb;
use crate::model::ticket::Ticket;

writes! {
    UpdateTicketRequest -> UpdateTicketResponse { ticket: Ticket }, by update;
}

pub fn update(request: pb::UpdateTicketRequest, found: &mut Violations) -> UpdateTicket {
    let pb::UpdateTicketRequest { ticket, update_mask, request_id: _, validate_only: _ } = request;
    let paths = mask::paths(found, update_mask);
    let mut ticket = found.set("ticket", ticket);
    found.within("ticket", |found| UpdateTicket {
        ticket: found.ticket("id", &ticket.id),
        etag: etag(found, std::mem::take(&mut ticket.etag)),
        edit: edit(ticket, paths, found),
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
    let custom_keys = custom_keys.collect();
    if has("subject") {
        check::has_subject(found, &ticket);
    }
    let policy_name = if has("sla_policy_id") { check::policy_name(&ticket) } else { String::new() };
    TicketEdit { custom_keys, policy_name, ..ticket.edit(has, everything, found) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::words::Status;
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
        let edit = masked(ticket, &["*"]).expect("a good edit");
        assert_eq!(edit.subject.as_deref(), Some("s"));
        assert_eq!(edit.category.as_deref(), Some("general"));
        assert_eq!(edit.source.as_deref(), Some("docket"));
        assert_eq!(edit.status, Some(Status::Pending));
        assert_eq!(edit.sla_policy_id, Some(None));
        // The one that is cleared apart, there is none that is not set.
        assert_eq!(format!("{edit:?}").matches("None").count(), 1, "{edit:?}");
        assert!(edit.custom_keys.is_empty());
    }

    #[test]
    fn only_what_the_mask_names_is_read() {
        // As an earlier version stored it.
        let requester_email = "rita at home".to_owned();
        let ticket = pb::Ticket { priority: 99, category: "x".into(), requester_email, ..Default::default() };
        let edit = masked(ticket.clone(), &["category", "custom.gone"]).expect("a good edit");
        assert_eq!(edit.category.as_deref(), Some("x"));
        assert_eq!(edit.custom_keys, [("gone".to_owned(), serde_json::Value::Null)]);
        assert!(edit.priority.is_none() && edit.subject.is_none());
        assert_eq!(
            masked(ticket, &["priority", "subject", "status", "requester_email"]).err().unwrap_or_default(),
            ["ticket.subject", "ticket.status", "ticket.priority", "ticket.requester_email"]
        );
    }
}
