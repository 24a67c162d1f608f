//! The pool: as many connections as it has, and statements that take too long.

use std::time::{Duration, Instant};

use diesel::result::Error;
use diesel_async::SimpleAsyncConnection;
use docket::store::pool::{Pool, PoolError, Settings};
use docket::store::read::head;

use crate::server::{database, url};

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_gives_what_it_has_and_gets_it_back() {
    database().await;
    // Far more than what is short takes, on a busy machine too.
    let settings =
        Settings { size: 1, per_tenant: 1, wait: Duration::from_secs(5), statement_timeout: Duration::from_secs(2) };
    let pool = Pool::new(url().await, settings).unwrap();
    let mut conn = pool.get("pool").await.unwrap();
    assert!(matches!(pool.get("pool").await, Err(PoolError::Busy)));
    let too_long = conn.batch_execute("SELECT pg_sleep(60)").await.unwrap_err();
    assert!(matches!(too_long, Error::DatabaseError(..)), "{too_long}");
    drop(conn);
    let mut conn = pool.get("pool").await.unwrap();
    assert_eq!(head::position(&mut conn, "pool").await.unwrap(), 0);
    drop(conn);

    let mut conn = pool.get("pool").await.unwrap();
    conn.batch_execute("SELECT pg_terminate_backend(pg_backend_pid())").await.unwrap_err();
    drop(conn);
    // The end of the socket, which the pool goes by, may come a moment after the error.
    let end = Instant::now() + Duration::from_secs(10);
    while let Err(lost) = head::position(&mut pool.get("pool").await.unwrap(), "pool").await {
        assert!(Instant::now() < end, "a lost connection is given out again: {lost}");
    }
}

#[tokio::test]
async fn no_database_is_said_at_once() {
    let pool = Pool::new("host=/nowhere user=docket", Settings::default()).unwrap();
    assert!(matches!(pool.get("pool").await, Err(PoolError::NoConnection(_))));
}
