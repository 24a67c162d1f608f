//! Rules asked again about what the log has: the events of then, with what is still known of everything around them.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::around::Around;
use super::before::{Proposed, asked_about};
use super::happening::{Happening, Told, belongs};
use crate::command::scope::clock;
use crate::command::{Stop, World};
use crate::model::activity::{Activity, Change};
use crate::model::activity_type::{ActivityType, Payload};
use crate::model::audience::Audience;
use crate::model::sla::calendar::CalendarRef;
use crate::model::ticket::Ticket;
use crate::model::time::Instant;
use crate::workflow::cel::Unknowns;
use crate::workflow::event::Timed;
use crate::workflow::schema::Root;
use crate::workflow::{BeforeEvent, Event, Facts, Rule, RuleSet, Waiting};

/// A part of a log, in order of position.
#[derive(Debug)]
pub struct Recall {
    activities: Vec<Activity>,
    /// The step that each is of.
    steps: Vec<usize>,
    /// The ticket before each.
    befores: Vec<Option<Arc<Ticket>>>,
}

/// What rules are asked about.
#[derive(Debug)]
pub struct Question {
    event: Asked,
    /// The activity that it is about: of a family, the last.
    pub at: usize,
    /// Up to which position of the log things are as they were.
    seen: i64,
}

#[derive(Debug)]
enum Asked {
    After(Box<Happening>),
    Before(Box<Proposal>),
}

/// A change that rules were asked about before it was made, as far as what came of it tells.
#[derive(Debug)]
struct Proposal {
    event: BeforeEvent,
    events: Vec<BeforeEvent>,
    words: Vec<&'static str>,
    before: Option<Arc<Ticket>>,
    changes: Vec<Change>,
    activity: Activity,
}

impl Recall {
    /// `before`: tickets as they were before the first of these activities.
    pub fn new(activities: Vec<Activity>, mut before: HashMap<Uuid, Arc<Ticket>>) -> Recall {
        let steps = steps(&activities);
        let mut last = |activity: &Activity| {
            let id = activity.ticket_id?;
            match &activity.ticket {
                Some(ticket) => before.insert(id, ticket.clone()),
                None => before.get(&id).cloned(),
            }
        };
        let befores = activities.iter().map(&mut last).collect();
        Recall { activities, steps, befores }
    }

    pub fn activities(&self) -> &[Activity] {
        &self.activities
    }

    /// The ticket as it was before an activity.
    pub fn ticket_before(&self, at: usize) -> Option<Arc<Ticket>> {
        self.befores.get(at).cloned().flatten()
    }

    pub fn place_of(&self, position: i64) -> Option<usize> {
        self.activities.binary_search_by_key(&position, |activity| activity.position).ok()
    }

