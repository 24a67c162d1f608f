//! Readiness probe: checks a running server once a second, for /readyz and the gRPC health service.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::feed::Feed;
use crate::journal::Journal;
use crate::store::pool::{Pool, PoolError};
use crate::telemetry::{Metrics, Troubles};

const EVERY: Duration = Duration::from_secs(1);
/// Maximum delay before streams learn of other servers' commits. Clients are promised a bookmark every 10 s.
const LOG_LAG: Duration = Duration::from_secs(5);
/// A batch takes milliseconds, or longer if it waits for a lock or an unreachable database.
const BATCH: Duration = Duration::from_secs(10);

pub struct Probe {
    pub pool: Pool,
    pub feed: Feed,
    pub journal: Journal,
    pub metrics: Arc<Metrics>,
    pub troubles: Troubles,
}

impl Probe {
    /// Never returns.
    pub async fn run(self) {
        tokio::join!(self.reads(), self.rest());
    }

    /// Whether a read gets a connection; takes at most as long as a read would wait.
    async fn reads(&self) {
        let mut tick = tick();
        loop {
            tick.tick().await;
            let trouble = match self.pool.get().await {
                Ok(_) => None,
                Err(PoolError::Busy) => Some(format!(
                    "none of the {} connections for reads became free in time: raise reads.connections, or look for slow \
                     statements",
                    self.pool.use_of().most
                )),
                Err(error @ PoolError::NoConnection(_)) => Some(error.to_string()),
            };
            self.tell("reads", trouble);
        }
    }

    async fn rest(&self) {
        let mut tick = tick();
        loop {
            tick.tick().await;
            let lag = self.feed.lag();
            let late = |lag: Duration| {
                format!("heads were last read {} s ago: commits of other servers reach streams late", lag.as_secs())
            };
            self.tell("log", (lag > LOG_LAG).then(|| late(lag)));
            self.tell("writes", self.journal.trouble(BATCH));
            let connections = self.pool.use_of();
            self.metrics.reads_connections(connections.used, connections.open);
            self.metrics.log_lag(lag);
            self.metrics.ready(!self.troubles.any());
        }
    }

    fn tell(&self, finder: &'static str, trouble: Option<String>) {
        let words = trouble.clone();
        if self.troubles.set(finder, trouble) {
            match words {
                Some(words) => tracing::warn!("Not ready, {finder}: {words}"),
                None => tracing::info!("Ready again: {finder}"),
            }
        }
    }
}

fn tick() -> tokio::time::Interval {
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick
}
