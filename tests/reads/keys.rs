//! Statements by key probe, however old the statistics are that they were planned with.

use std::iter::empty;

use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use docket::model::ledger::Head;
use docket::model::ticket::Ticket;
use docket::store::lookup::KnownTicket;
use docket::store::pool::connect;
use docket::store::{lookup, migrate, plan, save, write};

use crate::server::{a_ticket, at, uuid};
use crate::shared::empty_database;

/// Rows in one statement, and in the tables by then.
const ROWS: i64 = 20;
const GROWN: i64 = 3_000;

fn a_head(n: i64) -> Head {
    Head {
        tenant_id: format!("t{n}"),
        position: 1,
        config_position: 0,
        last_number: 1,
        floor: 0,
        last_at: at(n),
        queues: Default::default(),
    }
}

/// Two tenants with a ticket each, as ANALYZE sees them, and statements planned for that; then the tables grow.
async fn grown() -> AsyncPgConnection {
    let url = empty_database("keys").await;
    migrate::run(&url).await.unwrap();
    let mut conn = connect(&url).await.unwrap();
    for tenant in 1..=2 {
        write::insert(&conn, [a_head(tenant)].iter()).await.unwrap();
        write::insert(&conn, [a_ticket(&format!("t{tenant}"), 1)].iter()).await.unwrap();
    }
    conn.batch_execute("ANALYZE").await.unwrap();
    conn.batch_execute(plan::BY_KEY).await.unwrap();
    save::warm_all(&conn).await.unwrap();
    let heads: Vec<Head> = (3..=GROWN).map(a_head).collect();
    write::insert(&conn, heads.iter()).await.unwrap();
    let tickets: Vec<Ticket> = (2..=GROWN).map(|n| a_ticket("t1", n)).collect();
    write::insert(&conn, tickets.iter()).await.unwrap();
    conn
}

/// Rows of the table that scans of this connection have come upon, up to some beginning.
pub async fn touched(conn: &mut AsyncPgConnection, table: &str) -> i64 {
    let text =
        format!("SELECT idx_tup_fetch + seq_tup_read AS n FROM pg_stat_xact_user_tables WHERE relname = '{table}'");
    let count: Count = RunQueryDsl::get_result(diesel::sql_query(text), conn).await.unwrap();
    count.n
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_grew_since_they_were_analyzed_are_not_walked() {
    let mut conn = grown().await;
    let tickets: Vec<Ticket> = (1..=ROWS).map(|n| a_ticket("t1", n)).collect();
    let heads: Vec<Head> = (1..=ROWS).map(a_head).collect();
    let heads: Vec<&Head> = heads.iter().collect();
    let ids: Vec<_> = (1..=ROWS).map(|n| ("t1", uuid(n))).collect();
    let numbers: Vec<_> = (1..=ROWS).map(|n| ("t1", n)).collect();
    let known =
        tickets.iter().map(|t| KnownTicket { place: t.number as usize, tenant: "t1", id: t.id, position: t.position });
    let known: Vec<_> = known.collect();

    for what in ["move heads", "update tickets", "by id", "by number", "unchanged"] {
        let table = if what == "move heads" { "tenant_head" } else { "ticket" };
        conn.batch_execute("BEGIN").await.unwrap();
        let before = touched(&mut conn, table).await;
        match what {
            "move heads" => write::batch(&conn, empty(), &[], empty(), &heads).await.unwrap(),
            "update tickets" => write::update(&conn, tickets.iter()).await.unwrap(),
            "by id" => assert_eq!(lookup::tickets(&conn, &ids).await.unwrap().len(), ids.len()),
            "unchanged" => assert_eq!(lookup::unchanged_tickets(&conn, &known).await.unwrap().len(), ids.len()),
            _ => assert_eq!(lookup::numbers(&conn, &numbers).await.unwrap().len(), ids.len()),
        }
        let touched = touched(&mut conn, table).await - before;
        assert!((ROWS..=2 * ROWS).contains(&touched), "{what}: {touched} rows for {ROWS}");
        conn.batch_execute("ROLLBACK").await.unwrap();
    }
}
