//! PostMessage, UpdateMessage, DeleteMessage.

use super::check::{email, id, source, word};
use super::etag;
use crate::command::action::{MessageEdit, NewMessage};
use crate::command::verbs::message::{DeleteMessage, PostMessage, UpdateMessage};
use crate::grpc::convert::fields;
use crate::grpc::convert::violations::Violations;
use crate::grpc::convert::words::WireWord;
use crate::grpc::pb;
use crate::model::rights;
use crate::model::words::Visibility;

writes! {
    PostMessageRequest -> PostMessageResponse { message: Message, ticket: Ticket }, by post, except reserved;
    UpdateMessageRequest -> UpdateMessageResponse { message: Message, ticket: Ticket }, by update;
    DeleteMessageRequest -> DeleteMessageResponse { message: Message, ticket: Ticket }, by delete;
}

pub fn post(request: pb::PostMessageRequest, found: &mut Violations) -> PostMessage {
    let pb::PostMessageRequest { ticket_id, message, request_id: _, validate_only: _ } = request;
    let ticket = found.ticket("ticket_id", &ticket_id);
    let message = found.set("message", message);
    let message = found.within("message", |found| NewMessage {
        body: body(found, message.body),
        visibility: Visibility::from_pb(found, "visibility", message.visibility).unwrap_or(Visibility::Public),
        author_id: id(found, "author_id", message.author_id),
        author_email: email(found, "author_email", message.author_email),
        source: source(found, "source", message.source),
        source_type: word(found, "source_type", message.source_type),
        own: None,
        goodbye: false,
    });
    PostMessage { ticket, message }
}

fn reserved(request: &pb::PostMessageRequest) -> Vec<String> {
    let set = request.message.as_ref().map(given).unwrap_or_default();
    rights::MESSAGE.reserved(set).map(|field| format!("message.{field}")).collect()
}

/// The fields of a new message that are not as an empty one has them.
fn given(message: &pb::Message) -> Vec<&'static str> {
    let pb::Message { body, visibility, author_id, author_email, source, source_type, .. } = message;
    let all = [
        ("body", !body.is_empty()),
        ("visibility", *visibility != 0),
        ("author_id", !author_id.is_empty()),
        ("author_email", !author_email.is_empty()),
        ("source", !source.is_empty()),
        ("source_type", *source_type != 0),
    ];
    all.into_iter().filter(|(_, set)| *set).map(|(name, _)| name).collect()
}

pub fn update(request: pb::UpdateMessageRequest, found: &mut Violations) -> UpdateMessage {
    let pb::UpdateMessageRequest { ticket_id, message, update_mask, request_id: _, validate_only: _ } = request;
    let mask = fields::MESSAGE.masked(found, update_mask);
    let message = found.set("message", message);
    let ticket = found.ticket("ticket_id", if ticket_id.is_empty() { &message.ticket_id } else { &ticket_id });
    found.within("message", |found| UpdateMessage {
        ticket,
        message: found.message("id", &message.id),
        etag: etag(found, message.etag),
        edit: MessageEdit {
            body: mask.contains(&"body").then(|| body(found, message.body)),
            // Left out, it asks for no other.
            visibility: mask
                .contains(&"visibility")
                .then(|| Visibility::from_pb(found, "visibility", message.visibility))
                .flatten(),
        },
    })
}

pub fn delete(request: pb::DeleteMessageRequest, found: &mut Violations) -> DeleteMessage {
    let pb::DeleteMessageRequest { ticket_id, id, etag: sent, request_id: _, validate_only: _ } = request;
    DeleteMessage {
        ticket: found.ticket("ticket_id", &ticket_id),
        message: found.message("id", &id),
        etag: etag(found, sent),
    }
}

fn body(found: &mut Violations, body: String) -> String {
    if body.is_empty() {
        found.add("body", "must not be empty");
    }
    found.long_text("body", &body);
    body
}
