//! What the timers and schedules of a rule wait for on a ticket, and what became of them, as far as that is recorded.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use serde_json::{Value, json};

use super::recall::Recall;
use super::timers::due_since;
use super::{Stop, World, gather};
use crate::model::activity::Activity;
use crate::model::ledger::Run;
use crate::model::sla::calendar::CalendarRef;
use crate::model::sla::hours::Hours;
use crate::model::ticket::Ticket;
use crate::model::time::{Instant, Written};
use crate::workflow::event::{MANUAL, Timed};
use crate::workflow::{Branch, Facts, Rule, RuleSet, Schedule, Subject, Timer};

/// What the reasons of runs say behind a trigger.
pub const WAS_DUE: &str = " was due at ";
pub const CAME: &str = " came at ";

/// What there is to know of a ticket and of the rule on it.
#[derive(Debug)]
pub struct About {
    pub ticket: Arc<Ticket>,
    /// Its newest activities.
    pub log: Arc<Recall>,
    /// Runs of the rule on the ticket that no activity asked for, and its runs without a ticket; the newest first.
    pub runs: Vec<Run>,
    pub runs_of_tenant: Vec<Run>,
    /// How far schedules were carried out for the tenant, by their ids: when each came, and whether it is done.
    pub carried_out: BTreeMap<String, (Instant, bool)>,
    pub now: Instant,
}

/// A timer or a schedule, or that it is run by hand, as it stands for the ticket.
#[derive(Clone, Debug)]
pub struct Wait {
    pub kind: Timed,
    pub trigger: String,
    /// The instant that a timer counts from.
    pub since: Option<Instant>,
    /// When a timer fires or was due; when a schedule last came.
    pub due: Option<Instant>,
    /// When a schedule comes next.
    pub next: Option<Instant>,
    /// Since when it is active without a break.
    pub active: Option<Instant>,
    /// `None`: that is not recorded.
    pub fired: Option<bool>,
    pub reason: String,
    pub tree: Vec<Branch>,
    /// What the rule was asked because of it.
    pub asked: Option<Firing>,
}

/// That a rule was asked because of an instant, or at somebody's wish.
#[derive(Clone, Debug)]
pub struct Firing {
    pub kind: Timed,
    /// What is recorded of it. Where there is nothing, it was asked in between.
    pub run: Option<Run>,
    pub between: (Instant, Instant),
    /// The ticket as the rule saw it; `None`: that is not recorded, or it was asked about none.
    pub ticket: Option<Arc<Ticket>>,
    pub data: Value,
}

impl Wait {
    fn of(kind: Timed, trigger: &impl Display, active: Option<Instant>) -> Wait {
        Wait {
            kind,
            trigger: trigger.to_string(),
            since: None,
            due: None,
            next: None,
            active,
            fired: Some(false),
            reason: String::new(),
            tree: Vec::new(),
            asked: None,
        }
    }

    /// What `event.data` tells of it, but by how much it comes late.
    pub fn data(&self) -> Value {
        match self.kind {
            Timed::Manual => json!({}),
            Timed::Timer | Timed::Schedule { .. } => {
                due_since(&self.trigger, self.due.map(|due| due.to_string()), None)
            }
        }
    }

    fn says(self, reason: impl Into<String>) -> Wait {
        Wait { reason: reason.into(), ..self }
    }

    /// It fired, and the rule was asked.
    /// The same, as a run has it.
    fn ran(self, run: &Run, about: &About) -> Wait {
        let (data, due) = what_ran(&run.reason).map_or((json!({}), None), |(_, data, due)| (data, Some(due)));
        let of_ticket = self.kind != Timed::Schedule { tickets: false };
        let firing = Firing {
            kind: self.kind,
            run: Some(run.clone()),
            between: (run.created_at, run.created_at),
            ticket: ticket_of(run, about).filter(|_| of_ticket),
            data,
        };
        Wait { due: due.or(self.due), ..self }.asked(firing)
    }

    fn asked(self, firing: Firing) -> Wait {
        let reason = match &firing.run {
            Some(run) => format!("it fired, and the rule ran at {}: {}", run.created_at, run.verdict.word()),
            None => "it fired, and no run is recorded: the rule did not match, or changed nothing".to_owned(),
        };
        Wait { fired: Some(true), asked: Some(firing), ..self }.says(reason)
    }
}

