//! Environment of a run: databases, server and connections; runs legs on them.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use docket::postgres::Postgres;
use futures_util::future::try_join_all;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::Outcome;
use crate::cpu::Watched;
use crate::database::{self, Sizes};
use crate::drive::closed_loop;
use crate::leg::{Leg, Window};
use crate::lists::TYPICAL;
use crate::pgbench::Pgbench;
use crate::plan::{PROJECTED, PROMISED, Side, Step, Work};
use crate::promises::promise;
use crate::random::Random;
use crate::server::Server;
use crate::settings::Settings;
use crate::tenants::{Tenant, Tenants, one_of};
use crate::wire::{self, Wire};

pub struct Stage<'a> {
    pub settings: &'a Settings,
    pub dir: &'a Path,
    postmaster: u32,
    pub docket_url: String,
    pub naive_url: String,
    logs: PathBuf,
    pub docket: Client,
    pub naive: Client,
    pub server: Server,
    pub wire: Wire,
    pub tenants: Tenants,
    created: Sizes,
    updated: Sizes,
}

/// Calls before the run, which determine the size of Docket's rows.
const TRIALS: i64 = 100;
/// Number of tenants whose seeded tickets are indexed concurrently.
const AT_ONCE: usize = 8;
/// Data folder of the second server, and file name of the signing key in both.
const SECOND: &str = "two";
pub const KEY: &str = "signing-key.pem";
/// The folder of the shipped rules.
const SHIPPED: &str = "workflows";

/// A leg at a fixed rate, and the start of its measured part.
pub struct Paced {
    pub leg: Leg,
    pub warm_end: SystemTime,
}

