//! Keys at a URL: what the calls that need them and the task that fetches them know of each other.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};

use super::refetch::{Refetch, Unknown};
use super::verifier::KeySource;

pub(super) struct KeyUrl {
    pub source: KeySource,
    refetch: Mutex<Refetch>,
    /// A call waits for a fetch.
    asked: Notify,
    ended: watch::Sender<()>,
}

impl KeyUrl {
    pub fn new(source: KeySource, every: Duration) -> KeyUrl {
        let refetch = Mutex::new(Refetch::new(every));
        KeyUrl { source, refetch, asked: Notify::new(), ended: watch::Sender::new(()) }
    }

    pub fn begin(&self) {
        self.refetch().begin();
    }

    pub fn end(&self, succeeded: bool) {
        self.refetch().end(Instant::now(), succeeded);
        self.ended.send_replace(());
    }

    pub fn is_usable(&self) -> bool {
        self.refetch().is_usable(Instant::now())
    }

    /// Completes when the keys are to be fetched (again).
    pub async fn due(&self) {
        let pause = self.refetch().pause(Instant::now());
        tokio::select! {
            () = self.asked.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }

    /// For a token whose key nobody knows: tells of the end of the fetch that may bring it.
    pub fn fetch(&self) -> Option<watch::Receiver<()>> {
        let ended = self.ended.subscribe();
        match self.refetch().unknown(Instant::now()) {
            Unknown::Refuse => return None,
            Unknown::Wait => {}
            // Kept for the task if it does not wait at this moment.
            Unknown::Fetch => self.asked.notify_one(),
        }
        Some(ended)
    }

    fn refetch(&self) -> MutexGuard<'_, Refetch> {
        self.refetch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
