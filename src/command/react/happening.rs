//! What rules are asked about after a change: an activity, or all activities of one family that a step made.

use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use crate::command::World;
use crate::model::activity::{Activity, Actor, Change, SCHEMA_VERSION};
use crate::model::activity_type::ActivityType;
use crate::model::stored_type::{Families, StoredType};
use crate::model::ticket::Ticket;
use crate::model::time::Instant;
use crate::model::words::Status;
use crate::workflow::event::Timed;
use crate::workflow::{Event, Facts};

/// An event, as it was.
#[derive(Debug)]
pub struct Happening {
    /// The last of its activities.
    pub activity: Activity,
    /// `None`: that one alone.
    family: Option<Family>,
    before: Option<Arc<Ticket>>,
    /// Of what no activity tells: why the rule ran.
    pub why: Option<String>,
}

/// An instant that came, or somebody's wish, that a rule answers.
#[derive(Debug)]
pub struct Firing {
    pub kind: Timed,
    pub ticket: Option<Uuid>,
    /// What it tells, as `event.data`.
    pub data: Value,
    /// The same for people.
    pub why: String,
}

/// Who tells of it, and when.
#[derive(Debug)]
pub struct Told {
    pub actor: Actor,
    pub request_id: String,
    pub at: Instant,
}

#[derive(Debug)]
struct Family {
    kind: ActivityType,
    types: Vec<StoredType>,
    /// What all of them changed.
    changes: Vec<Change>,
}

impl Happening {
    pub fn one(world: &World, activity: &Activity) -> Happening {
        Happening { activity: activity.clone(), family: None, before: before_of(world, activity.position), why: None }
    }

    /// The same of an activity in the log, with its ticket as it was before.
    pub fn recalled(activity: &Activity, before: Option<Arc<Ticket>>) -> Happening {
        Happening { activity: activity.clone(), family: None, before, why: None }
    }

    /// The activities of this family that a step made on the ticket of the last of them.
    pub fn of_family(world: &World, kind: ActivityType, last: &Activity, step: Range<usize>) -> Happening {
        let all = world.activities.get(step).unwrap_or_default().iter();
        Happening::of_members(kind, last, all, |activity| before_of(world, activity.position))
    }

    /// The same of some activities, up to the last, among which those of the family are; `before` is each one's ticket before it.
    pub fn of_members<'a>(
        kind: ActivityType,
        last: &Activity,
        all: impl Iterator<Item = &'a Activity>,
        before_of: impl Fn(&Activity) -> Option<Arc<Ticket>>,
    ) -> Happening {
        let mut family = Family { kind, types: Vec::new(), changes: Vec::new() };
        let mut before = None;
        for activity in all.filter(|it| it.position <= last.position && belongs(it, kind, last.ticket_id)) {
            if family.types.is_empty() {
                before = before_of(activity);
            }
            family.types.push(activity.kind.clone());
            activity.changes.iter().for_each(|change| merge(&mut family.changes, change));
        }
        family.changes.retain(|change| change.old_value != change.new_value);
        Happening { activity: last.clone(), family: Some(family), before, why: None }
    }

    /// As an activity that nobody sees: an instant that came, or somebody's wish, with what `event.data` tells.
    pub fn timed(
        tenant: &str,
        told: Told,
        ticket: Option<Arc<Ticket>>,
        (kind, data): (Timed, Value),
        why: Option<String>,
    ) -> Happening {
        let activity = Activity {
            tenant_id: tenant.to_owned(),
            position: 0,
            kind: StoredType::Other(kind.word().into()),
            families: Families::NONE,
            ticket_id: ticket.as_ref().map(|ticket| ticket.id),
            ticket_version: ticket.as_ref().map_or(0, |ticket| ticket.version),
            app_id: ticket.as_ref().map(|ticket| ticket.app_id.clone()).unwrap_or_default(),
            requester_id: ticket.as_ref().map(|ticket| ticket.requester_id.clone()).unwrap_or_default(),
            actor: told.actor,
            occurred_at: told.at,
            changes: Vec::new(),
            ticket,
            message: None,
            issue: None,
            task: None,
            data: Some(data),
            explanation: None,
            cause: None,
            request_id: told.request_id,
            schema_version: SCHEMA_VERSION,
        };
        Happening { activity, family: None, before: None, why }
    }

    /// The activity's type, or the family.
    pub fn name(&self) -> &str {
        self.family.as_ref().map_or(self.activity.kind.as_str(), |family| family.kind.word())
    }

    pub fn types(&self) -> Vec<&str> {
        self.family.iter().flat_map(|family| &family.types).map(StoredType::as_str).collect()
    }

    /// `types`: see [`Happening::types`]. `ticket`: as it is by now.
    pub fn facts<'a>(&'a self, types: &'a [&'a str], ticket: Option<&'a Ticket>) -> Facts<'a> {
        let mut facts = Facts { before: self.before.as_deref(), ticket, ..Facts::of(&self.activity) };
        if let Some(Family { kind, changes, .. }) = &self.family {
            facts.event = facts.event.map(|event| Event { kind: kind.word(), types, ..event });
            facts.changes = changes;
        }
        facts
    }

    /// Whether it closed the ticket.
    pub fn closed(&self) -> bool {
        let is_closed = |ticket: &Ticket| ticket.status == Status::Closed;
        let before = self.before.as_deref().is_some_and(is_closed);
        !before && self.activity.ticket.as_deref().is_some_and(is_closed)
    }
}

/// Whether none of the later activities of its step is of this family and of its ticket, too.
pub fn ends(world: &World, family: ActivityType, activity: &Activity, later: Range<usize>) -> bool {
    let later = world.activities.get(later).unwrap_or_default();
    !later.iter().any(|other| belongs(other, family, activity.ticket_id))
}

/// Whether it is of this family, and of this ticket.
pub fn belongs(activity: &Activity, family: ActivityType, ticket: Option<Uuid>) -> bool {
    activity.ticket_id == ticket && activity.all_families().any(|other| other == family)
}

/// Of two changes of one field, the first has the old value and the last the new one.
fn merge(all: &mut Vec<Change>, change: &Change) {
    match all.iter_mut().find(|other| other.field == change.field) {
        Some(known) => known.new_value.clone_from(&change.new_value),
        None => all.push(change.clone()),
    }
}

pub(super) fn before_of(world: &World, position: i64) -> Option<Arc<Ticket>> {
    let at = world.befores.binary_search_by_key(&position, |(at, _)| *at).ok()?;
    world.befores.get(at).map(|(_, ticket)| ticket.clone())
}
