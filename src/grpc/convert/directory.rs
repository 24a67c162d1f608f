//! Organizations, contacts, teams and agents as protobuf messages.

use prost_types::Struct;
use serde_json::Value;

use super::words::WireWord;
use super::{time, value};
use crate::grpc::pb;
use crate::model::directory::{Agent, Contact, Organization, Team};
use crate::model::ticket;

pub fn organization_to_pb(row: Organization) -> pb::Organization {
    let Organization {
        tenant_id,
        id,
        name,
        tier,
        subscription_plan,
        subscription_status,
        attributes,
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
    pb::Organization {
        id,
        name,
        tier,
        subscription: subscription(subscription_plan, subscription_status),
        attributes: attributes_to_pb(attributes),
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

pub fn contact_to_pb(row: Contact) -> pb::Contact {
    let Contact {
        tenant_id,
        id,
        name,
        email,
        organization_id,
        attributes,
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
    pb::Contact {
        id,
        name,
        email,
        organization_id,
        attributes: attributes_to_pb(attributes),
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

pub fn team_to_pb(row: Team) -> pb::Team {
    let Team {
        tenant_id,
        id,
        name,
        member_ids,
        last_assigned: _,
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
    pb::Team {
        id,
        name,
        member_ids: member_ids.0,
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

pub fn agent_to_pb(row: Agent) -> pb::Agent {
    let Agent {
        tenant_id,
        id,
        name,
        email,
        status,
        capacity,
        skills,
        weight,
        open_count,
        known: _,
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
    pb::Agent {
        id,
        name,
        email,
        capacity,
        weight,
        open_count,
        status: status.to_pb(),
        skills: skills.0,
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

fn subscription(plan: String, status: String) -> Option<pb::Subscription> {
    (!plan.is_empty() || !status.is_empty()).then_some(pb::Subscription { plan, status })
}

pub(super) fn attributes_to_pb(attributes: Value) -> Option<Struct> {
    Some(Struct { fields: value::map_to_pb(attributes) })
}
