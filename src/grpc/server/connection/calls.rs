//! The calls of one connection: each is a task, and how many there are tells whether the connection is used.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::rt::Executor;
use tokio::time::Instant;

use super::super::layers::unless_slow;

/// A clone is the same calls.
#[derive(Clone)]
pub struct Calls {
    used: Arc<Mutex<Used>>,
    slow_after: Duration,
}

struct Used {
    running: usize,
    /// When the last call ended, or the connection began.
    last: Instant,
}

impl Calls {
    /// A call ends when no part of its finished answer left for `slow_after`.
    pub fn new(slow_after: Duration) -> Calls {
        Calls { used: Arc::new(Mutex::new(Used { running: 0, last: Instant::now() })), slow_after }
    }

    /// Returns once no call has run for so long.
    pub async fn unused_for(&self, long: Duration) {
        loop {
            let end = self.used().unused_since() + long;
            if end <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(end).await;
        }
    }

    fn used(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Used {
    fn unused_since(&self) -> Instant {
        if self.running > 0 { Instant::now() } else { self.last }
    }
}

impl<F> Executor<F> for Calls
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, call: F) {
        let running = Running::of(self);
        let call = unless_slow(call, self.slow_after);
        tokio::spawn(async move {
            let _running = running;
            call.await;
        });
    }
}

/// One call, until it is dropped.
struct Running(Calls);

impl Running {
    fn of(calls: &Calls) -> Running {
        calls.used().running += 1;
        Running(calls.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut used = self.0.used();
        used.running -= 1;
        used.last = Instant::now();
    }
}
