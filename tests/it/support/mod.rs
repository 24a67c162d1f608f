//! One PostgreSQL for the whole run, a private database for each test, and callers with real tokens.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use docket::identity::{Caller, NewToken, Role, SigningKey, Trust, Verifier};
use docket::postgres::{self, Postgres, Settings};
use docket::store;
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};

/// The first folder of a few that no other run uses. Its server ends with this process.
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

static TEMPLATE: OnceCell<String> = OnceCell::const_new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

pub async fn sql(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a connection");
    tokio::spawn(connection);
    client
}

/// The conninfo of a new, migrated, empty database.
pub async fn database() -> String {
    let server = tokio::task::spawn_blocking(|| &*SERVER).await.expect("the server");
    let template = TEMPLATE
        .get_or_init(|| async {
            let admin = sql(&server.url(postgres::NAME)).await;
            // What an earlier run left in this folder goes first.
            for row in
                admin.query("SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%'", &[]).await.expect("names")
            {
                let name: String = row.get(0);
                admin.batch_execute(&format!("DROP DATABASE \"{name}\" WITH (FORCE)")).await.expect("a drop");
            }
            admin.batch_execute("CREATE DATABASE test_template").await.expect("the template");
            store::migrate::run(&server.url("test_template")).await.expect("migrations");
            "test_template".to_owned()
        })
        .await;
    let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    let admin = sql(&server.url(postgres::NAME)).await;
    admin.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await.expect("a database");
    server.url(&name)
}

static KEY: LazyLock<SigningKey> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("docket-test-key-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let key = SigningKey::load_or_create(&folder).expect("a key");
    std::fs::remove_dir_all(&folder).expect("removed");
    key
});

pub fn verifier() -> Verifier {
    Verifier::new(Trust { keys: vec![KEY.public()], issuer: None, audience: None })
}

pub fn token(tenant: &str, sub: &str, roles: &[Role]) -> String {
    token_for(tenant, sub, roles, Duration::from_secs(3600))
}

pub fn token_for(tenant: &str, sub: &str, roles: &[Role], ttl: Duration) -> String {
    let token = NewToken { tenant: tenant.into(), sub: sub.into(), roles: roles.to_vec(), app_id: None, ttl };
    KEY.sign(&token).expect("a token")
}

pub fn caller(tenant: &str) -> Caller {
    verifier().verify(&token(tenant, "ann", &[Role::Agent, Role::Admin])).expect("a caller")
}
