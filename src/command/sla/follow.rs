//! Effect of a change of a ticket on its clocks, as rows of the ledger. Pure.

use std::sync::Arc;

use super::config::{CalendarInUse, PolicyInUse};
use crate::command::{Stop, World, both};
use crate::model::message::Message;
use crate::model::sla::clock::{CREATED, Clock, Clocks, Goal, Warning};
use crate::model::sla::count::{counted, deadline};
use crate::model::sla::hours::Hours;
use crate::model::sla::ledger::Entry;
use crate::model::sla::zone;
use crate::model::ticket::Ticket;
use crate::model::time::Instant;
use crate::model::words::*;
use crate::workflow::{Facts, Mark, RuleSet};

const MINUTE: i64 = 60 * 1_000_000;

/// What a message is to the clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// It answers the requester.
    answered: bool,
    /// The requester wants an answer.
    asked: bool,
}

/// A ticket's clocks while they follow it, and the rows that this wrote.
pub(super) struct Book {
    pub clocks: Clocks,
    pub entries: Vec<Entry>,
    now: Instant,
    policy: Option<Arc<PolicyInUse>>,
    calendar: Option<Arc<CalendarInUse>>,
    /// Of the active rules.
    marks: Vec<Mark>,
}

impl Book {
    /// `None`: the ticket has no clocks, and nobody promises any.
    pub fn open(world: &World, rules: &RuleSet, ticket: &Ticket, now: Instant) -> Result<Option<Book>, Stop> {
        let config = world.sla();
        // What is missing is asked for at once, where it is known to matter.
        let matters =
            !ticket.clocks.all.is_empty() || config.as_ref().is_ok_and(|config| !config.policies().is_empty());
        let marks = if matters { marks(world, rules, now) } else { Ok(Vec::new()) };
        let (config, marks) = both(config, marks)?;
        if config.policies().is_empty() && ticket.clocks.all.is_empty() {
            return Ok(None);
        }
        let policy = world.sla_policy_of(ticket)?;
        let calendar = policy.as_ref().and_then(|policy| config.calendar_of(&policy.row)).cloned();
        let clocks = ticket.clocks.clone();
        Ok(Some(Book { clocks, entries: Vec::new(), now, policy, calendar, marks }))
    }

    /// Everything that the ticket as it is now, and what was said, ask of its clocks.
    pub fn follow(&mut self, before: Option<&Ticket>, ticket: &Ticket, message: Option<&Message>) {
        let said = self.said(ticket, message);
        for metric in SlaMetric::ALL {
            self.aim(*metric, before, ticket, said);
        }
        for metric in SlaMetric::ALL {
            self.end(*metric, ticket, said);
        }
        for metric in SlaMetric::ALL {
            self.hold(*metric, ticket);
        }
    }

    fn said(&self, ticket: &Ticket, message: Option<&Message>) -> Said {
        let Some(message) = message.filter(|it| it.visibility == Visibility::Public && it.workflow.is_empty()) else {
            return Said::default();
        };
        let counts = self.policy.as_ref().map_or(CountsAsResponse::AgentPublic, |it| it.row.counts_as_response);
        let answered = match counts {
            CountsAsResponse::AgentPublic => message.author_kind == AuthorKind::Agent,
            CountsAsResponse::NonCreator => message.author_id != ticket.created_by,
        };
        Said { answered, asked: !answered && message.author_kind == AuthorKind::Requester }
    }

    fn goal(&self, metric: SlaMetric) -> Option<Goal> {
        let policy = &self.policy.as_ref()?.row;
        let minutes = match metric {
            SlaMetric::FirstResponse => policy.first_response_minutes,
            SlaMetric::NextResponse => policy.next_response_minutes,
            SlaMetric::Resolution => policy.resolution_minutes,
        };
        Some(Goal {
            policy_id: policy.id,
            policy_version: policy.version,
            calendar_id: self.calendar.as_ref().map(|calendar| calendar.id),
            calendar_version: self.calendar.as_ref().map_or(0, |calendar| calendar.version),
            target: i64::from(minutes?) * MINUTE,
            zones: zone::data_version().to_owned(),
        })
    }

    /// A clock for what is promised now: another target, a new clock, one that goes on, or none.
    fn aim(&mut self, metric: SlaMetric, before: Option<&Ticket>, ticket: &Ticket, said: Said) {
        let clock = self.clocks.of(metric).cloned();
        let goal = self.goal(metric);
        match (clock, goal) {
            (Some(clock), None) if clock.is_open() => {
                let reason = "no policy that is for the ticket has such a target".to_owned();
                self.write(Entry { reason, ..Entry::of(&clock, LedgerKind::Void, self.now) });
            }
            (Some(clock), Some(goal)) if clock.is_open() && clock.goal != goal => {
                self.retarget(&clock, goal, before, ticket);
            }
            (Some(clock), Some(_)) if clock.is_open() => {}
            (clock, Some(goal)) => self.begin(metric, clock, goal, ticket, said),
            (_, None) => {}
        }
    }

