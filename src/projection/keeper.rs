//! Keeps projections near the head where nobody reads them, at little cost: it looks for what is behind, takes steps, and
//! rests after each, longer than it worked.

use std::collections::HashSet;
use std::convert::Infallible;
use std::time::Duration;

use diesel::ConnectionError;
use diesel::result::Error;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use tokio::time::{Instant, sleep};

use super::Step;
use crate::store::lock::{Sole, lock};
use crate::store::pool::connect;
use crate::store::projection::{self, Projection};
use crate::store::sqlstate::is_lost;

/// Beginning a large tenant takes a while. What is lost in a crash is taken in again, so nobody waits for the disk.
const SET_UP: &str = "
    SET statement_timeout = '10min'; SET idle_in_transaction_session_timeout = '5s';
    SET synchronous_commit = off; SET jit = off;
";
/// Between two looks for what is behind.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Between two tries to become the one that keeps, or to connect.
const AGAIN: Duration = Duration::from_secs(5);
/// Work on one tenant before the next one has its turn.
const VISIT: Duration = Duration::from_secs(1);
/// Tenants in one round.
const TENANTS: i64 = 1_000;
/// A rest, as a multiple of the work before it: a tenth of one processor, whatever is written meanwhile. Readers hurry.
const REST: u32 = 9;
/// The same while the tickets that were there before the index are taken in, which comes once: half of a processor.
const REST_OF_FIRST: u32 = 1;

/// Keeps up the projections of one database until it is dropped. Of several processes one does, for the others would do
/// the same work: the lock that says which one ends with its session.
pub async fn keep(url: String) {
    let mut away = false;
    loop {
        let Err(error) = session(&url, &mut away).await;
        // Said once, not every few seconds.
        if !std::mem::replace(&mut away, true) {
            tracing::warn!("Projections are not kept up, readers bring them up themselves: {error}");
        }
        sleep(AGAIN).await;
    }
}

#[derive(Debug, thiserror::Error)]
enum KeepError {
    #[error(transparent)]
    Connect(#[from] ConnectionError),
    #[error(transparent)]
    Query(#[from] Error),
}

async fn session(url: &str, away: &mut bool) -> Result<Infallible, KeepError> {
    let mut conn = connect(url).await?;
    conn.batch_execute(SET_UP).await?;
    while !lock(&mut conn, Sole::Projections).await? {
        *away = false;
        sleep(AGAIN).await;
    }
    let mut told = HashSet::new();
    loop {
        *away = false;
        for which in Projection::EACH {
            let begun = Instant::now();
            let behind = projection::behind(&mut conn, which, TENANTS).await?;
            sleep(begun.elapsed() * REST).await;
            for tenant in behind {
                visit(&mut conn, &tenant, which, &mut told).await?;
            }
        }
        sleep(LOOK_EVERY).await;
    }
}

/// Steps until the tenant has caught up, or for a while.
async fn visit(
    conn: &mut AsyncPgConnection,
    tenant: &str,
    which: Projection,
    told: &mut HashSet<(String, Projection)>,
) -> Result<(), Error> {
    let mut worked = Duration::ZERO;
    while worked < VISIT {
        let begun = Instant::now();
        let (standing, step) = match super::step(conn, tenant, which).await {
            Ok(stepped) => stepped,
            Err(error) if is_lost(&error) => return Err(error),
            // One tenant's trouble is not the others', and is said once.
            Err(error) => {
                if told.insert((tenant.to_owned(), which)) {
                    tracing::error!(tenant, "The {} of tenant {tenant} cannot be kept up: {error}", which.name());
                }
                return Ok(());
            }
        };
        let took = begun.elapsed();
        worked += took;
        sleep(took * if standing.remaining > 0 { REST_OF_FIRST } else { REST }).await;
        if step == Step::Done {
            return Ok(());
        }
    }
    Ok(())
}
