//! Background task that keeps projections close to the head at little cost: it finds those that are behind, takes steps, and
//! pauses after each for longer than it worked.

use std::collections::HashSet;
use std::convert::Infallible;
use std::time::Duration;

use diesel::ConnectionError;
use diesel::result::Error;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use tokio::time::{Instant, sleep};

use super::{Step, search};
use crate::store::lock::{Sole, lock};
use crate::store::pool::connect;
use crate::store::projection::{self, Projection};
use crate::store::search::Rules;
use crate::store::sqlstate::is_lost;

/// Building the projection of a large tenant takes a while. What a crash loses is redone, so commits do not wait for the disk.
const SET_UP: &str = "
    SET statement_timeout = '10min'; SET idle_in_transaction_session_timeout = '5s';
    SET synchronous_commit = off; SET jit = off;
";
/// Poll interval.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Delay before another attempt to get the lock, or to connect.
const AGAIN: Duration = Duration::from_secs(5);
/// Maximum work time per tenant before the next one.
const VISIT: Duration = Duration::from_secs(1);
/// Maximum number of tenants per round.
const TENANTS: i64 = 1_000;
/// Pause, as a multiple of the work before it: limits the task to a tenth of a processor. Readers catch up without pauses.
const REST: u32 = 9;
/// The same while existing tickets are indexed that cannot be searched until then: half of a processor.
const REST_OF_FIRST: u32 = 1;

/// Keeps the projections of a database up to date until dropped. An advisory lock, which ends with its session, elects one of
/// several processes; others would only duplicate its work.
pub async fn keep(url: String) {
    let mut away = false;
    loop {
        let Err(error) = session(&url, &mut away).await;
        // Logged once, not every few seconds.
        if !std::mem::replace(&mut away, true) {
            tracing::warn!("Projections are not updated in the background; readers update them: {error}");
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
                visit(&mut conn, &tenant, Work::Keep(which), &mut told).await?;
            }
        }
        let begun = Instant::now();
        let superseded = projection::superseded(&mut conn, OLDER, TENANTS).await?;
        sleep(begun.elapsed() * REST).await;
        for tenant in superseded {
            visit(&mut conn, &tenant, Work::Supersede, &mut told).await?;
        }
        sleep(LOOK_EVERY).await;
    }
}

const OLDER: Projection = Projection::Search(Rules::OLDER);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Work {
    Keep(Projection),
    /// Of the search documents of older rules.
    Supersede,
}

impl Work {
    fn name(self) -> &'static str {
        match self {
            Work::Keep(which) => which.name(),
            Work::Supersede => OLDER.name(),
        }
    }

    /// What there is to do, and how much longer than it took to rest after it.
    async fn step(self, conn: &mut AsyncPgConnection, tenant: &str) -> Result<(Step, u32), Error> {
        let Work::Keep(which) = self else { return Ok((search::supersede(conn, tenant).await?, REST)) };
        let (standing, step) = super::step(conn, tenant, which).await?;
        // Nobody waits for what others are searched in the place of.
        let awaited = standing.remaining > 0 && !search::is_served_by_older(conn, tenant, which).await?;
        Ok((step, if awaited { REST_OF_FIRST } else { REST }))
    }
}

/// Takes steps until the tenant has caught up, or its time is used.
async fn visit(
    conn: &mut AsyncPgConnection,
    tenant: &str,
    work: Work,
    told: &mut HashSet<(String, Work)>,
) -> Result<(), Error> {
    let mut worked = Duration::ZERO;
    while worked < VISIT {
        let begun = Instant::now();
        let (step, rest) = match work.step(conn, tenant).await {
            Ok(stepped) => stepped,
            Err(error) if is_lost(&error) => return Err(error),
            // An error of one tenant must not affect others, and is logged once.
            Err(error) => {
                if told.insert((tenant.to_owned(), work)) {
                    tracing::error!(tenant, "The {} of tenant {tenant} cannot be updated: {error}", work.name());
                }
                return Ok(());
            }
        };
        let took = begun.elapsed();
        worked += took;
        sleep(took * rest).await;
        if step == Step::Done {
            return Ok(());
        }
    }
    Ok(())
}
