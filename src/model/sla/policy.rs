//! SLA policies: targets for responses and resolution, and the tickets that they apply to.

use serde_json::Value;
use uuid::Uuid;

use super::Fault;
use crate::model::fold::fold;
use crate::model::id;
use crate::model::limits::{MINUTES, PLACE, WARNINGS};
use crate::model::shown::{Data, shown, stamped};
use crate::model::ticket::Ticket;
use crate::model::time::{parse_length, show_length};
use crate::model::words::*;

const MINUTE: i64 = 60 * 1_000_000;

row! {
    SlaPolicy in sla_policy, key(tenant_id, id) + stamps {
        tenant_id: String,
        id: Uuid,
        /// Unique among those that are not deleted; INACTIVE ones are not.
        name: String,
        /// The name as names compare: see [`crate::model::fold`].
        folded: String,
        description: String,
        status: SlaPolicyStatus,
        /// Words of [`TicketType`]; none = all of them.
        applies_to: Words,
        /// `None` = any.
        priority: Option<Priority>,
        /// '' = any team's, and no team's.
        team_id: String,
        /// CEL over ticket and organization; '' = none.
        condition: String,
        /// Order among those with a condition.
        place: i32,
        /// Targets; at least one is there.
        first_response_minutes: Option<i32>,
        next_response_minutes: Option<i32>,
        resolution_minutes: Option<i32>,
        /// There where only business hours count.
        calendar_id: Option<Uuid>,
        business_hours_only: bool,
        /// Words of [`Status`].
        pause_on: Words,
        /// As [`WarnAt::show`] has them.
        warn_at: Words,
        on_priority_change: OnPriorityChange,
        on_reopen: OnReopen,
        counts_as_response: CountsAsResponse,
        /// 1 when it is made, and one more with each write that changes anything.
        version: i32,
    }
}

reference! {
    /// How a caller or a rule may name a policy.
    PolicyRef by id::SLA_POLICY
}

/// A mark: when to tell of a target, in the time that the target counts. Policies have marks before it runs out, rules any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WarnAt {
    /// Of the target.
    Percent(i32),
    /// Microseconds before it runs out; whole seconds.
    Before(i64),
    /// Microseconds after it ran out; whole seconds.
    After(i64),
}

impl WarnAt {
    /// `80%`; `3600s`, before; `+3600s`, after.
    pub fn show(self) -> String {
        match self {
            WarnAt::Percent(percent) => format!("{percent}%"),
            WarnAt::Before(micros) => show_length(micros),
            WarnAt::After(micros) => format!("+{}", show_length(micros)),
        }
    }

    /// The inverse of [`WarnAt::show`].
    pub fn parse(text: &str) -> Option<WarnAt> {
        if let Some(percent) = text.strip_suffix('%') {
            return percent.parse().ok().map(WarnAt::Percent);
        }
        match text.strip_prefix('+') {
            Some(after) => parse_length(after).map(WarnAt::After),
            None => parse_length(text).map(WarnAt::Before),
        }
    }

    /// How much of a target is used at the mark; `None` where the target is not longer than the time before it.
    pub fn used_of(self, target_micros: i64) -> Option<i64> {
        match self {
            WarnAt::Percent(percent) => Some(target_micros / 100 * i64::from(percent)),
            WarnAt::Before(micros) => Some(target_micros - micros).filter(|used| *used > 0),
            WarnAt::After(micros) => Some(target_micros.saturating_add(micros)),
        }
    }
}

impl SlaPolicy {
    pub fn is_active(&self) -> bool {
        self.status == SlaPolicyStatus::Active && self.deleted_at.is_none()
    }

    /// Whether it is for this ticket, as far as priority, team, type and app tell; its condition is not asked.
    pub fn fits(&self, ticket: &Ticket) -> bool {
        self.is_of_app(&ticket.app_id)
            && self.priority.is_none_or(|priority| priority == ticket.priority)
            && (self.team_id.is_empty() || self.team_id == ticket.team_id)
            && (self.applies_to.is_empty() || self.applies_to.has(ticket.kind.word()))
    }

