//! Verbs of SLA policies: create, update, and delete, which makes a policy INACTIVE; each write makes a version.

use std::sync::Arc;

use serde_json::Value;

use super::{calendar, put};
use crate::command::access::{self, check_etag, staff_only};
use crate::command::configured::{self, Configured};
use crate::command::record::{SCHEMA_VERSION, SOURCE};
use crate::command::refusal::Kind;
use crate::command::scope::Scope;
use crate::command::sla::refused;
use crate::command::wants::Wants;
use crate::command::{Refusal, Resource, Stop, Verb, Want, World};
use crate::model::activity_type::ActivityType;
use crate::model::fold::fold;
use crate::model::id;
use crate::model::limits::ACTIVE_POLICIES;
use crate::model::shown::Data;
use crate::model::sla::Fault;
use crate::model::sla::calendar::{Calendar, CalendarRef};
use crate::model::sla::policy::{PolicyRef, SlaPolicy, SlaPolicyVersion};
use crate::model::words::*;

const WHAT: &str = "SLA policies";
const FIELD: &str = "sla_policy";

/// Makes one of a name that no other has. What the edit does not name has its default.
#[derive(Clone, Debug)]
pub struct CreateSlaPolicy(pub PolicyEdit);

impl Verb for CreateSlaPolicy {
    fn name(&self) -> &'static str {
        "create_sla_policy"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants_of(None, &self.0, wants);
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        staff_only(scope, WHAT)?;
        let new = blank(scope);
        let (after, calendar) = edited(world, scope, &new, &self.0)?;
        free(world, &after.name)?;
        fits_in(world, &after, &new)?;
        Ok(write(world, scope, after, calendar)?.into())
    }
}

/// Writes the named fields; no difference changes nothing.
#[derive(Clone, Debug)]
pub struct UpdateSlaPolicy {
    pub policy: PolicyRef,
    pub etag: String,
    pub edit: PolicyEdit,
}

impl Verb for UpdateSlaPolicy {
    fn name(&self) -> &'static str {
        "update_sla_policy"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants_of(Some(&self.policy), &self.edit, wants);
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let policy = find(world, scope, &self.policy)?;
        check_etag(&self.etag, policy.etag_version, || named(&policy))?;
        let (after, calendar) = edited(world, scope, &policy, &self.edit)?;
        if after.folded != policy.folded {
            free(world, &after.name)?;
        }
        fits_in(world, &after, &policy)?;
        let written = if after == *policy { policy } else { write(world, scope, after, calendar)? };
        Ok(written.into())
    }
}

/// Makes it INACTIVE. Doing it again changes nothing.
#[derive(Clone, Debug)]
pub struct DeleteSlaPolicy {
    pub policy: PolicyRef,
    pub etag: String,
}

impl Verb for DeleteSlaPolicy {
    fn name(&self) -> &'static str {
        "delete_sla_policy"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants_of(Some(&self.policy), &PolicyEdit::default(), wants);
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let policy = find(world, scope, &self.policy)?;
        if !policy.is_active() {
            return Ok(policy.into());
        }
        check_etag(&self.etag, policy.etag_version, || named(&policy))?;
        let after = SlaPolicy { status: SlaPolicyStatus::Inactive, ..SlaPolicy::clone(&policy) };
        Ok(write(world, scope, after, None)?.into())
    }
}

/// The fields of a policy that a write names; `None` = not named. What is named and not set has its default already.
#[derive(Clone, Debug, Default)]
pub struct PolicyEdit {
    pub name: Option<String>,
    pub description: Option<String>,
    pub status: Option<SlaPolicyStatus>,
    /// Words of [`TicketType`].
    pub applies_to: Option<Words>,
    pub priority: Option<Option<Priority>>,
    pub team_id: Option<String>,
    /// It was compiled already.
    pub condition: Option<String>,
    pub place: Option<i32>,
    pub first_response_minutes: Option<Option<i32>>,
    pub next_response_minutes: Option<Option<i32>>,
    pub resolution_minutes: Option<Option<i32>>,
    pub calendar: Option<Option<CalendarRef>>,
    pub business_hours_only: Option<bool>,
    /// Words of [`Status`].
    pub pause_on: Option<Words>,
    pub warn_at: Option<Words>,
    pub on_priority_change: Option<OnPriorityChange>,
    pub on_reopen: Option<OnReopen>,
    pub counts_as_response: Option<CountsAsResponse>,
}

