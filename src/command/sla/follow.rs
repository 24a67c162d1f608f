//! Effect of a change of a ticket on its clocks, as rows of the ledger. Pure.

use std::sync::Arc;

use super::answer::answers;
use super::config::{CalendarInUse, PolicyInUse, SlaConfig};
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

/// What happened, beside the ticket as it is now.
#[derive(Clone, Copy, Debug, Default)]
pub struct Happened<'a> {
    /// What was just said.
    pub message: Option<&'a Message>,
    /// Who did it, and why, in their words; '' where they gave none.
    pub by: &'a str,
    pub reason: &'a str,
}

/// A ticket's clocks while they follow it, and the rows that this wrote.
pub(super) struct Book {
    pub clocks: Clocks,
    pub entries: Vec<Entry>,
    now: Instant,
    config: Arc<SlaConfig>,
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
            ticket.clocks != Clocks::default() || config.as_ref().is_ok_and(|config| !config.policies().is_empty());
        let marks = if matters { marks(world, rules, now) } else { Ok(Vec::new()) };
        let (config, marks) = both(config, marks)?;
        if config.policies().is_empty() && ticket.clocks == Clocks::default() {
            return Ok(None);
        }
        let policy = world.sla_policy_of(ticket)?;
        let calendar = policy.as_ref().and_then(|policy| config.calendar_of(&policy.row)).cloned();
        let clocks = ticket.clocks.clone();
        Ok(Some(Book { clocks, entries: Vec::new(), now, config, policy, calendar, marks }))
    }

    /// Everything that the ticket as it is now, and what was said, ask of its clocks.
    pub fn follow(&mut self, before: Option<&Ticket>, ticket: &Ticket, happened: Happened<'_>) {
        self.clocks.policy_id = self.policy.as_ref().map(|policy| policy.row.id);
        let counts = self.policy.as_ref().map_or(CountsAsResponse::AgentPublic, |it| it.row.counts_as_response);
        let answered = happened.message.is_some_and(|message| answers(counts, ticket, message));
        for metric in SlaMetric::ALL {
            self.aim(*metric, before, ticket, answered);
        }
        for metric in SlaMetric::ALL {
            self.end(*metric, ticket, answered);
        }
        for metric in SlaMetric::ALL {
            self.hold(*metric, before, ticket, happened);
        }
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
    fn aim(&mut self, metric: SlaMetric, before: Option<&Ticket>, ticket: &Ticket, answered: bool) {
        let clock = self.clocks.of(metric).cloned();
        let goal = self.goal(metric);
        // A question waits for the first response as long as that does.
        let behind = metric == SlaMetric::NextResponse && self.awaits_first_response();
        // One of an older server does not know its question.
        let withdrawn = clock.as_ref().is_some_and(|clock| clock.asked_at.is_some() && ticket.asked_at.is_none());
        match (clock, goal) {
            (Some(clock), goal) if clock.is_open() && (behind || withdrawn || goal.is_none()) => {
                if self.done(&clock, ticket, answered).is_some() {
                    self.end(metric, ticket, answered);
                    return;
                }
                let reason = match goal {
                    None => "no policy that is for the ticket has such a target",
                    Some(_) if behind => "the first response is waited for",
                    Some(_) => "the question was taken back",
                };
                self.write(Entry { reason: reason.to_owned(), ..Entry::of(&clock, LedgerKind::Void, self.now) });
            }
            (Some(clock), Some(goal)) if clock.is_open() => {
                if clock.goal != goal {
                    self.retarget(&clock, goal, before, ticket);
                }
            }
            (clock, Some(goal)) if !behind => {
                if self.is_wanted(metric, clock.as_ref(), ticket, answered) {
                    self.begin(metric, clock, goal, before, ticket);
                }
            }
            (_, _) => {}
        }
    }

    fn awaits_first_response(&self) -> bool {
        self.clocks.of(SlaMetric::FirstResponse).is_some_and(Clock::is_open)
    }

    /// Whether a clock that there is not, or not any more, is to run.
    fn is_wanted(&self, metric: SlaMetric, last: Option<&Clock>, ticket: &Ticket, answered: bool) -> bool {
        let fulfilled = last.filter(|last| last.state == ClockState::Fulfilled);
        !ticket.status.is_done()
            && match metric {
                SlaMetric::FirstResponse => fulfilled.is_none() && ticket.first_response_at.is_none() && !answered,
                SlaMetric::NextResponse => ticket.asked_at.is_some_and(|asked| {
                    // An older server that answered left the question as it was.
                    let answered = fulfilled.and_then(|last| last.ended_at).max(ticket.first_response_at);
                    answered.is_none_or(|answered| answered <= asked)
                }),
                SlaMetric::Resolution => true,
            }
    }

    /// Whether a clock that ended goes on with what it had used, and no new one begins.
    fn goes_on(&self, last: &Clock, ticket: &Ticket) -> bool {
        let continues = self.policy.as_ref().is_some_and(|policy| policy.row.on_reopen == OnReopen::Continue);
        match (last.metric, last.state) {
            (SlaMetric::Resolution, ClockState::Fulfilled) => continues,
            (_, ClockState::Fulfilled) => false,
            (SlaMetric::Resolution, _) => continues || ticket.reopened_at <= last.ended_at,
            (SlaMetric::NextResponse, _) => last.asked_at == ticket.asked_at,
            (SlaMetric::FirstResponse, _) => true,
        }
    }

    fn begin(&mut self, metric: SlaMetric, last: Option<Clock>, goal: Goal, before: Option<&Ticket>, ticket: &Ticket) {
        let reopened = last.as_ref().is_some_and(|last| last.state == ClockState::Fulfilled);
        let reason = match (metric, &last) {
            (SlaMetric::Resolution, _) if reopened => "reopened",
            (SlaMetric::NextResponse, _) if ticket.asked_at == Some(self.now) => "the requester wrote",
            (SlaMetric::NextResponse, _) => "a question waits",
            _ if ticket.created_at == self.now => CREATED,
            _ => "a policy with such a target is for the ticket now",
        };
        let cycle = last.as_ref().map_or(0, |last| last.cycle) + 1;
        match last.filter(|last| self.goes_on(last, ticket)) {
            Some(last) => {
                let entry = Entry { reason: reason.to_owned(), ..Entry::of(&last, LedgerKind::Resume, self.now) };
                self.reckon(&last, entry);
                let again = self.clocks.of(metric).cloned();
                if let Some(clock) = again.filter(|it| it.goal != goal || (!reopened && self.restarts(before, ticket)))
                {
                    self.retarget(&clock, goal, before, ticket);
                }
            }
            None => {
                let asked_at = ticket.asked_at.filter(|_| metric == SlaMetric::NextResponse);
                let entry = Entry { asked_at, ..started(metric, cycle, goal, reason, self.now) };
                let mut started = Clocks::default();
                started.apply(&entry);
                if let Some(clock) = started.of(metric) {
                    self.reckon(clock, entry);
                }
            }
        }
    }

    /// Whether what was used is forgotten with this change.
    fn restarts(&self, before: Option<&Ticket>, ticket: &Ticket) -> bool {
        let moved = before.is_some_and(|before| {
            before.priority != ticket.priority || before.kind != ticket.kind || before.team_id != ticket.team_id
        });
        moved && self.policy.as_ref().is_some_and(|it| it.row.on_priority_change == OnPriorityChange::Restart)
    }

    fn retarget(&mut self, clock: &Clock, goal: Goal, before: Option<&Ticket>, ticket: &Ticket) {
        let reason = why(before, ticket, &clock.goal, &goal);
        let entry = Entry {
            goal: Some(goal),
            restart: self.restarts(before, ticket),
            reason,
            ..Entry::of(clock, LedgerKind::Retarget, self.now)
        };
        self.reckon(clock, entry);
    }

    /// Why an open clock is fulfilled; `None`: it is not.
    fn done(&self, clock: &Clock, ticket: &Ticket, answered: bool) -> Option<String> {
        let done = match clock.metric {
            SlaMetric::FirstResponse | SlaMetric::NextResponse => answered,
            SlaMetric::Resolution => ticket.status.is_done(),
        };
        done.then(|| match clock.metric {
            SlaMetric::FirstResponse | SlaMetric::NextResponse => "answered".to_owned(),
            SlaMetric::Resolution => format!("status {}", ticket.status),
        })
    }

    fn end(&mut self, metric: SlaMetric, ticket: &Ticket, answered: bool) {
        let Some(clock) = self.clocks.of(metric).filter(|clock| clock.is_open()).cloned() else { return };
        let Some(reason) = self.done(&clock, ticket, answered) else { return };
        let hours = self.config.hours_of(&clock.goal);
        let used = hours.map(|hours| counted(hours, clock.start, self.now, &clock.pauses));
        self.write(Entry { reason, used, ..Entry::of(&clock, LedgerKind::Fulfil, self.now) });
    }

    fn hold(&mut self, metric: SlaMetric, before: Option<&Ticket>, ticket: &Ticket, happened: Happened<'_>) {
        let Some(clock) = self.clocks.of(metric).filter(|clock| clock.is_open()).cloned() else { return };
        let holds = self.policy.as_ref().is_some_and(|policy| policy.row.pauses_on(ticket.status));
        let paused =
            ticket.deleted_at.is_some() || ticket.status.is_done() || (holds && metric != SlaMetric::FirstResponse);
        let kind = match (clock.state == ClockState::Paused, paused) {
            (false, true) => LedgerKind::Pause,
            (true, false) => LedgerKind::Resume,
            (true, true) | (false, false) => return,
        };
        let moved = before.is_some_and(|before| before.status != ticket.status);
        let reason = match (ticket.deleted_at, happened.reason) {
            (Some(_), _) => "deleted".to_owned(),
            (None, why) if moved && !why.is_empty() => format!("status {}: {why}", ticket.status),
            (None, _) => format!("status {}", ticket.status),
        };
        let by = happened.by.to_owned();
        self.reckon(&clock, Entry { reason, by, ..Entry::of(&clock, kind, self.now) });
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

/// The row of a clock that begins.
fn started(metric: SlaMetric, cycle: i32, goal: Goal, reason: &str, at: Instant) -> Entry {
    Entry {
        metric,
        cycle,
        kind: LedgerKind::Start,
        at,
        goal: Some(goal),
        asked_at: None,
        restart: false,
        due: None,
        warnings: Vec::new(),
        mark: String::new(),
        reason: reason.to_owned(),
        by: String::new(),
        counted_at: None,
        late: 0,
        used: None,
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
