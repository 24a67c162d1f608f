//! Commands from requests that write, and their responses; all violations of a request are reported at once.

use std::sync::Arc;

use uuid::Uuid;

use super::violations::Violations;
use crate::command::limits::limits;
use crate::command::verbs::Widened;
use crate::command::{Command, Refusal, RequestKey};
use crate::identity::Caller;
use crate::model::id;
use crate::model::limits::{ETAG_CHARS, REQUEST_ID_CHARS};
use crate::workflow::suggest;

#[macro_use]
mod writes;
mod canned;
mod check;
mod directory;
mod edit;
mod forms;
mod issue;
mod message;
mod revocation;
pub mod sla;
mod tag;
mod tenant;
mod ticket;
mod workflow;

pub use sla::change;
pub use writes::{BadRequest, Write, WriteMethod};

/// Every RPC that writes.
pub fn methods() -> impl Iterator<Item = &'static WriteMethod> {
    let all = [
        canned::METHODS,
        directory::METHODS,
        edit::METHODS,
        issue::METHODS,
        message::METHODS,
        revocation::METHODS,
        sla::METHODS,
        tag::METHODS,
        tenant::METHODS,
        ticket::METHODS,
        workflow::METHODS,
    ];
    all.into_iter().flatten()
}

/// What may have been meant by a name that none of them has: one that is near, those of the same noun, or all.
pub fn hint(name: &str) -> String {
    let all: Vec<&str> = methods().map(|method| method.name).collect();
    let noun = name.rfind(|c: char| c.is_ascii_uppercase()).and_then(|at| name.get(at..)).unwrap_or(name);
    let same: Vec<&str> = all.iter().copied().filter(|other| other.ends_with(noun)).collect();
    suggest(name, if same.is_empty() { all } else { same })
}

/// The command that a request asks for, or everything that is wrong with it.
pub fn command<W: Write>(caller: Caller, request: W) -> Result<Command, Refusal> {
    let reserved = if caller.writes_as_requester() { request.reserved() } else { Vec::new() };
    let mut found = Violations::default();
    let key = request_key(&caller, &request, &mut found);
    let validate_only = request.validate_only();
    let mut verb = request.verb(&mut found);
    if !reserved.is_empty() {
        verb = Arc::new(Widened::new(reserved, verb)?);
    }
    found.give(())?;
    Ok(Command { id: Uuid::now_v7(), caller, request: key, validate_only, verb })
}

/// What stands in a batch has no id and no trial of its own.
fn of_batch<W: Write>(request: &W, found: &mut Violations) {
    if !request.request_id().is_empty() {
        found.add("request_id", "must be empty: the batch has its own");
    }
    if request.validate_only() {
        found.add("validate_only", "must be false: the batch has its own");
    }
}

/// Whether as many requests are in a batch as may be.
fn fits_batch(found: &mut Violations, requests: usize) -> bool {
    let most = limits().batch;
    let fits = (1..=most).contains(&requests);
    if !fits {
        found.add("requests", format!("must have 1 to {most} entries, has {requests}"));
    }
    fits
}

const DEFAULT_SOURCE: &str = "docket";

/// Maps encode in the order of their keys, so equal requests have equal bytes.
fn request_key<W: Write>(caller: &Caller, request: &W, found: &mut Violations) -> Option<RequestKey> {
    let text = request.request_id();
    if text.is_empty() {
        return None;
    }
    if text.len() > REQUEST_ID_CHARS || !text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        found.add("request_id", format!("must have 1 to {REQUEST_ID_CHARS} printable ASCII characters"));
    }
    let app = caller.app_id().unwrap_or_default();
    Some(RequestKey {
        text: text.to_owned(),
        key: id::hash(&[caller.sub().as_bytes(), app.as_bytes(), text.as_bytes()]),
        fingerprint: id::hash(&[W::METHOD.as_bytes(), &request.encode_to_vec()]),
    })
}