    /// The rules to ask about this activity after the change, as [`RuleSet::answering`] has them.
    pub fn answering<'s>(&self, set: &'s RuleSet, at: usize) -> Vec<Waiting<'s>> {
        let Some(activity) = self.activities.get(at) else { return Vec::new() };
        set.answering(activity, |family| !self.later(at).any(|(_, other)| belongs(other, family, activity.ticket_id)))
    }

    /// What the rule that waits is asked about here.
    pub fn question(&self, at: usize, family: Option<ActivityType>) -> Option<Question> {
        let activity = self.activities.get(at)?;
        let event = match family {
            None => Happening::recalled(activity, self.ticket_before(at)),
            Some(family) => {
                let members = self.of_step(at).map(|(_, other)| other);
                let before =
                    |it: &Activity| self.place_of(it.position).and_then(|at| self.befores.get(at)).cloned().flatten();
                Happening::of_members(family, activity, members, before)
            }
        };
        Some(Question { event: Asked::After(Box::new(event)), at, seen: activity.position })
    }

    /// The before-events of the change that this activity is the last of on its ticket, each with its question; none where it is
    /// not the last one, or the clocks' own.
    pub fn before(&self, at: usize) -> Vec<(BeforeEvent, Question)> {
        let Some(activity) = self.activities.get(at) else { return Vec::new() };
        let of_ticket = |other: &Activity| other.ticket_id == activity.ticket_id;
        if self.later(at).any(|(_, other)| of_ticket(other)) {
            return Vec::new();
        }
        let all: Vec<(usize, &Activity)> =
            self.of_step(at).filter(|(_, other)| of_ticket(other) && !is_aside(other)).collect();
        let (Some((first, _)), Some((_, last))) = (all.first(), all.last()) else { return Vec::new() };
        // What clocks made of it is none of the change.
        let Some(after) = &last.ticket else { return Vec::new() };
        let kinds = |wanted: &[ActivityType]| {
            all.iter().find(|(_, it)| it.kind.known().is_some_and(|kind| wanted.contains(&kind)))
        };
        // That it comes back is no change that anybody is asked about.
        if kinds(&[ActivityType::TicketRestored]).is_some() {
            return Vec::new();
        }
        let message = kinds(&[
            ActivityType::TicketMessageAdded,
            ActivityType::TicketNoteAdded,
            ActivityType::TicketMessageEdited,
        ]);
        let occasion = if kinds(&[ActivityType::TicketCreated]).is_some() {
            Some(BeforeEvent::Creating)
        } else if kinds(&[ActivityType::TicketDeleted]).is_some() {
            Some(BeforeEvent::Deleting)
        } else {
            message.map(|_| BeforeEvent::Messaging)
        };
        let before = self.ticket_before(*first).filter(|_| occasion != Some(BeforeEvent::Creating));
        let told = message.map_or(*last, |(_, it)| it);
        let proposed = Proposed { before: before.as_deref(), occasion, message: told.message.as_ref() };
        let (events, changes) = asked_about(proposed, after);
        let words: Vec<&'static str> = events.iter().map(|event| event.word()).collect();
        let activity = Activity { ticket: Some(after.clone()), ..told.clone() };
        let question = |event: BeforeEvent| Question {
            event: Asked::Before(Box::new(Proposal {
                event,
                events: events.clone(),
                words: words.clone(),
                before: before.clone(),
                changes: changes.clone(),
                activity: activity.clone(),
            })),
            at,
            seen: activity.position,
        };
        events.iter().map(|event| (*event, question(*event))).collect()
    }

    /// The ticket as a rule saw it that answers here: with what was done by the rules that were asked before it. Rules go by
    /// their places in the set.
    pub fn ticket_for(&self, at: usize, place: usize, place_of: impl Fn(&str) -> Option<usize>) -> Option<Arc<Ticket>> {
        let asked = self.activities.get(at)?;
        let mut ticket = asked.ticket.clone();
        for (next, other) in self.activities.iter().enumerate().skip(at + 1) {
            let before = match &other.cause {
                // An instant of its own, or somebody's wish: no answer to this.
                Some(cause) if cause.parent_position == 0 => false,
                Some(cause) => {
                    (cause.parent_position, place_of(&cause.workflow).unwrap_or(usize::MAX)) < (asked.position, place)
                }
                None => is_aside(other) || self.steps.get(next) == self.steps.get(at),
            };
            if !before || other.occurred_at != asked.occurred_at {
                break;
            }
            if other.ticket_id == asked.ticket_id && other.ticket.is_some() {
                ticket.clone_from(&other.ticket);
            }
        }
        ticket
    }

    /// The activities of a step.
    pub fn of_step(&self, at: usize) -> impl Iterator<Item = (usize, &Activity)> {
        let step = self.steps.get(at).copied();
        let all = self.activities.iter().zip(&self.steps).enumerate();
        // A step has no gaps.
        let begins = self.steps.partition_point(move |other| step.is_some_and(|step| *other < step));
        all.skip(begins)
            .take_while(move |(_, (_, other))| Some(**other) == step)
            .map(|(at, (activity, _))| (at, activity))
    }

    fn later(&self, at: usize) -> impl Iterator<Item = (usize, &Activity)> {
        self.of_step(at).filter(move |(other, _)| *other > at)
    }
}

/// An instant that came, or somebody's wish, as far as that is recorded.
#[derive(Clone, Debug)]
pub struct Came {
    pub tenant: String,
    pub kind: Timed,
    pub at: Instant,
    pub ticket: Option<Arc<Ticket>>,
    /// `event.data`.
    pub data: Value,
    /// Up to which position of the log things were as they were then.
    pub seen: i64,
}

impl Question {
    /// About what no activity tells of.
    pub fn came(came: Came) -> Question {
        let Came { tenant, kind, at, ticket, data, seen } = came;
        let told = Told { actor: clock(), request_id: String::new(), at };
        let event = Happening::timed(&tenant, told, ticket, (kind, data), None);
        Question { event: Asked::After(Box::new(event)), at: 0, seen }
    }

    pub fn is_before(&self) -> bool {
        matches!(self.event, Asked::Before(_))
    }

    /// The before-events of the change; none after it.
    pub fn events(&self) -> &[BeforeEvent] {
        match &self.event {
            Asked::After(_) => &[],
            Asked::Before(change) => &change.events,
        }
    }

    /// The last activity of what is asked about.
    pub fn activity(&self) -> &Activity {
        match &self.event {
            Asked::After(event) => &event.activity,
            Asked::Before(change) => &change.activity,
        }
    }

    /// By the name that the rule waits for.
    pub fn name(&self) -> &str {
        match &self.event {
            Asked::After(event) => event.name(),
            Asked::Before(change) => change.event.word(),
        }
    }

