//! The write path: the only code that changes tickets and appends to the log. A lane queues commands per tenant, and
//! executes and commits them in batches.

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
    /// Connection string or URL of the database.
    pub database_url: String,
    /// Number of lanes; 0 = one per processor, at most 2.
    pub lanes: usize,
    /// Maximum number of commands in a batch.
    pub batch_commands: usize,
    /// Maximum size of the requests in a batch, in bytes.
    pub batch_bytes: usize,
    /// Time budget for executing a batch; the commands that remain wait for the next one.
    pub decide_for: Duration,
    /// Maximum number of queued commands per tenant.
    pub tenant_commands: usize,
    /// Maximum number and size of queued commands per lane.
    pub lane_commands: usize,
    pub lane_bytes: usize,
    /// How long commands wait for an unreachable database before they fail.
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

    /// Number of lanes to start.
    pub fn lane_count(&self) -> usize {
        match self.lanes {
            0 => std::thread::available_parallelism().map_or(1, |n| n.get()).clamp(1, 2),
            lanes => lanes,
        }
    }
}

/// Result of a command: the verdict, and the epoch of the log that its position belongs to.
#[derive(Clone, Debug)]
pub struct Answer {
    pub verdict: Verdict,
    pub epoch: i64,
}

/// Why a command failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Refused(#[from] Box<Refusal>),
    #[error("too many writes are queued ({what}); try again in {} ms", retry_after.as_millis())]
    Overloaded { what: &'static str, retry_after: Duration },
    #[error("the deadline expired while the write was queued; nothing was written")]
    DeadlinePassed,
    /// The write may have been committed. Sending the same request_id again tells.
    #[error("the database is unreachable and the outcome of the write is unknown; retry with the same request_id")]
    Unavailable { retry_after: Duration },
    #[error("internal error; the write was not committed. Incident {incident}")]
    Internal { incident: Uuid },
}

/// A handle to the lanes; clones share them.
#[derive(Clone)]
pub struct Journal {
    lanes: Arc<Vec<Arc<Queue>>>,
    rules: Arc<ActiveRules>,
}

/// Threads of the lanes, joined at shutdown.
pub struct Lanes {
    journal: Journal,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Journal {
    /// Starts the lanes. Committed activities are sent to `publish`, and dropped if it is full: its readers detect the gap by the
    /// positions.
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

    /// Queues a command and waits for its result. `bytes` is the size of its request. Cancelling has no effect: a queued command
    /// is executed, unless its deadline expires first.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn submit(&self, command: Command, bytes: usize, deadline: Option<Clock>) -> Result<Answer, Failure> {
        self.submit_traced(command, bytes, deadline, None).await
    }

    /// Like `submit`, for a traced call: spans of its batch and its rules are recorded below it.
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

    /// The rules that the lanes run.
    pub fn rules(&self) -> &ActiveRules {
        &self.rules
    }

    /// Number of queued commands in all lanes.
    pub fn depth(&self) -> usize {
        self.lanes.iter().map(|lane| lane.depth()).sum()
    }

    /// Why writes are blocked, if they are: a lane has ended, or its current batch takes longer than `patience`.
    pub fn trouble(&self, patience: Duration) -> Option<String> {
        self.lanes.iter().enumerate().find_map(|(number, lane)| match lane.at_work() {
            _ if lane.is_closed() => Some(format!("lane {number} has ended")),
            Some(length) if length > patience => {
                Some(format!("a batch of lane {number} has been running for {} s", length.as_secs()))
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
    /// Rejects new commands, executes those that are queued, and stops the lanes. Blocks.
    pub fn drain(self) {
        for lane in self.journal.lanes.iter() {
            lane.close();
        }
        for thread in self.threads {
            // A lane that panics is restarted within its thread; a thread that panicked has nothing to report.
            let _ = thread.join();
        }
    }
}
