//! Connection pool for reads.

use std::sync::Arc;
use std::time::Duration;

use diesel::ConnectionError;
use diesel_async::pooled_connection::deadpool::{self, Object};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::FutureExt;

pub use super::connect::{PoolError, connect};
use super::point_reads::PointReads;

/// A connection of the pool; dropping it gives it back.
pub type Connection = Object<AsyncPgConnection>;

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Connections at most.
    pub size: usize,
    /// How long a caller waits for a free one.
    pub wait: Duration,
    /// How long one statement may run.
    pub statement_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { size: 16, wait: Duration::from_secs(2), statement_timeout: Duration::from_secs(5) }
    }
}

/// The connections that reads use.
#[derive(Clone)]
pub struct Pool {
    inner: deadpool::Pool<AsyncPgConnection>,
    wait: Duration,
    point_reads: Arc<PointReads>,
}

/// How many connections are in use, open, and allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    pub used: usize,
    pub open: usize,
    pub most: usize,
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
             SET statement_timeout = {}; SET idle_in_transaction_session_timeout = '5s'",
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
        Ok(Pool { inner, wait: settings.wait, point_reads })
    }

    /// For look-ups of one row.
    pub fn point_reads(&self) -> &PointReads {
        &self.point_reads
    }

    pub fn use_of(&self) -> Use {
        let status = self.inner.status();
        Use { used: status.size.saturating_sub(status.available), open: status.size, most: status.max_size }
    }

    /// A free connection, within the wait of the settings.
    pub async fn get(&self) -> Result<Connection, PoolError> {
        match tokio::time::timeout(self.wait, self.inner.get()).await {
            Ok(found) => found.map_err(|e| PoolError::NoConnection(e.to_string())),
            Err(_) => Err(PoolError::Busy),
        }
    }
}
