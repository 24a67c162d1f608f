//! One tenant that has subscribers here: the end of its log, and what wakes them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::kept::Kept;
use super::ring::{Next, Ring};

/// Activities kept for one tenant, while its readers take them: a second of a busy one.
const KEEP: usize = 1_024;
/// The same, while all tenants together have [`KEEP_ALL`].
const KEEP_LITTLE: usize = 8;
const KEEP_ALL: usize = 16_384;
/// So few readers are asked each time how far they are.
const FEW: usize = 4;
/// Several times what waking one reader costs: waking all of them takes a part of the time only.
const WAKING: Duration = Duration::from_micros(40);

pub struct Hub {
    pub tenant: String,
    /// The log's epoch as the hub began.
    pub epoch: i64,
    state: Mutex<State>,
    /// The log's epoch and head. Another epoch than the hub's: the hub is over.
    mark: watch::Sender<Mark>,
    /// Held by the one reader that reads the end of the log for all.
    pub reading: tokio::sync::Mutex<()>,
    /// How many activities all hubs keep.
    kept: Arc<AtomicUsize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub epoch: i64,
    pub head: i64,
}

#[derive(Default)]
struct State {
    ring: Ring,
    /// How far each reader is.
    readers: HashMap<u64, i64>,
    next_reader: u64,
    /// Looks until the readers are asked again.
    patience: usize,
}

impl Hub {
    pub fn new(tenant: &str, epoch: i64, kept: Arc<AtomicUsize>) -> Hub {
        let (mark, _) = watch::channel(Mark { epoch, head: 0 });
        let state = Mutex::new(State::default());
        Hub { tenant: tenant.to_owned(), epoch, state, mark, reading: tokio::sync::Mutex::new(()), kept }
    }

    /// Takes what was committed or read.
    pub fn push(&self, activities: &[Arc<Kept>]) {
        self.change(|state, kept| {
            let keep = if kept > KEEP_ALL { KEEP_LITTLE } else { KEEP };
            state.ring.push(activities, keep)
        });
    }

    /// The log goes at least this far.
    pub fn learn(&self, head: i64) {
        self.change(|state, _| state.ring.learn(head));
    }

    /// The log is another one now.
    pub fn close(&self, epoch: i64) {
        self.mark.send_modify(|mark| mark.epoch = epoch);
    }

    pub fn watch(&self) -> watch::Receiver<Mark> {
        self.mark.subscribe()
    }

    pub fn mark(&self) -> Mark {
        *self.mark.borrow()
    }

    /// A new reader, unless there are `most` already.
    pub fn enter(&self, most: usize) -> Option<u64> {
        let mut state = self.lock();
        if state.readers.len() >= most {
            return None;
        }
        let reader = state.next_reader;
        state.next_reader += 1;
        // It has a position once it looks.
        state.readers.insert(reader, i64::MAX);
        Some(reader)
    }

    /// True when it was the last.
    pub fn leave(&self, reader: u64) -> bool {
        let mut state = self.lock();
        state.readers.remove(&reader);
        let empty = state.readers.is_empty();
        if empty {
            self.kept.fetch_sub(state.ring.len(), Ordering::Relaxed);
            state.ring = Ring::default();
        }
        empty
    }

    /// What comes for a reader that has everything up to `position`.
    pub fn after(&self, reader: u64, position: i64, most: usize) -> Next {
        let mut state = self.lock();
        let before = state.ring.len();
        state.readers.insert(reader, position);
        state.forget_what_all_have();
        self.kept.fetch_sub(before - state.ring.len(), Ordering::Relaxed);
        state.ring.after(position, most)
    }

    /// How long a reader lets news gather after it was given some, so that many readers of a busy tenant are given many at
    /// a time; zero for few.
    pub fn pace(&self) -> Duration {
        let pace = WAKING * u32::try_from(self.lock().readers.len()).unwrap_or(u32::MAX);
        if pace < Duration::from_millis(1) { Duration::ZERO } else { pace.min(Duration::from_millis(50)) }
    }

    fn change(&self, change: impl FnOnce(&mut State, usize) -> bool) {
        let mut state = self.lock();
        let before = state.ring.len();
        let news = change(&mut state, self.kept.load(Ordering::Relaxed));
        let (after, head) = (state.ring.len(), state.ring.head());
        if after >= before {
            self.kept.fetch_add(after - before, Ordering::Relaxed);
        } else {
            self.kept.fetch_sub(before - after, Ordering::Relaxed);
        }
        drop(state);
        if news {
            self.mark.send_if_modified(|mark| {
                let moved = head > mark.head;
                mark.head = mark.head.max(head);
                moved
            });
        }
    }

    /// Nothing panics under this lock; were it so, what it guards is still whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Many readers are not all asked at each look of each.
    fn forget_what_all_have(&mut self) {
        if self.readers.len() > FEW && self.patience > 0 {
            self.patience -= 1;
            return;
        }
        self.patience = self.readers.len();
        if let Some(all_have) = self.readers.values().min() {
            self.ring.forget(*all_have);
        }
    }
}
