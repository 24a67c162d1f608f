//! Fan-out to many subscribers of one tenant, and catch-up of one reader on a long log.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use docket::grpc::pb;
use futures_util::future::try_join_all;
use pb::stream_activities_request::Start;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::Outcome;
use crate::cpu::resident_kib;
use crate::leg::percentile;
use crate::stage::Stage;
use crate::tap::{Tap, tap};

const PATIENCE: Duration = Duration::from_secs(60);
const STREAMS_PER_CONNECTION: usize = 100;

/// Result of the fan-out leg: every subscriber receives every event of a tenant.
pub struct Fanout {
    pub subscribers: usize,
    /// Events per second that were created, and that the slowest subscriber received.
    pub rate: f64,
    /// Latency in milliseconds, from the activity's time, which is before its commit, to the arrival of its frame.
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
    /// Server CPU per event and subscriber in microseconds, including the creation of the events.
    pub cpu: f64,
    /// Growth of the server's resident memory per subscriber at the end of the load, in KiB.
    pub kib: f64,
}

impl Fanout {
    pub fn json(&self) -> Value {
        let Fanout { subscribers, rate, p50, p99, max, cpu, kib } = self;
        json!({"subscribers": subscribers, "events_per_second": rate, "p50_ms": p50, "p99_ms": p99, "max_ms": max,
               "server_us_per_event_and_subscriber": cpu, "kib_per_subscriber": kib})
    }
}

/// Arrival times at one subscriber, in microseconds since 1970, beginning with the position after its start.
struct Seen {
    start: i64,
    at: Vec<i64>,
}

pub async fn fanout(stage: &Stage<'_>) -> Outcome<Fanout> {
    let (tenant, subscribers) = (&stage.tenants.fan, stage.settings.subscribers);
    // Gives the log a head, and warms the server's caches.
    stage.wire.create(0, tenant).await?;
    let pid = stage.server.pid();
    let before = resident_kib(pid)?;
    let mut taps = Vec::new();
    while taps.len() < subscribers {
        let channel = stage.server.connect_wide().await?;
        for _ in 0..STREAMS_PER_CONNECTION.min(subscribers - taps.len()) {
            taps.push(tap(channel.clone(), tenant, Start::Latest(true)).await?);
        }
    }
    let (last, reached) = tokio::sync::watch::channel(i64::MAX);
    let reading: Vec<JoinHandle<Outcome<Seen>>> =
        taps.into_iter().map(|tap| tokio::spawn(read(tap, reached.clone()))).collect();
    let leg = stage.paced(tenant, stage.settings.fan_rate).await?;
    let kib = resident_kib(pid)?.saturating_sub(before) as f64 / subscribers as f64;
    let head = stage.wire.create(0, tenant).await?;
    last.send_replace(head);
    let all = try_join_all(reading);
    let all = tokio::time::timeout(PATIENCE, all)
        .await
        .map_err(|_| "not all subscribers received everything within 60 s")??;

    // Events from the start of the load are excluded.
    let begun = leg.warm_end.duration_since(UNIX_EPOCH)?.as_micros() as i64;
    let ended = begun + stage.settings.length.as_micros() as i64;
    let instants = instants(stage, &tenant.name).await?;
    let mut latencies = Vec::new();
    for seen in all {
        let Seen { start, at } = seen?;
        if start + at.len() as i64 != head {
            return Err(format!("a subscriber received {} activities between {start} and {head}", at.len()).into());
        }
        for (instant, at) in instants.iter().skip(start as usize).zip(at) {
            if (begun..ended).contains(instant) {
                latencies.push(u32::try_from((at - instant).max(0)).unwrap_or(u32::MAX));
            }
        }
    }
    latencies.sort_unstable();
    let at = |share| percentile(&latencies, share) / 1000.0;
    let leg = leg.leg;
    let cpu = leg.spent.server * 1e6 / (leg.measured.max(1) as f64 * subscribers as f64);
    Ok(Fanout { subscribers, rate: leg.rate(), p50: at(0.5), p99: at(0.99), max: at(1.0), cpu, kib })
}

