//! Queue of a lane: one per tenant, served round-robin, with limits that reject further commands immediately.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::group::{Entry, Group};
use super::{Config, Failure};

/// After this many skips, or this long, a tenant whose head is held elsewhere goes to the waiter.
const SKIPS: u32 = 3;
const SKIPPED_FOR: Duration = Duration::from_millis(50);

/// The two threads of a lane; each has its own connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneThread {
    /// Executes batches of tenants whose heads are free.
    Runner,
    /// Waits for one held head at a time, and executes that tenant's commands.
    Waiter,
}

pub struct Queue {
    tenant_commands: usize,
    lane_commands: usize,
    lane_bytes: usize,
    batch_commands: usize,
    batch_bytes: usize,
    waiting: Mutex<Waiting>,
    /// Start of the runner's current batch.
    working: Mutex<Option<Instant>>,
    /// Signal work for the runner, and for the waiter.
    pub free: Notify,
    pub stuck: Notify,
}

#[derive(Default)]
struct Waiting {
    tenants: HashMap<String, Tenant>,
    /// Ring of tenants to serve next, and ring of those whose heads must be waited for.
    free: VecDeque<String>,
    stuck: VecDeque<String>,
    commands: usize,
    bytes: usize,
    closed: bool,
}

#[derive(Default)]
struct Tenant {
    entries: VecDeque<Entry>,
    /// The thread whose current batch has the tenant, which is then in neither ring.
    taken: Option<LaneThread>,
    skips: u32,
    skipped_since: Option<Instant>,
}

