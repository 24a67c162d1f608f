//! A ticket's SLA clocks, computed from the rows of its ledger. Pure, and without a calendar: each row stores what was
//! computed when it was written.

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::Bytea;
use uuid::Uuid;

use super::count::Pause;
use super::ledger::Entry;
use crate::model::time::Instant;
use crate::model::words::{ClockState, LedgerKind, SlaMetric};

/// Of how clocks follow from tickets: with another one, the open tickets of all tenants follow anew.
pub const RULES_VERSION: i32 = 2;

/// Why clocks of a new ticket started.
pub const CREATED: &str = "created";

/// What a clock is measured by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goal {
    pub policy_id: Uuid,
    pub policy_version: i32,
    /// `None`: every instant counts.
    pub calendar_id: Option<Uuid>,
    /// 0 without a calendar.
    pub calendar_version: i32,
    /// Microseconds of business time.
    pub target: i64,
    /// The version of the zone data that deadlines were reckoned with.
    pub zones: String,
}

/// A warning that is to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// As [`WarnAt::show`](super::policy::WarnAt::show) has it: `80%`, `3600s`, `+3600s`.
    pub mark: String,
    /// Absent while the clock is paused, and where it never comes.
    pub at: Option<Instant>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    pub metric: SlaMetric,
    /// From 1; each start of the same metric is another one.
    pub cycle: i32,
    pub state: ClockState,
    pub goal: Goal,
    /// Of a next response: the question that it measures, by its instant in the ticket.
    pub asked_at: Option<Instant>,
    /// From when on its time counts.
    pub start: Instant,
    /// Since then; of a paused clock the last one lasts.
    pub pauses: Vec<Pause>,
    /// As last reckoned: absent of a paused one, and where the target can never be reached. Of one that ended it is no deadline
    /// any more: see [`Clock::deadline`].
    pub due: Option<Instant>,
    /// When that was.
    pub reckoned_at: Option<Instant>,
    /// Those that were not given yet.
    pub warnings: Vec<Warning>,
    /// Whether the breach of this deadline was told.
    pub told: bool,
    /// The deadline that was missed, the first of them; never taken back.
    pub breached_at: Option<Instant>,
    /// When it was fulfilled or voided.
    pub ended_at: Option<Instant>,
}

/// What a running clock does next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    /// The mark.
    Warning(String),
    Breach,
}

impl Clock {
    pub fn is_open(&self) -> bool {
        matches!(self.state, ClockState::Running | ClockState::Paused)
    }

    /// When it is due, while it runs: what is held or has ended is not due.
    pub fn deadline(&self) -> Option<Instant> {
        self.due.filter(|_| self.state == ClockState::Running)
    }

    /// When it next warns or is breached, and which.
    pub fn next(&self) -> Option<(Instant, Due)> {
        if self.state != ClockState::Running {
            return None;
        }
        let warnings = self.warnings.iter().filter_map(|it| Some((it.at?, Due::Warning(it.mark.clone()))));
        warnings.chain(self.breach().map(|at| (at, Due::Breach))).min()
    }

    /// When it comes to its next mark.
    pub fn next_warning_at(&self) -> Option<Instant> {
        self.warnings.iter().filter(|_| self.state == ClockState::Running).filter_map(|warning| warning.at).min()
    }

    /// The deadline that was missed by `now`, told or not.
    pub fn breached_by(&self, now: Instant) -> Option<Instant> {
        let missed = || self.deadline().filter(|due| *due < now);
        self.breached_at.or_else(missed)
    }

    /// A deadline is missed once it has passed: the instant after it.
    fn breach(&self) -> Option<Instant> {
        self.due.filter(|_| !self.told).map(|due| due.plus_micros(1))
    }

    /// Up to when its time counts at `now`.
    pub fn until(&self, now: Instant) -> Instant {
        self.ended_at.map_or(now, |ended| ended.min(now))
    }

    fn started(entry: &Entry, goal: Goal) -> Clock {
        Clock {
            metric: entry.metric,
            cycle: entry.cycle,
            state: ClockState::Running,
            goal,
            asked_at: entry.asked_at,
            start: entry.at,
            pauses: Vec::new(),
            due: entry.due,
            reckoned_at: Some(entry.at),
            warnings: entry.warnings.clone(),
            told: false,
            breached_at: None,
            ended_at: None,
        }
    }

    fn resume(&mut self, at: Instant) {
        match self.ended_at.take() {
            Some(ended) => self.pauses.push(Pause { from: ended, to: Some(at) }),
            None => self.end_pause(at),
        }
        // One that took no time is none.
        self.pauses.retain(|pause| pause.to != Some(pause.from));
        self.state = ClockState::Running;
    }

    fn end_pause(&mut self, at: Instant) {
        if let Some(last) = self.pauses.last_mut().filter(|last| last.to.is_none()) {
            last.to = Some(at);
        }
    }

