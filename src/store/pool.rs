//! Connection pool for reads.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use deadpool::managed::{self, Metrics, Object, QueueMode, RecycleError, RecycleResult};
use diesel::ConnectionError;
use diesel_async::pooled_connection::PoolableConnection;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::FutureExt;

pub use super::connect::{PoolError, connect};
use super::point_reads::PointReads;
use super::shares::{Crowded, Shares, Turn};
use super::wall;

/// What is pooled: a connection, and since when the transaction is open that nobody reads in any more. Where others wait for a
/// connection, whoever gets this one ends that transaction with the message that begins its own.
struct Wire {
    conn: AsyncPgConnection,
    left_open: Mutex<Option<Instant>>,
}

/// How long a transaction may be left open; the server would end the connection soon after.
const LEFT_OPEN: Duration = Duration::from_secs(10);

impl Wire {
    /// Sends a command ahead of the next statement, without waiting for its answer. Where BEGIN fails, so do the statements after
    /// it; after COMMIT there is no transaction in any case.
    fn send(&self, command: &str) {
        let _ = (&mut &self.conn).batch_execute(command).now_or_never();
    }

    fn left_open(&self) -> MutexGuard<'_, Option<Instant>> {
        self.left_open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) {
        if self.left_open().take().is_some() {
            self.send("COMMIT");
        }
    }
}

struct Manager {
    url: String,
    set_up: String,
}

impl managed::Manager for Manager {
    type Type = Wire;
    type Error = ConnectionError;

    async fn create(&self) -> Result<Wire, ConnectionError> {
        let mut conn = connect(&self.url).await?;
        conn.batch_execute(&self.set_up).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(Wire { conn, left_open: Mutex::default() })
    }

    /// A test query at each checkout would double every read; a broken connection tells by itself.
    async fn recycle(&self, wire: &mut Wire, _: &Metrics) -> RecycleResult<ConnectionError> {
        let stale = wire.left_open().is_some_and(|since| since.elapsed() > LEFT_OPEN);
        if stale || wire.conn.is_broken() {
            return Err(RecycleError::message("lost"));
        }
        Ok(())
    }
}

/// A connection of the pool, without a transaction; dropping it gives it back.
pub struct Connection {
    inner: Object<Manager>,
    /// None: it is for the server's own work.
    _turn: Option<Turn>,
}

impl Deref for Connection {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        &self.inner.conn
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        &mut self.inner.conn
    }
}

/// A connection in a transaction that sees the rows of some tenants, each statement what was committed before it. Dropping it
/// ends the transaction and gives the connection back.
pub struct Reading {
    conn: Connection,
    pool: Pool,
}

impl Reading {
    fn begin(conn: Connection, pool: &Pool, tenants: &[&str]) -> Reading {
        let begin = wall::begin_reading(tenants);
        let open = conn.inner.left_open().take();
        match open {
            Some(_) => conn.inner.send(&format!("COMMIT; {begin}")),
            None => conn.inner.send(&begin),
        }
        Reading { conn, pool: pool.clone() }
    }
}

impl Deref for Reading {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        &self.conn
    }
}

impl DerefMut for Reading {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        &mut self.conn
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        *self.conn.inner.left_open() = Some(Instant::now());
        if self.pool.waiting.load(Ordering::Relaxed) > 0 {
            return;
        }
        self.conn.inner.end();
        // Of those that came back while somebody waited, some may not have been taken again.
        self.pool.inner.retain(|wire, _| {
            wire.end();
            true
        });
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Connections at most.
    pub size: usize,
    /// Those that one tenant may use at once.
    pub per_tenant: usize,
    /// How long a caller waits for a free one.
    pub wait: Duration,
    /// How long one statement may run.
    pub statement_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { size: 16, per_tenant: 10, wait: Duration::from_secs(2), statement_timeout: Duration::from_secs(5) }
    }
}

