//! The peer of one effect for each ticket: the naive service adds a job to graphile-worker in its transaction, and a worker carries it
//! out. Needs npm, and is left out without it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use futures_util::future::try_join;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::{sleep, timeout};

use super::IN_FLIGHT;
use crate::Outcome;
use crate::cpu::{Spent, Watched};
use crate::leg::Leg;
use crate::pgbench::CONNECTING;
use crate::plan::{Round, Side, Step, Work};
use crate::server::START;
use crate::stage::Stage;

/// Clients that create tickets: with as many jobs at work, 64 are in flight.
const CLIENTS: usize = 32;
/// Numbers of jobs at work that are tried, and how often a rate is tried at which the worker keeps up.
const JOBS: [usize; 2] = [8, 32];
const STEPS: usize = 3;
/// Where jobs are carried out at this part of the rate at which they are added, the worker keeps up.
const KEEPS_UP: f64 = 0.97;

pub struct Peer {
    /// Of the installed packages.
    folder: PathBuf,
    script: PathBuf,
    /// The best way to run each load, once it has been found.
    best: RefCell<HashMap<&'static str, Way>>,
}

#[derive(Clone, Copy)]
struct Way {
    jobs: usize,
    /// Tickets per second; `None`: as many as the clients can create.
    rate: Option<f64>,
}

impl Peer {
    /// Installs the packages; `None` if that is not possible here.
    pub async fn set(stage: &Stage<'_>) -> Outcome<Option<Peer>> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peer");
        fs::create_dir_all(&folder)?;
        for file in ["package.json", "worker.mjs"] {
            fs::copy(Path::new("bench/peer").join(file), folder.join(file))?;
        }
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel", "error"])
            .current_dir(&folder);
        match npm.stdin(Stdio::null()).stdout(Stdio::null()).status().await {
            Ok(status) if status.success() => {}
            Ok(status) => return left_out(&format!("npm install: {status}")),
            Err(error) => return left_out(&format!("npm: {error}")),
        }
        let create = fs::read_to_string("bench/sql/create.sql")?;
        let job = "SELECT graphile_worker.add_job('tag', json_build_object('tenant', (:prefix || :i)::text, 'id', :id::text));\nCOMMIT;";
        if create.matches("COMMIT;").count() != 1 {
            return Err("bench/sql/create.sql does not end with its only COMMIT".into());
        }
        let script = stage.dir.join("effect.sql");
        fs::write(&script, create.replace("COMMIT;", job))?;
        Ok(Some(Peer { folder, script, best: RefCell::default() }))
    }

    pub async fn round(&self, stage: &Stage<'_>) -> Outcome<Round> {
        let mut round = Round::new();
        for (name, work) in [("spread", Work::Spread), ("hot", Work::Hot)] {
            let step = Step { work, side: Side::Naive, in_flight: CLIENTS };
            let known = self.best.borrow().get(name).copied();
            let (leg, way) = match known {
                Some(way) => (self.trial(stage, step, way).await?.done, way),
                None => self.find(stage, step).await?,
            };
            self.best.borrow_mut().insert(name, way);
            round.insert(format!("rules.{name}.graphile.{IN_FLIGHT}"), leg);
        }
        Ok(round)
    }

    /// The best of all ways: where tickets are created faster than jobs are carried out, the processors do work that no effect
    /// follows within the leg, so lower rates are tried, too.
    async fn find(&self, stage: &Stage<'_>, step: Step) -> Outcome<(Leg, Way)> {
        let mut found: Vec<(Leg, Way)> = Vec::new();
        for jobs in JOBS {
            let way = Way { jobs, rate: None };
            let Trial { created, done } = self.trial(stage, step, way).await?;
            let (mut low, mut high) = (done.rate(), created.rate());
            found.push((done, way));
            for _ in 0..STEPS {
                if low >= high * KEEPS_UP {
                    break;
                }
                let rate = (low + high) / 2.0;
                let way = Way { jobs, rate: Some(rate) };
                let Trial { done, .. } = self.trial(stage, step, way).await?;
                if done.rate() >= rate * KEEPS_UP {
                    low = rate
                } else {
                    high = rate
                }
                found.push((done, way));
            }
        }
        let best = found.into_iter().max_by(|(a, _), (b, _)| a.rate().total_cmp(&b.rate()));
        let (leg, way) = best.ok_or("no way to run the peer was tried")?;
        let rate = way.rate.map_or("no bound".to_owned(), |rate| format!("{rate:.0}/s"));
        eprintln!("graphile-worker: best with {} jobs at a time, tickets created with {rate}", way.jobs);
        Ok((leg, way))
    }

    async fn trial(&self, stage: &Stage<'_>, step: Step, way: Way) -> Outcome<Trial> {
        let mut worker = Worker::start(&self.folder, &stage.naive_url, way.jobs).await?;
        let (_, variables) = stage.naive_script(step)?;
        let pgbench = stage.pgbench_on(way.rate);
        let watched = Watched { servers: vec![worker.pid()?], client: 0, ..stage.watched() };
        let effects = async {
            sleep(CONNECTING + stage.settings.warm).await;
            let (before, spent) = (worker.done().await?, watched.read()?);
            sleep(stage.settings.length).await;
            Outcome::Ok((worker.done().await? - before, watched.read()?.since(spent)))
        };
        let created = pgbench.run(&self.script, &variables, step.in_flight, stage.window());
        let (created, (done, spent)) = try_join(created, effects).await?;
        worker.stop().await?;
        // What is left would be carried out in the next trial.
        stage.naive.batch_execute("TRUNCATE graphile_worker._private_jobs").await?;
        if done == 0 {
            return Err("graphile-worker carried out no job".into());
        }
        let spent = Spent { client: created.spent.client, ..spent };
        let seconds = stage.settings.length.as_secs_f64();
        let none = f64::NAN;
        let done = Leg { all: done, measured: done, seconds, p50: none, p99: none, max: none, spent };
        Ok(Trial { created, done })
    }
}

struct Trial {
    created: Leg,
    /// Jobs that were carried out.
    done: Leg,
}

struct Worker {
    child: Child,
    ask: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Worker {
    /// Returns when it works.
    async fn start(folder: &Path, database: &str, jobs: usize) -> Outcome<Worker> {
        let mut command = Command::new(folder.join("node_modules/.bin/node"));
        command.arg("worker.mjs").arg(database).arg(jobs.to_string()).current_dir(folder).kill_on_drop(true);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let ask = child.stdin.take().ok_or("the worker has no input")?;
        let answers = BufReader::new(child.stdout.take().ok_or("the worker has no output")?).lines();
        let mut worker = Worker { child, ask, answers };
        timeout(START, worker.done()).await.map_err(|_| "graphile-worker did not start")??;
        Ok(worker)
    }

    fn pid(&self) -> Outcome<u32> {
        Ok(self.child.id().ok_or("graphile-worker has ended")?)
    }

    /// Jobs that it has carried out.
    async fn done(&mut self) -> Outcome<u64> {
        self.ask.write_all(b"\n").await?;
        Ok(self.answers.next_line().await?.ok_or("graphile-worker has ended")?.parse()?)
    }

    async fn stop(self) -> Outcome<()> {
        let Worker { mut child, ask, answers: _answers } = self;
        drop(ask);
        if timeout(START, child.wait()).await.is_err() {
            child.kill().await?;
        }
        Ok(())
    }
}

fn left_out(why: &str) -> Outcome<Option<Peer>> {
    eprintln!("graphile-worker is left out: {why}");
    Ok(None)
}