    /// One row later.
    pub fn apply(&mut self, entry: &Entry) {
        match entry.kind {
            LedgerKind::Start => {}
            LedgerKind::Pause => {
                self.state = ClockState::Paused;
                self.pauses.push(Pause { from: entry.at, to: None });
            }
            LedgerKind::Resume => self.resume(entry.at),
            LedgerKind::Retarget => {
                if let Some(goal) = &entry.goal {
                    self.goal = goal.clone();
                }
                if entry.restart {
                    self.start = entry.at;
                    self.pauses.retain_mut(|pause| {
                        pause.from = pause.from.max(entry.at);
                        pause.to.is_none()
                    });
                    self.told = false;
                }
            }
            LedgerKind::Fulfil => {
                self.end_pause(entry.at);
                self.state = ClockState::Fulfilled;
                self.ended_at = Some(entry.at);
            }
            LedgerKind::Void => {
                self.end_pause(entry.at);
                self.state = ClockState::Voided;
                self.ended_at = Some(entry.at);
            }
            LedgerKind::Warn => self.warnings.retain(|warning| warning.mark != entry.mark),
            LedgerKind::Breach => {
                self.breached_at.get_or_insert(entry.at);
                self.told = true;
            }
        }
        if entry.kind.is_reckoned() {
            self.due = entry.due;
            self.reckoned_at = Some(entry.at);
            self.warnings.clone_from(&entry.warnings);
            // A deadline that moved past this instant can be missed once more.
            self.told &= self.state == ClockState::Paused || self.due.is_some_and(|due| due < entry.at);
        }
    }
}

/// A ticket's clocks.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromSqlRow, AsExpression)]
#[diesel(sql_type = Bytea)]
pub struct Clocks {
    /// The newest one of each metric that the ticket has had.
    pub all: Vec<Clock>,
    /// The policy that governs the ticket: it may ask for no clock yet.
    pub policy_id: Option<Uuid>,
    /// The position at which they started, for as long as nothing else happened to any of them: so long they themselves are
    /// the first rows of their ledger, and a new ticket has no more to write than itself.
    pub begun: Option<i64>,
}

impl Clocks {
    pub fn of(&self, metric: SlaMetric) -> Option<&Clock> {
        self.all.iter().find(|clock| clock.metric == metric)
    }

    /// One row later. A row of a clock that there is not changes nothing.
    pub fn apply(&mut self, entry: &Entry) {
        let place = self.all.iter().position(|clock| clock.metric == entry.metric);
        match (entry.kind, &entry.goal, place) {
            (LedgerKind::Start, Some(goal), Some(place)) => self.all[place] = Clock::started(entry, goal.clone()),
            (LedgerKind::Start, Some(goal), None) => {
                self.all.push(Clock::started(entry, goal.clone()));
                self.all.sort_by_key(|clock| clock.metric);
            }
            (_, _, Some(place)) => self.all[place].apply(entry),
            (_, _, None) => {}
        }
    }

    /// The rows that started clocks to which nothing else happened.
    pub fn starts(&self) -> Vec<Entry> {
        let row = |clock: &Clock| Entry {
            goal: Some(clock.goal.clone()),
            asked_at: clock.asked_at,
            due: clock.due,
            warnings: clock.warnings.clone(),
            reason: CREATED.to_owned(),
            ..Entry::of(clock, LedgerKind::Start, clock.start)
        };
        self.all.iter().map(row).collect()
    }

    /// All rows, from the first.
    pub fn fold<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Clocks {
        let mut clocks = Clocks::default();
        entries.into_iter().for_each(|entry| clocks.apply(entry));
        clocks
    }

    /// The earliest warning or breach to come.
    pub fn next_at(&self) -> Option<Instant> {
        self.all.iter().filter_map(|clock| Some(clock.next()?.0)).min()
    }

    /// The earliest deadline of those that are open.
    pub fn next_due_at(&self) -> Option<Instant> {
        self.all.iter().filter_map(Clock::deadline).min()
    }

    /// The warning or the breach that comes first, where it has come by `now`, as its row.
    pub fn settle(&self, now: Instant) -> Option<Entry> {
        let next = self.all.iter().filter_map(|clock| clock.next().map(|(at, due)| (at, due, clock)));
        let (at, due, clock) = next.min_by(|a, b| (a.0, &a.1, a.2.metric).cmp(&(b.0, &b.1, b.2.metric)))?;
        if at > now {
            return None;
        }
        let (kind, mark, at) = match due {
            Due::Warning(mark) => (LedgerKind::Warn, mark, at),
            // It is missed at the deadline itself.
            Due::Breach => (LedgerKind::Breach, String::new(), clock.due.unwrap_or(at)),
        };
        // What made it late can be no earlier than the change that set the deadline.
        let told_by = clock.reckoned_at.map_or(at, |reckoned| reckoned.max(at));
        let late = (now.0 - told_by.0).max(0);
        let counted_at = (kind == LedgerKind::Breach).then_some(told_by);
        Some(Entry { mark, late, counted_at, ..Entry::of(clock, kind, at) })
    }

    /// With everything told that is due by `now`, though its timer may come a moment later.
    pub fn settled(mut self, now: Instant) -> Clocks {
        while let Some(entry) = self.settle(now) {
            self.apply(&entry);
        }
        self
    }

    /// When the first response and the resolution are due, while those clocks run.
    pub fn deadlines(&self) -> (Option<Instant>, Option<Instant>) {
        let due = |metric| self.of(metric).and_then(Clock::deadline);
        (due(SlaMetric::FirstResponse), due(SlaMetric::Resolution))
    }
}
