//! Commands on folders of rules: check, test, and backtest.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::process::Command;

use super::{RULES, Ruled, sets};
use crate::Outcome;
use crate::cpu::resident_kib;
use crate::stage::Stage;

/// Rules that are asked about the past.
const ASKED: usize = 100;
const SAMPLE: Duration = Duration::from_millis(100);

/// Times in seconds, of whole processes.
pub struct Tools {
    /// `docket workflow check` of a thousand files.
    pub check: f64,
    /// `docket workflow test` of a thousand cases.
    pub test: f64,
    /// `docket workflow backtest` of a hundred rules.
    pub backtest: f64,
    /// Activities that it looked at.
    pub activities: i64,
    /// What the server's resident memory grew by meanwhile, in MiB.
    pub growth: f64,
}

impl Tools {
    pub fn json(&self) -> Value {
        let Tools { check, test, backtest, activities, growth } = self;
        json!({"check_seconds": check, "test_seconds": test, "backtest_seconds": backtest,
               "backtest_activities": activities, "backtest_growth_mib": growth})
    }

    /// Seconds for a hundred thousand activities.
    pub fn backtest_each(&self) -> f64 {
        self.backtest * 100_000.0 / self.activities as f64
    }
}

/// Backtests over the log of the tenant whose timers were measured.
pub async fn tools(stage: &Stage<'_>, ruled: &Ruled) -> Outcome<Tools> {
    let folder = |name: &str| ruled.dir.join(name);
    let check = run(workflow("check", &folder("quiet"))).await?;
    sets::tested(&folder("tested"), RULES)?;
    let test = run(workflow("test", &folder("tested"))).await?;

    sets::many(&folder("asked"), ASKED, "tag: {add: [rule-{}]}")?;
    let server = ruled.server("none").await?;
    let tenant = &stage.tenants.due;
    let sql = "SELECT position FROM tenant_head WHERE tenant_id = $1";
    let activities = ruled.client.query_one(sql, &[&tenant.name]).await?.get(0);
    let before = resident_kib(server.pid())?;
    let mut command = workflow("backtest", &folder("asked"));
    command.args(["--since", "start", "--address", server.address()]);
    command.env("DOCKET_TOKEN", tenant.token.to_str()?.trim_start_matches("Bearer "));
    let (mut highest, mut asking) = (before, std::pin::pin!(run(command)));
    let backtest = loop {
        match tokio::time::timeout(SAMPLE, &mut asking).await {
            Ok(done) => break done?,
            Err(_) => highest = highest.max(resident_kib(server.pid())?),
        }
    };
    server.stop().await?;
    Ok(Tools { check, test, backtest, activities, growth: (highest - before) as f64 / 1024.0 })
}

fn workflow(what: &str, dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_docket"));
    command.args(["workflow", what]).arg(dir).env("DOCKET_PROFILES", "/dev/null");
    command
}

/// Runs it to its end; returns the seconds that it took.
async fn run(mut command: Command) -> Outcome<f64> {
    let begun = Instant::now();
    let done = command.output().await?;
    let took = begun.elapsed().as_secs_f64();
    match done.status.success() {
        true => Ok(took),
        false => Err(format!("{command:?}: {}\n{}", done.status, String::from_utf8_lossy(&done.stderr)).into()),
    }
}