/// All that a rule of the active set waits for on the ticket beside events.
///
/// # Errors
/// What is to be looked up first.
pub fn on(world: &World, rules: &RuleSet, rule: &Rule, about: &About) -> Result<Vec<Wait>, Stop> {
    let settings = if rule.is_selective() { Some(world.settings()?) } else { None };
    let tenant = Facts { tenant: settings.as_deref(), ..Facts::at(about.now, &about.ticket.tenant_id) };
    let idle = match (rule.enabled, rule.is_for(&tenant)) {
        (false, _) => Some("the rule is disabled: `enabled: false`"),
        (true, false) => Some("the rule is not this tenant's: tenants does not hold"),
        (true, true) => None,
    };
    let timers = gather(rule.timers.iter().map(|timer| {
        let wait =
            Wait { tree: timer.branches(&about.ticket), ..Wait::of(Timed::Timer, timer, rules.since(&timer.id)) };
        let wait = Wait { since: timer.counts_from(&about.ticket), ..wait };
        of_timer(world, timer, about, (wait, idle))
    }))?;
    let schedules = rule.schedules.iter().map(|schedule| {
        let (due, next) = (schedule.last(about.now), schedule.next(about.now));
        let tree = due.map(|due| schedule.branches(&about.ticket, due)).unwrap_or_default();
        let kind = Timed::Schedule { tickets: schedule.tickets.is_some() };
        let wait = Wait { due, next, tree, ..Wait::of(kind, schedule, rules.since(&schedule.id)) };
        of_schedule(schedule, about, (wait, idle))
    });
    let manual = rule.is_manual().then(|| by_hand(about, idle));
    Ok(timers.into_iter().chain(schedules).chain(manual).collect())
}

fn of_timer(world: &World, timer: &Timer, about: &About, (wait, idle): (Wait, Option<&str>)) -> Result<Wait, Stop> {
    let ticket = &about.ticket;
    let Some(since) = wait.since else {
        return Ok(wait.says("the ticket has no time from which it counts: `since` has no value"));
    };
    let due = due(world, timer, since)?;
    let wait = Wait { due: due.as_ref().ok().copied(), ..wait };
    if ticket.fired.has(timer.key, since) {
        // `while` may have been another then.
        let its = |run: &&Run| what_ran(&run.reason).is_some_and(|(trigger, ..)| timer.is_as(trigger));
        if let Some(run) = about.runs.iter().filter(|run| run.created_at >= since).find(its) {
            return Ok(wait.ran(run, about));
        }
        let firing = fired(timer, since, &wait, about);
        // Another calendar than now may have told when.
        let kept = match (&timer.calendar, &firing.ticket) {
            (None, _) => true,
            (Some(name), Some(seen)) => {
                world.calendar(&CalendarRef::parse(name))?.is_some_and(|row| row.position <= seen.position)
            }
            (Some(_), None) => false,
        };
        let wait = Wait { due: wait.due.filter(|_| kept), ..wait };
        let data = wait.data();
        return Ok(wait.asked(Firing { data, ..firing }));
    }
    let at = match due {
        Ok(at) => at,
        Err(why) => return Ok(wait.says(why)),
    };
    if let Some(why) = idle {
        return Ok(wait.says(why));
    }
    if ticket.deleted_at.is_some() {
        return Ok(wait.says("the ticket is deleted: its timers do not fire"));
    }
    let Some(active) = wait.active else { return Ok(wait.says("the active rules do not have it")) };
    let Some(due) = timer.fires_since(at, active, ticket) else {
        let reason = format!(
            "{at} had passed when it became active at {active}: without `catch_up: true` what had passed is left alone"
        );
        return Ok(wait.says(reason));
    };
    let reason = match (timer.holds(ticket), due <= about.now) {
        (true, false) => format!("it fires at {due}, if the ticket does not change"),
        (true, true) => format!("it was due at {due}, and fires within moments"),
        (false, false) => format!("`while` does not hold: it does not fire at {due} unless that comes to hold"),
        (false, true) => {
            format!("`while` does not hold: its time was {due}, and it fires at once if that comes to hold")
        }
    };
    Ok(Wait { due: Some(due), ..wait }.says(reason))
}

