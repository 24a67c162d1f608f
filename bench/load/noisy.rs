//! Ten tenants at their quota, alone and beside one that calls ten times as often as its own quota allows.

use std::cell::{Cell, RefCell};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use docket::store::wall::as_server;
use futures_util::future::{join, try_join_all};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::Outcome;
use crate::drive::closed_loop;
use crate::leg::{median, percentile};
use crate::random::Random;
use crate::server::Server;
use crate::stage::{KEY, Stage};
use crate::tenants::{Tenant, one_of};
use crate::wire::Wire;

const QUIET: usize = 10;
/// How many times its quota the noisy tenant calls.
const TIMES: f64 = 10.0;
/// Of five calls, two create a ticket, two read one, and one lists tickets.
const KINDS: u64 = 5;
const WRITES: u64 = 2;
const PAGE: usize = 20;
/// Calls of a tenant in flight, at most.
const QUIET_AT_ONCE: usize = 16;
const NOISY_AT_ONCE: usize = 64;
/// What stands before the 32 bytes of a public key, in DER.
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// p99 of the quiet tenants in milliseconds, medians over the rounds.
pub struct Noisy {
    /// Calls per second of a tenant, and writes among them.
    pub calls: u32,
    pub writes: u32,
    pub alone: P99,
    pub beside: P99,
    /// Medians of the ratios within each round.
    pub reads_ratio: f64,
    pub writes_ratio: f64,
    /// Calls of the noisy tenant in all rounds, and those that its quota refused.
    pub noise: u64,
    pub refused: u64,
}

#[derive(Clone, Copy)]
pub struct P99 {
    pub reads: f64,
    pub writes: f64,
}

impl Noisy {
    pub fn json(&self) -> Value {
        let Noisy { calls, writes, alone, beside, reads_ratio, writes_ratio, noise, refused } = self;
        let p99 = |of: &P99| json!({"reads_p99_ms": of.reads, "writes_p99_ms": of.writes});
        json!({"quota_calls": calls, "quota_writes": writes, "alone": p99(alone), "beside": p99(beside),
               "reads_ratio": reads_ratio, "writes_ratio": writes_ratio, "noise": noise, "refused": refused})
    }
}

/// What the tenants of one leg were answered.
#[derive(Default)]
struct Heard {
    /// Latencies in microseconds, in the measured part.
    reads: Vec<u32>,
    writes: Vec<u32>,
    calls: u64,
    refused: u64,
}

pub async fn noisy(stage: &Stage<'_>) -> Outcome<Noisy> {
    let rate = sustained(stage).await?;
    // Half of what the machine can do, in equal parts.
    let calls = ((rate / 2.0 / QUIET as f64) as u32 / KINDS as u32).max(2) * KINDS as u32;
    let writes = calls * WRITES as u32 / KINDS as u32;
    eprintln!("noisy: {rate:.0} mixed calls/s in a closed loop; quota {calls} calls/s, {writes} writes/s");
    let server = serve(stage, calls, writes).await?;
    let wire = Wire::connect(&[&server]).await?;
    // A server that has seen no call yet would be measured otherwise.
    leg(stage, &wire, f64::from(calls), true).await?;
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    let (mut noise, mut refused) = (0, 0);
    for round in 0..stage.settings.rounds {
        // In turn, which comes first.
        for loud in [round % 2 == 1, round % 2 == 0] {
            let (p99, heard) = leg(stage, &wire, f64::from(calls), loud)
                .await
                .map_err(|error| format!("noisy: {error}; end of the server's output:\n{}", server.last_words()))?;
            noise += heard.calls;
            refused += heard.refused;
            if loud { &mut beside } else { &mut alone }.push(p99);
        }
    }
    drop(wire);
    server.stop().await?;
    let ratio = |of: fn(&P99) -> f64| median(alone.iter().zip(&beside).map(|(a, b)| of(b) / of(a)).collect());
    let middle = |all: &[P99]| P99 {
        reads: median(all.iter().map(|it| it.reads).collect()),
        writes: median(all.iter().map(|it| it.writes).collect()),
    };
    Ok(Noisy {
        calls,
        writes,
        alone: middle(&alone),
        beside: middle(&beside),
        reads_ratio: ratio(|it| it.reads),
        writes_ratio: ratio(|it| it.writes),
        noise,
        refused,
    })
}

/// Mixed calls per second that the server without quotas answers in a closed loop.
async fn sustained(stage: &Stage<'_>) -> Outcome<f64> {
    let quiet = &stage.tenants.spread[..QUIET];
    let (watched, turn) = (stage.watched(), Cell::new(0));
    let leg = closed_loop(64, stage.window(), &watched, 1, async |slot, random| {
        let number = turn.replace(turn.get() + 1);
        call(stage, &stage.wire, one_of(quiet, random), slot, number, random).await
    });
    Ok(leg.await?.rate())
}