impl<'a> Stage<'a> {
    pub async fn set(settings: &'a Settings, dir: &'a Path, postgres: &Postgres) -> Outcome<Stage<'a>> {
        let (docket_url, naive_url) = (postgres.url(database::DOCKET), postgres.url(database::NAIVE));
        let docket = database::connect(&docket_url).await?;
        let naive = database::make_naive(&docket, &naive_url).await?;
        let data_dir = dir.join("one");
        let server = Server::start(&data_dir, &docket_url, Path::new(SHIPPED)).await?;
        // The second process accepts the same tokens.
        std::fs::create_dir_all(dir.join(SECOND))?;
        std::fs::copy(data_dir.join(KEY), dir.join(SECOND).join(KEY))?;
        let tenants = Tenants::new(settings, &data_dir)?;
        eprintln!("seeding two databases with {} tickets in the long list", settings.long_list);
        database::seed(&docket, settings).await?;
        database::seed(&naive, settings).await?;
        docket.batch_execute("CHECKPOINT").await?;
        let wire = Wire::connect(&[&server]).await?;
        let (created, updated) = try_out(&docket, &wire, &tenants, settings).await?;
        eprintln!("indexing the seeded tickets for search and statistics, which happens once");
        for some in tenants.spread.chunks(AT_ONCE) {
            try_join_all(some.iter().map(|tenant| wire.taken_in(tenant))).await?;
        }
        wire.taken_in(&tenants.short).await?;
        if PROJECTED.iter().any(|work| settings.wants(&work.to_string())) {
            eprintln!("waiting for the search index and the statistics of the long list");
            wire.indexed(&tenants.long).await?;
            database::wait_for_projections(&docket, &tenants.long.name).await?;
            docket.batch_execute("VACUUM ANALYZE ticket_search_2").await?;
        }
        if PROMISED.iter().any(|work| settings.wants(&format!("{work}.docket.64"))) {
            let channel = server.connect().await?;
            promise(&channel, &tenants.promised).await?;
            promise(&channel, std::slice::from_ref(&tenants.promised_hot)).await?;
            database::wait_for_moves(&docket, settings.tenants as i64 + 1).await?;
        }
        let logs = dir.join("pgbench");
        std::fs::create_dir_all(&logs)?;
        let postmaster = u32::try_from(postgres.pid().ok_or("PostgreSQL does not run")?)?;
        Ok(Stage {
            settings,
            dir,
            postmaster,
            docket_url,
            naive_url,
            logs,
            docket,
            naive,
            server,
            wire,
            tenants,
            created,
            updated,
        })
    }

    pub fn window(&self) -> Window {
        Window { warm: self.settings.warm, length: self.settings.length }
    }

    pub async fn run(&self, step: Step) -> Outcome<Leg> {
        match (step.side, step.work) {
            (Side::Naive, _) => self.pgbench(step).await,
            (Side::Docket, Work::Two) => self.two_servers(step.in_flight).await,
            (Side::Docket, _) => self.calls(step, &self.wire, vec![self.server.pid()]).await,
        }
    }

    /// Starts a second process on the same database, with half of the connections to each.
    async fn two_servers(&self, in_flight: usize) -> Outcome<Leg> {
        let second = Server::start(&self.dir.join(SECOND), &self.docket_url, Path::new(SHIPPED)).await?;
        let wire = Wire::connect(&[&self.server, &second]).await?;
        let step = Step { work: Work::Spread, side: Side::Docket, in_flight };
        let leg = self.calls(step, &wire, vec![self.server.pid(), second.pid()]).await?;
        drop(wire);
        second.stop().await?;
        Ok(leg)
    }

    /// Processes whose CPU is measured in legs on one server.
    pub fn watched(&self) -> Watched {
        Watched { postmaster: self.postmaster, servers: vec![self.server.pid()], client: std::process::id() }
    }

    /// CreateTicket on one tenant at a fixed rate, as far as 64 calls in flight can reach it.
    pub async fn paced(&self, tenant: &Tenant, rate: f64) -> Outcome<Paced> {
        let (interval, turn) = (Duration::from_secs_f64(1.0 / rate), Cell::new(tokio::time::Instant::now()));
        let warm_end = SystemTime::now() + self.settings.warm;
        let watched = self.watched();
        let leg = closed_loop(64, self.window(), &watched, 1, async |slot, _| {
            let mine = turn.replace(turn.get() + interval);
            tokio::time::sleep_until(mine).await;
            self.wire.create(slot, tenant).await.map(drop)
        });
        Ok(Paced { leg: leg.await?, warm_end })
    }

    async fn calls(&self, step: Step, wire: &Wire, servers: Vec<u32>) -> Outcome<Leg> {
        let watched = Watched { postmaster: self.postmaster, servers, client: std::process::id() };
        let seed = u64::from_le_bytes(Uuid::now_v7().as_bytes()[8..].try_into()?);
        let Tenants { spread, hot, short, long, promised, promised_hot, .. } = &self.tenants;
        let tickets = self.settings.tickets;
        let work = step.work;
        closed_loop(step.in_flight, self.window(), &watched, seed, async |slot, random| match work {
            Work::Spread | Work::One | Work::Two => wire.create(slot, one_of(spread, random)).await.map(drop),
            Work::Hot => wire.create(slot, hot).await.map(drop),
            Work::SpreadPromised => wire.create(slot, one_of(promised, random)).await.map(drop),
            Work::HotPromised => wire.create(slot, promised_hot).await.map(drop),
            Work::Update => wire.update_seeded(slot, one_of(spread, random), tickets, random).await,
            Work::Get => wire.get(slot, one_of(spread, random), tickets, random).await,
            Work::Short => wire.list(slot, short, wire::NEWEST_OPEN).await,
            Work::Long => wire.list(slot, long, wire::NEWEST_OPEN).await,
            Work::Typical { list, long: true } => wire.list(slot, long, TYPICAL[list].filter).await,
            Work::Typical { list, long: false } => wire.list(slot, short, TYPICAL[list].filter).await,
            Work::SearchWord => wire.search(slot, long, &format!("bay{} ", random.below(512))).await,
            Work::SearchCommon => wire.search(slot, long, "printer ").await,
            Work::SearchPrefix => wire.search(slot, long, "print").await,
            Work::Stats => wire.stats(slot, long, "", self.settings.long_list).await,
            Work::StatsByTeam => wire.stats(slot, long, "team", self.settings.long_list).await,
        })
        .await
    }

    /// Runs a script with as many clients as the step has calls in flight, and its variables.
    async fn pgbench(&self, step: Step) -> Outcome<Leg> {
        let (script, variables) = self.naive_script(step)?;
        self.pgbench_on(None).run(&Path::new("bench/sql").join(script), &variables, step.in_flight, self.window()).await
    }

    /// pgbench on the naive database; `rate`: transactions per second at most.
    pub fn pgbench_on(&self, rate: Option<f64>) -> Pgbench<'_> {
        Pgbench {
            program: &self.settings.pgbench,
            database: &self.naive_url,
            logs: &self.logs,
            postmaster: self.postmaster,
            rate,
        }
    }

    /// The script in bench/sql and its variables.
    pub fn naive_script(&self, step: Step) -> Outcome<(&'static str, Vec<(&'static str, String)>)> {
        let tenants = |n: u64| ("tenants", n.to_string());
        let prefix = |text: &str| ("prefix", text.to_string());
        let tickets = ("tickets", self.settings.tickets.to_string());
        let list = |script: &'static str, tenant: &Tenant| (script, vec![("tenant", tenant.name.clone())]);
        let with = |mut variables: Vec<(&'static str, String)>, sizes: &Sizes| {
            variables.extend([
                ("subject", wire::SUBJECT.to_string()),
                ("description", wire::DESCRIPTION.to_string()),
                ("body", bytes(sizes.body)),
                ("image", bytes(sizes.image)),
                ("fingerprint", Uuid::now_v7().to_string()),
                ("shown", self.tenants.hot.seeded_ticket(1)),
            ]);
            variables
        };
        let many = self.settings.tenants;
        Ok(match step.work {
            Work::Spread | Work::One | Work::Two => {
                ("create.sql", with(vec![tenants(many), prefix("t")], &self.created))
            }
            Work::Hot => ("create.sql", with(vec![tenants(1), prefix("hot")], &self.created)),
            Work::Update => ("update.sql", with(vec![tenants(many), tickets], &self.updated)),
            Work::Get => ("get.sql", vec![tenants(many), tickets]),
            Work::Short => list("list.sql", &self.tenants.short),
            Work::Long => list("list.sql", &self.tenants.long),
            Work::Typical { list: which, long: true } => list(TYPICAL[which].script, &self.tenants.long),
            Work::Typical { list: which, long: false } => list(TYPICAL[which].script, &self.tenants.short),
            Work::SpreadPromised
            | Work::HotPromised
            | Work::SearchWord
            | Work::SearchCommon
            | Work::SearchPrefix
            | Work::Stats
            | Work::StatsByTeam => {
                return Err(format!("the naive service does not support {step}").into());
            }
        })
    }
}

/// Makes a few calls of each kind of write, and returns the size of what they wrote.
async fn try_out(docket: &Client, wire: &Wire, tenants: &Tenants, settings: &Settings) -> Outcome<(Sizes, Sizes)> {
    let probe = &tenants.probe;
    for n in 1..=TRIALS {
        let position = wire.create(0, probe).await?;
        if position != n {
            return Err(format!("{n} tickets created {position} activities; the naive side creates one each").into());
        }
    }
    let mut random = Random::new(1);
    let first = &tenants.spread[0];
    for _ in 0..TRIALS {
        wire.update_seeded(0, first, settings.tickets, &mut random).await?;
    }
    let created = database::sizes(docket, &probe.name, "ticket.created").await?;
    Ok((created, database::sizes(docket, &first.name, "ticket.updated").await?))
}

/// A bytea literal of this many bytes.
fn bytes(length: usize) -> String {
    format!("\\x{}", "5a".repeat(length))
}
