//! What a tenant promises, and when it works: writing policies and calendars, and which of them a ticket has.

mod calendar;
mod choose;
mod config;
mod follow;
mod policy;
pub mod trial;
mod write;

use std::sync::Arc;

use uuid::Uuid;

use super::refusal::Violation;
use super::table::known;
use super::{Refusal, Stop, Want, World};
use crate::model::sla::Fault;
use crate::model::sla::calendar::{Calendar, CalendarRef};
use crate::model::sla::hours::{Holiday, Interval};
use crate::model::sla::policy::{PolicyRef, SlaPolicy};
use crate::model::ticket::Ticket;
use crate::model::words::*;

pub use config::{CalendarInUse, PolicyInUse, SlaConfig};

pub(super) use calendar::{create as create_calendar, delete as delete_calendar, update as update_calendar};
pub(super) use policy::{create as create_policy, delete as delete_policy, update as update_policy};
pub(super) use write::{begin, follow, keep, settle};

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

/// The fields of a calendar that a write names; `None` = not named. Its hours were compiled already.
#[derive(Clone, Debug, Default)]
pub struct CalendarEdit {
    pub name: Option<String>,
    pub time_zone: Option<String>,
    pub weekly: Option<Vec<Interval>>,
    pub holidays: Option<Vec<Holiday>>,
    /// Beside those that it has; of a date that it has, the name is this one's.
    pub more_holidays: Vec<Holiday>,
}

impl World {
    /// The ACTIVE policies of the tenant and the calendars that they name, as they are after what was decided so far.
    pub fn sla(&self) -> Result<Arc<SlaConfig>, Stop> {
        Ok(known(self.sla.get(&()), || Want::SlaConfig)?.unwrap_or_default())
    }

    /// The policy that the ticket has now, if any: of a ticket with an organization that a condition reads, once that is
    /// known.
    pub fn sla_policy_of(&self, ticket: &Ticket) -> Result<Option<Arc<PolicyInUse>>, Stop> {
        let config = self.sla()?;
        let organization = match config.reads_organizations() && !ticket.organization_id.is_empty() {
            true => self.organization(&ticket.organization_id)?,
            false => None,
        };
        Ok(config.choose(ticket, organization.as_deref()))
    }

    /// By its id or its name, ACTIVE or not.
    pub fn policy(&self, which: &PolicyRef) -> Result<Option<Arc<SlaPolicy>>, Stop> {
        let want = || Want::Policy(which.clone());
        match which {
            PolicyRef::Id(id) => known(self.policies.get(id), want),
            PolicyRef::Name(name) => {
                let is = |row: &SlaPolicy| row.name == *name && row.deleted_at.is_none();
                Ok(self.policies.named(known(self.policy_names.get(name), want)?, |row| row.id, is))
            }
        }
    }

    /// By its id, deleted or not; by its name, the one that is not.
    pub fn calendar(&self, which: &CalendarRef) -> Result<Option<Arc<Calendar>>, Stop> {
        let want = || Want::Calendar(which.clone());
        match which {
            CalendarRef::Id(id) => known(self.calendars.get(id), want),
            CalendarRef::Name(name) => {
                let is = |row: &Calendar| row.name == *name && row.deleted_at.is_none();
                Ok(self.calendars.named(known(self.calendar_names.get(name), want)?, |row| row.id, is))
            }
        }
    }
}

/// Refuses a policy that the ticket cannot have: one that is not there, not ACTIVE, or another app's. What was there
/// before is not looked at again.
pub(super) fn allows(world: &World, before: Option<&Ticket>, after: &Ticket) -> Result<(), Stop> {
    let Some(id) = after.sla_policy_id.filter(|id| before.and_then(|before| before.sla_policy_id) != Some(*id)) else {
        return Ok(());
    };
    if world.sla()?.policy(id).is_some_and(|policy| policy.row.is_of_app(&after.app_id)) {
        return Ok(());
    }
    let description = format!("{} is no ACTIVE SLA policy", PolicyRef::Id(id));
    Err(Refusal::Invalid { violations: vec![Violation { field: "ticket.sla_policy_id".into(), description }] }.into())
}

/// The id of a calendar that is there; `field` names it in the request.
pub(super) fn named_calendar(world: &World, field: &str, which: Option<&CalendarRef>) -> Result<Option<Uuid>, Stop> {
    let Some(which) = which else { return Ok(None) };
    match world.calendar(which)?.filter(|row| row.deleted_at.is_none()) {
        Some(row) => Ok(Some(row.id)),
        None => {
            let description = format!("there is no calendar {:?}", which.to_string());
            Err(Refusal::Invalid { violations: vec![Violation { field: field.to_owned(), description }] }.into())
        }
    }
}

/// What cannot be of a resource that the request calls `what`.
fn refused(what: &str, faults: Vec<Fault>) -> Result<(), Stop> {
    if faults.is_empty() {
        return Ok(());
    }
    let violation = |Fault { field, description }| Violation { field: format!("{what}.{field}"), description };
    Err(Refusal::Invalid { violations: faults.into_iter().map(violation).collect() }.into())
}
