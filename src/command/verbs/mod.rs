//! Verbs: one file each, or one for a few that belong together.

mod calendar;
mod canned;
mod directory;
mod follow_sla;
pub mod issue;
pub mod message;
mod policy;
mod revocation;
mod run_workflow;
mod tag;
pub mod tenant;
pub mod ticket;
mod widened;

pub use calendar::{CalendarEdit, CreateCalendar, DeleteCalendar, UpdateCalendar};
pub use canned::{CreateCannedResponse, DeleteCannedResponse, UpdateCannedResponse};
pub use directory::{DeleteEntry, StoredEntry, UpsertAll, UpsertEntry};
pub use follow_sla::FollowSla;
pub use policy::{CreateSlaPolicy, DeleteSlaPolicy, PolicyEdit, UpdateSlaPolicy};
pub use revocation::RevokeToken;
pub use run_workflow::{RunSchedule, RunWorkflow};
pub use tag::{CreateTag, DeleteTag, UpdateTag};
pub use tenant::{TenantEdit, UpdateTenant};
pub use widened::Widened;

use super::forms::put;
