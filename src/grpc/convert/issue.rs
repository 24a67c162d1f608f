//! Issues as protobuf messages.

use super::time;
use super::value;
use super::words::WireWord;
use crate::grpc::pb;
use crate::model::issue::Issue;
use crate::model::{id, ticket};

pub fn to_pb(row: Issue) -> pb::Issue {
    let Issue {
        tenant_id,
        id,
        title,
        description,
        kind,
        status,
        priority,
        reporter_id,
        assignee_id,
        project,
        external_url,
        metadata,
        resolved_at,
        ticket_ids,
        workflow,
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
    pb::Issue {
        id: id::show(id::ISSUE, id),
        title,
        description,
        r#type: kind.to_pb(),
        status: status.to_pb(),
        priority: priority.to_pb(),
        reporter_id,
        assignee_id,
        project,
        external_url,
        metadata: Some(prost_types::Struct { fields: value::map_to_pb(metadata) }),
        ticket_ids: ticket_ids.0,
        resolved_at: time::maybe_to_pb(resolved_at),
        workflow,
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
