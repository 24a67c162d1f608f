//! Rows of the directory, tags and settings, rebuilt from the data of the activities that wrote them.

use std::sync::Arc;

use serde_json::Value;

use super::Kind;
use crate::command::Resource;
use crate::model::activity::Activity;
use crate::model::activity_type::ActivityType;
use crate::model::canned::CannedResponse;
use crate::model::directory::{Agent, Contact, Organization, Team};
use crate::model::id;
use crate::model::shown::{Data, stamped};
use crate::model::sla::calendar::Calendar;
use crate::model::sla::policy::SlaPolicy;
use crate::model::tag::Tag;
use crate::model::tenant::Tenant;
use crate::model::time::parse_length;
use crate::model::words::{AgentStatus, ReopenMode, TagMode};

/// The row that the activity holds; `None` where it holds none of this kind.
pub fn row(kind: Kind, activity: &Activity) -> Option<Resource> {
    let Value::Object(fields) = activity.data.as_ref()? else { return None };
    let data = Data { fields, position: activity.position };
    match kind {
        Kind::Organization if activity.kind == ActivityType::OrganizationChanged => {
            organization(&data).map(|row| Resource::Organization(Arc::new(row)))
        }
        Kind::Contact if activity.kind == ActivityType::ContactChanged => {
            contact(&data).map(|row| Resource::Contact(Arc::new(row)))
        }
        Kind::Team if activity.kind == ActivityType::TeamChanged => {
            team(&data).map(|row| Resource::Team(Arc::new(row)))
        }
        Kind::Agent if activity.kind == ActivityType::AgentChanged => {
            agent(&data).map(|row| Resource::Agent(Arc::new(row)))
        }
        Kind::Tenant if activity.kind == ActivityType::TenantChanged => {
            tenant(&data).map(|row| Resource::Tenant(Arc::new(row)))
        }
        Kind::CannedResponse if activity.kind == ActivityType::CannedResponseChanged => {
            canned(&data).map(|row| Resource::CannedResponse(Arc::new(row)))
        }
        Kind::SlaPolicy if activity.kind == ActivityType::PolicyChanged => {
            SlaPolicy::read(&data).map(|row| Resource::SlaPolicy(Arc::new(row)))
        }
        Kind::Calendar if activity.kind == ActivityType::CalendarChanged => {
            Calendar::read(&data).map(|row| Resource::Calendar(Arc::new(row)))
        }
        Kind::Tag if activity.kind == ActivityType::TagChanged => tag(&data).map(|row| Resource::Tag(Arc::new(row))),
        _ => None,
    }
}

/// The row of the directory that the activity holds, of whatever kind.
pub fn entry(activity: &Activity) -> Option<Resource> {
    [Kind::Organization, Kind::Contact, Kind::Team, Kind::Agent].into_iter().find_map(|kind| row(kind, activity))
}

fn organization(data: &Data<'_>) -> Option<Organization> {
    let subscription = data.fields.get("subscription").and_then(Value::as_object)?;
    let subscription = Data { fields: subscription, position: data.position };
    stamped!(Organization of data {
        id: data.text("id"),
        name: data.text("name"),
        tier: data.text("tier"),
        subscription_plan: subscription.text("plan"),
        subscription_status: subscription.text("status"),
        attributes: data.value("attributes"),
    })
}

fn contact(data: &Data<'_>) -> Option<Contact> {
    stamped!(Contact of data {
        id: data.text("id"),
        name: data.text("name"),
        email: data.text("email"),
        organization_id: data.text("organization_id"),
        attributes: data.value("attributes"),
    })
}

fn team(data: &Data<'_>) -> Option<Team> {
    stamped!(Team of data {
        id: data.text("id"),
        name: data.text("name"),
        member_ids: data.words("member_ids"),
        // No answer shows it.
        last_assigned: String::new(),
    })
}

fn agent(data: &Data<'_>) -> Option<Agent> {
    stamped!(Agent of data {
        id: data.text("id"),
        name: data.text("name"),
        email: data.text("email"),
        status: AgentStatus::parse(&data.text("status"))?,
        capacity: data.small("capacity")?,
        skills: data.words("skills"),
        weight: data.small("weight")?,
        open_count: data.fields.get("open_count").and_then(Value::as_i64)?,
        known: true,
    })
}

fn tenant(data: &Data<'_>) -> Option<Tenant> {
    stamped!(Tenant of data {
        reopen_agent: ReopenMode::parse(&data.text("reopen_agent"))?,
        reopen_requester: ReopenMode::parse(&data.text("reopen_requester"))?,
        push_back_micros: parse_length(&data.text("push_back_window"))?,
        requester_reply_reopens_pending: data.flag("requester_reply_reopens_pending")?,
        tag_mode: TagMode::parse(&data.text("tag_mode"))?,
        categories: data.words("categories"),
        attributes: data.value("attributes"),
        default_calendar_id: id::parse(id::CALENDAR, &data.text("default_calendar_id")),
    })
}

fn canned(data: &Data<'_>) -> Option<CannedResponse> {
    stamped!(CannedResponse of data {
        id: id::parse(id::CANNED_RESPONSE, &data.text("id"))?,
        name: data.text("name"),
        title: data.text("title"),
        body: data.text("body"),
        team_id: data.text("team_id"),
    })
}

fn tag(data: &Data<'_>) -> Option<Tag> {
    stamped!(Tag of data {
        name: data.text("name"),
        color: data.text("color"),
        team_id: data.text("team_id"),
        description: data.text("description"),
    })
}
