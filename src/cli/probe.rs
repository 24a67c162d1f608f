//! Readiness probe: checks a running server once a second, for /readyz and the gRPC health service.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::feed::Feed;
use crate::grpc::call::rules::RuleFolder;
use crate::journal::Journal;
use crate::store;
use crate::store::pool::{Pool, PoolError, connect};
use crate::telemetry::{Metrics, Troubles};

const EVERY: Duration = Duration::from_secs(1);
/// How long the database may take to say anything.
const ANSWER: Duration = Duration::from_secs(2);
/// Maximum delay before streams learn of other servers' commits. Clients are promised a bookmark every 10 s.
const LOG_LAG: Duration = Duration::from_secs(5);
/// A batch takes milliseconds, or longer if it waits for a lock or an unreachable database.
const BATCH: Duration = Duration::from_secs(10);

pub struct Probe {
    pub database_url: String,
    /// Only asked how much of it is in use: what callers do to it is no trouble of this server.
    pub pool: Pool,
    pub feed: Feed,
    pub journal: Journal,
    pub rules: Arc<RuleFolder>,
    pub metrics: Arc<Metrics>,
    pub troubles: Troubles,
}

impl Probe {
    /// Never returns.
    pub async fn run(self) {
        tokio::join!(self.reads(), self.rest());
    }

    /// Whether the database answers, on a connection of its own.
    async fn reads(&self) {
        let mut tick = tick();
        let mut open = None;
        loop {
            tick.tick().await;
            let asked = timeout(ANSWER, async {
                let conn = match open.take() {
                    Some(conn) => conn,
                    None => connect(&self.database_url).await.map_err(|error| error.to_string())?,
                };
                let installation = store::head::installation(&conn).await.map_err(|error| error.to_string())?;
                Ok((conn, installation.rule_set))
            });
            let trouble = match asked.await {
                Ok(Ok((conn, rules))) => {
                    open = Some(conn);
                    self.tell_of_rules(&rules);
                    None
                }
                Ok(Err(error)) => Some(PoolError::NoConnection(error).to_string()),
                Err(_) => Some(format!("the database did not answer within {} s", ANSWER.as_secs())),
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

    /// Rules that are refused keep nobody from being served by those that were active before.
    fn tell_of_rules(&self, hash: &str) {
        let error = self.journal.rules().why_broken(hash).unwrap_or_else(|| self.rules.last_error());
        self.metrics.rules(hash, &error);
        let first = error.lines().next();
        let note = first.map(|line| format!("the newest files are refused, and {hash} stays active: {line}"));
        self.troubles.note("rules", note);
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
