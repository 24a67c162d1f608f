//! `make bench`: compares Docket, over gRPC, with an honest naive service in pgbench, on one PostgreSQL, in one run.
//!
//! The naive service executes one transaction per ticket (bench/sql). Both sides have the same tables, rows, sizes and tenants, and
//! alternate in short legs; ratios are taken within each round. See bench/README.md.

mod check;
mod cpu;
mod database;
mod drive;
mod fanout;
mod goals;
mod leg;
mod lists;
mod noisy;
mod once;
mod pgbench;
mod plan;
mod promises;
mod random;
mod report;
mod rules;
mod server;
mod settings;
mod stage;
mod stream;
mod tap;
mod tenants;
mod wire;

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs, process};

use check::{Written, compare, counts};
use docket::postgres::Postgres;
use once::Once;
use plan::{Round, Side};
use report::Report;
use rules::Ruled;
use settings::Settings;
use stage::Stage;
use stream::Memory;

pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    // `cargo test --all-targets` also runs benches, without this argument.
    if !env::args().any(|argument| argument == "--bench") {
        println!("run `make bench`");
        return ExitCode::SUCCESS;
    }
    match prepare() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Creates the folder and the PostgreSQL of the run, and removes both in any case.
fn prepare() -> Outcome<()> {
    let settings = Settings::read()?;
    let dir = settings.dir.join(format!("docket-bench-{}", process::id()));
    fs::create_dir_all(&dir)?;
    let done = database::start(&dir).and_then(|postgres| {
        // One thread, because the load generator shares the machine with what it measures.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let done = runtime.block_on(run(&settings, &dir, &postgres));
        drop(runtime);
        postgres.stop();
        done
    });
    let removed = fs::remove_dir_all(&dir);
    done?;
    Ok(removed?)
}

async fn run(settings: &Settings, dir: &Path, postgres: &Postgres) -> Outcome<()> {
    let stage = Stage::set(settings, dir, postgres).await?;
    let done = measure(&stage, postgres).await;
    if done.is_err() {
        eprintln!("end of docket's output:\n{}", stage.server.last_words());
    }
    done
}

async fn measure(stage: &Stage<'_>, postgres: &Postgres) -> Outcome<()> {
    let settings = stage.settings;
    let ruled = match settings.wants("rules") {
        true => Some(Ruled::set(stage, postgres).await?),
        false => None,
    };
    let mut rounds = Vec::new();
    for number in 0..settings.rounds {
        let mut round = one_round(stage, number).await?;
        if let Some(ruled) = &ruled {
            round.extend(ruled.round(stage, number).await?);
        }
        if !round.is_empty() {
            rounds.push(round);
        }
    }
    let once = Once::measure(stage, ruled.as_ref()).await?;
    let hot = |side| rounds.iter().any(|round: &Round| round.keys().any(|name| name.starts_with(side)));
    let row_bytes = match hot("create.hot.pgbench") && hot("create.hot.docket") {
        true => Some(check::row_bytes(stage).await?),
        false => None,
    };
    let lines = goals::lines(&rounds, &once);
    let facts = database::facts(&stage.docket).await?;
    let report = Report { settings, facts, rounds: &rounds, once, row_bytes, lines };
    report.print();
    report.write()
}

/// Runs the memory leg; its rows are verified as in a round.
async fn weigh(stage: &Stage<'_>) -> Outcome<Memory> {
    let (_, before) = counts(stage).await?;
    let (memory, leg) = stream::memory(stage).await?;
    let (_, after) = counts(stage).await?;
    compare("docket", &before, &after, Written { creates: leg.all, ..Written::default() })?;
    Ok(memory)
}

/// Runs all legs once, then verifies the rows of every table on both sides.
async fn one_round(stage: &Stage<'_>, number: usize) -> Outcome<Round> {
    let (naive_before, docket_before) = counts(stage).await?;
    let mut round = Round::new();
    for step in plan::steps(stage.settings, number) {
        let name = step.to_string();
        let leg = stage.run(step).await.map_err(|error| format!("{name}: {error}"))?;
        eprintln!("round {} {name:<26} {:>7.0}/s p99 {:>7.2} ms", number + 1, leg.rate(), leg.p99);
        round.insert(name, leg);
    }
    let (naive_after, docket_after) = counts(stage).await?;
    compare("pgbench", &naive_before, &naive_after, Written::of(&round, Side::Naive))?;
    compare("docket", &docket_before, &docket_after, Written::of(&round, Side::Docket))?;
    Ok(round)
}
