//! The PostgreSQL that the tests of one binary share, and the databases in it.

use std::sync::LazyLock;

use docket::postgres::{self, Postgres, Settings};
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};

/// Kept between runs, in the first folder of a few that no other run uses: outside the home folder, which PostgreSQL's user
/// could not enter. Its server ends with this process.
static SERVER: LazyLock<Postgres> = LazyLock::new(|| {
    let start = |n: u32| {
        // SAFETY: geteuid takes nothing and cannot fail.
        let data_dir = std::env::temp_dir().join(format!("docket-test-{}-{n}", unsafe { libc::geteuid() }));
        match Postgres::start(Settings { data_dir, bin_dir: None }) {
            Err(postgres::Error::InUse { .. }) => None,
            other => Some(other.expect("PostgreSQL starts")),
        }
    };
    (0..64).find_map(start).expect("a free folder")
});

static SWEPT: OnceCell<()> = OnceCell::const_new();
/// What an earlier run left.
const LEFT: &str = "SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database \
                    WHERE NOT datistemplate AND datname NOT IN ('postgres', 'docket')";

pub async fn sql(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a connection");
    tokio::spawn(connection);
    client
}

/// The conninfo of a new, empty database.
pub async fn empty_database(name: &str) -> String {
    database_like("template1", name).await
}

/// The conninfo of a new copy of a database that nobody is connected to.
pub async fn database_like(template: &str, name: &str) -> String {
    let server = tokio::task::spawn_blocking(|| &*SERVER).await.expect("the server");
    let admin = sql(&server.url(postgres::NAME)).await;
    let sweep = async || {
        for row in admin.query(LEFT, &[]).await.expect("names") {
            admin.batch_execute(row.get(0)).await.expect("dropped");
        }
    };
    SWEPT.get_or_init(sweep).await;
    admin.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await.expect("a database");
    server.url(name)
}