fn wants_of(which: Option<&PolicyRef>, edit: &PolicyEdit, wants: &mut Wants<'_>) {
    wants.add(Want::SlaConfig);
    let name = edit.name.clone().map(PolicyRef::Name);
    which.cloned().into_iter().chain(name).for_each(|policy| wants.add(Want::Policy(policy.folded())));
    if let Some(Some(calendar)) = &edit.calendar {
        wants.add(Want::Calendar(calendar.folded()));
    }
}

impl Configured for SlaPolicy {
    const CHANGED: ActivityType = ActivityType::PolicyChanged;

    fn id(&self) -> String {
        id::show(id::SLA_POLICY, self.id)
    }

    fn show(&self) -> Value {
        self.shown()
    }

    fn read(data: &Data<'_>) -> Option<SlaPolicy> {
        SlaPolicy::read(data)
    }

    fn put(self: Arc<SlaPolicy>, world: &mut World) {
        world.policies.put(self.id, self);
    }
}

fn named(policy: &SlaPolicy) -> String {
    format!("SLA policy {:?}", policy.name)
}

fn free(world: &World, name: &str) -> Result<(), Stop> {
    match world.policy(&PolicyRef::Name(name.to_owned()))? {
        Some(_) => Err(Refusal::NameTaken { kind: Kind::SlaPolicy, name: name.to_owned() }.into()),
        None => Ok(()),
    }
}

fn find(world: &World, scope: &Scope<'_>, which: &PolicyRef) -> Result<Arc<SlaPolicy>, Stop> {
    staff_only(scope, WHAT)?;
    let missing = || Refusal::NotFound { kind: Kind::SlaPolicy, id: which.to_string() };
    let policy = world.policy(which)?.filter(|policy| policy.deleted_at.is_none());
    access::own(scope, policy).ok_or_else(|| missing().into())
}

/// The policy with the named fields in it, and its calendar, where everything about it can be.
fn edited(
    world: &World,
    scope: &Scope<'_>,
    before: &SlaPolicy,
    edit: &PolicyEdit,
) -> Result<(SlaPolicy, Option<Arc<Calendar>>), Stop> {
    let mut after = before.clone();
    edit.onto(&mut after);
    let mut faults = after.faults();
    if let Some(calendar) = &edit.calendar {
        after.calendar_id = calendar::named(world, "sla_policy.calendar_id", calendar.as_ref())?;
    }
    if after.business_hours_only && after.calendar_id.is_none() {
        after.calendar_id = world.settings()?.default_calendar_id;
    }
    let calendar = match after.calendar_id {
        Some(id) => world.calendar(&CalendarRef::Id(id))?.filter(|row| row.deleted_at.is_none()),
        None => None,
    };
    let theirs = |row: &Calendar| scope.caller().app_id().is_none_or(|app| row.app_id.is_empty() || row.app_id == app);
    let calendar = calendar.filter(|row| theirs(row));
    let mut wrong = |description: String| faults.push(Fault { field: "calendar_id".to_owned(), description });
    match &calendar {
        None if after.business_hours_only && after.calendar_id.is_none() => {
            wrong("business_hours_only needs a calendar: name one, or set the tenant's default_calendar_id".to_owned())
        }
        None if after.calendar_id.is_some() && after.is_active() => {
            let id = after.calendar_id.map(CalendarRef::Id).map(|id| id.to_string()).unwrap_or_default();
            wrong(format!("there is no calendar {id:?}"));
        }
        Some(row) if after.business_hours_only && !row.has_hours() => {
            wrong(format!("calendar {:?} has no hours: business_hours_only would never count any", row.name));
        }
        Some(_) | None => {}
    }
    refused(FIELD, faults)?;
    Ok((after, calendar))
}

impl PolicyEdit {
    /// Writes the named fields; the calendar is left to who can look it up.
    pub fn onto(&self, policy: &mut SlaPolicy) {
        let PolicyEdit {
            name,
            description,
            status,
            applies_to,
            priority,
            team_id,
            condition,
            place,
            first_response_minutes,
            next_response_minutes,
            resolution_minutes,
            calendar: _,
            business_hours_only,
            pause_on,
            warn_at,
            on_priority_change,
            on_reopen,
            counts_as_response,
        } = self;
        put(&mut policy.name, name);
        policy.folded = fold(&policy.name).into_owned();
        put(&mut policy.description, description);
        put(&mut policy.status, status);
        put(&mut policy.applies_to, applies_to);
        put(&mut policy.priority, priority);
        put(&mut policy.team_id, team_id);
        put(&mut policy.condition, condition);
        put(&mut policy.place, place);
        put(&mut policy.first_response_minutes, first_response_minutes);
        put(&mut policy.next_response_minutes, next_response_minutes);
        put(&mut policy.resolution_minutes, resolution_minutes);
        put(&mut policy.business_hours_only, business_hours_only);
        put(&mut policy.pause_on, pause_on);
        put(&mut policy.warn_at, warn_at);
        put(&mut policy.on_priority_change, on_priority_change);
        put(&mut policy.on_reopen, on_reopen);
        put(&mut policy.counts_as_response, counts_as_response);
    }
}

