//! Timers of many tickets that are due in quick succession.

use serde_json::{Value, json};
use tokio::time::timeout;

use super::{Ruled, sets};
use crate::Outcome;
use crate::database;
use crate::promises::{PATIENCE, make};
use crate::stage::Stage;

/// Result for timers of one tenant's tickets, due within a minute.
pub struct Late {
    pub timers: i64,
    /// Seconds from the first instant to the last.
    pub within: f64,
    /// From the instant to the time of what the rule did, in milliseconds.
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
}

impl Late {
    pub fn json(&self) -> Value {
        let Late { timers, within, p50, p99, max } = self;
        json!({"timers": timers, "within_seconds": within, "late_p50_ms": p50, "late_p99_ms": p99, "late_max_ms": max})
    }
}

/// Creates tickets at a steady rate, and measures a rule that tags each a minute after its creation.
pub async fn late(stage: &Stage<'_>, ruled: &Ruled) -> Outcome<Late> {
    let (tenant, timers) = (&stage.tenants.due, stage.settings.clocks);
    sets::one(&ruled.dir.join("timers"), "{after: 1m, since: ticket.created_at}", "tag: {add: [late]}")?;
    let server = ruled.server("timers").await?;
    make(stage, &server.connect().await?, tenant, timers).await?;
    let done = "SELECT count(*) FROM activity WHERE tenant_id = $1 AND kind = 'ticket.tag_added'";
    let fired = timeout(PATIENCE, database::wait_for(&ruled.client, done, &[&tenant.name], timers)).await;
    fired.map_err(|_| format!("not all of {timers} timers fired within {PATIENCE:?}"))??;
    server.stop().await?;
    let late = "SELECT percentile_cont(ARRAY[0.5, 0.99, 1]) WITHIN GROUP (ORDER BY \
                   extract(epoch FROM a.occurred_at - t.created_at)::float8 * 1000 - 60000), \
                   extract(epoch FROM max(t.created_at) - min(t.created_at))::float8 \
                FROM activity a JOIN ticket t ON t.tenant_id = a.tenant_id AND t.id = a.ticket_id \
                WHERE a.tenant_id = $1 AND a.kind = 'ticket.tag_added'";
    let row = ruled.client.query_one(late, &[&tenant.name]).await?;
    let [p50, p99, max] = <[f64; 3]>::try_from(row.get::<_, Vec<f64>>(0)).map_err(|_| "not three percentiles")?;
    Ok(Late { timers, within: row.get(1), p50, p99, max })
}