    /// What is not recorded of a change as this rule of the set was asked about it: what before-rules amended, and the rule
    /// itself may have.
    pub fn doubts(&self, set: &RuleSet, place: usize) -> Unknowns {
        let mut unknowns = Unknowns::default();
        let Asked::Before(change) = &self.event else { return unknowns };
        let amends = set.rules().get(place).is_some_and(Rule::amends);
        let all = change.events.iter().flat_map(|event| set.before(*event));
        for waiting in all.filter(|waiting| waiting.rule.amends() && waiting.rule.acts()) {
            for field in waiting.rule.written() {
                let why = || {
                    format!(
                        "before-rule {} writes {field}, and what it was before that is not recorded",
                        waiting.rule.name
                    )
                };
                let names: Vec<&str> = field.split('.').collect();
                unknowns.add_field(Root::Event, &[&["ticket"], names.as_slice()].concat(), why());
                if amends && waiting.place >= place {
                    unknowns.add_field(Root::Ticket, &names, why());
                    unknowns.add_field(Root::Changes, names.get(..1).unwrap_or_default(), why());
                }
            }
        }
        unknowns
    }

    /// What is worth looking up before the rules are asked.
    pub fn look_up(
        &self,
        world: &World,
        rules: &[&Rule],
        ticket: Option<&Ticket>,
        audience: &Audience,
    ) -> Result<(), Stop> {
        Around::of(world, rules, ticket)?;
        Around::unknowns(world, |root| rules.iter().any(|rule| rule.needs(root)), ticket, (0, audience)).map(|_| ())
    }

    /// Asks about the facts that a rule reads, with what is unknown of them. `ticket`: as the rule saw it, after a change.
    pub fn with_facts<T>(
        &self,
        world: &World,
        rule: &Rule,
        ticket: Option<&Ticket>,
        (audience, doubts): (&Audience, Unknowns),
        ask: impl FnOnce(&Facts<'_>, &Unknowns) -> T,
    ) -> Result<T, Stop> {
        let activity = self.activity();
        let needs = |root: Root| rule.needs(root);
        let ticket = if self.is_before() { activity.ticket.as_deref() } else { ticket };
        let mut unknowns = Around::unknowns(world, needs, ticket, (self.seen, audience))?;
        unknowns.extend(doubts);
        if rule.needs(Root::Issue) && !audience.sees_whole(activity) {
            unknowns.add(Root::Issue, "the issue is another application's".to_owned());
        }
        let around = Around::of(world, &[rule], ticket)?;
        for name in rule.calendars() {
            let row = world.calendar(&CalendarRef::parse(name))?.filter(|row| row.position > self.seen);
            if let Some(row) = row {
                let why = format!("calendar {:?} was changed after position {}", row.name, self.seen);
                unknowns.add_calendar(name, why);
            }
        }
        match &self.event {
            Asked::After(event) => {
                let types = event.types();
                Ok(ask(&around.add_to(event.facts(&types, ticket)), &unknowns))
            }
            Asked::Before(change) => {
                let facts = around.add_to(change.facts());
                let open_issues = if change.before.is_none() { Some(0) } else { facts.open_issues };
                Ok(ask(&Facts { open_issues, ..facts }, &unknowns))
            }
        }
    }
}

impl Proposal {
    fn facts(&self) -> Facts<'_> {
        let facts = Facts::of(&self.activity);
        let event = Event {
            kind: self.event.word(),
            types: &self.words,
            families: &[],
            position: 0,
            cause: self.activity.cause.as_ref(),
            data: None,
            ticket: self.activity.ticket.as_deref(),
        };
        Facts {
            event: Some(event),
            before: self.before.as_deref(),
            changes: &self.changes,
            issue: None,
            activity: None,
            ..facts
        }
    }
}

/// Numbers the steps: what one caller's command did, and what each run of a rule did. What clocks and failures tell belongs to
/// what it follows.
fn steps(activities: &[Activity]) -> Vec<usize> {
    let mut step = 0;
    let mut last: Option<&Activity> = None;
    let number =
        |activity: &'_ Activity| (activity.cause.as_ref().map(|cause| cause.run_id), activity.request_id.clone());
    let mut all = Vec::with_capacity(activities.len());
    let mut before: Option<&Activity> = None;
    for activity in activities {
        let together = before.is_some_and(|before| before.occurred_at == activity.occurred_at);
        let same = last.is_some_and(|last| {
            number(last) == number(activity) && (activity.cause.is_some() || last.actor == activity.actor)
        });
        let goes_on = together && (is_aside(activity) || same || last.is_none());
        if !goes_on {
            step += usize::from(before.is_some());
            last = None;
        }
        if !is_aside(activity) {
            last = Some(activity);
        }
        before = Some(activity);
        all.push(step);
    }
    all
}

/// What is told beside what is done: of clocks, and of rules that failed or were held back.
fn is_aside(activity: &Activity) -> bool {
    let Some(kind) = activity.kind.known() else { return false };
    kind.payload() == Payload::Clocks || matches!(kind, ActivityType::WorkflowFailed | ActivityType::WorkflowSuppressed)
}