impl Queue {
    pub fn new(config: &Config) -> Queue {
        Queue {
            tenant_commands: config.tenant_commands,
            lane_commands: config.lane_commands,
            lane_bytes: config.lane_bytes,
            batch_commands: config.batch_commands,
            batch_bytes: config.batch_bytes,
            waiting: Mutex::default(),
            working: Mutex::default(),
            free: Notify::new(),
            stuck: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a command. If a limit is reached, it is rejected immediately; commands that are queued stay.
    pub fn push(&self, entry: Entry) -> Result<(), Failure> {
        let overloaded = |what| Err(Failure::Overloaded { what, retry_after: Duration::from_millis(50) });
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(Failure::Unavailable { retry_after: Duration::from_secs(1) });
        }
        if waiting.commands >= self.lane_commands {
            return overloaded("the server's queue is full");
        }
        if waiting.bytes + entry.bytes > self.lane_bytes {
            return overloaded("the server's queue has reached its size limit");
        }
        let Waiting { tenants, free, commands, bytes, .. } = &mut *waiting;
        let name = entry.command.caller.tenant();
        let tenant = match tenants.get_mut(name) {
            Some(tenant) => tenant,
            None => {
                free.push_back(name.to_owned());
                tenants.entry(name.to_owned()).or_default()
            }
        };
        if tenant.entries.len() >= self.tenant_commands {
            return overloaded("the tenant's queue is full");
        }
        *commands += 1;
        *bytes += entry.bytes;
        tenant.entries.push_back(entry);
        drop(waiting);
        self.free.notify_one();
        Ok(())
    }

    pub fn depth(&self) -> usize {
        self.lock().commands
    }

    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Marks the start or the end of the runner's batch.
    pub fn working(&self, begins: bool) {
        *self.working.lock().unwrap_or_else(PoisonError::into_inner) = begins.then(Instant::now);
    }

    /// How long the runner's current batch has been running; `None` if there is none.
    pub fn at_work(&self) -> Option<Duration> {
        self.working.lock().unwrap_or_else(PoisonError::into_inner).map(|since| since.elapsed())
    }

    pub fn close(&self) {
        self.lock().closed = true;
        self.free.notify_one();
        self.stuck.notify_one();
    }

    /// Whether the queue is closed and empty, with no batch running.
    pub fn is_over(&self) -> bool {
        let waiting = self.lock();
        waiting.closed && waiting.tenants.is_empty()
    }

    /// Takes the next batch: one command of each tenant in turn, then another of each, until it is full.
    pub fn take_free(&self) -> Vec<Group> {
        let mut waiting = self.lock();
        let mut groups: Vec<Group> = Vec::new();
        let (mut count, mut bytes) = (0, 0);
        while count < self.batch_commands && bytes < self.batch_bytes {
            let Some(name) = waiting.free.pop_front() else { break };
            if let Some(entry) = waiting.take_one(&name, LaneThread::Runner) {
                count += 1;
                bytes += entry.bytes;
                groups.push(Group { tenant: name, entries: vec![entry] });
            }
        }
        let mut more = true;
        while more {
            more = false;
            for group in &mut groups {
                if count >= self.batch_commands || bytes >= self.batch_bytes {
                    more = false;
                    break;
                }
                if let Some(entry) = waiting.take_one(&group.tenant, LaneThread::Runner) {
                    count += 1;
                    bytes += entry.bytes;
                    group.entries.push(entry);
                    more = true;
                }
            }
        }
        groups
    }

    /// Takes one tenant whose head is held elsewhere, with its queued commands.
    pub fn take_stuck(&self) -> Vec<Group> {
        let mut waiting = self.lock();
        let Some(name) = waiting.stuck.pop_front() else { return Vec::new() };
        let mut group = Group { tenant: name, entries: Vec::new() };
        let mut bytes = 0;
        while group.entries.len() < self.batch_commands && bytes < self.batch_bytes {
            let Some(entry) = waiting.take_one(&group.tenant, LaneThread::Waiter) else { break };
            bytes += entry.bytes;
            group.entries.push(entry);
        }
        vec![group]
    }

    /// Releases the tenant after a batch; `back` was not decided and returns to the front of its queue.
    pub fn release(&self, tenant: &str, back: Vec<Entry>) {
        self.put_back(tenant, back, |tenant| {
            tenant.skips = 0;
            tenant.skipped_since = None;
            false
        });
    }

    /// Releases the tenant after a batch that skipped it, because its head was held elsewhere.
    pub fn skipped(&self, tenant: &str, back: Vec<Entry>) {
        self.put_back(tenant, back, |tenant| {
            let since = *tenant.skipped_since.get_or_insert_with(Instant::now);
            tenant.skips += 1;
            tenant.skips >= SKIPS || since.elapsed() >= SKIPPED_FOR
        });
    }

    /// Releases the tenants of a thread that panicked; the commands of its batch are lost.
    pub fn forget_taken(&self, thread: LaneThread) {
        let waiting = self.lock();
        let lost: Vec<String> =
            waiting.tenants.iter().filter(|(_, t)| t.taken == Some(thread)).map(|(name, _)| name.clone()).collect();
        drop(waiting);
        for name in lost {
            self.release(&name, Vec::new());
        }
    }

    fn put_back(&self, name: &str, back: Vec<Entry>, is_stuck: impl FnOnce(&mut Tenant) -> bool) {
        let mut waiting = self.lock();
        let Waiting { tenants, free, stuck, commands, bytes, closed } = &mut *waiting;
        let Some(tenant) = tenants.get_mut(name) else { return };
        for entry in back.into_iter().rev() {
            *commands += 1;
            *bytes += entry.bytes;
            tenant.entries.push_front(entry);
        }
        tenant.taken = None;
        let wait = is_stuck(tenant);
        if tenant.entries.is_empty() {
            tenants.remove(name);
        } else if wait {
            stuck.push_back(name.to_owned());
            self.stuck.notify_one();
        } else {
            free.push_back(name.to_owned());
            self.free.notify_one();
        }
        if *closed && tenants.is_empty() {
            self.free.notify_one();
            self.stuck.notify_one();
        }
    }
}

impl Waiting {
    fn take_one(&mut self, name: &str, thread: LaneThread) -> Option<Entry> {
        let tenant = self.tenants.get_mut(name)?;
        let entry = tenant.entries.pop_front()?;
        tenant.taken = Some(thread);
        self.commands -= 1;
        self.bytes -= entry.bytes;
        Some(entry)
    }
}
