//! What is folded from the log beside the write path: statistics, and documents for the search. Uses model and store; never
//! the journal, never the wire.
//!
//! A projection of a tenant has a position, and is what follows from the tickets as they were there. A step takes the
//! next activities in and moves the position in one transaction, by compare-and-set: whoever comes second does nothing.
//! So any process may step at any time; the [`keeper`] does where nobody asks, and a reader does before it reads.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;
use std::time::Duration;

use diesel::result::{Error, QueryResult};
use diesel_async::AsyncPgConnection;
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use crate::store::pool::{Pool, PoolError};
use crate::store::projection::{self, Projection, Standing};
use crate::store::sqlstate::Condition;

pub mod keeper;
mod search;
mod statistics;

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is nothing to take in.
    Done,
    Moved,
    /// Somebody else moved it.
    Raced,
}

/// Takes the next activities of a tenant's log in, or begins the projection. Answers where it stood before.
///
/// # Errors
/// Of the database, and [`Error::DeserializationError`] for an activity that cannot be read.
pub async fn step(conn: &mut AsyncPgConnection, tenant: &str, which: Projection) -> QueryResult<(Standing, Step)> {
    let standing = projection::standing(conn, tenant, which).await?;
    if standing.whole().is_some_and(|position| position >= standing.head) {
        return Ok((standing, Step::Done));
    }
    let step = match which {
        Projection::Statistics => statistics::step(conn, tenant, standing).await,
        Projection::Search => search::step(conn, tenant, standing).await,
    };
    match step {
        // Somebody else moves it, or has moved it while this transaction looked elsewhere.
        Err(error) if Condition::of(&error) == Condition::Contention => Ok((standing, Step::Raced)),
        step => Ok((standing, step?)),
    }
}

/// How far a reader's projection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// It holds everything that was committed when the reader came.
    Head { position: i64 },
    /// It has this much to go still.
    Behind { standing: Standing },
}

/// How long a reader takes in what is missing before it gives up.
const PATIENCE: Duration = Duration::from_secs(2);
/// Readers of one tenant take turns; tenants that share a turn lose nothing but time.
const TURNS: usize = 64;
/// Readers that take something in at once: the other connections are for those who need not wait.
const AT_ONCE: usize = 4;

/// Tickets of a tenant whose statistics a reader begins: it takes one long transaction, which no reader should have to wait
/// for, and which would be lost with the reader.
const BEGIN: i64 = 50_000;

/// For readers. A handle; clones share it.
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

/// Why a projection was not brought up.
#[derive(Debug, thiserror::Error)]
pub enum CatchUpError {
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// As of [`step`].
    #[error(transparent)]
    Query(#[from] Error),
}

impl Projections {
    /// A turn for what costs about as much as catching up. `None` never comes: turns are not taken back.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.0.working.acquire().await.ok()
    }

    /// Takes in what is missing up to the head of the tenant's log as it is now, for at most 2 s. No connection is held
    /// while it waits for others.
    ///
    /// # Errors
    /// See [`CatchUpError`].
    pub async fn catch_up(&self, pool: &Pool, tenant: &str, which: Projection) -> Result<Reached, CatchUpError> {
        let until = Instant::now() + PATIENCE;
        let now = projection::standing(&mut *pool.get().await?, tenant, which).await?;
        if let Some(reached) = reached(now, now.head) {
            return Ok(reached);
        }
        let begins = now.position.is_none_or(|position| position < now.floor);
        if which == Projection::Statistics && begins && now.tickets > BEGIN {
            return Ok(Reached::Behind { standing: now });
        }
        // One reader of this process works, the others find it done.
        let turn = BuildHasherDefault::<DefaultHasher>::default().hash_one((tenant, which)) as usize % TURNS;
        let waited =
            timeout_at(until, async { (self.0.turns[turn].lock().await, self.0.working.acquire().await) }).await;
        if waited.is_err() {
            return Ok(Reached::Behind { standing: now });
        }
        let mut conn = pool.get().await?;
        loop {
            let (standing, _) = step(&mut conn, tenant, which).await?;
            if let Some(reached) = reached(standing, now.head) {
                return Ok(reached);
            }
            if Instant::now() >= until {
                return Ok(Reached::Behind { standing });
            }
        }
    }
}

/// Absent: `wanted` is not reached.
fn reached(standing: Standing, wanted: i64) -> Option<Reached> {
    standing.whole().filter(|position| *position >= wanted).map(|position| Reached::Head { position })
}
