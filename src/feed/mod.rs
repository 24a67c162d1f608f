//! Streams of activities: this process's commits, those of others, and their subscribers. The table is authoritative;
//! wake-ups may be lost. Uses model, workflow (filters), store (reads), telemetry; never the journal or the API.
//!
//! A subscriber holds a position and pulls. Each tenant with subscribers has a [`hub::Hub`]: the log's head as far as it is
//! known, and its newest activities. The head is learned from this process's own commits, from hints of other processes,
//! and once a second from the table.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit, watch};

use crate::identity::TokenError;
use crate::model::activity::Committed;
use crate::store::pool::Pool;
use crate::telemetry::{Metrics, Phase};

mod deliver;
mod hints;
mod hub;
mod known_heads;
mod ring;
mod segment;
mod selection;
mod shared_activity;
mod snapshot;
mod start;
mod subscription;
mod tail;
#[cfg(test)]
mod tests;
mod wait;

pub use deliver::{Ended, Event, Frame, Stream};
pub use segment::Segment;
pub use selection::Selection;
pub use shared_activity::{Form, SharedActivity};
pub use start::{Lost, NotStarted, Start, Wanted};
pub use wait::Waited;

use hub::Hub;
use known_heads::KnownHeads;
use subscription::Subscription;

#[derive(Clone, Debug)]
pub struct Config {
    /// Where hints go and come from; absent: none are sent, polling alone finds what others commit.
    pub hints: Option<String>,
    /// How often the heads of all tenants with subscribers are read.
    pub poll_every: Duration,
    /// A bookmark follows at least this often.
    pub bookmark_every: Duration,
    /// A reader that takes no frame for so long is cut off.
    pub slow_after: Duration,
    /// Streams of one tenant in this process.
    pub streams_per_tenant: usize,
    /// Reads of the table at once, over all readers.
    pub reads_at_once: usize,
    /// Readers that may read the past in long steps at once: each holds a few of them in memory.
    pub long_steps_at_once: usize,
}

impl Config {
    pub fn new(database_url: String) -> Config {
        Config {
            hints: Some(database_url),
            poll_every: Duration::from_secs(1),
            bookmark_every: Duration::from_secs(8),
            slow_after: Duration::from_secs(20),
            streams_per_tenant: 1_000,
            reads_at_once: 6,
            long_steps_at_once: 8,
        }
    }
}

/// Why a stream ends, other than by its reader's leaving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The reader took nothing for [`Config::slow_after`].
    SlowReader,
    /// The caller would not be let in any more: its token has expired, or its key is gone.
    CallerLost(TokenError),
    Draining,
    /// Retention overtook the reader; `oldest` is the first position still kept.
    Expired {
        oldest: i64,
    },
    /// The log has another epoch now: its positions mean something else.
    OtherLog {
        head: i64,
        epoch: i64,
    },
    /// The filter gave no verdict on what comes next; see [`crate::workflow::TooMuch`].
    TooMuch,
    /// The log cannot be read on, and must not be skipped.
    Broken {
        what: String,
    },
    /// Within the snapshot: there is no position to go on after.
    InSnapshot(Box<End>),
}

/// A handle; clones share it.
#[derive(Clone)]
pub struct Feed(Arc<Shared>);

struct Shared {
    config: Config,
    pool: Pool,
    metrics: Arc<Metrics>,
    phase: watch::Receiver<Phase>,
    hubs: Mutex<HashMap<String, Arc<Hub>>>,
    known: KnownHeads,
    hints: hints::Pending,
    reads: Semaphore,
    long_steps: Arc<Semaphore>,
    cached: Arc<AtomicUsize>,
    /// When the heads were last read.
    heads_read: Mutex<Instant>,
}

