//! Tenant settings as protobuf messages.

use super::time;
use super::wire::ToWire;
use super::words::WireWord;
use crate::grpc::pb;
use crate::model::tenant::Tenant;
use crate::model::{id, ticket};

pub fn to_pb(row: Tenant) -> pb::Tenant {
    let written = row.is_written();
    let Tenant {
        tenant_id,
        reopen_agent,
        reopen_requester,
        push_back_micros,
        requester_reply_reopens_pending,
        tag_mode,
        categories,
        requester_fields,
        attributes,
        default_calendar_id,
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
    pb::Tenant {
        id: tenant_id.clone(),
        reopen_agent: reopen_agent.to_pb(),
        reopen_requester: reopen_requester.to_pb(),
        push_back_window: Some(time::length_to_pb(push_back_micros)),
        requester_reply_reopens_pending: Some(requester_reply_reopens_pending),
        tag_mode: tag_mode.to_pb(),
        categories: categories.0,
        requester_fields: requester_fields.0,
        attributes: attributes.to_wire(""),
        tenant_id,
        app_id,
        source,
        source_type: if written { source_type.to_pb() } else { pb::SourceType::Unspecified as i32 },
        created_at: written.then(|| time::to_pb(created_at)),
        created_by,
        updated_at: written.then(|| time::to_pb(updated_at)),
        updated_by,
        deleted_at: time::maybe_to_pb(deleted_at),
        deleted_by,
        schema_version,
        etag: ticket::etag(etag_version),
        default_calendar_id: default_calendar_id.map(|id| id::show(id::CALENDAR, id)).unwrap_or_default(),
    }
}
