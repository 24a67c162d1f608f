//! Settings of a run, from environment variables.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use crate::Outcome;

pub struct Settings {
    /// Length of the measured part of a leg (`BENCH_SECONDS`).
    pub length: Duration,
    /// Length of the warm-up of a leg, which is not measured (`BENCH_WARM_SECONDS`).
    pub warm: Duration,
    /// `BENCH_ROUNDS`.
    pub rounds: usize,
    /// Prefixes of the names of the legs to run, comma-separated (`BENCH_ONLY`); empty = all.
    pub only: Vec<String>,
    pub tenants: u64,
    /// Seeded tickets per tenant, to read and update.
    pub tickets: u64,
    pub short_list: u64,
    /// `BENCH_LONG_LIST`.
    pub long_list: u64,
    pub idle_streams: usize,
    /// Subscribers of one tenant (`BENCH_SUBSCRIBERS`), and events per second (`BENCH_FAN_RATE`).
    pub subscribers: usize,
    pub fan_rate: f64,
    /// Activities in the long log (`BENCH_PAST`).
    pub past: i64,
    /// Number of clocks that are due, and that an edit moves (`BENCH_CLOCKS`), and the time within which they are due.
    pub clocks: i64,
    pub clocks_within: Duration,
    /// Tickets created one by one to measure stream latency.
    pub probes: usize,
    /// Parent of the folder for PostgreSQL's files, on a real disk (`BENCH_DIR`); the run creates and removes a subfolder.
    pub dir: PathBuf,
    /// Path of the JSON output (`BENCH_JSON`).
    pub json: PathBuf,
    /// Path of pgbench (`BENCH_PGBENCH`).
    pub pgbench: String,
    pub quick: bool,
}

impl Settings {
    /// `BENCH_QUICK=1` selects the defaults of a smoke test, whose figures mean little.
    pub fn read() -> Outcome<Settings> {
        let quick = number("BENCH_QUICK", 0.0)? != 0.0;
        let pick = |full: f64, smoke: f64| if quick { smoke } else { full };
        let seconds = number("BENCH_SECONDS", pick(5.0, 1.0))?;
        let warm = number("BENCH_WARM_SECONDS", pick(1.0, 0.5))?;
        if seconds < 0.5 || warm < 0.1 {
            return Err("BENCH_SECONDS must be at least 0.5, BENCH_WARM_SECONDS at least 0.1".into());
        }
        let only = env::var("BENCH_ONLY").unwrap_or_default();
        Ok(Settings {
            length: Duration::from_secs_f64(seconds),
            warm: Duration::from_secs_f64(warm),
            rounds: number("BENCH_ROUNDS", pick(5.0, 1.0))?.max(1.0) as usize,
            only: only.split(',').map(str::trim).filter(|word| !word.is_empty()).map(String::from).collect(),
            tenants: 1000,
            tickets: pick(100.0, 20.0) as u64,
            short_list: 10_000,
            long_list: number("BENCH_LONG_LIST", pick(1_000_000.0, 50_000.0))?.max(100.0) as u64,
            idle_streams: 1000,
            subscribers: number("BENCH_SUBSCRIBERS", pick(1_000.0, 200.0))? as usize,
            fan_rate: number("BENCH_FAN_RATE", pick(1_000.0, 200.0))?.max(1.0),
            past: number("BENCH_PAST", pick(500_000.0, 100_000.0))?.max(1.0) as i64,
            clocks: number("BENCH_CLOCKS", pick(100_000.0, 5_000.0))?.max(100.0) as i64 / 100 * 100,
            clocks_within: Duration::from_secs_f64(pick(60.0, 5.0)),
            probes: pick(500.0, 100.0) as usize,
            dir: env::var_os("BENCH_DIR").map_or_else(env::temp_dir, PathBuf::from),
            json: env::var_os("BENCH_JSON").map_or_else(|| PathBuf::from("target/bench.json"), PathBuf::from),
            pgbench: env::var("BENCH_PGBENCH").unwrap_or_else(|_| "pgbench".to_string()),
            quick,
        })
    }

    pub fn wants(&self, leg: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|word| leg.starts_with(word.as_str()))
    }
}

fn number(name: &str, default: f64) -> Outcome<f64> {
    match env::var(name) {
        Ok(text) => text.trim().parse().map_err(|_| format!("{name} must be a number, not {text:?}").into()),
        Err(_) => Ok(default),
    }
}