/// The connections that reads use.
#[derive(Clone)]
pub struct Pool {
    inner: managed::Pool<Manager>,
    /// Callers that want a connection and have none yet.
    waiting: Arc<AtomicUsize>,
    shares: Arc<Shares>,
    wait: Duration,
    point_reads: Arc<PointReads>,
}

/// How many connections are in use, and open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    pub used: usize,
    pub open: usize,
}

impl Pool {
    /// Connects when it is first asked, and again whenever one was lost.
    ///
    /// # Errors
    /// A size of 0.
    pub fn new(url: &str, settings: Settings) -> Result<Pool, PoolError> {
        // Planning a list anew for each call costs as much as reading it, and the same indexes serve whatever the values are.
        let set_up = format!(
            "SET plan_cache_mode = force_generic_plan; SET jit = off; \
             SET statement_timeout = {}; SET idle_in_transaction_session_timeout = '30s'",
            settings.statement_timeout.as_millis()
        );
        let point_reads = Arc::new(PointReads::new(url, format!("{set_up}; {}", super::plan::BY_KEY)));
        if settings.size == 0 {
            return Err(PoolError::NoConnection("a pool of no connections".into()));
        }
        let inner = managed::Pool::builder(Manager { url: url.to_owned(), set_up })
            .max_size(settings.size)
            .queue_mode(QueueMode::Lifo)
            .build()
            .map_err(|e| PoolError::NoConnection(e.to_string()))?;
        let shares = Arc::new(Shares::new(settings.size, settings.per_tenant));
        Ok(Pool { inner, waiting: Arc::default(), shares, wait: settings.wait, point_reads })
    }

    /// For look-ups of one row.
    pub fn point_reads(&self) -> &PointReads {
        &self.point_reads
    }

    pub fn use_of(&self) -> Use {
        let status = self.inner.status();
        Use { used: status.size.saturating_sub(status.available), open: status.size }
    }

    /// A free connection of the tenant's share, within the wait of the settings, that sees the tenant's rows.
    pub async fn get(&self, tenant: &str) -> Result<Reading, PoolError> {
        Ok(Reading::begin(self.of_share(tenant).await?, self, &[tenant]))
    }

    /// The same without a transaction, for work that has several.
    pub async fn unbound(&self, tenant: &str) -> Result<Connection, PoolError> {
        let conn = self.of_share(tenant).await?;
        conn.inner.end();
        Ok(conn)
    }

    /// One of no tenant's share, that sees the rows of these: for the server's own reads, and those of streams, of which
    /// `streams.reads_at_once` run at once.
    pub async fn own(&self, tenants: &[&str]) -> Result<Reading, PoolError> {
        Ok(Reading::begin(self.within_wait(self.connection(None)).await?, self, tenants))
    }

    async fn of_share(&self, tenant: &str) -> Result<Connection, PoolError> {
        self.within_wait(async {
            let turn = self.shares.turn(tenant).await.map_err(|Crowded| PoolError::Busy)?;
            self.connection(Some(turn)).await
        })
        .await
    }

    async fn within_wait(
        &self,
        conn: impl Future<Output = Result<Connection, PoolError>>,
    ) -> Result<Connection, PoolError> {
        let _one = Waits::on(&self.waiting);
        tokio::time::timeout(self.wait, conn).await.unwrap_or(Err(PoolError::Busy))
    }

    async fn connection(&self, turn: Option<Turn>) -> Result<Connection, PoolError> {
        let inner = self.inner.get().await.map_err(|e| PoolError::NoConnection(e.to_string()))?;
        Ok(Connection { inner, _turn: turn })
    }
}

/// Counted while it lives.
struct Waits<'a>(&'a AtomicUsize);

impl<'a> Waits<'a> {
    fn on(count: &'a AtomicUsize) -> Waits<'a> {
        count.fetch_add(1, Ordering::Relaxed);
        Waits(count)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
