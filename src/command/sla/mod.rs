//! SLA in commands: the choice of a ticket's policy, and the effect of changes on its clocks.

mod answer;
mod choose;
mod config;
mod follow;
mod opened;
pub mod trial;
mod write;

use std::sync::Arc;

use uuid::Uuid;

use super::refusal::Violation;
use super::table::known;
use super::{Refusal, Stop, Want, World};
use crate::model::sla::Fault;
use crate::model::sla::calendar::{Calendar, CalendarRef};
use crate::model::sla::policy::{PolicyRef, SlaPolicy};
use crate::model::ticket::Ticket;

/// How a ticket names the policy that it asks for.
const FIELD: &str = "ticket.sla_policy_id";

pub use config::{CalendarInUse, PolicyInUse, SlaConfig};
pub use opened::Opened;

pub(super) use answer::hear;
pub(super) use follow::Happened;
pub(super) use write::{begin, follow, keep, settle};

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
            true => self.entry(&ticket.organization_id)?,
            false => None,
        };
        Ok(config.choose(ticket, organization.as_deref()))
    }

    /// By its id or its name, ACTIVE or not.
    pub fn policy(&self, which: &PolicyRef) -> Result<Option<Arc<SlaPolicy>>, Stop> {
        let which = which.folded();
        let want = || Want::Policy(which.clone());
        match &which {
            PolicyRef::Id(id) => known(self.policies.get(id), want),
            PolicyRef::Name(name) => {
                let is = |row: &SlaPolicy| row.folded == *name && row.deleted_at.is_none();
                Ok(self.policies.named(known(self.policy_names.get(name), want)?, |row| row.id, is))
            }
        }
    }

    /// By its id, deleted or not; by its name, the one that is not.
    pub fn calendar(&self, which: &CalendarRef) -> Result<Option<Arc<Calendar>>, Stop> {
        let which = which.folded();
        let want = || Want::Calendar(which.clone());
        match &which {
            CalendarRef::Id(id) => known(self.calendars.get(id), want),
            CalendarRef::Name(name) => {
                let is = |row: &Calendar| row.folded == *name && row.deleted_at.is_none();
                Ok(self.calendars.named(known(self.calendar_names.get(name), want)?, |row| row.id, is))
            }
        }
    }
}

/// The policy that a ticket asks for by its name; `None` for `''`.
pub(super) fn named(world: &World, name: &str) -> Result<Option<Uuid>, Stop> {
    if name.is_empty() {
        return Ok(None);
    }
    match world.policy(&PolicyRef::Name(name.to_owned()))? {
        Some(policy) => Ok(Some(policy.id)),
        None => Err(Refusal::field(FIELD, format!("this tenant has no SLA policy named {name:?}")).into()),
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
    Err(Refusal::field(FIELD, description).into())
}

/// What cannot be of a resource that the request calls `what`.
pub(super) fn refused(what: &str, faults: Vec<Fault>) -> Result<(), Stop> {
    if faults.is_empty() {
        return Ok(());
    }
    let violation = |Fault { field, description }| Violation { field: format!("{what}.{field}"), description };
    Err(Refusal::invalid(faults.into_iter().map(violation).collect()).into())
}