/// Reads until the last position, which is announced at the end of the load.
async fn read(mut tap: Tap, mut last: tokio::sync::watch::Receiver<i64>) -> Outcome<Seen> {
    let start = tap.start;
    let mut at = Vec::new();
    while start + (at.len() as i64) < *last.borrow_and_update() {
        let position = tokio::select! {
            // Usually, the next one has already arrived.
            biased;
            position = tap.next() => position?,
            _ = last.changed() => continue,
        };
        if position != start + at.len() as i64 + 1 {
            return Err(format!("position {position} after {}", start + at.len() as i64).into());
        }
        at.push(SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros() as i64);
    }
    Ok(Seen { start, at })
}

/// Times of the activities in the log, in microseconds since 1970.
async fn instants(stage: &Stage<'_>, tenant: &str) -> Outcome<Vec<i64>> {
    let query = "SELECT (extract(epoch FROM occurred_at) * 1000000)::bigint FROM activity WHERE tenant_id = $1 \
                 ORDER BY position";
    let rows = stage.docket.query(query, &[&tenant]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Result of the catch-up leg: one reader from the beginning of a long log, in the BASIC view.
pub struct CatchUp {
    pub activities: i64,
    pub rate: f64,
    /// CPU per activity in microseconds.
    pub server: f64,
    pub postgres: f64,
}

impl CatchUp {
    pub fn json(&self) -> Value {
        let CatchUp { activities, rate, server, postgres } = self;
        json!({"activities": activities, "per_second": rate, "server_us": server, "postgres_us": postgres})
    }
}

/// Fills the log with copies of one real activity, then reads it.
const PAST: &str = "
    INSERT INTO tenant_head (tenant_id, position, config_position, last_number, floor, last_at)
    SELECT $1::text, $3::bigint, 0, 0, 0, last_at FROM tenant_head WHERE tenant_id = $2";
const COPIES: &str = "
    INSERT INTO activity (tenant_id, position, kind, families, ticket_id, ticket_version, app_id, requester_id, public,
        actor_kind, actor_id, occurred_at, body, image)
    SELECT $1::text, n, kind, families, ticket_id, ticket_version, app_id, requester_id, public, actor_kind, actor_id,
        occurred_at, body, image
    FROM (SELECT * FROM activity WHERE tenant_id = $2 AND kind = 'ticket.created' ORDER BY position DESC LIMIT 1) one,
        generate_series(1, $3::bigint) n";

pub async fn catch_up(stage: &Stage<'_>) -> Outcome<CatchUp> {
    let (tenant, activities) = (&stage.tenants.past, stage.settings.past);
    for statement in [PAST, COPIES] {
        stage.docket.execute(statement, &[&tenant.name, &stage.tenants.probe.name, &activities]).await?;
    }
    stage.docket.batch_execute("VACUUM ANALYZE activity").await?;
    let channel = stage.server.connect_wide().await?;
    let mut rates = Vec::new();
    // The first run warms up.
    for _ in 0..2 {
        let mut tap = tap(channel.clone(), tenant, Start::Earliest(true)).await?;
        let (began, spent) = (Instant::now(), stage.watched().read()?);
        let all = async {
            for wanted in 1..=activities {
                let position = tap.next().await?;
                if position != wanted {
                    return Err(format!("received position {position}, expected {wanted}").into());
                }
            }
            Outcome::Ok(())
        };
        tokio::time::timeout(PATIENCE, all).await.map_err(|_| "the log was not read within 60 s")??;
        let each = |seconds: f64| seconds * 1e6 / activities as f64;
        let spent = stage.watched().read()?.since(spent);
        let rate = activities as f64 / began.elapsed().as_secs_f64();
        rates.push(CatchUp { activities, rate, server: each(spent.server), postgres: each(spent.postgres) });
    }
    rates.pop().ok_or_else(|| "nothing was read".into())
}
