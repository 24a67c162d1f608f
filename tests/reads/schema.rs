//! Migrations: servers that start at once, and a schema that is behind.

use docket::store::migrate::{self, Error};
use docket::store::pool::connect;

use crate::shared::empty_database;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_servers_that_start_at_once_migrate_once() {
    let url = empty_database("twice").await;
    let mut conn = connect(&url).await.unwrap();
    assert!(matches!(migrate::check(&mut conn).await, Err(Error::Behind(missing)) if !missing.is_empty()));

    let servers =
        [url.clone(), url.clone(), url.clone()].map(|url| tokio::spawn(async move { migrate::run(&url).await }));
    let mut done = Vec::new();
    for server in servers {
        done.push(server.await.unwrap().unwrap());
    }
    done.sort();
    assert!(done[0].is_empty() && done[1].is_empty() && !done[2].is_empty(), "{done:?}");
    migrate::check(&mut conn).await.unwrap();
}
