//! A lane: two threads on one queue. The runner executes batches of tenants whose heads are free; the waiter takes one tenant at
//! a time whose head another process holds and waits for it, so that other tenants do not.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use diesel::result::{Error, QueryResult};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use tokio::sync::mpsc;

use super::batch::{self, BatchError, Done, GroupDone, Lock};
use super::connection::{self, Remedy};
use super::group::{Entry, Group, count, halve, split};
use super::queue::{LaneThread, Queue};
use super::rules::ActiveRules;
use super::settings::Settings;
use super::{Answer, Config, Failure, crash, spans};
use crate::model::activity::Committed;
use crate::model::measure::Measure;
use crate::model::words::RunVerdict;
use crate::store;
use crate::store::plan::Planned;
use crate::telemetry::{LaneSeries, Metrics};

/// Stack size: evaluation of nested rules is recursive.
const STACK: usize = 64 << 20;
/// How often a command may fail its batch, alone, before it is rejected.
const LAST_TRIES: u32 = 3;
/// Capacity of the set of tenants that are known to have a head; it is cleared when full.
const KNOWN_HEADS: usize = 100_000;

pub struct Lane {
    pub thread: LaneThread,
    pub queue: Arc<Queue>,
    pub config: Config,
    pub rules: Arc<ActiveRules>,
    pub settings: Arc<Settings>,
    pub metrics: Arc<Metrics>,
    pub publish: mpsc::Sender<Committed>,
}

struct Running<'a> {
    number: usize,
    lane: &'a Lane,
    series: LaneSeries,
    conn: Option<AsyncPgConnection>,
    planned: Planned,
    /// Tenants that are known to have a head.
    heads: HashSet<String>,
    /// Tenants of the batch to release when it is done: the entries that were not reached, and whether the tenant was skipped.
    returns: Vec<Return>,
}

struct Return {
    tenant: String,
    entries: Vec<Entry>,
    skipped: bool,
    /// Whether any of its commands was reached; a tenant without one is first in the next batch.
    reached: bool,
}

impl Lane {
    pub fn spawn(self, number: usize) -> std::io::Result<std::thread::JoinHandle<()>> {
        let name = format!("lane-{number}{}", if self.thread == LaneThread::Waiter { "w" } else { "" });
        std::thread::Builder::new().name(name).stack_size(STACK).spawn(move || {
            // A lane that panics is restarted. The calls of its batch fail with UNAVAILABLE, as their reply channels are dropped.
            while std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.live(number))).is_err() {
                tracing::error!(lane = number, "Lane {number} panicked and is being restarted");
                self.queue.working(false);
                self.queue.forget_taken(self.thread);
            }
        })
    }

    fn live(&self, number: usize) {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                tracing::error!(lane = number, "Lane {number} failed to start: {error}");
                self.queue.close();
                return;
            }
        };
        let series = self.metrics.lane_series(number);
        let mut running = Running {
            number,
            lane: self,
            series,
            conn: None,
            planned: Planned::now(),
            heads: HashSet::new(),
            returns: Vec::new(),
        };
        runtime.block_on(running.serve());
    }
}