/// When it is due by the calendar as it is now, or why never.
fn due(world: &World, timer: &Timer, since: Instant) -> Result<Result<Instant, String>, Stop> {
    let Some(name) = &timer.calendar else {
        return Ok(timer.fires(since, Hours::always()).ok_or_else(|| "its time is beyond all times".to_owned()));
    };
    Ok(match world.hours_named(name)?.hours {
        Err(why) => Err(format!("calendar {name:?} {why}: the timer does not fire")),
        Ok(hours) => {
            timer.fires(since, &hours).ok_or_else(|| format!("the hours of calendar {name:?} never come to it"))
        }
    })
}

/// What is recorded of a timer that has fired for the instant that it counts from.
fn fired(timer: &Timer, since: Instant, wait: &Wait, about: &About) -> Firing {
    // Whatever came after it has it noted.
    let images = images(about);
    let has = |it: &(&Activity, &Arc<Ticket>)| it.1.fired.has(timer.key, since);
    let first = images.iter().position(has);
    let before = first.unwrap_or(images.len()).checked_sub(1).and_then(|at| images.get(at));
    let after = first.and_then(|at| images.get(at));
    let waits = |it: &&(&Activity, &Arc<Ticket>)| timer.since(it.1) == Some(since);
    // What was changed in the moment in which it fired may have it noted, too.
    let seen = before.filter(waits).or(after.filter(waits));
    let earliest = seen.map_or(since, |it| it.0.occurred_at).max(wait.due.unwrap_or(since));
    let latest = after.map_or(about.now, |it| it.0.occurred_at).max(earliest);
    let ticket = seen.map(|it| it.1.clone());
    Firing { kind: Timed::Timer, run: None, between: (earliest, latest), ticket, data: wait.data() }
}

fn of_schedule(schedule: &Schedule, about: &About, (wait, idle): (Wait, Option<&str>)) -> Wait {
    let Some(due) = wait.due else { return wait.says("it has never come") };
    let begins = format!("{schedule}{CAME}{due}, ");
    let runs = if schedule.tickets.is_some() { &about.runs } else { &about.runs_of_tenant };
    if let Some(run) = runs.iter().find(|run| run.reason.starts_with(&begins)) {
        return wait.ran(run, about);
    }
    let done = about.carried_out.get(&schedule.id).is_some_and(|(came, done)| *came >= due && *done);
    let ran = match schedule.tickets {
        Some(_) => about.ticket.fired.has(schedule.key, due),
        None => done,
    };
    if ran {
        let images = images(about);
        let first = images.iter().position(|it| it.1.fired.has(schedule.key, due)).unwrap_or(images.len());
        let seen = first.checked_sub(1).and_then(|at| images.get(at)).filter(|_| schedule.tickets.is_some());
        let (kind, ticket) = (wait.kind, seen.map(|it| it.1.clone()));
        let between = (due, images.get(first).map_or(about.now, |it| it.0.occurred_at).max(due));
        let data = wait.data();
        return wait.asked(Firing { kind, run: None, between, ticket, data });
    }
    if let Some(why) = idle {
        return wait.says(why);
    }
    let Some(active) = wait.active else { return wait.says("the active rules do not have it") };
    if due <= active {
        return wait.says(format!("it has not come since it became active at {active}"));
    }
    let Some(filter) = &schedule.tickets else {
        return wait.says(format!("it came at {due}, and is carried out within moments"));
    };
    if about.ticket.created_at > due {
        return wait.says(format!("the ticket was made after it came at {due}"));
    }
    // As it was when it came, and as it was in whichever moment it was asked.
    let images = images(about);
    let from = images.iter().rposition(|it| it.0.occurred_at <= due);
    let seen = from.and_then(|from| images.get(from..)).unwrap_or_default();
    let takes = |it: &&(&Activity, &Arc<Ticket>)| {
        it.1.deleted_at.is_none() && filter.matches(Subject::Ticket(it.1), due).unwrap_or(false)
    };
    match (seen.iter().filter(takes).count(), done) {
        (0, _) if !seen.is_empty() => wait.says(format!("the ticket was not in `for` when it came at {due}")),
        (all, false) if all == seen.len() && all > 0 => {
            wait.says(format!("the ticket was in `for` when it came at {due}: it is carried out within moments"))
        }
        _ => Wait { fired: None, ..wait }
            .says(format!("whether the ticket was in `for` when it was asked, after {due}, is not recorded")),
    }
}

