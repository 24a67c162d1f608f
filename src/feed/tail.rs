//! Updates of the hubs: this process's commits, hints, and one query of the heads each second.

use std::sync::PoisonError;
use std::time::Instant;

use diesel::result::QueryResult;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use super::Feed;
use crate::model::activity::Committed;
use crate::store::head::installation;
use crate::store::pool::PoolError;
use crate::store::read::head;

/// Batches taken from the journal at once.
const BATCHES: usize = 64;

impl Feed {
    /// Runs until the journal hangs up. Everything else of the feed works on without it, but hears nothing new.
    pub async fn run(self, committed: mpsc::Receiver<Committed>) {
        let hints = async {
            match &self.0.config.hints {
                Some(url) => self.exchange_hints(url).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.take(committed) => {}
            () = self.poll() => {}
            () = hints => {}
        }
    }

    async fn take(&self, mut committed: mpsc::Receiver<Committed>) {
        let mut batches = Vec::with_capacity(BATCHES);
        while committed.recv_many(&mut batches, BATCHES).await > 0 {
            for batch in batches.drain(..) {
                self.committed(batch);
            }
        }
    }

    async fn poll(&self) {
        let mut tick = interval(self.0.config.poll_every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut away = false;
        loop {
            tick.tick().await;
            match self.poll_once().await {
                Ok(()) => {
                    away = false;
                    *self.0.heads_read.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
                }
                Err(error) => {
                    // Said once, not once a second.
                    if !std::mem::replace(&mut away, true) {
                        tracing::warn!("The heads of the log cannot be read: {error}");
                    }
                }
            }
        }
    }

    /// One look at the epoch and at the heads of all tenants that have subscribers.
    async fn poll_once(&self) -> Result<(), PollError> {
        let tenants: Vec<String> = self.hubs().keys().cloned().collect();
        let tenants: Vec<&str> = tenants.iter().map(String::as_str).collect();
        let mut conn = self.pool().own(&tenants).await?;
        self.adopt(installation(&conn).await?.epoch);
        if tenants.is_empty() {
            return Ok(());
        }
        let heads: QueryResult<_> = head::of(&mut conn, &tenants).await;
        for head in heads? {
            if let Some(hub) = self.hub(&head.tenant_id) {
                hub.learn(head.position);
            }
        }
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
enum PollError {
    #[error(transparent)]
    Pool(#[from] PoolError),
    #[error(transparent)]
    Query(#[from] diesel::result::Error),
}
