//! Connection pool for reads.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use diesel::ConnectionError;
use diesel_async::pooled_connection::deadpool::{self, Object};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::FutureExt;

pub use super::connect::{PoolError, connect};
use super::point_reads::PointReads;
use super::shares::{Crowded, Shares, Turn};
use super::wall;

/// A connection of the pool, without a transaction; dropping it gives it back.
pub struct Connection {
    inner: Object<AsyncPgConnection>,
    /// None: it is for the server's own work.
    _turn: Option<Turn>,
}

impl Deref for Connection {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        &self.inner
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        &mut self.inner
    }
}

/// A connection in a transaction that sees the rows of some tenants, each statement what was committed before it. Dropping it
/// ends the transaction and gives the connection back.
pub struct Reading(Connection);

impl Reading {
    fn begin(conn: Connection, tenants: &[&str]) -> Reading {
        let reading = Reading(conn);
        reading.send(&wall::begin_reading(tenants));
        reading
    }

    /// Sends a command ahead of the next statement, without waiting for its answer. Where BEGIN fails, so do the statements after
    /// it; after COMMIT there is no transaction in any case.
    fn send(&self, command: &str) {
        let _ = (&mut &*self.0).batch_execute(command).now_or_never();
    }
}

impl Deref for Reading {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        &self.0
    }
}

impl DerefMut for Reading {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        &mut self.0
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.send("COMMIT");
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
    inner: deadpool::Pool<AsyncPgConnection>,
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
        let mut config = ManagerConfig::default();
        // A test query at each checkout would double every read; a broken connection tells by itself.
        config.recycling_method = RecyclingMethod::Fast;
        config.custom_setup = Box::new(move |url| {
            let (url, set_up) = (url.to_owned(), set_up.clone());
            async move {
                let mut conn = connect(&url).await?;
                conn.batch_execute(&set_up).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
                Ok(conn)
            }
            .boxed()
        });
        if settings.size == 0 {
            return Err(PoolError::NoConnection("a pool of no connections".into()));
        }
        let manager = AsyncDieselConnectionManager::new_with_config(url, config);
        let inner = deadpool::Pool::builder(manager)
            .max_size(settings.size)
            .build()
            .map_err(|e| PoolError::NoConnection(e.to_string()))?;
        let shares = Arc::new(Shares::new(settings.size, settings.per_tenant));
        Ok(Pool { inner, shares, wait: settings.wait, point_reads })
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
        Ok(Reading::begin(self.unbound(tenant).await?, &[tenant]))
    }

    /// The same without a transaction, for work that has several.
    pub async fn unbound(&self, tenant: &str) -> Result<Connection, PoolError> {
        let found = tokio::time::timeout(self.wait, async {
            let turn = self.shares.turn(tenant).await.map_err(|Crowded| PoolError::Busy)?;
            self.connection(Some(turn)).await
        });
        found.await.unwrap_or(Err(PoolError::Busy))
    }

    /// One of no tenant's share, that sees the rows of these: for the server's own reads, and those of streams, of which
    /// `streams.reads_at_once` run at once.
    pub async fn own(&self, tenants: &[&str]) -> Result<Reading, PoolError> {
        let conn = tokio::time::timeout(self.wait, self.connection(None)).await.unwrap_or(Err(PoolError::Busy))?;
        Ok(Reading::begin(conn, tenants))
    }

    async fn connection(&self, turn: Option<Turn>) -> Result<Connection, PoolError> {
        let inner = self.inner.get().await.map_err(|e| PoolError::NoConnection(e.to_string()))?;
        Ok(Connection { inner, _turn: turn })
    }
}
