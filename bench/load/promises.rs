//! SLA legs: many clocks that are due within a minute, and an edit of a policy that moves as many.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use docket::grpc::pb;
use futures_util::future::{join, join_all, try_join_all};
use pb::sla_service_client::SlaServiceClient;
use pb::ticket_service_client::TicketServiceClient;
use serde_json::{Value, json};
use tokio::time::{sleep, sleep_until, timeout};
use tonic::transport::Channel;

use crate::Outcome;
use crate::database;
use crate::leg::percentile;
use crate::plan::{Side, Step, Work};
use crate::random::Random;
use crate::stage::Stage;
use crate::tenants::{Tenant, one_of};
use crate::wire::{SUBJECT, as_tenant};

const POLICY: &str = "standard";
const BATCH: usize = 100;
pub const PATIENCE: Duration = Duration::from_secs(180);
/// Callers of CreateTicket, the calls that they make each second while the policy is edited, and how long they make them
/// before that.
const CALLERS: usize = 16;
const EDIT_RATE: f64 = 200.0;
const IDLE: Duration = Duration::from_secs(10);

/// Result for clocks of one tenant that are due in quick succession, while tickets are created for others.
pub struct Due {
    pub clocks: i64,
    /// Seconds from the first deadline to the last.
    pub within: f64,
    /// Lateness in milliseconds, from the deadline to the time of its activity.
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
    /// Tickets created per second meanwhile.
    pub load: f64,
}

/// Result for an edit of the policy of this many open tickets.
pub struct Edit {
    pub clocks: i64,
    /// Time until the last clock has moved.
    pub seconds: f64,
    /// Latency of CreateTicket for the same tenant, before and meanwhile, in milliseconds.
    pub idle_p99: f64,
    pub p99: f64,
}

impl Due {
    pub fn json(&self) -> Value {
        let Due { clocks, within, p50, p99, max, load } = self;
        json!({"clocks": clocks, "within_seconds": within, "late_p50_ms": p50, "late_p99_ms": p99, "late_max_ms": max, "creates_per_second": load})
    }
}

impl Edit {
    pub fn json(&self) -> Value {
        let Edit { clocks, seconds, idle_p99, p99 } = self;
        json!({"clocks": clocks, "seconds": seconds, "create_idle_p99_ms": idle_p99, "create_p99_ms": p99})
    }
}

/// Gives each tenant a calendar and a policy in business hours.
pub async fn promise(channel: &Channel, tenants: &[Tenant]) -> Outcome<()> {
    for some in tenants.chunks(CALLERS) {
        try_join_all(some.iter().map(async |tenant| {
            let mut client = SlaServiceClient::new(channel.clone());
            let days = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"];
            let weekly = (1..=days.len() as i32).map(|day| pb::CalendarInterval {
                day,
                open: "09:00".into(),
                close: "17:00".into(),
            });
            let calendar = pb::Calendar {
                name: "office".into(),
                time_zone: "America/New_York".into(),
                weekly: weekly.collect(),
                ..pb::Calendar::default()
            };
            let request = pb::CreateCalendarRequest { calendar: Some(calendar), ..Default::default() };
            client.create_calendar(as_tenant(request, tenant)).await?;
            let policy = pb::SlaPolicy {
                name: POLICY.into(),
                first_response_minutes: Some(60),
                resolution_minutes: Some(480),
                calendar_id: "office".into(),
                business_hours_only: true,
                ..pb::SlaPolicy::default()
            };
            let request = pb::CreateSlaPolicyRequest { sla_policy: Some(policy), ..Default::default() };
            client.create_sla_policy(as_tenant(request, tenant)).await?;
            Outcome::Ok(())
        }))
        .await?;
    }
    Ok(())
}

/// Creates tickets at a steady rate, each due a minute later; then measures them while other tenants write at half of their rate.
pub async fn due(stage: &Stage<'_>) -> Outcome<Due> {
    let (tenant, clocks) = (&stage.tenants.due, stage.settings.clocks);
    let channel = stage.server.connect().await?;
    let policy = pb::SlaPolicy { name: POLICY.into(), resolution_minutes: Some(1), ..pb::SlaPolicy::default() };
    let request = pb::CreateSlaPolicyRequest { sla_policy: Some(policy), ..Default::default() };
    SlaServiceClient::new(channel.clone()).create_sla_policy(as_tenant(request, tenant)).await?;
    let most = stage.run(Step { work: Work::Spread, side: Side::Docket, in_flight: 64 }).await?.rate();
    let began = Instant::now();
    make(stage, &channel, tenant, clocks).await?;
    let first = began + Duration::from_secs(60);
    sleep_until(first.into()).await;
    let told = until(
        stage,
        "SELECT count(*) FROM sla_ledger WHERE tenant_id = $1 AND breached_at IS NOT NULL",
        tenant,
        clocks,
    );
    let loaded = Instant::now();
    let made = creates_while(stage, &stage.tenants.spread, most / 2.0, told).await?.len();
    let load = made as f64 / loaded.elapsed().as_secs_f64();
    let late = "SELECT percentile_cont(ARRAY[0.5, 0.99, 1]) WITHIN GROUP (ORDER BY \
                   extract(epoch FROM a.occurred_at - l.breached_at)::float8 * 1000), \
                   extract(epoch FROM max(l.breached_at) - min(l.breached_at))::float8 \
                FROM sla_ledger l JOIN activity a USING (tenant_id, position) WHERE tenant_id = $1 AND l.breached_at IS NOT NULL";
    let row = stage.docket.query_one(late, &[&tenant.name]).await?;
    let [p50, p99, max] = <[f64; 3]>::try_from(row.get::<_, Vec<f64>>(0)).map_err(|_| "not three percentiles")?;
    Ok(Due { clocks, within: row.get(1), p50, p99, max, load })
}

