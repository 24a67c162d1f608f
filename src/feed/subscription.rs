//! Position of one reader, and the next activities from the cache or, failing that, the table. Nothing is skipped.

use std::sync::Arc;
use std::time::Duration;

use diesel::result::QueryResult;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, sleep_until};

use super::hub::{Given, Hub, LogHead};
use super::ring::Next;
use super::segment::Segment;
use super::selection::Past;
use super::shared_activity::SharedActivity;
use super::{End, Feed};
use crate::model::image::ActivityRow;
use crate::store::pool::PoolError;
use crate::store::read::activity::{self, View};
use crate::store::read::head;

/// Activities in one step: at first, and for a reader that has to be waited for; and for one that takes them sooner than
/// they are read.
const STEP: usize = 64;
const LONG_STEP: usize = 1_024;
/// Positions that one read looks through where the database chooses among them.
const LOOK_THROUGH: usize = 16_384;
/// A read that failed, or found less than was said to be there, is made again after this.
pub const AGAIN: Duration = Duration::from_millis(250);

/// What comes next for a reader.
pub enum Step {
    /// Fresh from the commit, for many readers: everything that there is, asked for or not.
    Shared(Arc<Segment>),
    Own(Own),
}

/// A step of one reader alone.
pub struct Own {
    /// In order. What is not among them was not asked for.
    pub activities: Vec<Arc<SharedActivity>>,
    pub up_to: i64,
    /// Fresh from the commit, not read from the table.
    pub live: bool,
}

impl Step {
    /// The position that it accounts for: after the one before it.
    pub fn up_to(&self) -> i64 {
        match self {
            Step::Shared(segment) => segment.up_to(),
            Step::Own(own) => own.up_to,
        }
    }
}

pub struct Subscription {
    feed: Feed,
    hub: Arc<Hub>,
    reader: u64,
    log: watch::Receiver<LogHead>,
    position: i64,
    /// What the table is asked for.
    past: Past,
    /// Activities in the next step from the table, and the leave for more than [`STEP`].
    step: usize,
    long: Option<OwnedSemaphorePermit>,
    /// What comes is not given before.
    again: Option<Instant>,
}

/// Why the table did not give what was asked of it.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Pool(#[from] PoolError),
    #[error(transparent)]
    Query(#[from] diesel::result::Error),
    #[error("{0}")]
    Unreadable(String),
}

impl Subscription {
    pub(super) fn new(feed: Feed, hub: Arc<Hub>, reader: u64, past: Past) -> Subscription {
        let log = hub.watch();
        Subscription { feed, hub, reader, log, position: 0, past, step: STEP, long: None, again: None }
    }

    /// The hub's: of one that was closed meanwhile nothing new is ever heard, so it must not pass for the log's.
    pub fn epoch(&self) -> i64 {
        self.hub.epoch
    }

    /// Everything up to here was given and accounted for.
    pub fn position(&self) -> i64 {
        self.position
    }

    pub fn advance(&mut self, position: i64) {
        self.position = position;
    }

    /// Steps grow while the reader takes each before the next is read, and shrink while it has to be waited for: what is in
    /// memory for a slow reader stays little.
    pub fn adapt(&mut self, waited_for: bool) {
        let wanted = if waited_for { (self.step / 2).max(STEP) } else { (self.step * 2).min(LONG_STEP) };
        if wanted == STEP {
            self.long = None;
        } else if self.long.is_none() {
            self.long = self.feed.long_steps();
        }
        self.step = if self.long.is_some() { wanted } else { STEP };
    }

    /// Whether nothing more is known to come, but for the next tick.
    pub fn is_level(&self) -> bool {
        self.again.is_some() || self.hub.log_head().head <= self.position
    }

    pub(super) fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Waits for what follows the position. It does not move by itself: a step that is dropped is given again.
    pub async fn next(&mut self) -> Result<Step, End> {
        loop {
            if let Some(again) = self.again {
                sleep_until(again).await;
                self.again = None;
            }
            // Before looking, so that what comes meanwhile wakes.
            let log = *self.log.borrow_and_update();
            if log.epoch != self.hub.epoch {
                return Err(End::OtherLog { head: log.head, epoch: log.epoch });
            }
            let most = if self.past.is_chosen() { LOOK_THROUGH } else { self.step };
            let read = match self.hub.after(self.reader, self.position, most, Instant::now()) {
                Given::Shared { segment, again } => {
                    self.again = again;
                    return Ok(Step::Shared(segment));
                }
                Given::Own(Next::Here(activities)) => {
                    let up_to = activities.last().map_or(self.position, |last| last.position);
                    return Ok(Step::Own(Own { activities, up_to, live: true }));
                }
                Given::Own(Next::Nothing) => {
                    self.wait(None).await;
                    continue;
                }
                Given::Own(Next::Gap { up_to, newest: false }) if self.past.is_chosen() => self.choose(up_to).await,
                Given::Own(Next::Gap { up_to, newest: false }) => self.read(up_to, self.past.view).await,
                Given::Own(Next::Gap { newest: true, .. }) => self.read_for_all().await,
            };
            match read {
                Ok(Some(own)) if own.up_to > self.position => return Ok(Step::Own(own)),
                // Another reader has read it.
                Ok(None) => {}
                Ok(Some(_)) => {
                    if let Some(end) = self.expired().await {
                        return Err(end);
                    }
                    self.wait(Some(AGAIN)).await;
                }
                Err(ReadError::Unreadable(what)) => return Err(End::Broken { what }),
                Err(error) => {
                    tracing::warn!(tenant = self.hub.tenant, "The log cannot be read, readers wait: {error}");
                    self.wait(Some(AGAIN)).await;
                }
            }
        }
    }