    /// Why a ticket that names it has another one all the same; `None`: it does not.
    pub fn misfit(&self, ticket: &Ticket) -> Option<String> {
        let mut misses = Vec::new();
        if !self.is_active() {
            misses.push("is INACTIVE".to_owned());
        }
        if !self.is_of_app(&ticket.app_id) {
            misses.push("is for the tickets of another application".to_owned());
        }
        if let Some(priority) = self.priority.filter(|priority| *priority != ticket.priority) {
            misses.push(format!("is for priority {priority}, and the ticket is {}", ticket.priority));
        }
        if !self.team_id.is_empty() && self.team_id != ticket.team_id {
            let team = if ticket.team_id.is_empty() { "no team".to_owned() } else { format!("{:?}", ticket.team_id) };
            misses.push(format!("is for team {:?}, and the ticket has {team}", self.team_id));
        }
        if !self.applies_to.is_empty() && !self.applies_to.has(ticket.kind.word()) {
            misses.push(format!("is for type {}, and the ticket is {}", self.applies_to.0.join(" and "), ticket.kind));
        }
        (!misses.is_empty()).then(|| format!("SLA policy {:?} {}", self.name, misses.join("; ")))
    }

    /// What an app made is for that app's tickets; what people made is for all.
    pub fn is_of_app(&self, app_id: &str) -> bool {
        self.app_id.is_empty() || self.app_id == app_id
    }

    /// How specific it is among those without a condition: of two that fit, the greater one is chosen.
    pub fn specificity(&self) -> (bool, bool, bool) {
        (self.priority.is_some(), !self.team_id.is_empty(), !self.applies_to.is_empty())
    }

    /// Whether some ticket would have both, and neither were the more specific one.
    pub fn overlaps(&self, other: &SlaPolicy) -> bool {
        let types = match (self.applies_to.is_empty(), other.applies_to.is_empty()) {
            (true, true) => true,
            (false, false) => self.applies_to.iter().any(|kind| other.applies_to.has(kind)),
            (true, false) | (false, true) => false,
        };
        let plain = |policy: &SlaPolicy| policy.is_active() && policy.condition.is_empty();
        plain(self)
            && plain(other)
            && self.id != other.id
            && self.app_id == other.app_id
            && self.team_id == other.team_id
            && self.priority == other.priority
            && types
    }

    pub fn pauses_on(&self, status: Status) -> bool {
        self.pause_on.has(status.word())
    }

    /// In the order given.
    pub fn warnings(&self) -> impl Iterator<Item = WarnAt> {
        self.warn_at.iter().filter_map(|text| WarnAt::parse(text))
    }

    /// Microseconds.
    pub fn targets(&self) -> impl Iterator<Item = i64> {
        let minutes = [self.first_response_minutes, self.next_response_minutes, self.resolution_minutes];
        minutes.into_iter().flatten().map(|minutes| i64::from(minutes) * MINUTE)
    }