impl Running<'_> {
    async fn serve(&mut self) {
        let queue = self.lane.queue.clone();
        if self.conn().await.is_err() {
            tracing::warn!("The database is unreachable; lanes retry as commands arrive");
        }
        loop {
            let (groups, signal) = match self.lane.thread {
                LaneThread::Runner => (queue.take_free(), &queue.free),
                LaneThread::Waiter => (queue.take_stuck(), &queue.stuck),
            };
            if !groups.is_empty() {
                self.series.queue_depth(queue.depth());
                // The waiter waits for one tenant's head, which delays no other tenant.
                let runs = self.lane.thread == LaneThread::Runner;
                if runs {
                    queue.working(true);
                }
                self.work(groups).await;
                if runs {
                    queue.working(false);
                }
            } else if queue.is_over() {
                return;
            } else {
                signal.notified().await;
            }
        }
    }

    /// Processes a batch until every command has a reply or is back in its queue.
    async fn work(&mut self, groups: Vec<Group>) {
        let now = Clock::now();
        let (groups, late) = split(groups, |entry| entry.deadline.is_none_or(|deadline| deadline > now));
        self.give_up(late, |_| Failure::DeadlinePassed);
        let mut parts = vec![groups];
        let mut tries = 0;
        while let Some(groups) = parts.pop() {
            if groups.is_empty() {
                continue;
            }
            match self.attempt(&groups).await {
                Ok(done) => {
                    tries = 0;
                    self.finish(groups, done);
                    self.commit_late().await;
                }
                Err(Remedy::Halve) if count(&groups) > 1 => {
                    self.series.retried("halved");
                    let (first, second) = halve(groups);
                    parts.push(second);
                    parts.push(first);
                }
                Err(Remedy::Halve) if tries + 1 >= LAST_TRIES => {
                    tries = 0;
                    self.give_up(groups, |entry| batch::incident(&*entry.command.verb, "it could not be stored"));
                }
                Err(remedy) => {
                    tries += 1;
                    self.series.retried(if remedy == Remedy::Reconnect { "reconnect" } else { "retry" });
                    let patience = self.lane.config.patience;
                    let (waiting, tired) = split(groups, |entry| entry.queued_at.elapsed() < patience);
                    self.give_up(tired, |_| Failure::Unavailable { retry_after: Duration::from_secs(1) });
                    // A command that breaks the connection each time must not fail others with it.
                    if remedy == Remedy::Reconnect && tries > 2 && count(&waiting) > 1 && self.conn().await.is_ok() {
                        tries = 0;
                        let (first, second) = halve(waiting);
                        parts.push(second);
                        parts.push(first);
                        continue;
                    }
                    parts.push(waiting);
                    if remedy == Remedy::Reconnect {
                        tokio::time::sleep(Duration::from_millis(20 << tries.min(5))).await;
                    }
                }
            }
        }
        self.give_back();
    }

    /// Releases each tenant once, no matter into how many parts the batch was split.
    fn give_back(&mut self) {
        let mut merged: Vec<Return> = Vec::new();
        for next in self.returns.drain(..) {
            match merged.iter_mut().find(|r| r.tenant == next.tenant) {
                Some(known) => {
                    known.entries.extend(next.entries);
                    known.skipped |= next.skipped;
                    known.reached |= next.reached;
                }
                None => merged.push(next),
            }
        }
        merged.sort_by_key(|back| back.reached);
        for Return { tenant, entries, skipped, reached: _ } in merged {
            match skipped {
                true => self.lane.queue.skipped(&tenant, entries),
                false => self.lane.queue.release(&tenant, entries),
            }
        }
    }

    /// Only in the faulty build that `make crash` must detect.
    async fn commit_late(&mut self) {
        if cfg!(feature = "ack-before-commit")
            && let Some(conn) = &mut self.conn
        {
            crash::point("after-ack");
            if conn.batch_execute("COMMIT").await.is_err() {
                self.conn = None;
            }
        }
    }

    /// One attempt of the batch. After an error, the transaction is rolled back or the connection dropped.
    async fn attempt(&mut self, groups: &[Group]) -> Result<Done, Remedy> {
        let lock = if self.lane.thread == LaneThread::Waiter { Lock::Waiting } else { Lock::Free };
        self.make_heads(groups).await?;
        let Lane { rules, settings, config, .. } = self.lane;
        self.conn().await?;
        let conn = self.conn.as_mut().ok_or(Remedy::Reconnect)?;
        if self.planned.refresh(conn).await.is_err() {
            self.conn = None;
            return Err(Remedy::Reconnect);
        }
        let span = tracing::debug_span!("batch", commands = count(groups), tenants = groups.len());
        let result =
            tracing::Instrument::instrument(batch::run(conn, groups, lock, rules, settings, config), span).await;
        match result {
            Ok(done) => Ok(done),
            Err(BatchError::Failed(error)) => {
                let remedy = self.recover(&error).await;
                tracing::warn!(remedy = ?remedy, "A batch of {} commands failed: {error}", count(groups));
                Err(remedy)
            }
            Err(BatchError::CommitUnknown { done, witness, error }) => {
                tracing::warn!("The outcome of a COMMIT is unknown: {error}");
                self.conn = None;
                let Some(witness) = witness else { return Err(Remedy::Reconnect) };
                match self.was_committed(&witness).await? {
                    true => Ok(done),
                    false => Err(Remedy::Reconnect),
                }
            }
        }
    }

    /// Rolls back after an error. Drops the connection if that fails or would not help.
    async fn recover(&mut self, error: &Error) -> Remedy {
        let remedy = connection::remedy(error);
        if let Some(conn) = &mut self.conn
            && remedy != Remedy::Reconnect
            && connection::roll_back(conn).await.is_ok()
        {
            return remedy;
        }
        self.conn = None;
        Remedy::Reconnect
    }

    /// Resolves an unknown COMMIT, retrying within the patience: a write that may have been committed must not be retried.
    async fn was_committed(&mut self, witness: &crate::model::image::ActivityRow) -> Result<bool, Remedy> {
        let start = Clock::now();
        let mut pause = Duration::from_millis(20);
        loop {
            if let Ok(conn) = self.conn().await {
                match batch::was_committed(conn, witness).await {
                    Ok(found) => return Ok(found),
                    Err(_) => self.conn = None,
                }
            }
            if start.elapsed() > self.lane.config.patience {
                return Err(Remedy::Reconnect);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }

    async fn conn(&mut self) -> Result<&mut AsyncPgConnection, Remedy> {
        if self.conn.is_none() {
            match connection::connect(&self.lane.config.database_url).await {
                Ok(conn) => self.conn = Some(conn),
                Err(error) => {
                    tracing::warn!("{error}");
                    return Err(Remedy::Reconnect);
                }
            }
        }
        self.conn.as_mut().ok_or(Remedy::Reconnect)
    }

    /// Creates heads of new tenants in a transaction of their own: inserting them within the batch could deadlock.
    async fn make_heads(&mut self, groups: &[Group]) -> Result<(), Remedy> {
        if self.heads.len() > KNOWN_HEADS {
            self.heads.clear();
        }
        let mut unknown: Vec<&str> =
            groups.iter().map(|group| group.tenant.as_str()).filter(|tenant| !self.heads.contains(*tenant)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        // Sorted, so that two processes that create the same heads cannot deadlock.
        unknown.sort_unstable();
        let conn = self.conn().await?;
        let made: QueryResult<()> = async {
            let now = store::head::clock(conn).await?;
            store::head::create(conn, &unknown, now).await
        }
        .await;
        match made {
            Ok(()) => {
                self.heads.extend(unknown.into_iter().map(str::to_owned));
                Ok(())
            }
            Err(error) => {
                tracing::warn!("Creating heads failed: {error}");
                Err(self.recover(&error).await)
            }
        }
    }

    /// Sends the replies, publishes the committed activities, and releases the tenants.
    fn finish(&mut self, groups: Vec<Group>, done: Done) {
        if !done.traced.is_empty() {
            spans::record(self.number, &groups, &done);
        }
        let Done { epoch, groups: results, began: _, commit, rules, traced: _ } = done;
        let (mut commands, mut written) = (0, 0);
        let mut verdicts: HashMap<(usize, RunVerdict), u64> = HashMap::new();
        for (Group { tenant, entries }, result) in groups.into_iter().zip(results) {
            let GroupDone::Decided { answers, activities, tally, measures } = result else {
                if self.lane.thread == LaneThread::Waiter {
                    // The waiter found no head, so it does not exist and is created again.
                    self.heads.remove(&tenant);
                }
                self.returns.push(Return { tenant, entries, skipped: true, reached: true });
                continue;
            };
            written += activities.len();
            for Measure { name, value, labels, .. } in measures {
                self.lane.metrics.custom(&tenant, &name, value, labels);
            }
            if !activities.is_empty() {
                // If the channel is full, the activities are dropped, and its readers detect the gap.
                let _ = self.lane.publish.try_send(Committed { tenant_id: tenant.clone(), epoch, activities });
            }
            let reached = answers.iter().any(Option::is_some);
            let mut back = Vec::new();
            for (entry, answer) in entries.into_iter().zip(answers) {
                match answer {
                    Some(answer) => {
                        commands += 1;
                        crash::point("mid-answers");
                        let _ = entry.reply.send(answer.map(|verdict| Answer { verdict, epoch }));
                    }
                    None => back.push(entry),
                }
            }
            self.returns.push(Return { tenant, entries: back, skipped: false, reached });
            for verdict in tally {
                *verdicts.entry(verdict).or_default() += 1;
            }
        }
        for ((rule, verdict), count) in verdicts {
            if let Some(rule) = rules.rules().get(rule) {
                self.lane.metrics.rule_verdicts(rule.name.clone(), verdict.word(), count);
            }
        }
        self.series.committed(commands, written, commit);
    }

    fn give_up(&mut self, groups: Vec<Group>, why: impl Fn(&Entry) -> Failure) {
        for Group { tenant, entries } in groups {
            for entry in entries {
                let failure = why(&entry);
                let _ = entry.reply.send(Err(failure));
            }
            self.returns.push(Return { tenant, entries: Vec::new(), skipped: false, reached: true });
        }
    }
}
