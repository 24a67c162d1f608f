//! CreateCannedResponse, UpdateCannedResponse, DeleteCannedResponse.

use super::check::{id, own_name};
use super::etag;
use crate::command::verbs::{CreateCannedResponse, DeleteCannedResponse, UpdateCannedResponse};
use crate::grpc::convert::canned;
use crate::grpc::convert::fields;
use crate::grpc::convert::violations::Violations;
use crate::grpc::pb;
use crate::model::canned::CannedResponse;
use crate::model::id::CANNED_RESPONSE;
use crate::model::limits::TITLE_CHARS;

writes! {
    CreateCannedResponseRequest -> CreateCannedResponseResponse { canned_response: CannedResponse }, by create;
    UpdateCannedResponseRequest -> UpdateCannedResponseResponse { canned_response: CannedResponse }, by update;
    DeleteCannedResponseRequest -> DeleteCannedResponseResponse { canned_response: CannedResponse }, by delete;
}

pub fn create(request: pb::CreateCannedResponseRequest, found: &mut Violations) -> CreateCannedResponse {
    let pb::CreateCannedResponseRequest { canned_response, request_id: _, validate_only: _ } = request;
    let canned = found.set("canned_response", canned_response);
    found.within("canned_response", |found| {
        let title = title(found, canned.title);
        let name = match (canned.name.is_empty(), title.is_empty()) {
            (true, true) => String::new(),
            (true, false) => name(found, title.clone()),
            (false, _) => name(found, canned.name),
        };
        CreateCannedResponse {
            team_id: id(found, "team_id", canned.team_id),
            body: body(found, canned.body),
            name,
            title,
        }
    })
}

pub fn update(request: pb::UpdateCannedResponseRequest, found: &mut Violations) -> UpdateCannedResponse {
    let pb::UpdateCannedResponseRequest { canned_response, update_mask, request_id: _, validate_only: _ } = request;
    let mask = fields::CANNED_RESPONSE.masked(found, update_mask);
    let has = |field| mask.contains(&field);
    let canned = found.set("canned_response", canned_response);
    found.within("canned_response", |found| UpdateCannedResponse {
        canned: canned::named(found, "id", &canned.id),
        etag: etag(found, canned.etag),
        name: has("name").then(|| name(found, canned.name)),
        title: has("title").then(|| title(found, canned.title)),
        team_id: has("team_id").then(|| id(found, "team_id", canned.team_id)),
        body: has("body").then(|| body(found, canned.body)),
    })
}

pub fn delete(request: pb::DeleteCannedResponseRequest, found: &mut Violations) -> DeleteCannedResponse {
    let pb::DeleteCannedResponseRequest { id, etag: sent, request_id: _, validate_only: _ } = request;
    DeleteCannedResponse { canned: canned::named(found, "id", &id), etag: etag(found, sent) }
}

fn name(found: &mut Violations, name: String) -> String {
    own_name(found, "name", &name, CANNED_RESPONSE)
}

fn title(found: &mut Violations, title: String) -> String {
    found.required_line("title", &title, TITLE_CHARS)
}

fn body(found: &mut Violations, body: String) -> String {
    canned::body(found, "body", &body);
    body
}