    /// Everything that cannot be, by the contract's field names; what calendars and conditions say is not looked at.
    pub fn faults(&self) -> Vec<Fault> {
        let mut found = Vec::new();
        let mut add = |field: &str, description: String| found.push(Fault { field: field.to_owned(), description });
        for (field, minutes) in [
            ("first_response_minutes", self.first_response_minutes),
            ("next_response_minutes", self.next_response_minutes),
            ("resolution_minutes", self.resolution_minutes),
        ] {
            if minutes.is_some_and(|minutes| !(1..=MINUTES).contains(&minutes)) {
                add(field, format!("must be from 1 to {MINUTES} minutes (3650 days)"));
            }
        }
        if self.targets().next().is_none() {
            let all = "one of first_response_minutes, next_response_minutes and resolution_minutes must be set";
            add("resolution_minutes", all.to_owned());
        }
        if !(0..=PLACE).contains(&self.place) {
            add("position", format!("must be from 0 to {PLACE}"));
        }
        for (index, status) in self.pause_on.iter().enumerate() {
            if Status::parse(status).is_none_or(Status::is_done) {
                add(&format!("pause_on[{index}]"), format!("{status} ends the resolution: nothing is left to pause"));
            }
        }
        if self.warn_at.len() > WARNINGS {
            add("warn_at", format!("must have at most {WARNINGS} entries, has {}", self.warn_at.len()));
        }
        let longest = self.targets().max().unwrap_or(i64::MAX);
        for (index, at) in self.warnings().enumerate() {
            let field = format!("warn_at[{index}]");
            match at {
                WarnAt::Percent(1..=99) => {}
                WarnAt::Percent(_) => add(&field, "must be from 1 to 99 per cent of the target".to_owned()),
                WarnAt::Before(micros) if micros <= 0 => add(&field, "must be more than no time before".to_owned()),
                WarnAt::Before(micros) if micros >= longest => {
                    add(&field, "must be shorter than the longest target: it would warn before it begins".to_owned());
                }
                WarnAt::Before(_) => {}
                WarnAt::After(_) => add(&field, "must be before the target runs out".to_owned()),
            }
        }
        found
    }

    /// As its activity and its versions hold it.
    pub fn shown(&self) -> Value {
        shown!(self, {
            "id": id::show(id::SLA_POLICY, self.id),
            "name": self.name,
            "description": self.description,
            "status": self.status.word(),
            "applies_to": self.applies_to.0,
            "priority": self.priority.map(Priority::word).unwrap_or_default(),
            "team_id": self.team_id,
            "match": self.condition,
            "position": self.place,
            "first_response_minutes": self.first_response_minutes,
            "next_response_minutes": self.next_response_minutes,
            "resolution_minutes": self.resolution_minutes,
            "calendar_id": self.calendar_id.map(|id| id::show(id::CALENDAR, id)).unwrap_or_default(),
            "business_hours_only": self.business_hours_only,
            "pause_on": self.pause_on.0,
            "warn_at": self.warn_at.0,
            "on_priority_change": self.on_priority_change.word(),
            "on_reopen": self.on_reopen.word(),
            "counts_as_response": self.counts_as_response.word(),
            "version": self.version,
        })
    }

    /// The inverse of [`SlaPolicy::shown`].
    pub fn read(data: &Data<'_>) -> Option<SlaPolicy> {
        stamped!(SlaPolicy of data {
            id: id::parse(id::SLA_POLICY, &data.text("id"))?,
            name: data.text("name"),
            folded: fold(&data.text("name")).into_owned(),
            description: data.text("description"),
            status: SlaPolicyStatus::parse(&data.text("status"))?,
            applies_to: data.words("applies_to"),
            priority: Priority::parse(&data.text("priority")),
            team_id: data.text("team_id"),
            condition: data.text("match"),
            place: data.small("position")?,
            first_response_minutes: data.small("first_response_minutes"),
            next_response_minutes: data.small("next_response_minutes"),
            resolution_minutes: data.small("resolution_minutes"),
            calendar_id: id::parse(id::CALENDAR, &data.text("calendar_id")),
            business_hours_only: data.flag("business_hours_only")?,
            pause_on: data.words("pause_on"),
            warn_at: data.words("warn_at"),
            on_priority_change: OnPriorityChange::parse(&data.text("on_priority_change"))?,
            on_reopen: OnReopen::parse(&data.text("on_reopen"))?,
            counts_as_response: CountsAsResponse::parse(&data.text("counts_as_response"))?,
            version: data.small("version")?,
        })
    }
}

row! {
    /// A policy as one of its writes left it.
    SlaPolicyVersion in sla_policy_version, key(tenant_id, id, version) {
        tenant_id: String,
        id: Uuid,
        version: i32,
        /// Of the write, in the log.
        position: i64,
        /// As [`SlaPolicy::shown`] has it.
        body: Value,
    }
}

impl SlaPolicyVersion {
    pub fn policy(&self) -> Option<SlaPolicy> {
        SlaPolicy::read(&Data { fields: self.body.as_object()?, position: self.position })
    }
}
