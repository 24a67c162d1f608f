//! Many readers of one log, and one reader of a long one.

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

/// All to all: so many subscribers of one tenant, so many events a second.
pub struct Fanout {
    pub subscribers: usize,
    /// Events a second that were made, and that the slowest subscriber was sent.
    pub rate: f64,
    /// Milliseconds from the activity's instant, which is before its commit, to its frame.
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
    /// Microseconds of the server's processor time for each event and subscriber, the making of the events included.
    pub cpu: f64,
    /// KiB of the server's resident memory that came for each subscriber, at the end of the load.
    pub kib: f64,
}

impl Fanout {
    pub fn json(&self) -> Value {
        let Fanout { subscribers, rate, p50, p99, max, cpu, kib } = self;
        json!({"subscribers": subscribers, "events_per_second": rate, "p50_ms": p50, "p99_ms": p99, "max_ms": max,
               "server_us_per_event_and_subscriber": cpu, "kib_per_subscriber": kib})
    }
}

/// What one subscriber saw: when each position came, in microseconds since 1970, from the one after its start.
struct Seen {
    start: i64,
    at: Vec<i64>,
}

pub async fn fanout(stage: &Stage<'_>) -> Outcome<Fanout> {
    let (tenant, subscribers) = (&stage.tenants.fan, stage.settings.subscribers);
    // Its log has a head then, and the server its caches.
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
    let all = tokio::time::timeout(PATIENCE, all).await.map_err(|_| "not all subscribers saw all within 60 s")??;

    // What was made while the load began is left out.
    let begun = leg.warm_end.duration_since(UNIX_EPOCH)?.as_micros() as i64;
    let ended = begun + stage.settings.length.as_micros() as i64;
    let instants = instants(stage, &tenant.name).await?;
    let mut latencies = Vec::new();
    for seen in all {
        let Seen { start, at } = seen?;
        if start + at.len() as i64 != head {
            return Err(format!("a subscriber saw {} activities from {start} to {head}", at.len()).into());
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

/// Reads until the position that is told in the end.
async fn read(mut tap: Tap, mut last: tokio::sync::watch::Receiver<i64>) -> Outcome<Seen> {
    let start = tap.start;
    let mut at = Vec::new();
    while start + (at.len() as i64) < *last.borrow_and_update() {
        let position = tokio::select! {
            // Most of the time the next one is there already.
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

/// When each activity of the log happened, in microseconds since 1970.
async fn instants(stage: &Stage<'_>, tenant: &str) -> Outcome<Vec<i64>> {
    let query = "SELECT (extract(epoch FROM occurred_at) * 1000000)::bigint FROM activity WHERE tenant_id = $1 \
                 ORDER BY position";
    let rows = stage.docket.query(query, &[&tenant]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// One reader from the beginning of a long log, in the BASIC view.
pub struct CatchUp {
    pub activities: i64,
    pub rate: f64,
    /// Microseconds of processor time for each activity.
    pub server: f64,
    pub postgres: f64,
}

impl CatchUp {
    pub fn json(&self) -> Value {
        let CatchUp { activities, rate, server, postgres } = self;
        json!({"activities": activities, "per_second": rate, "server_us": server, "postgres_us": postgres})
    }
}

/// The log is copies of one real activity.
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
    // The first time warms what is cold.
    for _ in 0..2 {
        let mut tap = tap(channel.clone(), tenant, Start::Earliest(true)).await?;
        let (began, spent) = (Instant::now(), stage.watched().read()?);
        let all = async {
            for wanted in 1..=activities {
                let position = tap.next().await?;
                if position != wanted {
                    return Err(format!("position {position} came where {wanted} should").into());
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
