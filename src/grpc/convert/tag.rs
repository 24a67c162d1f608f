//! Tags as protobuf messages.

use super::time;
use super::words::WireWord;
use crate::grpc::pb;
use crate::model::tag::Tag;
use crate::model::ticket;

pub fn to_pb(row: Tag) -> pb::Tag {
    let Tag {
        tenant_id,
        folded: _,
        name,
        color,
        team_id,
        description,
        app_id,
        source,
        source_type,
        created_at,
        created_by,
        updated_at,
        updated_by,
        deleted_at,
        deleted_by,
        schema_version,
        etag_version,
        position: _,
    } = row;
    pb::Tag {
        id: name.clone(),
        name,
        color,
        team_id,
        description,
        tenant_id,
        app_id,
        source,
        source_type: source_type.to_pb(),
        created_at: Some(time::to_pb(created_at)),
        created_by,
        updated_at: Some(time::to_pb(updated_at)),
        updated_by,
        deleted_at: time::maybe_to_pb(deleted_at),
        deleted_by,
        schema_version,
        etag: ticket::etag(etag_version),
    }
}
