//! PostgreSQL server of the run, with its two databases, and queries about their contents.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use docket::postgres::{self, Postgres};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls};

use crate::Outcome;
use crate::settings::Settings;

pub const DOCKET: &str = "docket";
pub const NAIVE: &str = "naive";

/// Poll interval.
const LOOK: Duration = Duration::from_millis(100);

/// Settings that keep checkpoints from distorting the legs of one side.
const CLUSTER: [&str; 3] = [
    "ALTER SYSTEM SET max_wal_size = '8GB'",
    "ALTER SYSTEM SET checkpoint_timeout = '30min'",
    "SELECT pg_reload_conf()",
];

/// Starts the server in `dir`. It blocks for some seconds.
pub fn start(dir: &Path) -> Outcome<Postgres> {
    let settings = postgres::Settings { data_dir: dir.to_path_buf(), bin_dir: None };
    Ok(Postgres::start(settings)?)
}

pub async fn connect(url: &str) -> Outcome<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            eprintln!("a connection to PostgreSQL ended: {error}");
        }
    });
    Ok(client)
}

/// Creates the naive service's database, with the same migrations. `client` is connected to the other one.
pub async fn make_naive(client: &Client, naive_url: &str) -> Outcome<Client> {
    for statement in CLUSTER {
        client.batch_execute(statement).await?;
    }
    client.batch_execute(&format!("CREATE DATABASE {NAIVE}")).await?;
    let naive = connect(naive_url).await?;
    let mut folders: Vec<_> = fs::read_dir("migrations")?.collect::<Result<_, _>>()?;
    folders.sort_by_key(|folder| folder.file_name());
    for folder in folders {
        naive.batch_execute(&fs::read_to_string(folder.path().join("up.sql"))?).await?;
    }
    Ok(naive)
}

/// Fills one database with seed.sql.
pub async fn seed(client: &Client, settings: &Settings) -> Outcome<()> {
    let Settings { tenants, tickets, short_list, long_list, .. } = settings;
    let sql = fs::read_to_string("bench/sql/seed.sql")?;
    let numbers = format!(
        "SET bench.tenants = {tenants}; SET bench.tickets = {tickets}; SET bench.short_list = {short_list}; \
         SET bench.long_list = {long_list};"
    );
    client.batch_execute(&numbers).await?;
    client.batch_execute(&sql).await?;
    client.batch_execute("VACUUM ANALYZE").await?;
    Ok(())
}

/// Row counts of all tables, except projections, which are updated in the background.
pub async fn count_rows(client: &Client) -> Outcome<BTreeMap<String, i64>> {
    let names = "SELECT format('%I', tablename) FROM pg_tables WHERE schemaname = 'public' \
                 AND tablename NOT IN ('projection', 'statistic', 'ticket_search', 'ticket_search_2')";
    let mut counts = BTreeMap::new();
    for row in client.query(names, &[]).await? {
        let name: String = row.get(0);
        let count = client.query_one(&format!("SELECT count(*) FROM {name}"), &[]).await?;
        counts.insert(name, count.get(0));
    }
    Ok(counts)
}

/// Waits until the statistics and search documents of a tenant are complete.
pub async fn wait_for_projections(client: &Client, tenant: &str) -> Outcome<()> {
    let sql = "SELECT count(*) FROM projection WHERE tenant_id = $1 AND remaining = 0";
    wait_for(client, sql, &[&tenant], 2).await
}

/// Waits until the open tickets of this many tenants have moved to their new policies, which is written once for each.
pub async fn wait_for_moves(client: &Client, tenants: i64) -> Outcome<()> {
    wait_for(client, "SELECT count(*) FROM sla_move WHERE done", &[], tenants).await
}

/// Polls until a count is reached.
pub async fn wait_for(client: &Client, count: &str, of: &[&(dyn ToSql + Sync)], wanted: i64) -> Outcome<()> {
    while client.query_one(count, of).await?.get::<_, i64>(0) < wanted {
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

/// Average sizes of an activity of this kind, in bytes: body, image, its row, and the row of its ticket.
pub struct Sizes {
    pub body: usize,
    pub image: usize,
    pub activity_row: f64,
    pub ticket_row: f64,
}

/// Averages over the newest thousand activities of a kind of one tenant.
pub async fn sizes(client: &Client, tenant: &str, kind: &str) -> Outcome<Sizes> {
    let sql = "SELECT avg(octet_length(a.body))::float8, avg(octet_length(a.image))::float8, \
                      avg(pg_column_size(a))::float8, avg(pg_column_size(t))::float8 \
               FROM (SELECT * FROM activity WHERE tenant_id = $1 AND kind = $2 ORDER BY position DESC LIMIT 1000) a \
               JOIN ticket t ON t.tenant_id = a.tenant_id AND t.id = a.ticket_id";
    let row = client.query_one(sql, &[&tenant, &kind]).await?;
    let average = |column: usize| -> Outcome<f64> {
        Ok(row.get::<_, Option<f64>>(column).ok_or_else(|| format!("no {kind} activity of tenant {tenant}"))?)
    };
    Ok(Sizes {
        body: average(0)?.round() as usize,
        image: average(1)?.round() as usize,
        activity_row: average(2)?,
        ticket_row: average(3)?,
    })
}

/// PostgreSQL's version and settings that affect the results.
pub async fn facts(client: &Client) -> Outcome<BTreeMap<String, String>> {
    let sql = "SELECT name, current_setting(name) FROM pg_settings WHERE name IN \
               ('server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'max_wal_size')";
    Ok(client.query(sql, &[]).await?.iter().map(|row| (row.get(0), row.get(1))).collect())
}
