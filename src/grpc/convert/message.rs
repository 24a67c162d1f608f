//! Messages of tickets as protobuf messages.

use super::words::WireWord;
use super::{Disclosure, time};
use crate::grpc::pb;
use crate::model::message::Message;
use crate::model::{id, ticket};

pub fn to_pb(row: Message, disclosure: Disclosure) -> pb::Message {
    let Message {
        tenant_id,
        id,
        ticket_id,
        body,
        visibility,
        author_id,
        author_email,
        author_kind,
        workflow,
        mentions,
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
    } = match disclosure {
        Disclosure::Full => row,
        Disclosure::Public => row.public(),
    };
    pb::Message {
        id: id::show(id::MESSAGE, id),
        ticket_id: id::show(id::TICKET, ticket_id),
        body,
        visibility: visibility.to_pb(),
        author_id,
        author_email,
        author_kind: author_kind.to_pb(),
        workflow,
        mentions: mentions.0,
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
