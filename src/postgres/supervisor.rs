//! Supervisor thread of the server process: starts it, restarts it if it dies, and stops it.

use std::process::Child;
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::cluster::Cluster;
use super::remains::{PidFile, wait_until_gone};
use super::{Error, io_error};

/// Timeout of a start, including crash recovery.
const START: Duration = Duration::from_secs(120);
/// Timeout of a clean stop. After it, the server is stopped immediately, and recovers at its next start.
const STOP: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Supervisor {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// `pid` is a process that has not been reaped, so a signal sent under the mutex cannot reach another process.
#[derive(Debug, Default)]
struct State {
    stopping: bool,
    pid: Option<i32>,
}

impl Supervisor {
    /// Returns when the server accepts connections, or with an error.
    pub(super) fn start(cluster: Cluster) -> Result<Supervisor, Error> {
        let shared = Arc::new(Shared::default());
        let (tell, told) = mpsc::sync_channel(1);
        let data = cluster.data().to_path_buf();
        let run = {
            let shared = Arc::clone(&shared);
            move || supervise(&cluster, &shared, &tell)
        };
        let thread = thread::Builder::new()
            .name("postgres".to_string())
            .spawn(run)
            .map_err(io_error("starting a thread for", &data))?;
        let supervisor = Supervisor { shared, thread: Some(thread) };
        match told.recv() {
            Ok(started) => started.map(|()| supervisor),
            Err(ended) => Err(io_error("starting", &data)(std::io::Error::other(ended))),
        }
    }

    pub(super) fn pid(&self) -> Option<i32> {
        self.shared.lock().pid
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.stopping = true;
        self.shared.changed.notify_all();
        state.signal(libc::SIGINT);
        let waited = self.shared.changed.wait_timeout_while(state, STOP, |state| state.pid.is_some());
        let (state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        if timeout.timed_out() {
            tracing::warn!("PostgreSQL did not stop within {} s; stopping it immediately", STOP.as_secs());
            state.signal(libc::SIGQUIT);
        }
        drop(state);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("The supervisor thread of PostgreSQL panicked");
        }
    }
}

impl State {
    fn signal(&self, signal: libc::c_int) {
        if let Some(pid) = self.pid {
            // SAFETY: kill has no memory effects, and the process is a child that nobody has reaped yet.
            unsafe { libc::kill(pid, signal) };
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stopping(&self) -> bool {
        self.lock().stopping
    }

    /// Waits, but returns early on stop.
    fn pause(&self, length: Duration) {
        let waited = self.changed.wait_timeout_while(self.lock(), length, |state| !state.stopping);
        drop(waited);
    }

    /// Waits until a server ends, and reaps it.
    fn wait(&self, mut child: Child) -> String {
        while !ended(&child, 0) {}
        let mut state = self.lock();
        state.pid = None;
        self.changed.notify_all();
        child.wait().map_or_else(|error| error.to_string(), |status| status.to_string())
    }
}

fn supervise(cluster: &Cluster, shared: &Shared, first: &SyncSender<Result<(), Error>>) {
    let mut child = match start(cluster, shared) {
        Ok(child) => child,
        Err(error) => return first.send(Err(error)).unwrap_or_default(),
    };
    // The receiver waits in `Supervisor::start`; were it gone, dropping the supervisor would have set `stopping`.
    first.send(Ok(())).unwrap_or_default();
    let mut pause = SHORTEST_PAUSE;
    loop {
        let since = Instant::now();
        let status = shared.wait(child);
        if shared.stopping() {
            return;
        }
        tracing::warn!("PostgreSQL exited unexpectedly ({status}); restarting it");
        if since.elapsed() > LONGEST_PAUSE {
            pause = SHORTEST_PAUSE;
        }
        child = loop {
            shared.pause(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
            match start(cluster, shared) {
                Ok(child) => break child,
                Err(_) if shared.stopping() => return,
                Err(error) => tracing::error!("PostgreSQL could not be restarted and will be retried: {error}"),
            }
        };
        tracing::info!("PostgreSQL accepts connections again");
    }
}

/// One start attempt, until the server accepts connections.
fn start(cluster: &Cluster, shared: &Shared) -> Result<Child, Error> {
    wait_until_gone(cluster.data(), || shared.stopping())?;
    let child = {
        let mut state = shared.lock();
        if state.stopping {
            return Err(cluster.not_started("Docket is stopping".to_string()));
        }
        let child = cluster.spawn()?;
        state.pid = Some(child.id().cast_signed());
        child
    };
    let end = Instant::now() + START;
    loop {
        if ended(&child, libc::WNOHANG) {
            let status = shared.wait(child);
            return Err(cluster.not_started(status));
        }
        if PidFile::read(cluster.data()).is_some_and(|file| file.ready && file.pid == child.id().cast_signed()) {
            return Ok(child);
        }
        if Instant::now() > end {
            shared.lock().signal(libc::SIGQUIT);
            shared.wait(child);
            return Err(cluster.not_started(format!("not ready after {} s", START.as_secs())));
        }
        thread::sleep(POLL);
    }
}

/// Whether a server has ended; waits for that without WNOHANG. The process is left to be reaped under the mutex.
fn ended(child: &Child, flags: libc::c_int) -> bool {
    // SAFETY: siginfo_t is plain data for which zero is valid, and it outlives the call.
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let asked = libc::waitid(libc::P_PID, child.id(), &mut info, libc::WEXITED | libc::WNOWAIT | flags);
        if asked != 0 {
            return std::io::Error::last_os_error().kind() != std::io::ErrorKind::Interrupted;
        }
        // With WNOHANG, a running process leaves the signal number at zero.
        info.si_signo != 0
    }
}