impl Feed {
    /// A feed that [`Feed::run`] brings to life. Streams end as the process drains.
    pub fn new(config: Config, pool: Pool, metrics: Arc<Metrics>, phase: watch::Receiver<Phase>) -> Feed {
        let reads = Semaphore::new(config.reads_at_once.max(1));
        let long_steps = Arc::new(Semaphore::new(config.long_steps_at_once));
        Feed(Arc::new(Shared {
            config,
            pool,
            metrics,
            phase,
            hubs: Mutex::default(),
            known: KnownHeads::default(),
            hints: hints::Pending::default(),
            reads,
            long_steps,
            cached: Arc::default(),
            heads_read: Mutex::new(Instant::now()),
        }))
    }

    /// The log's epoch, as far as this process has heard; 0 before.
    pub fn epoch(&self) -> i64 {
        self.0.known.epoch()
    }

    /// How long ago the heads were read: so late may a stream hear of what other processes commit.
    pub fn lag(&self) -> Duration {
        self.0.heads_read.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    fn pool(&self) -> &Pool {
        &self.0.pool
    }

    /// Keeps catching up from using all the connections there are.
    async fn reading(&self) -> Option<SemaphorePermit<'_>> {
        self.0.reads.acquire().await.ok()
    }

    /// Leave to read in long steps, if there is one more.
    fn long_steps(&self) -> Option<OwnedSemaphorePermit> {
        self.0.long_steps.clone().try_acquire_owned().ok()
    }

    /// What was committed here.
    fn committed(&self, committed: Committed) {
        let Committed { tenant_id, epoch, activities } = committed;
        let Some(last) = activities.last().map(|activity| activity.position) else { return };
        if self.0.known.epoch() == 0 {
            self.adopt(epoch);
        }
        // Another epoch is for the next poll to find out about.
        if self.0.known.epoch() != epoch {
            return;
        }
        if let Some(hub) = self.hub(&tenant_id) {
            let shared: Vec<Arc<SharedActivity>> = activities.into_iter().map(SharedActivity::new).collect();
            hub.push(&shared);
        }
        self.0.hints.add(&tenant_id, last);
        self.0.known.learn(tenant_id, last);
    }

    /// What is heard of other processes' commits.
    fn heard(&self, tenant: &str, epoch: i64, head: i64) {
        if self.0.known.epoch() == epoch
            && let Some(hub) = self.hub(tenant)
        {
            hub.learn(head);
        }
    }

    /// The database's epoch. Another one than before: every hub is over.
    fn adopt(&self, epoch: i64) {
        let hubs = {
            let mut hubs = self.hubs();
            if !self.0.known.adopt(epoch) {
                return;
            }
            std::mem::take(&mut *hubs)
        };
        for hub in hubs.values() {
            hub.close(epoch);
        }
    }

    fn hub(&self, tenant: &str) -> Option<Arc<Hub>> {
        self.hubs().get(tenant).cloned()
    }

    /// Enters the tenant's hub, which is made when there is none. `None`: it is full.
    fn enter(&self, tenant: &str) -> Option<(Arc<Hub>, u64)> {
        let mut hubs = self.hubs();
        let hub = match hubs.get(tenant) {
            Some(hub) => hub.clone(),
            None => {
                let hub = Arc::new(Hub::new(tenant, self.epoch(), self.0.cached.clone()));
                hubs.insert(tenant.to_owned(), hub.clone());
                hub
            }
        };
        let reader = hub.enter(self.0.config.streams_per_tenant)?;
        Some((hub, reader))
    }

    fn leave(&self, hub: &Arc<Hub>, reader: u64) {
        let mut hubs = self.hubs();
        let last = hub.leave(reader);
        if last && hubs.get(&hub.tenant).is_some_and(|entered| Arc::ptr_eq(entered, hub)) {
            hubs.remove(&hub.tenant);
        }
    }

    /// Nothing panics under this lock; were it so, the map is still whole.
    fn hubs(&self) -> MutexGuard<'_, HashMap<String, Arc<Hub>>> {
        self.0.hubs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Activities cached for readers, over all tenants.
    pub fn cached(&self) -> usize {
        self.0.cached.load(Ordering::Relaxed)
    }
}