/// Refuses a policy that overlaps another one, and one ACTIVE policy too many.
fn fits_in(world: &World, after: &SlaPolicy, before: &SlaPolicy) -> Result<(), Stop> {
    if !after.is_active() {
        return Ok(());
    }
    let config = world.sla()?;
    let first = config.policies().iter().filter(|other| after.overlaps(&other.row)).min_by_key(|other| other.row.id);
    if let Some(first) = first {
        return Err(Refusal::PolicyOverlaps { name: first.row.name.clone(), slot: slot(after, &first.row) }.into());
    }
    let others = config.policies().iter().filter(|other| other.row.id != after.id).count();
    if others >= ACTIVE_POLICIES && (!before.is_active() || before.version == 0) {
        let (name, what) = ("the tenant".to_owned(), "ACTIVE SLA policies".to_owned());
        return Err(Refusal::LimitExceeded { name, what, limit: ACTIVE_POLICIES as u64 }.into());
    }
    Ok(())
}

/// What two policies are both for, in words.
fn slot(policy: &SlaPolicy, other: &SlaPolicy) -> String {
    let team = if policy.team_id.is_empty() { "any team".to_owned() } else { format!("team {:?}", policy.team_id) };
    let shared: Vec<&str> =
        policy.applies_to.iter().filter(|kind| other.applies_to.has(kind)).map(String::as_str).collect();
    let kind = if shared.is_empty() { "any type".to_owned() } else { format!("type {}", shared.join(" and ")) };
    let priority = policy.priority.map_or("any priority".to_owned(), |priority| format!("priority {priority}"));
    format!("{team}, {kind}, {priority}")
}

/// A new policy without a word in it.
fn blank(scope: &mut Scope<'_>) -> SlaPolicy {
    SlaPolicy {
        tenant_id: scope.tenant().to_owned(),
        id: scope.new_id(),
        name: String::new(),
        folded: String::new(),
        description: String::new(),
        status: SlaPolicyStatus::Active,
        applies_to: Words::default(),
        priority: None,
        team_id: String::new(),
        condition: String::new(),
        place: 0,
        first_response_minutes: None,
        next_response_minutes: None,
        resolution_minutes: None,
        calendar_id: None,
        business_hours_only: false,
        pause_on: Words(vec![Status::OnHold.word().to_owned()]),
        warn_at: Words::default(),
        on_priority_change: OnPriorityChange::Retroactive,
        on_reopen: OnReopen::Continue,
        counts_as_response: CountsAsResponse::AgentPublic,
        version: 0,
        app_id: scope.app_id().to_owned(),
        source: SOURCE.to_owned(),
        source_type: SourceType::Api,
        created_at: scope.now,
        created_by: scope.actor.id.clone(),
        updated_at: scope.now,
        updated_by: scope.actor.id.clone(),
        deleted_at: None,
        deleted_by: String::new(),
        schema_version: SCHEMA_VERSION,
        etag_version: 0,
        position: 0,
    }
}

/// The row, its version, its activity, and what the batch knows of ACTIVE policies.
fn write(
    world: &mut World,
    scope: &Scope<'_>,
    mut policy: SlaPolicy,
    calendar: Option<Arc<Calendar>>,
) -> Result<Arc<SlaPolicy>, Stop> {
    let config = world.sla()?;
    policy.version += 1;
    let policy = configured::write(world, scope, policy);
    let SlaPolicy { id, version, position, .. } = *policy;
    let kept = SlaPolicyVersion { tenant_id: policy.tenant_id.clone(), id, version, position, body: policy.shown() };
    world.policy_versions.put((id, version), Arc::new(kept));
    world.sla.put((), Arc::new(config.with_policy(policy.clone(), calendar.as_ref())));
    Ok(policy)
}
