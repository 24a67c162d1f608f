//! The naive side: pgbench on its own database, measured by pgbench's per-transaction log.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::process::Command;

use crate::Outcome;
use crate::cpu::Watched;
use crate::leg::{Leg, Window};

pub struct Pgbench<'a> {
    /// Path of the program.
    pub program: &'a str,
    /// Connection string of the naive database, for libpq.
    pub database: &'a str,
    /// Folder for the logs; empty before and after.
    pub logs: &'a Path,
    pub postmaster: u32,
    /// Transactions per second at most.
    pub rate: Option<f64>,
}

/// Threads of pgbench, which shares the machine just as the load generator does.
const THREADS: usize = 2;
/// Time for connecting, before the warm-up.
pub const CONNECTING: Duration = Duration::from_millis(500);

impl Pgbench<'_> {
    /// Runs a script with this many clients, with prepared statements and without vacuum.
    pub async fn run(
        &self,
        script: &Path,
        variables: &[(&str, String)],
        clients: usize,
        window: Window,
    ) -> Outcome<Leg> {
        // pgbench counts from when all clients are connected; the window may start slightly later.
        let seconds = (window.warm + window.length).as_secs_f64().ceil() + 1.0;
        let mut command = Command::new(self.program);
        command.args(["-n", "-M", "prepared", "-l", "-T"]).arg(format!("{seconds:.0}"));
        command.args(["-c", &clients.to_string(), "-j", &clients.min(THREADS).to_string()]);
        command.arg("--log-prefix").arg(self.logs.join("leg"));
        for (name, value) in variables {
            command.arg("-D").arg(format!("{name}={value}"));
        }
        if let Some(rate) = self.rate {
            command.args(["-R", &format!("{rate:.0}")]);
        }
        command.arg("-f").arg(script).arg(self.database);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);

        let child = command.spawn().map_err(|error| format!("{}: {error} (see BENCH_PGBENCH)", self.program))?;
        let watched =
            Watched { postmaster: self.postmaster, servers: Vec::new(), client: child.id().unwrap_or_default() };
        let measure = async {
            tokio::time::sleep(CONNECTING + window.warm).await;
            let (from, before) = (since_epoch()?, watched.read()?);
            tokio::time::sleep(window.length).await;
            Outcome::Ok((from, since_epoch()?, watched.read()?.since(before)))
        };
        let end = async { Outcome::Ok(child.wait_with_output().await?) };
        let (done, (from, to, spent)) = futures_util::future::try_join(end, measure).await?;
        let said = String::from_utf8_lossy(&done.stdout);
        if !done.status.success() {
            let errors = String::from_utf8_lossy(&done.stderr);
            let errors: Vec<&str> = errors.lines().take(5).collect();
            return Err(format!("pgbench {} failed: {}", script.display(), errors.join("\n")).into());
        }
        let (all, latencies) = read_logs(self.logs, from, to)?;
        let claimed = claimed(&said)?;
        if claimed != all {
            return Err(format!("pgbench reports {claimed} transactions but logged {all}").into());
        }
        Ok(Leg::new(all, latencies, (to - from).as_secs_f64(), spent))
    }
}

/// Number of all transactions, and the latencies in microseconds of those that ended within the window. Removes the logs.
fn read_logs(dir: &Path, from: Duration, to: Duration) -> Outcome<(u64, Vec<u32>)> {
    let (mut all, mut latencies) = (0, Vec::new());
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        for line in fs::read_to_string(&path)?.lines() {
            // client, transaction, microseconds, script, then the instant of its end: seconds, microseconds
            let mut fields = line.split(' ').skip(2);
            let took: u32 = fields.next().ok_or("a short line in pgbench's log")?.parse()?;
            let seconds: u64 = fields.nth(1).ok_or("a short line in pgbench's log")?.parse()?;
            let micros: u64 = fields.next().ok_or("a short line in pgbench's log")?.parse()?;
            let end = Duration::from_secs(seconds) + Duration::from_micros(micros);
            all += 1;
            if end >= from && end < to {
                latencies.push(took);
            }
        }
        fs::remove_file(path)?;
    }
    Ok((all, latencies))
}

fn claimed(said: &str) -> Outcome<u64> {
    let line = said.lines().find_map(|line| line.strip_prefix("number of transactions actually processed: "));
    let number =
        line.and_then(|rest| rest.split('/').next()).ok_or("pgbench does not report its number of transactions")?;
    Ok(number.trim().parse()?)
}

fn since_epoch() -> Outcome<Duration> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?)
}
