//! Two servers over one database, one of them stopped in the middle of its work and continued.

use std::time::Duration;

use crate::check;
use crate::house::{House, Server};
use crate::load::Load;
use crate::people::Tenant;
use crate::recorder::Recorder;
use crate::watch::Watch;

const PATIENCE: Duration = Duration::from_secs(120);
/// The longest that a write to a tenant may take which the frozen process did not hold. Far above what a busy machine
/// needs, far below the 5 s after which the database breaks a frozen process's locks.
const NO_STALL: Duration = Duration::from_millis(2_000);

pub async fn run(frozen_for: Duration) {
    let house = House::start("frozen").await;
    let (frozen, other) = (house.spawn_server(None).await, house.spawn_server(None).await);
    let shared = Tenant::settle(&house, &other, &["hot", "warm", "cool", "cold"]).await;
    let alone = Tenant::settle(&house, &other, &["alone-1", "alone-2", "alone-3", "alone-4"]).await;
    let recorder = Recorder::new();

    let everyone: Vec<Tenant> = shared.iter().chain(&alone).cloned().collect();
    let mut watches = Vec::new();
    for tenant in &everyone {
        watches.push(Watch::start(tenant, frozen.endpoint(), &recorder));
        watches.push(Watch::start(tenant, other.endpoint(), &recorder));
    }
    let both = Load::start(&shared, &[frozen.endpoint(), other.endpoint()], 24, &recorder);
    recorder.wait_for_progress(400, PATIENCE).await;

    // These write to tenants that the frozen process never had: whatever it holds, they go on.
    let unheld = Load::start(&alone, &[other.endpoint()], 8, &recorder);
    recorder.wait_for_progress(100, PATIENCE).await;
    freeze_in_a_transaction(&house, &frozen).await;
    tokio::time::sleep(frozen_for).await;
    let longest = unheld.finish(PATIENCE).await;
    frozen.signal(libc::SIGCONT);

    recorder.wait_for_progress(400, PATIENCE).await;
    both.finish(PATIENCE).await;
    check::everything(&house, &other, &everyone, &recorder, watches).await;
    println!("frozen for {frozen_for:?}; the longest write to a tenant that was not held took {longest:?}");
    assert!(longest < NO_STALL, "a tenant that the frozen process did not hold stalled for {longest:?}");
}

/// Stops the process while it holds heads: at another moment it would hold up nobody, and the test would prove nothing.
async fn freeze_in_a_transaction(house: &House, server: &Server) {
    let sql = house.sql().await;
    let held = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' \
                AND state_change < clock_timestamp() - interval '400 milliseconds'";
    for _ in 0..100 {
        server.signal(libc::SIGSTOP);
        tokio::time::sleep(Duration::from_millis(500)).await;
        let held: i64 = sql.query_one(held, &[]).await.expect("the database tells its transactions").get(0);
        if held > 0 {
            return;
        }
        server.signal(libc::SIGCONT);
        tokio::time::sleep(Duration::from_millis(37)).await;
    }
    panic!("a busy process is never in a transaction");
}