/// Changes the target in the policy of [`due`]'s tickets, which are open.
pub async fn edit(stage: &Stage<'_>) -> Outcome<Edit> {
    let tenant = &stage.tenants.due;
    let one = std::slice::from_ref(tenant);
    let p99 = |mut latencies: Vec<u32>| {
        latencies.sort_unstable();
        percentile(&latencies, 0.99) / 1000.0
    };
    let idle = async {
        sleep(IDLE).await;
        Ok(())
    };
    let idle_p99 = p99(creates_while(stage, one, EDIT_RATE, idle).await?);
    let open: i64 =
        stage.docket.query_one("SELECT count(*) FROM ticket WHERE tenant_id = $1", &[&tenant.name]).await?.get(0);
    let policy = pb::SlaPolicy { id: POLICY.into(), resolution_minutes: Some(600), ..pb::SlaPolicy::default() };
    let request = pb::UpdateSlaPolicyRequest {
        sla_policy: Some(policy),
        update_mask: Some(prost_types::FieldMask { paths: vec!["resolution_minutes".into()] }),
        ..Default::default()
    };
    let channel = stage.server.connect().await?;
    let edited =
        SlaServiceClient::new(channel).update_sla_policy(as_tenant(request, tenant)).await?.into_inner().position;
    let began = Instant::now();
    let seconds = Cell::new(0.0);
    let followed = async {
        // A cheap query: counting the moved clocks meanwhile would take CPU from those that move them.
        let done =
            format!("SELECT count(*) FROM sla_move WHERE tenant_id = $1 AND done AND config_position >= {edited}");
        until(stage, &done, tenant, 1).await?;
        seconds.set(began.elapsed().as_secs_f64());
        Ok(())
    };
    let p99 = p99(creates_while(stage, one, EDIT_RATE, followed).await?);
    let moved = "SELECT count(*) FROM activity WHERE tenant_id = $1 AND kind = 'sla.retargeted'";
    let moved: i64 = stage.docket.query_one(moved, &[&tenant.name]).await?.get(0);
    if moved < open {
        return Err(format!("{moved} of {open} clocks moved to the new policy").into());
    }
    Ok(Edit { clocks: open, seconds: seconds.get(), idle_p99, p99 })
}

/// Creates tickets of one tenant at a steady rate, in batches.
pub async fn make(stage: &Stage<'_>, channel: &Channel, tenant: &Tenant, tickets: i64) -> Outcome<()> {
    let batches = tickets as u64 / BATCH as u64;
    let began = Instant::now();
    let interval = stage.settings.clocks_within.div_f64(batches.max(1) as f64);
    let next = Cell::new(0);
    let one = async || {
        loop {
            let number = next.replace(next.get() + 1);
            if number >= batches {
                return Outcome::Ok(());
            }
            sleep_until((began + interval.mul_f64(number as f64)).into()).await;
            let ticket = pb::Ticket { subject: SUBJECT.to_string(), ..pb::Ticket::default() };
            let request = pb::CreateTicketRequest { ticket: Some(ticket), ..Default::default() };
            let batch = pb::BatchCreateTicketsRequest { requests: vec![request; BATCH], ..Default::default() };
            TicketServiceClient::new(channel.clone()).batch_create_tickets(as_tenant(batch, tenant)).await?;
        }
    };
    try_join_all((0..CALLERS).map(|_| one())).await?;
    Ok(())
}

/// Polls until the count is reached.
async fn until(stage: &Stage<'_>, count: &str, tenant: &Tenant, wanted: i64) -> Outcome<()> {
    timeout(PATIENCE, database::wait_for(&stage.docket, count, &[&tenant.name], wanted))
        .await
        .map_err(|_| format!("{count}: not {wanted} within {PATIENCE:?}"))?
}

/// Calls CreateTicket at a steady rate, for random tenants, until a future completes. Returns the latencies in microseconds.
async fn creates_while(
    stage: &Stage<'_>,
    tenants: &[Tenant],
    rate: f64,
    wait: impl Future<Output = Outcome<()>>,
) -> Outcome<Vec<u32>> {
    let (over, latencies) = (Cell::new(false), RefCell::new(Vec::new()));
    let (interval, turn) = (Duration::from_secs_f64(1.0 / rate), Cell::new(tokio::time::Instant::now()));
    let waiting = async {
        let waited = wait.await;
        over.set(true);
        waited
    };
    let calls = join_all((0..CALLERS * 4).map(|slot| {
        let mut random = Random::new(slot as u64 + 1);
        let (over, latencies, turn) = (&over, &latencies, &turn);
        async move {
            while !over.get() {
                sleep_until(turn.replace(turn.get() + interval)).await;
                let begun = Instant::now();
                stage.wire.create(slot, one_of(tenants, &mut random)).await?;
                latencies.borrow_mut().push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
            }
            Outcome::Ok(())
        }
    }));
    let (waited, calls) = join(waiting, calls).await;
    waited?;
    calls.into_iter().collect::<Outcome<Vec<()>>>()?;
    Ok(latencies.into_inner())
}
