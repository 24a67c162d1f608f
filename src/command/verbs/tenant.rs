//! UpdateTenant, and the check of a ticket's category and tags against the tenant's settings.

use std::sync::Arc;

use serde_json::Value;

use super::{calendar, put};
use crate::command::access::check_etag;
use crate::command::configured::{self, Configured};
use crate::command::record::{SCHEMA_VERSION, SOURCE};
use crate::command::scope::Scope;
use crate::command::wants::Wants;
use crate::command::{Refusal, Resource, Stop, Verb, Want, World, sla};
use crate::model::activity_type::ActivityType;
use crate::model::id;
use crate::model::shown::{Data, shown, stamped};
use crate::model::sla::calendar::CalendarRef;
use crate::model::tenant::{GENERAL, Tenant};
use crate::model::ticket::Ticket;
use crate::model::time::{parse_length, show_length};
use crate::model::words::{ReopenMode, SourceType, TagMode, Words};
use crate::workflow::nearest;

/// Writes the masked settings. The same again changes nothing; the first write always makes the row.
#[derive(Clone, Debug)]
pub struct UpdateTenant {
    pub etag: String,
    pub edit: TenantEdit,
}

/// The masked settings of an update; `None` = not in the mask.
#[derive(Clone, Debug, Default)]
pub struct TenantEdit {
    pub reopen_agent: Option<ReopenMode>,
    pub reopen_requester: Option<ReopenMode>,
    pub push_back_micros: Option<i64>,
    pub requester_reply_reopens_pending: Option<bool>,
    pub tag_mode: Option<TagMode>,
    pub categories: Option<Words>,
    pub requester_fields: Option<Words>,
    /// The whole map.
    pub attributes: Option<Value>,
    pub default_calendar: Option<Option<CalendarRef>>,
}

impl Verb for UpdateTenant {
    fn name(&self) -> &'static str {
        "update_tenant"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants.add(Want::Settings);
        if let Some(Some(calendar)) = &self.edit.default_calendar {
            wants.add(Want::Calendar(calendar.folded()));
        }
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        if !scope.app_id().is_empty() {
            let what = "a token of one app does not write the settings of the whole tenant";
            return Err(Refusal::Forbidden { what: what.into() }.into());
        }
        let old = world.settings()?;
        check_etag(&self.etag, old.etag_version, || "the tenant's settings".to_owned())?;
        let mut after = edited(world, &old, &self.edit)?;
        if !old.is_written() {
            after.source = SOURCE.to_owned();
            after.source_type = SourceType::Api;
            after.created_at = scope.now;
            after.created_by.clone_from(&scope.actor.id);
            after.schema_version = SCHEMA_VERSION;
        } else if after == *old {
            return Ok(old.into());
        }
        Ok(configured::write(world, scope, after).into())
    }
}

impl Configured for Tenant {
    const CHANGED: ActivityType = ActivityType::TenantChanged;

    fn id(&self) -> String {
        self.tenant_id.clone()
    }

    fn show(&self) -> Value {
        shown!(self, {
            "id": self.tenant_id,
            "reopen_agent": self.reopen_agent.word(),
            "reopen_requester": self.reopen_requester.word(),
            "push_back_window": show_length(self.push_back_micros),
            "requester_reply_reopens_pending": self.requester_reply_reopens_pending,
            "tag_mode": self.tag_mode.word(),
            "categories": self.categories.0,
            "requester_fields": self.requester_fields.0,
            "attributes": self.attributes,
            "default_calendar_id": self.default_calendar_id.map(|id| id::show(id::CALENDAR, id)).unwrap_or_default(),
        })
    }

    fn read(data: &Data<'_>) -> Option<Tenant> {
        stamped!(Tenant of data {
            reopen_agent: ReopenMode::parse(&data.text("reopen_agent"))?,
            reopen_requester: ReopenMode::parse(&data.text("reopen_requester"))?,
            push_back_micros: parse_length(&data.text("push_back_window"))?,
            requester_reply_reopens_pending: data.flag("requester_reply_reopens_pending")?,
            tag_mode: TagMode::parse(&data.text("tag_mode"))?,
            categories: data.words("categories"),
            requester_fields: data.words("requester_fields"),
            attributes: data.value("attributes"),
            default_calendar_id: id::parse(id::CALENDAR, &data.text("default_calendar_id")),
        })
    }

    fn put(self: Arc<Tenant>, world: &mut World) {
        world.settings.put((), self);
    }
}

fn edited(world: &World, old: &Tenant, edit: &TenantEdit) -> Result<Tenant, Stop> {
    let TenantEdit {
        reopen_agent,
        reopen_requester,
        push_back_micros,
        requester_reply_reopens_pending,
        tag_mode,
        categories,
        requester_fields,
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
    put(&mut after.requester_fields, requester_fields);
    put(&mut after.attributes, attributes);
    if let Some(calendar) = default_calendar {
        after.default_calendar_id = calendar::named(world, "tenant.default_calendar_id", calendar.as_ref())?;
    }
    Ok(after)
}

/// Refuses a category, a policy and tags that are none of the tenant's. What was there before is not looked at again.
pub fn allows(world: &World, before: Option<&Ticket>, after: &Ticket) -> Result<(), Stop> {
    allows_category(world, before, after)?;
    sla::allows(world, before, after)?;
    allows_tags(world, before, after)
}

/// Tags to give a ticket, as the registry spells them.
pub fn spelt(world: &World, scope: &Scope<'_>, tags: &[String]) -> Result<Vec<String>, Stop> {
    match scope.cause {
        Some(_) => spelt_for_rules(world, tags),
        None if tags.is_empty() => Ok(Vec::new()),
        None => world.spelt(tags.to_vec()),
    }
}

/// The same for rules, which are written beforehand, in their own spelling: the registry is not loaded for them where any tag
/// goes.
pub fn spelt_for_rules(world: &World, tags: &[String]) -> Result<Vec<String>, Stop> {
    let free = tags.is_empty() || world.settings()?.tag_mode == TagMode::Free;
    if free { Ok(tags.to_vec()) } else { world.spelt(tags.to_vec()) }
}

fn allows_tags(world: &World, before: Option<&Ticket>, after: &Ticket) -> Result<(), Stop> {
    let new = after.tags.iter().filter(|tag| before.is_none_or(|before| !before.tags.has_folded(tag)));
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
    Err(Refusal::field("ticket.category", description).into())
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