/// A `docket serve` with these quotas on the database of the run, which accepts the same tokens.
async fn serve(stage: &Stage<'_>, calls: u32, writes: u32) -> Outcome<Server> {
    let dir = stage.dir.join("noisy");
    fs::create_dir_all(&dir)?;
    let (key, secret) = (dir.join("tokens.pem"), dir.join("secret"));
    fs::write(&key, public_key(&stage.dir.join("one").join(KEY))?)?;
    fs::write(&secret, [7; 32])?;
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600))?;
    let settings = [
        format!("tokens.keys={}", key.display()),
        format!("page_token_secret_file={}", secret.display()),
        format!("database.url={}", as_server(&stage.docket_url)),
        format!("quotas.calls={calls}"),
        format!("quotas.writes={writes}"),
        "workflows=workflows".to_owned(),
    ];
    Server::serve(&dir, &settings).await
}

/// The public half of a signing key, as PEM.
fn public_key(path: &Path) -> Outcome<String> {
    let secret = pem::parse(fs::read(path)?)?;
    let pair = Ed25519KeyPair::from_pkcs8(secret.contents()).map_err(|_| "the signing key cannot be read")?;
    Ok(pem::encode(&pem::Pem::new("PUBLIC KEY", [&SPKI[..], pair.public_key().as_ref()].concat())))
}

/// The quiet tenants at their quota, with or without the noisy one: their p99, and what the noisy one heard.
async fn leg(stage: &Stage<'_>, wire: &Wire, quota: f64, loud: bool) -> Outcome<(P99, Heard)> {
    let from = Instant::now() + stage.settings.warm;
    let window = (from, from + stage.settings.length);
    let tenants = &stage.tenants.spread;
    let quiet =
        try_join_all(tenants[..QUIET].iter().map(|tenant| paced(stage, wire, tenant, quota, QUIET_AT_ONCE, window)));
    let noise = async {
        match loud {
            true => paced(stage, wire, &tenants[QUIET], quota * TIMES, NOISY_AT_ONCE, window).await,
            false => Ok(Heard::default()),
        }
    };
    let (quiet, noise) = join(quiet, noise).await;
    let (mut reads, mut writes) = (Vec::new(), Vec::new());
    for heard in quiet? {
        if heard.refused > 0 {
            return Err(format!("{} calls of a quiet tenant were refused", heard.refused).into());
        }
        reads.extend(heard.reads);
        writes.extend(heard.writes);
    }
    reads.sort_unstable();
    writes.sort_unstable();
    let p99 = |all: &[u32]| percentile(all, 0.99) / 1000.0;
    let noise = noise?;
    if loud && noise.refused == 0 {
        return Err("no call of the noisy tenant was refused".into());
    }
    Ok((P99 { reads: p99(&reads), writes: p99(&writes) }, noise))
}

/// Calls of one tenant at a fixed rate, as far as so many in flight can reach it.
async fn paced(
    stage: &Stage<'_>,
    wire: &Wire,
    tenant: &Tenant,
    rate: f64,
    at_once: usize,
    (from, to): (Instant, Instant),
) -> Outcome<Heard> {
    let interval = Duration::from_secs_f64(1.0 / rate);
    let (turn, number) = (Cell::new(Instant::now()), Cell::new(0));
    let heard = RefCell::new(Heard::default());
    let one = async |slot: usize| {
        let mut random = Random::new(tenant.number << 8 | slot as u64);
        loop {
            let mine = turn.replace(turn.get() + interval);
            sleep_until(mine).await;
            let begun = Instant::now();
            if begun >= to {
                return Outcome::Ok(());
            }
            let number = number.replace(number.get() + 1);
            let answered = call(stage, wire, tenant, slot, number, &mut random).await;
            let mut heard = heard.borrow_mut();
            heard.calls += 1;
            match answered {
                Err(error) if is_quota(&*error) => heard.refused += 1,
                Err(error) => return Err(error),
                Ok(()) if begun >= from => {
                    let took = u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX);
                    if writes(number) { &mut heard.writes } else { &mut heard.reads }.push(took);
                }
                Ok(()) => {}
            }
        }
    };
    try_join_all((0..at_once).map(one)).await?;
    Ok(heard.into_inner())
}

fn writes(number: u64) -> bool {
    number % KINDS < WRITES
}

/// The tenant's call with this number.
async fn call(
    stage: &Stage<'_>,
    wire: &Wire,
    tenant: &Tenant,
    slot: usize,
    number: u64,
    random: &mut Random,
) -> Outcome<()> {
    match number % KINDS {
        _ if writes(number) => wire.create(slot, tenant).await.map(drop),
        4 => wire.page(slot, tenant, "", PAGE).await,
        _ => wire.get(slot, tenant, stage.settings.tickets, random).await,
    }
}

fn is_quota(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    let Some(status) = error.downcast_ref::<Status>() else { return false };
    let info = status.get_details_error_info();
    status.code() == Code::ResourceExhausted && info.is_some_and(|info| info.reason == "QUOTA_EXCEEDED")
}
