//! The pool: as many connections as it has, and statements that take too long.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use diesel::result::Error;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use docket::store::pool::{Pool, PoolError, Settings};
use docket::store::read::head;

use crate::server::{database, url};
use crate::shared::sql;

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

/// Where many wait, a transaction is ended by whoever has the connection next.
#[tokio::test(flavor = "multi_thread")]
async fn readers_that_wait_for_each_other_see_their_own_tenant_and_leave_no_transaction_open() {
    #[derive(diesel::QueryableByName)]
    struct Session {
        #[diesel(sql_type = diesel::sql_types::Text)]
        tenants: String,
        #[diesel(sql_type = diesel::sql_types::Integer)]
        pid: i32,
    }
    database().await;
    let settings = Settings { size: 4, per_tenant: 2, wait: Duration::from_secs(60), ..Settings::default() };
    let pool = Pool::new(url().await, settings).unwrap();
    let readers = (0..64).map(|i| {
        let (pool, tenant) = (pool.clone(), format!("pool-{}", i % 3));
        tokio::spawn(async move {
            let mut pids = BTreeSet::new();
            for turn in 0..20 {
                let mut conn = pool.get(&tenant).await.unwrap();
                if turn == 7 {
                    conn.batch_execute("SELECT 1 / 0").await.unwrap_err();
                    continue;
                }
                let asked = "SELECT current_setting('docket.tenants') AS tenants, pg_backend_pid() AS pid";
                let session: Session = diesel::sql_query(asked).get_result(&mut *conn).await.unwrap();
                assert_eq!(session.tenants, format!("{{\"{tenant}\"}}"));
                pids.insert(session.pid);
            }
            pids
        })
    });
    let mut pids = BTreeSet::new();
    for reader in readers.collect::<Vec<_>>() {
        pids.extend(reader.await.unwrap());
    }
    let pids: Vec<i32> = pids.into_iter().collect();
    let admin = sql(url().await).await;
    let open = "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY($1) AND state <> 'idle'";
    // What ends the last ones was sent and not waited for.
    let end = Instant::now() + Duration::from_secs(10);
    while admin.query_one(open, &[&pids]).await.unwrap().get::<_, i64>(0) > 0 {
        assert!(Instant::now() < end, "a connection is left in a transaction");
    }
}
