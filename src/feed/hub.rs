//! Hub of a tenant with subscribers in this process: the head of its log, and wake-ups.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::ring::{Next, Ring};
use super::segment::Segment;
use super::shared_activity::SharedActivity;

/// Activities cached for one tenant, while its readers take them: a second of a busy one.
const CACHE: usize = 1_024;
/// The same, while all tenants together have [`CACHE_ALL`].
const CACHE_LITTLE: usize = 8;
const CACHE_ALL: usize = 16_384;
/// So few readers are asked each time how far they are.
const FEW: usize = 4;
/// A tick lasts so long for each reader: several times what it costs to give it something, so that giving all of them
/// something takes a part of the time only.
const GIVING: Duration = Duration::from_micros(25);
/// Ticks never last longer.
const LONGEST: Duration = Duration::from_millis(50);
/// Where ticks would be shorter there are none: readers are given what comes as it comes.
const SHORTEST: Duration = Duration::from_millis(1);
/// Positions that readers may share what follows from, in one tick. Nearly all of them come from one or two.
const STARTS: usize = 8;

pub struct Hub {
    pub tenant: String,
    /// The log's epoch as the hub began.
    pub epoch: i64,
    began: Instant,
    state: Mutex<State>,
    /// The log's epoch and head. Another epoch than the hub's: the hub is over.
    log: watch::Sender<LogHead>,
    /// Held by the one reader that reads the end of the log for all.
    pub reading: tokio::sync::Mutex<()>,
    /// How many activities all hubs cache.
    cached: Arc<AtomicUsize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogHead {
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
    tick: Option<Tick>,
}

/// A time in which each of many readers is given what had come as it began, all who come from one position the same.
struct Tick {
    up_to: i64,
    ends: Instant,
    segments: Vec<Arc<Segment>>,
}

/// What comes for a reader.
#[derive(Debug, PartialEq)]
pub enum Given {
    /// What is right after its position, for many readers. `again`: that is all for this tick, and it shall come again when
    /// it is over.
    Shared { segment: Arc<Segment>, again: Option<Instant> },
    /// For it alone.
    Own(Next),
}

impl Hub {
    pub fn new(tenant: &str, epoch: i64, cached: Arc<AtomicUsize>) -> Hub {
        let (log, _) = watch::channel(LogHead { epoch, head: 0 });
        let state = Mutex::new(State::default());
        let (tenant, began) = (tenant.to_owned(), Instant::now());
        Hub { tenant, epoch, began, state, log, reading: tokio::sync::Mutex::new(()), cached }
    }

    /// Takes what was committed or read.
    pub fn push(&self, activities: &[Arc<SharedActivity>]) {
        self.change(|state, cached| {
            let most = if cached > CACHE_ALL { CACHE_LITTLE } else { CACHE };
            state.ring.push(activities, most)
        });
    }

    /// The log goes at least this far.
    pub fn learn(&self, head: i64) {
        self.change(|state, _| state.ring.learn(head));
    }

    /// The log is another one now.
    pub fn close(&self, epoch: i64) {
        self.log.send_modify(|log| log.epoch = epoch);
    }

    pub fn watch(&self) -> watch::Receiver<LogHead> {
        self.log.subscribe()
    }

    pub fn log_head(&self) -> LogHead {
        *self.log.borrow()
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
            self.cached.fetch_sub(state.ring.len(), Ordering::Relaxed);
            state.ring = Ring::default();
            state.tick = None;
        }
        empty
    }

    /// What comes for a reader that has everything up to `position`: `most` activities at most, where it is not shared.
    pub fn after(&self, reader: u64, position: i64, most: usize, now: Instant) -> Given {
        let mut state = self.lock();
        let before = state.ring.len();
        state.readers.insert(reader, position);
        state.forget_what_all_have();
        self.cached.fetch_sub(before - state.ring.len(), Ordering::Relaxed);
        state.tick.take_if(|tick| tick.ends <= now);
        match self.shared(&mut state, position, now) {
            Some(shared) => shared,
            None => Given::Own(state.ring.after(position, most)),
        }
    }

    /// What is cached here after a position, in this tick.
    fn shared(&self, state: &mut State, position: i64, now: Instant) -> Option<Given> {
        let State { ring, readers, tick, .. } = state;
        let length = GIVING * u32::try_from(readers.len()).unwrap_or(u32::MAX);
        let newest = ring.newest().filter(|newest| *newest > position)?;
        if length < SHORTEST {
            return None;
        }
        let Tick { up_to, ends, segments } = tick.get_or_insert_with(|| {
            // Whole ticks since the hub began, so that it does not matter who begins one.
            let length = length.min(LONGEST).as_micros();
            let left = length - now.duration_since(self.began).as_micros() % length;
            let ends = now + Duration::from_micros(u64::try_from(left).unwrap_or_default());
            Tick { up_to: newest, ends, segments: Vec::new() }
        });
        let segment = match segments.iter().find(|segment| segment.since() == position) {
            Some(segment) => segment.clone(),
            None if segments.len() >= STARTS => return None,
            None => {
                // Who is past it has come while the tick lasts.
                let up_to = if position < *up_to { *up_to } else { newest };
                let segment = Segment::new(ring.here(position, usize::try_from(up_to - position).ok()?))?;
                segments.push(segment.clone());
                segment
            }
        };
        let again = (segment.up_to() >= *up_to).then_some(*ends);
        Some(Given::Shared { segment, again })
    }

    fn change(&self, change: impl FnOnce(&mut State, usize) -> bool) {
        let mut state = self.lock();
        let before = state.ring.len();
        let news = change(&mut state, self.cached.load(Ordering::Relaxed));
        let (after, head) = (state.ring.len(), state.ring.head());
        if after >= before {
            self.cached.fetch_add(after - before, Ordering::Relaxed);
        } else {
            self.cached.fetch_sub(before - after, Ordering::Relaxed);
        }
        drop(state);
        if news {
            self.log.send_if_modified(|log| {
                let moved = head > log.head;
                log.head = log.head.max(head);
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
