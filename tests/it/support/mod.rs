//! A private database for each test, and callers with real tokens.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use docket::identity::{Caller, NewToken, Role, SigningKey, Trust, Verifier};
use docket::store;
use tokio::sync::OnceCell;

use crate::shared::{database_like, empty_database};

static TEMPLATE: OnceCell<()> = OnceCell::const_new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The conninfo of a new, migrated, empty database.
pub async fn database() -> String {
    const NAME: &str = "test_template";
    let migrated = async || {
        store::migrate::run(&empty_database(NAME).await).await.expect("migrations");
    };
    TEMPLATE.get_or_init(migrated).await;
    database_like(NAME, &format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed))).await
}

static KEY: LazyLock<SigningKey> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("docket-test-key-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let key = SigningKey::load_or_create(&folder).expect("a key");
    std::fs::remove_dir_all(&folder).expect("removed");
    key
});

pub fn verifier() -> Verifier {
    Verifier::new(Trust { keys: vec![KEY.public()], ..Trust::default() })
}

pub fn token(tenant: &str, sub: &str, roles: &[Role]) -> String {
    let ttl = Duration::from_secs(3600);
    let token = NewToken { tenant: tenant.into(), sub: sub.into(), roles: roles.to_vec(), app_id: None, ttl };
    KEY.sign(&token).expect("a token")
}

pub fn caller(tenant: &str) -> Caller {
    verifier().verify(&token(tenant, "ann", &[Role::Agent, Role::Admin])).expect("a caller")
}
