//! How many bytes of unfinished messages there may be at once: on one connection, and on all.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tonic::Status;

use crate::grpc::status;

/// When somebody else's message may be whole.
const SOON: Duration = Duration::from_millis(100);

/// The bytes that are held, by everybody who shares it.
#[derive(Debug, Clone, Default)]
pub struct Held(Arc<AtomicUsize>);

impl Held {
    fn take(&self, bytes: usize) -> usize {
        self.0.fetch_add(bytes, Ordering::Relaxed) + bytes
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// What one body holds, counted with its connection and with all of its kind; it is free again when the body is gone.
#[derive(Debug)]
pub(super) struct Room {
    pub connection: Held,
    pub all: Held,
    pub most_of_connection: usize,
    pub most_of_all: usize,
    pub own: usize,
}

impl Room {
    pub fn take(&mut self, bytes: usize) -> Result<(), Box<Status>> {
        self.own += bytes;
        let (connection, all) = (self.connection.take(bytes), self.all.take(bytes));
        match connection > self.most_of_connection || all > self.most_of_all {
            true => Err(Box::new(status::overloaded("there are too many unfinished messages", SOON))),
            false => Ok(()),
        }
    }

    pub fn give_back(&mut self, bytes: usize) {
        self.own -= bytes;
        for held in [&self.connection, &self.all] {
            held.0.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // Most bodies hold nothing, and all of them share the count.
        if self.own > 0 {
            self.give_back(self.own);
        }
    }
}

#[cfg(test)]
impl Room {
    pub fn of(all: &Held, most: usize) -> Room {
        let (most_of_connection, connection) = (usize::MAX, Held::default());
        Room { connection, all: all.clone(), most_of_connection, most_of_all: most, own: 0 }
    }
}
