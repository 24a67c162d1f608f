//! One reader's place in a log, and the way from there: what is kept here, else the table. Nothing is ever skipped.

use std::sync::Arc;
use std::time::Duration;

use diesel::result::QueryResult;
use tokio::sync::watch;

use super::hub::{Hub, Mark};
use super::ring::Next;
use super::{End, Feed};
use crate::model::activity::Activity;
use crate::store::pool::PoolError;
use crate::store::read::activity::{self, View};
use crate::store::read::head;

/// Activities in one step.
pub const STEP: usize = 64;
/// A read that failed, or found less than was said to be there, is made again after this.
const AGAIN: Duration = Duration::from_millis(250);

/// What comes next for a reader, at least one.
pub struct Step {
    pub activities: Vec<Arc<Activity>>,
    /// Fresh from the commit, not read from the table.
    pub live: bool,
}

pub struct Subscription {
    feed: Feed,
    hub: Arc<Hub>,
    reader: u64,
    marks: watch::Receiver<Mark>,
    position: i64,
    /// What the table is asked for.
    view: View,
}

/// Why the table did not give what was asked of it.
#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error(transparent)]
    Pool(#[from] PoolError),
    #[error(transparent)]
    Query(#[from] diesel::result::Error),
    #[error("{0}")]
    Unreadable(String),
}

impl Subscription {
    pub(super) fn new(feed: Feed, hub: Arc<Hub>, reader: u64, view: View) -> Subscription {
        let marks = hub.watch();
        Subscription { feed, hub, reader, marks, position: 0, view }
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

    /// Whether nothing more is known to come.
    pub fn is_level(&self) -> bool {
        self.hub.mark().head <= self.position
    }

    pub(super) fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Waits for what follows the position. It does not move by itself: a step that is dropped is given again.
    pub async fn next(&mut self) -> Result<Step, End> {
        loop {
            // Before looking, so that what comes meanwhile wakes.
            let mark = *self.marks.borrow_and_update();
            if mark.epoch != self.hub.epoch {
                return Err(End::OtherLog { head: mark.head, epoch: mark.epoch });
            }
            let read = match self.hub.after(self.reader, self.position, STEP) {
                Next::Here(activities) => return Ok(Step { activities, live: true }),
                Next::Nothing => {
                    self.wait(None).await;
                    continue;
                }
                Next::Gap { up_to, newest: false } => self.read(up_to, self.view).await,
                Next::Gap { newest: true, .. } => self.read_for_all().await,
            };
            match read {
                Ok(Some(activities)) if !activities.is_empty() => return Ok(Step { activities, live: false }),
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
    async fn read_for_all(&self) -> Result<Option<Vec<Arc<Activity>>>, ReadError> {
        let _one = self.hub.reading.lock().await;
        let Next::Gap { up_to, newest: true } = self.hub.after(self.reader, self.position, STEP) else {
            return Ok(None);
        };
        let found = self.read(up_to, View::Full).await?;
        if let Some(activities) = &found {
            self.hub.push(activities);
        }
        Ok(found)
    }

    /// The positions after this one, up to `up_to`, as far as the table has them without a hole.
    async fn read(&self, up_to: i64, view: View) -> Result<Option<Vec<Arc<Activity>>>, ReadError> {
        let _permit = self.feed.reading().await;
        let mut conn = self.feed.pool().get().await?;
        let rows = activity::range(&mut conn, &self.hub.tenant, self.position, up_to, view).await?;
        drop(conn);
        let dense = rows.into_iter().zip(self.position + 1..).take_while(|(row, wanted)| row.position == *wanted);
        let activities = dense.map(|(row, _)| row.into_activity().map(Arc::new).map_err(ReadError::Unreadable));
        activities.collect::<Result<Vec<_>, _>>().map(Some)
    }

    /// What should be there is not: perhaps it is no longer kept.
    async fn expired(&self) -> Option<End> {
        let floor = async {
            let mut conn = self.feed.pool().get().await.ok()?;
            let found: QueryResult<_> = head::get(&mut conn, &self.hub.tenant).await;
            found.ok()?.map(|head| head.floor)
        };
        floor.await.filter(|floor| *floor > self.position).map(|floor| End::Expired { oldest: floor + 1 })
    }

    /// Until the log moves, or `most` has passed.
    async fn wait(&mut self, most: Option<Duration>) {
        // The hub outlives its readers, so `changed` fails never.
        let moved = self.marks.changed();
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
