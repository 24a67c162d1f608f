//! Cleanup after an earlier server: its pid file, and processes that are still running.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::{Error, io_error};

/// How long an earlier server may take to stop.
const LIMIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);

/// The relevant parts of `postmaster.pid`.
pub(super) struct PidFile {
    pub(super) pid: i32,
    pub(super) ready: bool,
}

impl PidFile {
    pub(super) fn read(data: &Path) -> Option<PidFile> {
        let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok()?;
        Some(PidFile { pid, ready: lines.nth(6).is_some_and(|status| status.trim() == "ready") })
    }
}

/// Stops an orphaned postmaster, waits until all processes of the earlier server have ended, and removes its pid file. The caller
/// holds the lock, so no other Docket owns that postmaster. Backends of a killed postmaster end by themselves, but a new
/// postmaster refuses to start while they use the shared memory. Returns early once `stopping`.
pub(super) fn wait_until_gone(data: &Path, stopping: impl Fn() -> bool) -> Result<(), Error> {
    let end = Instant::now() + LIMIT;
    let mut asked = None;
    while let Some(&left) = servers(data).first() {
        if stopping() {
            return Ok(());
        }
        if Instant::now() > end {
            return Err(Error::StillRunning { data: data.to_path_buf(), pid: left, seconds: LIMIT.as_secs() });
        }
        if let Some(PidFile { pid, .. }) = PidFile::read(data)
            && asked != Some(pid)
            && servers(data).contains(&pid)
        {
            tracing::info!(pid, "An earlier PostgreSQL is still running on this data folder; stopping it");
            // SAFETY: kill has no memory effects; the process was just seen to run on this data folder.
            unsafe { libc::kill(pid, libc::SIGINT) };
            asked = Some(pid);
        }
        std::thread::sleep(POLL);
    }
    remove_stale_pid_file(data)
}

/// Removes a stale pid file: PostgreSQL refuses to start while a process with that id exists, even if it is another program.
fn remove_stale_pid_file(data: &Path) -> Result<(), Error> {
    let path = data.join("postmaster.pid");
    match fs::remove_file(&path) {
        Ok(()) => {
            tracing::info!("Removed the pid file of a PostgreSQL that was not shut down cleanly");
            Ok(())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io_error("removing", &path)(error)),
    }
}

/// Processes of any server on this cluster, which all have the data folder as working directory.
#[cfg(target_os = "linux")]
fn servers(data: &Path) -> Vec<i32> {
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    processes
        .filter_map(|process| {
            let process = process.ok()?;
            let pid = process.file_name().to_str()?.parse().ok()?;
            let is_server = fs::read_to_string(process.path().join("comm")).ok()?.starts_with("postgres");
            (is_server && fs::read_link(process.path().join("cwd")).ok()? == data).then_some(pid)
        })
        .collect()
}

/// The postmaster of this cluster, identified by its command line. Its backends cannot be identified that way, but end with it.
#[cfg(not(target_os = "linux"))]
fn servers(data: &Path) -> Vec<i32> {
    let Ok(listed) = std::process::Command::new("ps").args(["-axo", "pid=,command="]).output() else {
        return Vec::new();
    };
    let mark = format!("postgres -D {} ", data.display());
    String::from_utf8_lossy(&listed.stdout)
        .lines()
        .filter(|line| line.contains(&mark))
        .filter_map(|line| line.split_whitespace().next()?.parse().ok())
        .collect()
}