/// By which trigger of a rule a run was set off, with its `event.data`; what none of them tells of was run by hand.
pub fn that_ran(rule: Option<&Rule>, run: &Run) -> (Timed, Value) {
    let Some((trigger, data, _)) = what_ran(&run.reason) else { return (Timed::Manual, json!({})) };
    let mut schedules = rule.into_iter().flat_map(|rule| &rule.schedules);
    match schedules.find(|schedule| schedule.to_string() == trigger) {
        Some(schedule) => (Timed::Schedule { tickets: schedule.tickets.is_some() }, data),
        None => (Timed::Timer, data),
    }
}

/// What the reason of a run tells: the trigger as it stood in its file then, `event.data`, and when it was due.
fn what_ran(reason: &str) -> Option<(&str, Value, Instant)> {
    let mut said: Vec<(usize, &str)> = [WAS_DUE, CAME].iter().flat_map(|said| reason.match_indices(said)).collect();
    said.sort_unstable();
    // The trigger may hold any words, but not with a time behind them.
    said.into_iter().find_map(|(at, said)| {
        let (due, rest) = reason.get(at + said.len()..)?.split_once(", ")?;
        let (trigger, at) = (reason.get(..at)?, Written::parse(due)?.at);
        let late = rest.split_once(" late").map(|(late, _)| late.to_owned());
        Some((trigger, due_since(trigger, Some(due.to_owned()), late), at))
    })
}

fn by_hand(about: &About, idle: Option<&str>) -> Wait {
    let wait = Wait::of(Timed::Manual, &MANUAL, None);
    // Those of timers and schedules say what was due.
    let run = about.runs.iter().find(|run| what_ran(&run.reason).is_none());
    match (run, idle) {
        (Some(run), _) => wait.ran(run, about),
        (None, Some(why)) => wait.says(why),
        (None, None) => wait.says("nobody ran it for this ticket"),
    }
}

/// The ticket as the rule of a run saw it.
fn ticket_of(run: &Run, about: &About) -> Option<Arc<Ticket>> {
    let images = images(about);
    let made = |it: &Activity| it.cause.as_ref().is_some_and(|cause| cause.run_id == run.id);
    let at = match images.iter().position(|it| made(it.0)) {
        Some(first) => first.checked_sub(1)?,
        // What happened in the same moment may have been before it or after.
        None => {
            let at = images.iter().rposition(|it| it.0.occurred_at <= run.created_at)?;
            images.get(at).filter(|it| it.0.occurred_at < run.created_at).map(|_| at)?
        }
    };
    images.get(at).map(|it| it.1.clone())
}

/// The activities of the ticket that changed it, with the ticket after each.
fn images(about: &About) -> Vec<(&Activity, &Arc<Ticket>)> {
    about.log.activities().iter().filter_map(|it| Some((it, it.ticket.as_ref()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_of_a_run_tells_what_was_due() {
        let trigger = "{after: 1h, since: ticket.created_at, while: ticket.subject != ' was due at noon, '}";
        let due = Instant(1_789_380_000_000_000);
        for (said, more) in [(WAS_DUE, ""), (CAME, "; would add tag vip"), (WAS_DUE, "; if: x was due at y, z")] {
            let reason = format!("{trigger}{said}{due}, 2.5s late{more}");
            let data = due_since(trigger, Some(due.to_string()), Some("2.5s".to_owned()));
            assert_eq!(what_ran(&reason), Some((trigger, data, due)), "{reason}");
        }
        for reason in
            ["ada ran it", "{x ran it; if is false", "", " was due at ", "{a} came at 2026-02-30T00:00:00Z, 1s late"]
        {
            assert_eq!(what_ran(reason), None, "{reason}");
        }
    }
}
