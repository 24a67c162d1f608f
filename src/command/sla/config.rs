//! Compiled SLA policies of a tenant, built once for each change of its configuration.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::model::sla::calendar::Calendar;
use crate::model::sla::clock::Goal;
use crate::model::sla::hours::Hours;
use crate::model::sla::policy::SlaPolicy;
use crate::workflow::TicketCondition;

/// The ACTIVE policies in the order of their positions, of equal ones the older first, and the calendars that they name.
#[derive(Clone, Debug, Default)]
pub struct SlaConfig {
    policies: Vec<Arc<PolicyInUse>>,
    calendars: HashMap<Uuid, Arc<CalendarInUse>>,
}

/// An ACTIVE policy.
#[derive(Clone, Debug)]
pub struct PolicyInUse {
    pub row: Arc<SlaPolicy>,
    pub(super) asks: Asks,
}

/// Whether a policy has a condition.
#[derive(Clone, Debug)]
pub(super) enum Asks {
    Nothing,
    This(TicketCondition),
    /// It was taken once, by another version of Docket, and says nothing any more: it is no match.
    Unreadable,
}

/// A calendar that an ACTIVE policy names.
#[derive(Clone, Debug)]
pub struct CalendarInUse {
    pub id: Uuid,
    pub name: String,
    pub version: i32,
    /// Absent where another version of Docket took it and this one cannot: its zone is gone, say.
    pub hours: Option<Arc<Hours>>,
}

impl SlaConfig {
    /// Of the rows given, those that are ACTIVE; a calendar that none of them names does no harm.
    pub fn new(policies: Vec<Arc<SlaPolicy>>, calendars: Vec<Arc<Calendar>>) -> SlaConfig {
        let policies = policies.into_iter().filter(|row| row.is_active()).map(PolicyInUse::of).collect();
        let calendars = calendars.iter().map(|row| (row.id, CalendarInUse::of(row))).collect();
        let mut config = SlaConfig { policies, calendars };
        config.sort();
        config
    }

    /// In the order of their positions.
    pub fn policies(&self) -> &[Arc<PolicyInUse>] {
        &self.policies
    }

    /// An ACTIVE policy by its id.
    pub fn policy(&self, id: Uuid) -> Option<&Arc<PolicyInUse>> {
        self.policies.iter().find(|policy| policy.row.id == id)
    }

    /// A calendar that an ACTIVE policy names.
    pub fn calendar(&self, id: Uuid) -> Option<&Arc<CalendarInUse>> {
        self.calendars.get(&id)
    }

    /// The calendar whose hours count for a policy; `None` where every instant does.
    pub fn calendar_of(&self, policy: &SlaPolicy) -> Option<&Arc<CalendarInUse>> {
        policy.calendar_id.filter(|_| policy.business_hours_only).and_then(|id| self.calendar(id))
    }

    /// The hours that a clock counts by, where they are as they were for it.
    pub fn hours_of(&self, goal: &Goal) -> Option<&Hours> {
        let Some(id) = goal.calendar_id else { return Some(Hours::always()) };
        self.calendar(id).filter(|calendar| calendar.version == goal.calendar_version)?.hours.as_deref()
    }

    /// Whether choosing may read a ticket's organization.
    pub fn reads_organizations(&self) -> bool {
        self.policies
            .iter()
            .any(|policy| matches!(&policy.asks, Asks::This(condition) if condition.reads_organization()))
    }

    /// With this policy as it is now, and the calendar that it names.
    pub(in crate::command) fn with_policy(&self, row: Arc<SlaPolicy>, calendar: Option<&Arc<Calendar>>) -> SlaConfig {
        let mut config = self.clone();
        config.policies.retain(|policy| policy.row.id != row.id);
        if row.is_active() {
            config.policies.push(PolicyInUse::of(row));
            config.sort();
            if let Some(calendar) = calendar {
                config.calendars.entry(calendar.id).or_insert_with(|| CalendarInUse::of(calendar));
            }
        }
        config
    }

    /// With this calendar as it is now.
    pub(in crate::command) fn with_calendar(&self, row: &Arc<Calendar>) -> SlaConfig {
        let mut config = self.clone();
        if let Some(known) = config.calendars.get_mut(&row.id) {
            *known = CalendarInUse::of(row);
        }
        config
    }

    fn sort(&mut self) {
        // Ids rise with time.
        self.policies.sort_by_key(|policy| (policy.row.place, policy.row.id));
    }
}

impl PolicyInUse {
    fn of(row: Arc<SlaPolicy>) -> Arc<PolicyInUse> {
        let asks = match row.condition.as_str() {
            "" => Asks::Nothing,
            source => TicketCondition::compile(source).map_or(Asks::Unreadable, Asks::This),
        };
        Arc::new(PolicyInUse { row, asks })
    }
}

impl CalendarInUse {
    fn of(row: &Arc<Calendar>) -> Arc<CalendarInUse> {
        let hours = row.hours().ok().map(Arc::new);
        Arc::new(CalendarInUse { id: row.id, name: row.name.clone(), version: row.version, hours })
    }
}
