//! Revocations as protobuf messages, and what is asked to be revoked.

use super::time;
use super::violations::Violations;
use super::words::WireWord;
use crate::grpc::pb;
use crate::model::revocation::{Revocation, Revoked};
use crate::model::ticket;

pub fn to_pb(row: Revocation) -> pb::Revocation {
    let Revocation {
        tenant_id,
        id,
        jti,
        sub,
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
    pb::Revocation {
        id,
        jti,
        sub,
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

/// Exactly one of the two is set.
pub fn revoked(found: &mut Violations, jti: String, sub: String) -> Revoked {
    found.id("jti", &jti);
    found.id("sub", &sub);
    match (jti.is_empty(), sub.is_empty()) {
        (false, true) => Revoked::Token(jti),
        (true, false) => Revoked::Subject(sub),
        (true, true) => {
            found.add("jti", "must be set, or sub: the token, or the subject whose tokens are revoked");
            Revoked::Token(jti)
        }
        (false, false) => {
            found.add("sub", "must be empty where jti is set: one token is revoked, or all of a subject");
            Revoked::Token(jti)
        }
    }
}
