//! Projections: data derived from the log outside the write path (statistics, search documents). Uses model and store; never
//! the journal, never the wire.
//!
//! A tenant's projection has a position and reflects its tickets as of that position. A step applies the next activities and
//! advances the position in one transaction, by compare-and-set; of concurrent steps, only one succeeds. So any process may take
//! a step at any time: the [`keeper`] does in the background, and a reader does before it reads.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;
use std::time::Duration;

use diesel::result::{Error, QueryResult};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use crate::store::pool::{Pool, PoolError};
use crate::store::projection::{self, Projection, Standing};
use crate::store::search::Rules;
use crate::store::sqlstate::Condition;
use crate::store::wall;

pub mod keeper;
pub mod search;
mod statistics;

/// Outcome of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The projection is up to date.
    Done,
    Moved,
    /// Another process advanced it.
    Raced,
}

/// Applies the next activities of a tenant's log, or starts the projection. Returns its standing before the step.
///
/// # Errors
/// Database errors, and [`Error::DeserializationError`] for an activity that cannot be read.
pub async fn step(conn: &mut AsyncPgConnection, tenant: &str, which: Projection) -> QueryResult<(Standing, Step)> {
    let standing = standing(conn, tenant, which).await?;
    if standing.whole().is_some_and(|position| position >= standing.head) {
        return Ok((standing, Step::Done));
    }
    let step = match which {
        // What is taken away is not begun again.
        Projection::Search(Rules::OLDER) if standing.position.is_none() || standing.is_leaving() => {
            return Ok((standing, Step::Done));
        }
        Projection::Statistics => statistics::step(conn, tenant, standing).await,
        Projection::Search(rules) => search::step(conn, tenant, rules, standing).await,
    };
    match step {
        // Another process is advancing it, or has advanced it since this transaction's snapshot.
        Err(error) if Condition::of(&error) == Condition::Contention => Ok((standing, Step::Raced)),
        step => Ok((standing, step?)),
    }
}

/// In a transaction of its own.
async fn standing(conn: &mut AsyncPgConnection, tenant: &str, which: Projection) -> QueryResult<Standing> {
    let standing = conn.transaction(async |conn| {
        wall::set_tenants(conn, &[tenant]).await?;
        projection::standing(conn, tenant, which).await
    });
    standing.await
}

/// How far a projection has caught up for a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// It includes everything that was committed when the reader arrived.
    Head { position: i64 },
    /// It is still behind.
    Behind { standing: Standing },
}

/// How long a reader tries to catch up before it gives up.
const PATIENCE: Duration = Duration::from_secs(2);
/// Number of locks. Readers of one tenant take turns; tenants that share a lock by their hash only lose time.
const TURNS: usize = 64;
/// Maximum number of readers that catch up concurrently; the other connections stay free for reads that need not wait.
const AT_ONCE: usize = 4;

/// Maximum number of tickets for which a reader starts statistics itself: that takes one long transaction, which no reader should
/// have to wait for, and which would be lost with the reader.
const BEGIN: i64 = 50_000;

/// Catches projections up for readers. A handle; clones share state.
#[derive(Clone)]
pub struct Projections(Arc<Shared>);

struct Shared {
    turns: [Mutex<()>; TURNS],
    working: Semaphore,
}

impl Default for Projections {
    fn default() -> Projections {
        let turns = std::array::from_fn(|_| Mutex::default());
        Projections(Arc::new(Shared { turns, working: Semaphore::new(AT_ONCE) }))
    }
}

/// Why a projection could not catch up.
#[derive(Debug, thiserror::Error)]
pub enum CatchUpError {
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// See [`step`].
    #[error(transparent)]
    Query(#[from] Error),
}

impl Projections {
    /// A permit for work that costs about as much as catching up. Never `None`, because the semaphore is never closed.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.0.working.acquire().await.ok()
    }

    /// Catches up with the current head of the tenant's log, for at most 2 s. Holds no connection while it waits for others.
    ///
    /// # Errors
    /// See [`CatchUpError`].
    pub async fn catch_up(&self, pool: &Pool, tenant: &str, which: Projection) -> Result<Reached, CatchUpError> {
        let now = projection::standing(&mut *pool.get(tenant).await?, tenant, which).await?;
        self.catch_up_from(pool, tenant, which, now).await
    }

    /// The same with the index of search documents: by the newest rules if it is whole, or as long as there is no other that is.
    ///
    /// # Errors
    /// See [`CatchUpError`].
    pub async fn catch_up_search(&self, pool: &Pool, tenant: &str) -> Result<(Rules, Reached), CatchUpError> {
        let newest = Projection::Search(Rules::NEWEST);
        let mut now = projection::standing(&mut *pool.get(tenant).await?, tenant, newest).await?;
        if !now.serves() {
            let older = Projection::Search(Rules::OLDER);
            let standing = projection::standing(&mut *pool.get(tenant).await?, tenant, older).await?;
            if standing.serves() {
                match self.catch_up_from(pool, tenant, older, standing).await? {
                    // It is taken away: the other is whole by now.
                    Reached::Behind { standing } if !standing.serves() => {}
                    reached => return Ok((Rules::OLDER, reached)),
                }
                now = projection::standing(&mut *pool.get(tenant).await?, tenant, newest).await?;
            }
        }
        Ok((Rules::NEWEST, self.catch_up_from(pool, tenant, newest, now).await?))
    }

    async fn catch_up_from(
        &self,
        pool: &Pool,
        tenant: &str,
        which: Projection,
        now: Standing,
    ) -> Result<Reached, CatchUpError> {
        let until = Instant::now() + PATIENCE;
        if let Some(reached) = reached(now, now.head) {
            return Ok(reached);
        }
        let begins = now.position.is_none_or(|position| position < now.floor);
        if which == Projection::Statistics && begins && now.tickets > BEGIN {
            return Ok(Reached::Behind { standing: now });
        }
        // One reader of this process does the work; the others find it done.
        let turn = BuildHasherDefault::<DefaultHasher>::default().hash_one((tenant, which)) as usize % TURNS;
        let waited =
            timeout_at(until, async { (self.0.turns[turn].lock().await, self.0.working.acquire().await) }).await;
        if waited.is_err() {
            return Ok(Reached::Behind { standing: now });
        }
        let mut conn = pool.unbound(tenant).await?;
        loop {
            let (standing, step) = step(&mut conn, tenant, which).await?;
            if let Some(reached) = reached(standing, now.head) {
                return Ok(reached);
            }
            if step == Step::Done || Instant::now() >= until {
                return Ok(Reached::Behind { standing });
            }
        }
    }
}

/// `None` if `wanted` is not reached.
fn reached(standing: Standing, wanted: i64) -> Option<Reached> {
    standing.whole().filter(|position| *position >= wanted).map(|position| Reached::Head { position })
}