fn etag(found: &mut Violations, etag: String) -> String {
    found.text("etag", &etag, ETAG_CHARS);
    etag
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::verbs::ticket::CreateTicket;
    use crate::grpc::convert::mask;
    use crate::grpc::pb;
    use crate::grpc::server::methods::{self, Access};
    use crate::identity::Role;
    use crate::model::rights;

    fn refused<W: Write>(request: W) -> Vec<String> {
        let mut found = Violations::default();
        request.verb(&mut found);
        found.fields().into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn a_ticket_needs_no_more_than_a_subject() {
        let ticket = pb::Ticket { subject: "Login broken".into(), ..Default::default() };
        let request = pb::CreateTicketRequest { ticket: Some(ticket), ..Default::default() };
        let CreateTicket(new) = ticket::create(request, &mut Violations::default());
        assert_eq!((new.category.as_str(), new.source.as_str()), ("general", "docket"));
        assert_eq!((new.kind.word(), new.priority.word(), new.channel.word()), ("INCIDENT", "MEDIUM", "API"));
    }

    #[test]
    fn everything_that_is_wrong_with_a_ticket_is_told_at_once() {
        let ticket = pb::Ticket {
            subject: String::new(),
            description: "x".repeat(64 * 1024 + 1),
            r#type: 9,
            status: pb::TicketStatus::Closed as i32,
            priority: -1,
            tags: vec!["ok".into(), "x".repeat(65)],
            requester_id: "a\0b".into(),
            sla_policy_id: "g".repeat(201),
            ..Default::default()
        };
        let mut wrong = refused(pb::CreateTicketRequest { ticket: Some(ticket), ..Default::default() });
        wrong.sort();
        assert_eq!(
            wrong,
            [
                "ticket.description",
                "ticket.priority",
                "ticket.requester_id",
                "ticket.sla_policy_id",
                "ticket.status",
                "ticket.subject",
                "ticket.tags[1]",
                "ticket.type",
            ]
        );
    }

    #[test]
    fn a_batch_names_the_ticket_that_is_wrong() {
        let good = pb::Ticket { subject: "a".into(), ..Default::default() };
        let requests = vec![
            pb::CreateTicketRequest { ticket: Some(good), ..Default::default() },
            pb::CreateTicketRequest { ticket: None, request_id: "r".into(), validate_only: true },
        ];
        assert_eq!(
            refused(pb::BatchCreateTicketsRequest { requests, ..Default::default() }),
            ["requests[1].request_id", "requests[1].validate_only", "requests[1].ticket", "requests[1].ticket.subject"]
        );
        assert_eq!(refused(pb::BatchCreateTicketsRequest::default()), ["requests"]);
    }

    #[test]
    fn what_the_desk_decides_is_named_wherever_it_stands() {
        let ticket = || pb::Ticket { subject: "a".into(), team_id: "b".into(), priority: 1, ..Default::default() };
        let create = || pb::CreateTicketRequest { ticket: Some(ticket()), ..Default::default() };
        let named = ["ticket.priority", "ticket.team_id"];
        assert_eq!(create().reserved(), named);
        assert_eq!(pb::CreateFollowUpRequest { ticket: Some(ticket()), ..Default::default() }.reserved(), named);
        let batch =
            pb::BatchCreateTicketsRequest { requests: vec![Default::default(), create()], ..Default::default() };
        assert_eq!(batch.reserved(), named.map(|field| format!("requests[1].{field}")));
    }

    #[test]
    fn the_field_rights_name_fields_that_callers_write() {
        let message = ["body", "visibility", "author_id", "author_email", "source", "source_type"];
        for (rights, writable) in [(&rights::TICKET, mask::ticket::WRITABLE), (&rights::MESSAGE, &message)] {
            for field in rights.free.iter().chain(rights.own) {
                assert!(writable.contains(field), "{field} is no field that callers write");
            }
        }
    }

    /// A request that holds a resource with the desk's fields says which of them it sets.
    #[test]
    fn every_method_of_requesters_that_takes_a_resource_has_its_rights() {
        let pool = prost_reflect::DescriptorPool::decode(pb::FILE_DESCRIPTOR_SET).expect("the descriptors read back");
        let mut taking = Vec::new();
        for method in methods::all() {
            let Access::Roles(roles) = method.access else { continue };
            let (service, name) = method.path[1..].split_once('/').expect("a path has two parts");
            let service = pool.get_service_by_name(service).expect("a service");
            let request = service.methods().find(|it| it.name() == name).expect("a method").input();
            let resource = |field: prost_reflect::FieldDescriptor| match field.kind() {
                _ if field.is_map() => false,
                prost_reflect::Kind::Message(message) => message.full_name().starts_with("docket.v1."),
                _ => false,
            };
            if roles.contains(Role::Requester) && request.fields().any(resource) {
                taking.push(name.to_owned());
            }
        }
        // A mask names what UpdateMessage writes: the body alone.
        assert_eq!(taking, ["CreateTicket", "CreateFollowUp", "PostMessage", "UpdateMessage"]);
    }

    #[test]
    fn a_tag_is_added_or_removed_not_both() {
        let tags = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect();
        let request = pb::TagTicketRequest {
            id: "42".into(),
            add: tags(&["a", "b"]),
            remove: tags(&["c", "b"]),
            ..Default::default()
        };
        assert_eq!(refused(request), ["remove[1]"]);
        assert_eq!(refused(pb::TagTicketRequest { id: "42".into(), ..Default::default() }), ["add"]);
    }

    #[test]
    fn an_agent_has_its_own_id_and_sane_numbers() {
        let agent = pb::Agent { capacity: -1, weight: 1001, ..Default::default() };
        let request = pb::UpsertAgentRequest { agent: Some(agent), ..Default::default() };
        assert_eq!(refused(request), ["agent.id", "agent.capacity", "agent.weight"]);
    }
}
