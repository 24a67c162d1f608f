//! PostMessage.

use super::source;
use super::ticket::{email, id, source_type};
use crate::command::Action;
use crate::command::action::NewMessage;
use crate::grpc::convert::violations::Violations;
use crate::grpc::convert::words::WireWord;
use crate::grpc::pb;
use crate::model::words::Visibility;

pub fn post(request: pb::PostMessageRequest, found: &mut Violations) -> Action {
    let pb::PostMessageRequest { ticket_id, message, request_id: _, validate_only: _ } = request;
    let ticket = found.ticket("ticket_id", &ticket_id);
    let message = found.set("message", message);
    let message = found.within("message", |found| {
        if message.body.is_empty() {
            found.add("body", "must not be empty");
        }
        found.long_text("body", &message.body);
        NewMessage {
            body: message.body,
            visibility: Visibility::from_pb(found, "visibility", message.visibility).unwrap_or(Visibility::Public),
            author_id: id(found, "author_id", message.author_id),
            author_email: email(found, "author_email", message.author_email),
            source: source(found, message.source),
            source_type: source_type(found, message.source_type),
        }
    });
    Action::PostMessage { ticket, message }
}
