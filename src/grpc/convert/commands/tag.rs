//! CreateTag, UpdateTag, DeleteTag.

use super::check::id;
use super::etag;
use crate::command::limits::limits;
use crate::command::verbs::{CreateTag, DeleteTag, UpdateTag};
use crate::grpc::convert::fields;
use crate::grpc::convert::violations::Violations;
use crate::grpc::pb;
use crate::model::limits::TAG_DESCRIPTION_CHARS;
use crate::model::line::sought;
use crate::model::tag::Tag;

writes! {
    CreateTagRequest -> CreateTagResponse { tag: Tag }, by create;
    UpdateTagRequest -> UpdateTagResponse { tag: Tag }, by update;
    DeleteTagRequest -> DeleteTagResponse { tag: Tag }, by delete;
}

pub fn create(request: pb::CreateTagRequest, found: &mut Violations) -> CreateTag {
    let pb::CreateTagRequest { tag, request_id: _, validate_only: _ } = request;
    let tag = found.set("tag", tag);
    found.within("tag", |found| CreateTag {
        name: found.required_line("name", &tag.name, limits().tag_chars),
        color: color(found, tag.color),
        team_id: id(found, "team_id", tag.team_id),
        description: description(found, tag.description),
    })
}

pub fn update(request: pb::UpdateTagRequest, found: &mut Violations) -> UpdateTag {
    let pb::UpdateTagRequest { tag, update_mask, request_id: _, validate_only: _ } = request;
    let mask = fields::TAG.masked(found, update_mask);
    let has = |field| mask.contains(&field);
    let tag = found.set("tag", tag);
    found.within("tag", |found| {
        found.required_id("id", &tag.id);
        UpdateTag {
            name: sought(&tag.id),
            etag: etag(found, tag.etag),
            color: has("color").then(|| color(found, tag.color)),
            team_id: has("team_id").then(|| id(found, "team_id", tag.team_id)),
            description: has("description").then(|| description(found, tag.description)),
        }
    })
}

pub fn delete(request: pb::DeleteTagRequest, found: &mut Violations) -> DeleteTag {
    let pb::DeleteTagRequest { id, etag: sent, request_id: _, validate_only: _ } = request;
    found.required_id("id", &id);
    DeleteTag { name: sought(&id), etag: etag(found, sent) }
}

fn color(found: &mut Violations, color: String) -> String {
    let digits = color.strip_prefix('#').unwrap_or_default();
    let good = digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    if !color.is_empty() && !good {
        found.add("color", "must be written `#rrggbb`, with hexadecimal digits, or be empty");
    }
    color
}

fn description(found: &mut Violations, description: String) -> String {
    found.text("description", &description, TAG_DESCRIPTION_CHARS);
    description
}