    fn begin(&mut self, metric: SlaMetric, last: Option<Clock>, goal: Goal, ticket: &Ticket, said: Said) {
        let fulfilled = last.as_ref().is_some_and(|last| last.state == ClockState::Fulfilled);
        let wanted = !ticket.status.is_done()
            && match metric {
                SlaMetric::FirstResponse => !fulfilled && ticket.first_response_at.is_none(),
                SlaMetric::NextResponse => {
                    said.asked && !self.clocks.of(SlaMetric::FirstResponse).is_some_and(Clock::is_open)
                }
                SlaMetric::Resolution => true,
            };
        if !wanted {
            return;
        }
        let reason = match metric {
            SlaMetric::NextResponse => "the requester wrote",
            SlaMetric::Resolution if fulfilled => "reopened",
            _ if ticket.created_at == self.now => CREATED,
            _ => "a policy with such a target is for the ticket now",
        };
        let goes_on = self.policy.as_ref().is_some_and(|policy| policy.row.on_reopen == OnReopen::Continue);
        match last {
            Some(last) if metric == SlaMetric::Resolution && fulfilled && goes_on => {
                let entry = Entry { reason: reason.to_owned(), ..Entry::of(&last, LedgerKind::Resume, self.now) };
                self.reckon(&last, entry);
                if let Some(clock) = self.clocks.of(metric).cloned().filter(|clock| clock.goal != goal) {
                    self.retarget(&clock, goal, None, ticket);
                }
            }
            last => {
                let cycle = last.map_or(0, |last| last.cycle) + 1;
                let entry = Entry {
                    metric,
                    cycle,
                    kind: LedgerKind::Start,
                    at: self.now,
                    goal: Some(goal),
                    restart: false,
                    due: None,
                    warnings: Vec::new(),
                    mark: String::new(),
                    reason: reason.to_owned(),
                    late: 0,
                    used: None,
                };
                let mut started = Clocks::default();
                started.apply(&entry);
                if let Some(clock) = started.of(metric) {
                    self.reckon(clock, entry);
                }
            }
        }
    }

    fn retarget(&mut self, clock: &Clock, goal: Goal, before: Option<&Ticket>, ticket: &Ticket) {
        let reprioritized = before.is_some_and(|before| before.priority != ticket.priority);
        let forgets = self.policy.as_ref().is_some_and(|it| it.row.on_priority_change == OnPriorityChange::Restart);
        let reason = why(before, ticket, &clock.goal, &goal);
        let entry = Entry {
            goal: Some(goal),
            restart: reprioritized && forgets,
            reason,
            ..Entry::of(clock, LedgerKind::Retarget, self.now)
        };
        self.reckon(clock, entry);
    }

    fn end(&mut self, metric: SlaMetric, ticket: &Ticket, said: Said) {
        let Some(clock) = self.clocks.of(metric).filter(|clock| clock.is_open()).cloned() else { return };
        let reason = match metric {
            SlaMetric::FirstResponse | SlaMetric::NextResponse if said.answered => "answered".to_owned(),
            SlaMetric::Resolution if ticket.status.is_done() => format!("status {}", ticket.status),
            SlaMetric::FirstResponse | SlaMetric::NextResponse | SlaMetric::Resolution => return,
        };
        let used = self.hours(&clock.goal).map(|hours| counted(hours, clock.start, self.now, &clock.pauses));
        self.write(Entry { reason, used, ..Entry::of(&clock, LedgerKind::Fulfil, self.now) });
    }

    fn hold(&mut self, metric: SlaMetric, ticket: &Ticket) {
        let Some(clock) = self.clocks.of(metric).filter(|clock| clock.is_open()).cloned() else { return };
        let holds = self.policy.as_ref().is_some_and(|policy| policy.row.pauses_on(ticket.status));
        let paused =
            ticket.deleted_at.is_some() || ticket.status.is_done() || (holds && metric != SlaMetric::FirstResponse);
        let reason = match ticket.deleted_at {
            Some(_) => "deleted".to_owned(),
            None => format!("status {}", ticket.status),
        };
        let kind = match (clock.state == ClockState::Paused, paused) {
            (false, true) => LedgerKind::Pause,
            (true, false) => LedgerKind::Resume,
            (true, true) | (false, false) => return,
        };
        self.reckon(&clock, Entry { reason, ..Entry::of(&clock, kind, self.now) });
    }

