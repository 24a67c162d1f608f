//! The calls of one connection: each is a task.

use std::time::Duration;

use hyper::rt::Executor;

use super::super::layers::unless_slow;

#[derive(Clone)]
pub struct Calls {
    slow_after: Duration,
}

impl Calls {
    /// A call ends when no part of its finished answer left for `slow_after`.
    pub fn new(slow_after: Duration) -> Calls {
        Calls { slow_after }
    }
}

impl<F> Executor<F> for Calls
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, call: F) {
        tokio::spawn(unless_slow(call, self.slow_after));
    }
}
