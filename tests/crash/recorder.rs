//! What callers were told, kept outside every server.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// One acknowledged write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    pub tenant: String,
    pub request_id: String,
    /// The type of the one activity that the request itself makes.
    pub activity: &'static str,
    pub ticket_id: String,
    pub number: i64,
    pub position: i64,
}

#[derive(Default)]
pub struct Recorder {
    acks: Mutex<Vec<Ack>>,
    count: AtomicU64,
    faults: Mutex<Vec<String>>,
}

impl Recorder {
    pub fn new() -> Arc<Recorder> {
        Arc::default()
    }

    pub fn acknowledge(&self, ack: Ack) {
        lock(&self.acks).push(ack);
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// Something that no crash excuses. It fails the run at its end.
    pub fn fault(&self, what: String) {
        lock(&self.faults).push(what);
    }

    pub fn acknowledged(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    pub fn acks(&self) -> Vec<Ack> {
        lock(&self.acks).clone()
    }

    pub fn faults(&self) -> Vec<String> {
        lock(&self.faults).clone()
    }

    /// Returns when so many more writes were acknowledged; the writers run in other tasks, and are looked at from here.
    pub async fn wait_for_progress(&self, more: u64, patience: Duration) {
        let goal = self.acknowledged() + more;
        let end = Instant::now() + patience;
        while self.acknowledged() < goal {
            let faults = self.faults();
            assert!(
                Instant::now() < end,
                "writes do not go on within {patience:?}: {} of {goal}; faults: {:?}",
                self.acknowledged(),
                faults.iter().take(5).collect::<Vec<_>>()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
