//! Facts: the input of conditions and filters. Borrowed; building them copies nothing.

use std::sync::Arc;

use serde_json::Value as Json;

use super::cel::Fault;
use crate::model::activity::{Activity, Actor, Cause, Change};
use crate::model::activity_type::ActivityType;
use crate::model::directory::*;
use crate::model::issue::Issue;
use crate::model::message::Message;
use crate::model::sla::hours::Hours;
use crate::model::tenant::Tenant;
use crate::model::ticket::Ticket;
use crate::model::time::Instant;

/// The snapshot of one activity, or of one command before it is decided. What is `None` is absent: reading its fields is
/// an error verdict, `has()` of them is false.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub event: Option<Event<'a>>,
    /// After-rules: as it is by now, whatever was done since the event. Before-rules: as it would be.
    pub ticket: Option<&'a Ticket>,
    /// As it was before the event; `None` on create.
    pub before: Option<&'a Ticket>,
    pub changes: &'a [Change],
    pub message: Option<&'a Message>,
    pub issue: Option<&'a Issue>,
    pub actor: Option<&'a Actor>,
    /// Needed only where [`super::Rule::needs`] names them.
    pub related: Related<'a>,
    /// How many of the ticket's issues are not resolved: needed only where [`super::Rule::needs`] names it.
    pub open_issues: Option<i64>,
    /// The event's instant.
    pub now: Instant,
    pub tenant_id: &'a str,
    /// The tenant's settings: needed only where [`super::Rule::needs`] names them.
    pub tenant: Option<&'a Tenant>,
    /// Those that the rule names, as it names them.
    pub calendars: &'a [NamedHours],
    /// Filters over activities only.
    pub activity: Option<&'a Activity>,
}

/// A calendar that a rule names.
#[derive(Clone, Debug)]
pub struct NamedHours {
    pub name: String,
    /// Or why there are none.
    pub hours: Result<Arc<Hours>, &'static str>,
}

/// The line `requester: Contact by …;` of [`related!`] is the field `requester`.
macro_rules! related_facts {
    ($($place:ident: $row:ident by $id:ident, $root:ident;)+) => {
        /// Entries of the directory that the ticket names.
        #[derive(Clone, Copy, Debug, Default)]
        pub struct Related<'a> {
            $(pub $place: Option<&'a $row>,)+
        }
    };
}
related! { related_facts }

/// What happened, or (`ticket.resolving`) is about to.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// By the name that the rule waits for: an activity's type, or a family.
    pub kind: &'a str,
    /// Everything that happened with it; empty where that is `kind` alone.
    pub types: &'a [&'a str],
    pub families: &'a [ActivityType],
    /// 0 before anything is decided.
    pub position: i64,
    pub cause: Option<&'a Cause>,
    pub data: Option<&'a Json>,
    /// The ticket as of the event.
    pub ticket: Option<&'a Ticket>,
}

impl<'a> Facts<'a> {
    /// Nothing but a time and a tenant.
    pub fn at(now: Instant, tenant_id: &'a str) -> Facts<'a> {
        Facts {
            event: None,
            ticket: None,
            before: None,
            changes: &[],
            message: None,
            issue: None,
            actor: None,
            related: Related::default(),
            open_issues: None,
            now,
            tenant_id,
            tenant: None,
            calendars: &[],
            activity: None,
        }
    }

    /// The hours of a calendar by the name that a rule has for it.
    pub(super) fn hours(&self, calendar: &str) -> Result<&'a Hours, Fault> {
        let known = self.calendars.iter().find(|known| known.name == calendar);
        match known.map_or(Err("is not at hand here"), |known| known.hours.as_deref().map_err(|why| *why)) {
            Ok(hours) => Ok(hours),
            Err(why) => Err(Fault::Other(format!("calendar {calendar:?} {why}"))),
        }
    }

    /// What an activity itself tells. The caller adds `before` and what [`super::Rule::needs`] names.
    pub fn of(activity: &'a Activity) -> Facts<'a> {
        Facts {
            event: Some(Event {
                kind: activity.kind.as_str(),
                types: &[],
                families: activity.families.all(),
                position: activity.position,
                cause: activity.cause.as_ref(),
                data: activity.data.as_ref(),
                ticket: activity.ticket.as_deref(),
            }),
            ticket: activity.ticket.as_deref(),
            changes: &activity.changes,
            message: activity.message.as_ref(),
            issue: activity.issue.as_ref(),
            actor: Some(&activity.actor),
            activity: Some(activity),
            ..Facts::at(activity.occurred_at, &activity.tenant_id)
        }
    }
}
