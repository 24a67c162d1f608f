//! CPU time and memory of processes, from /proc.

use std::fs;

use crate::Outcome;

/// Processes whose CPU time is measured.
#[derive(Clone, Default)]
pub struct Watched {
    pub postmaster: u32,
    pub servers: Vec<u32>,
    /// The load generator: this process or pgbench.
    pub client: u32,
}

/// CPU time so far, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    pub postgres: f64,
    pub server: f64,
    pub client: f64,
}

impl Spent {
    pub fn since(self, before: Spent) -> Spent {
        Spent {
            postgres: self.postgres - before.postgres,
            server: self.server - before.server,
            client: self.client - before.client,
        }
    }
}

impl Watched {
    /// PostgreSQL's time is that of the postmaster, its live children and those that it has reaped, so each backend counts once.
    pub fn read(&self) -> Outcome<Spent> {
        let postmaster = stat(self.postmaster)?;
        let mut ticks = postmaster.own + postmaster.buried;
        for entry in fs::read_dir("/proc")? {
            let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            // A process that ended meanwhile is among the reaped ones at the next reading.
            if let Ok(found) = stat(pid)
                && found.parent == self.postmaster
            {
                ticks += found.own + found.buried;
            }
        }
        let mut server = 0;
        for pid in &self.servers {
            server += stat(*pid)?.own;
        }
        // pgbench may have ended.
        let client = stat(self.client).map_or(0, |found| found.own);
        Ok(Spent { postgres: seconds(ticks), server: seconds(server), client: seconds(client) })
    }
}

/// Resident memory of a process, in KiB.
pub fn resident_kib(pid: u32) -> Outcome<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}

struct Stat {
    parent: u32,
    /// utime and stime, in ticks.
    own: u64,
    /// The same for children that were waited for.
    buried: u64,
}

fn stat(pid: u32) -> Outcome<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name, in parentheses, may contain anything; it is followed by the third field.
    let (_, rest) = text.rsplit_once(") ").ok_or("/proc stat without a name")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let field = |number: usize| -> Outcome<u64> { Ok(fields.get(number - 3).ok_or("/proc stat is short")?.parse()?) };
    Ok(Stat { parent: u32::try_from(field(4)?)?, own: field(14)? + field(15)?, buried: field(16)? + field(17)? })
}

fn seconds(ticks: u64) -> f64 {
    // SAFETY: sysconf has no memory effects; it returns -1 if the value is unknown.
    let per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    ticks as f64 / per_second.max(1) as f64
}