    /// Clocks that have other marks to come than policy and rules ask for by now: marks that were passed do not come back.
    pub fn remark(&mut self) {
        for metric in SlaMetric::ALL {
            let Some(clock) = self.clocks.of(*metric).filter(|clock| clock.is_open()).cloned() else { continue };
            let Some(hours) = self.hours(&clock.goal) else { continue };
            let wanted = self.to_come(&clock, hours, false);
            let waits = |mark: &str| clock.warnings.iter().any(|warning| warning.mark == mark);
            if wanted.len() != clock.warnings.len() || !wanted.iter().all(|(mark, _)| waits(mark)) {
                let (goal, reason) = (Some(clock.goal.clone()), "rules wait for other marks".to_owned());
                self.reckon(&clock, Entry { goal, reason, ..Entry::of(&clock, LedgerKind::Retarget, self.now) });
            }
        }
    }

    /// The hours that count; `None` where this version of Docket cannot read them.
    fn hours(&self, goal: &Goal) -> Option<&Hours> {
        match goal.calendar_id {
            None => Some(Hours::always()),
            Some(_) => self.calendar.as_ref().and_then(|calendar| calendar.hours.as_deref()),
        }
    }

    /// The marks that a clock has still to come to, each once, and how much of its target is used there. Those that it waited
    /// for come, though they may have passed; of the others those that lie ahead, or, `anew`, all.
    fn to_come(&self, clock: &Clock, hours: &Hours, anew: bool) -> Vec<(String, i64)> {
        let used = counted(hours, clock.start, self.now, &clock.pauses);
        let waits = |mark: &str| clock.warnings.iter().any(|warning| warning.mark == mark);
        let of_policy = self.policy.iter().flat_map(|policy| policy.row.warnings());
        let of_rules = self.marks.iter().filter(|mark| mark.metric == clock.metric).map(|mark| mark.at);
        let mut all: Vec<(String, i64)> = Vec::new();
        for mark in of_policy.chain(of_rules) {
            let (Some(at), mark) = (mark.used_of(clock.goal.target), mark.show()) else { continue };
            if (anew || used < at || waits(&mark)) && all.iter().all(|(other, _)| *other != mark) {
                all.push((mark, at));
            }
        }
        all
    }

    /// Writes a row of a clock with the deadline that follows from it.
    fn reckon(&mut self, clock: &Clock, mut entry: Entry) {
        let mut after = clock.clone();
        after.apply(&entry);
        // Where nobody can read the hours it is never due.
        if let Some(hours) = self.hours(&after.goal) {
            let runs = after.state == ClockState::Running;
            let due = |used| deadline(hours, after.start, used, &after.pauses).filter(|_| runs);
            entry.due = due(after.goal.target);
            after.warnings.clone_from(&clock.warnings);
            let marks = self.to_come(&after, hours, entry.restart || entry.kind == LedgerKind::Start);
            entry.warnings = marks.into_iter().map(|(mark, used)| Warning { mark, at: due(used) }).collect();
        }
        self.write(entry);
    }

    fn write(&mut self, entry: Entry) {
        self.clocks.apply(&entry);
        self.entries.push(entry);
    }
}

/// The marks that the active rules have on the clocks of this tenant.
fn marks(world: &World, rules: &RuleSet, now: Instant) -> Result<Vec<Mark>, Stop> {
    if !rules.has_marks() {
        return Ok(Vec::new());
    }
    let settings = if rules.marks_by_tenant() { Some(world.settings()?) } else { None };
    Ok(rules.marks(&Facts { tenant: settings.as_deref(), ..Facts::at(now, &world.head.tenant_id) }))
}

/// What moved a clock, for people.
fn why(before: Option<&Ticket>, ticket: &Ticket, old: &Goal, new: &Goal) -> String {
    let mut parts = Vec::new();
    if let Some(before) = before {
        let mut moved = |what: &str, from: &str, to: &str| {
            if from != to {
                parts.push(format!("{what} {} to {}", or_none(from), or_none(to)));
            }
        };
        moved("priority", before.priority.word(), ticket.priority.word());
        moved("type", before.kind.word(), ticket.kind.word());
        moved("team", &before.team_id, &ticket.team_id);
        moved("organization", &before.organization_id, &ticket.organization_id);
        if before.sla_policy_id != ticket.sla_policy_id {
            parts.push("another policy was asked for".to_owned());
        }
    }
    if old.policy_id != new.policy_id {
        parts.push("another policy".to_owned());
    } else if old.policy_version != new.policy_version {
        parts.push(format!("policy version {} to {}", old.policy_version, new.policy_version));
    }
    if old.calendar_id != new.calendar_id {
        parts.push("another calendar".to_owned());
    } else if old.calendar_version != new.calendar_version {
        parts.push(format!("calendar version {} to {}", old.calendar_version, new.calendar_version));
    }
    if old.zones != new.zones {
        parts.push(format!("time zone data {} to {}", old.zones, new.zones));
    }
    parts.join(", ")
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}
