//! The door: the only code that writes. Commands queue by tenant in a lane, a lane decides and commits many at once.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::command::{Command, Refusal, Verdict};
use crate::model::activity::Committed;
use crate::telemetry::{Metrics, Trace};

mod batch;
mod connection;
mod crash;
mod group;
mod lane;
mod queue;
pub mod rules;
mod settings;
mod spans;

use group::Entry;
use queue::{LaneThread, Queue};
use rules::ActiveRules;
use settings::Settings;

#[derive(Clone, Debug)]
pub struct Config {
    /// Conninfo or URL of the database.
    pub database_url: String,
    /// How many lanes; 0 = one for each two processors, 2 at most.
    pub lanes: usize,
    /// Commands in one batch.
    pub batch_commands: usize,
    /// Bytes of messages in one batch.
    pub batch_bytes: usize,
    /// How long one batch may decide.
    pub decide_for: Duration,
    /// Commands that may wait in one tenant's queue.
    pub tenant_commands: usize,
    /// Commands and bytes that may wait in one lane.
    pub lane_commands: usize,
    pub lane_bytes: usize,
    /// How long commands wait for a database that is away before their callers are told.
    pub patience: Duration,
}

impl Config {
    pub fn new(database_url: String) -> Config {
        Config {
            database_url,
            lanes: 0,
            batch_commands: 256,
            batch_bytes: 4 << 20,
            decide_for: Duration::from_millis(20),
            tenant_commands: 256,
            lane_commands: 4096,
            lane_bytes: 64 << 20,
            patience: Duration::from_secs(20),
        }
    }

    /// How many there will be.
    pub fn lane_count(&self) -> usize {
        match self.lanes {
            0 => std::thread::available_parallelism().map_or(1, |n| n.get()).clamp(1, 2),
            lanes => lanes,
        }
    }
}

/// What a caller gets: the verdict, and the epoch of the log that its position belongs to.
#[derive(Clone, Debug)]
pub struct Answer {
    pub verdict: Verdict,
    pub epoch: i64,
}

/// Why a command has no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Refused(#[from] Box<Refusal>),
    #[error("too many writes are waiting ({what}); try again in {} ms", retry_after.as_millis())]
    Overloaded { what: &'static str, retry_after: Duration },
    #[error("the deadline passed while the write waited; nothing was written")]
    DeadlinePassed,
    /// Whether the write was made is not known, unless it says so: the same request_id finds out.
    #[error("the database cannot be reached; send the same request_id again to learn what became of the write")]
    Unavailable { retry_after: Duration },
    #[error("something broke while this write was decided or stored; it was not written. Incident {incident}")]
    Internal { incident: Uuid },
}

/// A handle to the lanes; clones share them.
#[derive(Clone)]
pub struct Journal {
    lanes: Arc<Vec<Arc<Queue>>>,
    rules: Arc<ActiveRules>,
}

/// The lanes' threads, to be joined at the end.
pub struct Lanes {
    journal: Journal,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Journal {
    /// Starts the lanes. What commits goes to `publish`; when that is full it is dropped there, for its readers can prove
    /// from the positions that something is missing.
    pub fn start(
        config: Config,
        metrics: Arc<Metrics>,
        publish: mpsc::Sender<Committed>,
    ) -> std::io::Result<(Journal, Lanes)> {
        let queues: Vec<Arc<Queue>> = (0..config.lane_count()).map(|_| Arc::new(Queue::new(&config))).collect();
        let rules = Arc::new(ActiveRules::default());
        let journal = Journal { lanes: Arc::new(queues), rules: rules.clone() };
        let settings = Arc::new(Settings::default());
        let mut threads = Vec::new();
        for (number, queue) in journal.lanes.iter().enumerate() {
            for thread in [LaneThread::Runner, LaneThread::Waiter] {
                let lane = lane::Lane {
                    thread,
                    queue: queue.clone(),
                    config: config.clone(),
                    rules: rules.clone(),
                    settings: settings.clone(),
                    metrics: metrics.clone(),
                    publish: publish.clone(),
                };
                threads.push(lane.spawn(number)?);
            }
        }
        Ok((journal.clone(), Lanes { journal, threads }))
    }

    /// Queues a command and waits for what becomes of it. `bytes` is the size of its message. Hanging up changes nothing:
    /// a queued command is decided all the same, unless its deadline passes first.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn submit(&self, command: Command, bytes: usize, deadline: Option<Clock>) -> Result<Answer, Failure> {
        self.submit_traced(command, bytes, deadline, None).await
    }

    /// The same, for a call that is traced: what its batch and its rules did is recorded below it.
    pub async fn submit_traced(
        &self,
        command: Command,
        bytes: usize,
        deadline: Option<Clock>,
        trace: Option<Trace>,
    ) -> Result<Answer, Failure> {
        let (reply, answer) = oneshot::channel();
        let lane = self.lane_of(command.caller.tenant());
        lane.push(Entry { command, bytes, deadline, queued_at: Clock::now(), trace, reply })?;
        answer.await.unwrap_or(Err(Failure::Unavailable { retry_after: Duration::from_millis(100) }))
    }

    /// What the lanes run.
    pub fn rules(&self) -> &ActiveRules {
        &self.rules
    }

    /// How many commands wait, over all lanes.
    pub fn depth(&self) -> usize {
        self.lanes.iter().map(|lane| lane.depth()).sum()
    }

    /// Why nothing may be written at the moment: a lane that ended, or one whose batch takes longer than `patience`.
    pub fn trouble(&self, patience: Duration) -> Option<String> {
        self.lanes.iter().enumerate().find_map(|(number, lane)| match lane.at_work() {
            _ if lane.is_closed() => Some(format!("lane {number} has ended")),
            Some(length) if length > patience => {
                Some(format!("a batch of lane {number} has been in flight for {} s", length.as_secs()))
            }
            _ => None,
        })
    }

    fn lane_of(&self, tenant: &str) -> &Queue {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(tenant);
        &self.lanes[(hash % self.lanes.len() as u64) as usize]
    }
}

impl Lanes {
    /// Takes no more commands, lets the lanes answer those that wait, and ends them. Blocks.
    pub fn drain(self) {
        for lane in self.journal.lanes.iter() {
            lane.close();
        }
        for thread in self.threads {
            // A lane that died was restarted inside its thread; a thread that died has nothing left to say.
            let _ = thread.join();
        }
    }
}
