//! Managed local PostgreSQL of `docket dev` and the tests. Layer 0: std, libc and the installed binaries only.
//!
//! Everything is in one folder, `<data_dir>/postgres`: `data` (the cluster), `socket`, `log`, `lock`. The server listens only on
//! the socket, so trust authentication is limited to the folder's owner.

mod account;
mod cluster;
mod find;
mod lock;
mod remains;
mod supervisor;

use std::io;
use std::path::{Path, PathBuf};

use cluster::Cluster;
use lock::Lock;
use supervisor::Supervisor;

/// Name of the cluster's superuser, and of the database in a new cluster.
pub const NAME: &str = "docket";

/// Settings of a managed server.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Docket's data folder, created if missing. PostgreSQL's files are in its subfolder `postgres/`.
    pub data_dir: PathBuf,
    /// Folder of `initdb` and `postgres`. If absent: `DOCKET_POSTGRES_BIN`, then PATH, then the usual folders.
    pub bin_dir: Option<PathBuf>,
}

/// A running PostgreSQL that belongs to this process: restarted if it dies, stopped on drop.
#[derive(Debug)]
pub struct Postgres {
    // The order matters: the server stops before the lock on its folder is released.
    supervisor: Supervisor,
    socket_dir: PathBuf,
    _lock: Lock,
}

impl Postgres {
    /// Creates the cluster if there is none, starts the server, and returns when it accepts connections.
    ///
    /// Blocks for seconds the first time, and for well under a second later. Call it outside the async runtime, or in
    /// `spawn_blocking`.
    pub fn start(settings: Settings) -> Result<Postgres, Error> {
        let base = cluster::base(&settings.data_dir)?;
        let lock = Lock::take(&base)?;
        let cluster = Cluster::open(base, settings.bin_dir.as_deref())?;
        let socket_dir = cluster.socket_dir().to_path_buf();
        let supervisor = Supervisor::start(cluster)?;
        Ok(Postgres { supervisor, socket_dir, _lock: lock })
    }

    /// Connection string (`key=value` pairs) for one of its databases, for tokio-postgres and psql.
    /// A new cluster has the databases `docket` and `postgres`.
    pub fn url(&self, database: &str) -> String {
        let database = database.replace('\\', r"\\").replace('\'', r"\'");
        format!("host={} port={} user={NAME} dbname='{database}'", self.socket_dir.display(), cluster::PORT)
    }

    /// Process id of the postmaster; absent while the server is being restarted.
    pub fn pid(&self) -> Option<i32> {
        self.supervisor.pid()
    }

    /// Disconnects all clients, writes a checkpoint and stops the server. Dropping does the same.
    pub fn stop(self) {
        drop(self);
    }
}

/// Connection string for a database of the server that runs in a data folder, whichever process started it. `None`: none runs, or
/// its files cannot be read.
pub fn running(data_dir: &Path, database: &str) -> Option<String> {
    let pid_file = data_dir.join("postgres").join("data").join("postmaster.pid");
    let text = std::fs::read_to_string(pid_file).ok()?;
    // Its lines: process, folder, start, port, socket folder, …
    let mut lines = text.lines().skip(3);
    let (port, socket_dir) = (lines.next()?.trim(), lines.next()?.trim());
    Some(format!("host={socket_dir} port={port} user={NAME} dbname='{database}'"))
}

/// Why PostgreSQL could not be started. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "no PostgreSQL (14 or later) found in {looked}: install it (Debian, Ubuntu: `apt-get install postgresql`; \
         macOS: `brew install postgresql@17`), or set DOCKET_DATABASE_URL to use a server of your own"
    )]
    NoBinaries { looked: String },
    #[error(
        "{data} was made by PostgreSQL {made_by}, but {bin} holds PostgreSQL {found}: install PostgreSQL {made_by}, set \
         DOCKET_POSTGRES_BIN to its bin folder, or use another data folder",
        data = .data.display(), bin = .bin.display()
    )]
    OtherVersion { data: PathBuf, made_by: u32, bin: PathBuf, found: u32 },
    #[error(
        "{folder} is already in use by another Docket{}: stop that one first, or use another data folder",
        .pid.map(|pid| format!(" (process {pid})")).unwrap_or_default(),
        folder = .folder.display()
    )]
    InUse { folder: PathBuf, pid: Option<u32> },
    #[error(
        "an earlier PostgreSQL (process {pid}) is still running on {data} and did not stop within {seconds} s: stop it first",
        data = .data.display()
    )]
    StillRunning { data: PathBuf, pid: i32, seconds: u64 },
    #[error(
        "the user {user} may not enter {folder}, on the way to {wanted}. PostgreSQL refuses to run as root, so Docket \
         runs it as {user}: use a data folder outside {folder}, run Docket as an ordinary user, or `chmod o+x {folder}`",
        folder = .folder.display(), wanted = .wanted.display()
    )]
    Closed { user: String, folder: PathBuf, wanted: PathBuf },
    #[error("PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody` to run it as")]
    NoAccount,
    #[error("creating a PostgreSQL cluster failed ({program}):\n{output}")]
    NoCluster { program: &'static str, output: String },
    #[error("PostgreSQL did not start ({why}); the end of {log}:\n{tail}", log = .log.display())]
    NotStarted { why: String, log: PathBuf, tail: String },
    #[error("{doing} {path}: {source}", path = .path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
}

/// Wraps an I/O error with the operation and the path.
fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_path_buf();
    move |source| Error::Io { doing, path, source }
}
