//! A tenant's settings: writing them, and what they let a ticket become.

use std::sync::Arc;

use serde_json::Value;

use super::access::check_etag;
use super::action::TenantEdit;
use super::forms::put;
use super::record::{Note, SCHEMA_VERSION, SOURCE, next_position, plain};
use super::refusal::Violation;
use super::scope::Scope;
use super::{Refusal, Stop, World, sla};
use crate::model::activity_type::ActivityType;
use crate::model::id;
use crate::model::shown::shown;
use crate::model::tenant::{GENERAL, Tenant};
use crate::model::ticket::Ticket;
use crate::model::time;
use crate::model::words::{SourceType, TagMode, Words};
use crate::workflow::nearest;

/// Writes the masked settings. The same again changes nothing; the first write always makes the row.
pub fn update(world: &mut World, scope: &Scope<'_>, edit: &TenantEdit, etag: &str) -> Result<Arc<Tenant>, Stop> {
    if !scope.app_id().is_empty() {
        let what = "a token of one app does not write the settings of the whole tenant";
        return Err(Refusal::Forbidden { what: what.into() }.into());
    }
    let old = world.settings()?;
    check_etag(etag, old.etag_version, || "the tenant's settings".to_owned())?;
    let mut after = edited(world, &old, edit)?;
    if !old.is_written() {
        after.source = SOURCE.to_owned();
        after.source_type = SourceType::Api;
        after.created_at = scope.now;
        after.created_by.clone_from(&scope.actor.id);
        after.schema_version = SCHEMA_VERSION;
    } else if after == *old {
        return Ok(old);
    }
    after.updated_at = scope.now;
    after.updated_by.clone_from(&scope.actor.id);
    after.etag_version += 1;
    after.position = next_position(world);
    let note = Note { data: Some(shown_tenant(&after)), ..Note::of(ActivityType::TenantChanged) };
    world.head.config_position = plain(world, scope, note);
    let after = Arc::new(after);
    world.settings.put((), after.clone());
    Ok(after)
}

fn edited(world: &World, old: &Tenant, edit: &TenantEdit) -> Result<Tenant, Stop> {
    let TenantEdit {
        reopen_agent,
        reopen_requester,
        push_back_micros,
        requester_reply_reopens_pending,
        tag_mode,
        categories,
        attributes,
        default_calendar,
    } = edit;
    let mut after = old.clone();
    put(&mut after.reopen_agent, reopen_agent);
    put(&mut after.reopen_requester, reopen_requester);
    put(&mut after.push_back_micros, push_back_micros);
    put(&mut after.requester_reply_reopens_pending, requester_reply_reopens_pending);
    put(&mut after.tag_mode, tag_mode);
    put(&mut after.categories, categories);
    put(&mut after.attributes, attributes);
    if let Some(calendar) = default_calendar {
        after.default_calendar_id = sla::named_calendar(world, "tenant.default_calendar_id", calendar.as_ref())?;
    }
    Ok(after)
}

/// By the contract's names, as the activity holds it.
fn shown_tenant(row: &Tenant) -> Value {
    shown!(row, {
        "id": row.tenant_id,
        "reopen_agent": row.reopen_agent.word(),
        "reopen_requester": row.reopen_requester.word(),
        "push_back_window": time::show_length(row.push_back_micros),
        "requester_reply_reopens_pending": row.requester_reply_reopens_pending,
        "tag_mode": row.tag_mode.word(),
        "categories": row.categories.0,
        "attributes": row.attributes,
        "default_calendar_id": row.default_calendar_id.map(|id| id::show(id::CALENDAR, id)).unwrap_or_default(),
    })
}

/// Refuses a category, a policy and tags that are none of the tenant's. What was there before is not looked at again.
pub fn allows(world: &World, before: Option<&Ticket>, after: &Ticket) -> Result<(), Stop> {
    allows_category(world, before, after)?;
    sla::allows(world, before, after)?;
    allows_tags(world, before, after)
}

fn allows_tags(world: &World, before: Option<&Ticket>, after: &Ticket) -> Result<(), Stop> {
    let new = after.tags.iter().filter(|tag| before.is_none_or(|before| !before.tags.has(tag)));
    let new = Words(new.cloned().collect());
    if new.is_empty() || world.settings()?.tag_mode == TagMode::Free {
        return Ok(());
    }
    let tags = world.unregistered(&new)?;
    if tags.is_empty() { Ok(()) } else { Err(Refusal::TagNotRegistered { tags }.into()) }
}

fn allows_category(world: &World, before: Option<&Ticket>, after: &Ticket) -> Result<(), Stop> {
    let category = after.category.as_str();
    if category == GENERAL || before.is_some_and(|before| before.category == category) {
        return Ok(());
    }
    let settings = world.settings()?;
    if settings.categories.is_empty() || settings.categories.has(category) {
        return Ok(());
    }
    let known: Vec<&str> = settings.categories.iter().map(String::as_str).chain([GENERAL]).collect();
    let hint = nearest(category, &known).map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
    let listed = listed(&known);
    let description = format!("{category:?} is none of the tenant's categories ({listed}){hint}");
    Err(Refusal::Invalid { violations: vec![Violation { field: "ticket.category".into(), description }] }.into())
}

/// Bytes of a list inside an error.
const LISTED_BYTES: usize = 1024;

/// As many as fit, and how many more there are.
fn listed(words: &[&str]) -> String {
    let mut text = String::new();
    for (index, word) in words.iter().enumerate() {
        if text.len() + word.len() > LISTED_BYTES {
            return format!("{text} and {} more", words.len() - index);
        }
        let comma = if text.is_empty() { "" } else { ", " };
        text = format!("{text}{comma}{word}");
    }
    text
}
