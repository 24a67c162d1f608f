//! Projections are kept up where nobody asks, by one of those who could.

use std::time::{Duration, Instant};

use diesel_async::AsyncPgConnection;
use docket::projection::keeper::keep;
use docket::store::lock::{Sole, lock};
use docket::store::pool::connect;
use docket::store::projection::{Projection, standing};
use docket::store::wall::as_server;

use crate::shared::sql;
use crate::support::database;

const HEAD: &str = "
    INSERT INTO tenant_head (tenant_id, position, config_position, last_number, floor, last_at) VALUES ('t', 0, 0, 0, 0, now());
";
const WRITES: &str = "
    INSERT INTO activity (tenant_id, position, kind, families, ticket_version, app_id, requester_id, public, actor_kind,
        actor_id, occurred_at, body, image)
    SELECT 't', n, 'team.changed', '[]', 0, '', '', false, 'AGENT', 'ann', now(), '', '' FROM generate_series(1, 20) n;
    UPDATE tenant_head SET position = 20;
";

async fn reaches(conn: &mut AsyncPgConnection, position: i64) {
    let end = Instant::now() + Duration::from_secs(180);
    for which in Projection::EACH {
        while standing(conn, "t", which).await.expect("a standing").whole() != Some(position) {
            assert!(Instant::now() < end, "{which:?} is not kept up");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_reads_is_taken_in_all_the_same() {
    let url = database().await;
    let writer = sql(&url).await;
    writer.batch_execute(HEAD).await.expect("a head");
    let keeping = tokio::spawn(keep(as_server(&url)));
    let mut conn = connect(&url).await.expect("a connection");
    reaches(&mut conn, 0).await;
    writer.batch_execute(WRITES).await.expect("writes");
    reaches(&mut conn, 20).await;

    // One keeps; when it is gone another can.
    assert!(!lock(&mut conn, Sole::Projections).await.expect("an answer"), "two keep at once");
    keeping.abort();
    let end = Instant::now() + Duration::from_secs(180);
    while !lock(&mut conn, Sole::Projections).await.expect("an answer") {
        assert!(Instant::now() < end, "whoever is gone keeps still");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