    /// The end of the log, read once for all who miss it. `None`: it is there now.
    async fn read_for_all(&self) -> Result<Option<Own>, ReadError> {
        let _one = self.hub.reading.lock().await;
        let now = Instant::now();
        let Given::Own(Next::Gap { up_to, newest: true }) = self.hub.after(self.reader, self.position, STEP, now)
        else {
            return Ok(None);
        };
        let found = self.read(up_to, View::Full).await?;
        if let Some(read) = &found {
            self.hub.push(&read.activities);
        }
        // Whoever read it is given it as all others are, unless too much is cached already.
        match self.hub.after(self.reader, self.position, STEP, Instant::now()) {
            Given::Own(Next::Gap { .. }) => Ok(found),
            Given::Shared { .. } | Given::Own(Next::Here(_) | Next::Nothing) => Ok(None),
        }
    }

    /// The positions after this one, up to `up_to`, as far as the table has them without a hole.
    async fn read(&self, up_to: i64, view: View) -> Result<Option<Own>, ReadError> {
        let _permit = self.feed.reading().await;
        let mut conn = self.feed.pool().own(&[&self.hub.tenant]).await?;
        let rows = activity::range(&mut conn, &self.hub.tenant, self.position, up_to, view).await?;
        drop(conn);
        let dense = rows.into_iter().zip(self.position + 1..).take_while(|(row, wanted)| row.position == *wanted);
        let activities = shared(dense.map(|(row, _)| row))?;
        let up_to = activities.last().map_or(self.position, |last| last.position);
        Ok(Some(Own { activities, up_to, live: false }))
    }

    /// Of the positions after this one, up to `up_to`, those that the database chooses.
    ///
    /// That nothing is missed does not show from the rows: it follows from the head. A position is given out and committed
    /// under the head's lock, together with the head, so a head at or above `up_to` says that all up to there was
    /// committed; and this was so before the rows were read, for `up_to` was heard of as committed. What retention takes is
    /// below the floor before it is gone: a floor at or below the position, read after the rows, says that all were there.
    async fn choose(&self, up_to: i64) -> Result<Option<Own>, ReadError> {
        let _permit = self.feed.reading().await;
        let mut conn = self.feed.pool().own(&[&self.hub.tenant]).await?;
        let Past { view, chosen } = &self.past;
        let tenant = &self.hub.tenant;
        let rows = activity::chosen(&mut conn, tenant, self.position, up_to, *view, chosen, self.step).await?;
        let head = head::get(&mut conn, tenant).await?;
        drop(conn);
        if !head.is_some_and(|head| head.position >= up_to && head.floor <= self.position) {
            return Ok(Some(Own { activities: Vec::new(), up_to: self.position, live: false }));
        }
        let full = rows.len() >= self.step;
        let last = rows.last().filter(|_| full).map(|row| row.position);
        Ok(Some(Own { activities: shared(rows)?, up_to: last.unwrap_or(up_to), live: false }))
    }

    /// What should be there is not: perhaps it is no longer kept.
    async fn expired(&self) -> Option<End> {
        let floor = async {
            let mut conn = self.feed.pool().own(&[&self.hub.tenant]).await.ok()?;
            let found: QueryResult<_> = head::get(&mut conn, &self.hub.tenant).await;
            found.ok()?.map(|head| head.floor)
        };
        floor.await.filter(|floor| *floor > self.position).map(|floor| End::Expired { oldest: floor + 1 })
    }

    /// Until the log moves, or `most` has passed.
    async fn wait(&mut self, most: Option<Duration>) {
        // The hub outlives its readers, so `changed` fails never.
        let moved = self.log.changed();
        match most {
            None => drop(moved.await),
            Some(most) => drop(tokio::time::timeout(most, moved).await),
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.feed.leave(&self.hub, self.reader);
    }
}

fn shared(rows: impl IntoIterator<Item = ActivityRow>) -> Result<Vec<Arc<SharedActivity>>, ReadError> {
    let activities = rows.into_iter().map(|row| row.into_activity().map(|it| SharedActivity::new(Arc::new(it))));
    activities.collect::<Result<_, _>>().map_err(ReadError::Unreadable)
}
