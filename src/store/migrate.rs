//! Migrations: applying them, and checking that the schema is current.

use diesel::pg::Pg;
use diesel::sql_types::{BigInt, Bool, Timestamptz};
use diesel::{QueryDsl, QueryableByName};
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::pool::connect;
use super::{head, wall};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Held while migrating: "docket" in ASCII.
const LOCK: i64 = 0x64_6f_63_6b_65_74;

diesel::table! {
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no connection to migrate over: {0}")]
    Connect(#[from] diesel::ConnectionError),
    #[error("reading what the schema is: {0}")]
    Query(#[from] diesel::result::Error),
    #[error("migrating: {0}")]
    Migration(#[from] Box<dyn std::error::Error + Send + Sync>),
    #[error(
        "making the roles and the walls: {0}; `docket migrate --print-roles` prints the SQL for whoever may create roles"
    )]
    Wall(diesel::result::Error),
    #[error("the schema lacks {}: run `docket migrate`", .0.join(", "))]
    Behind(Vec<String>),
}

/// Runs what is missing, in order, and returns its versions. Of servers that start at once, one migrates and the others
/// wait for it. Needs a multi-threaded runtime.
pub async fn run(url: &str) -> Result<Vec<String>, Error> {
    let mut conn = connect(url).await?;
    // The lock ends with the session, whatever happens here.
    diesel::sql_query("SELECT pg_advisory_lock($1)").bind::<BigInt, _>(LOCK).execute(&mut conn).await?;
    wall::prepare(&mut conn).await.map_err(Error::Wall)?;
    let mut harness = AsyncMigrationHarness::new(conn);
    let done = harness.run_pending_migrations(MIGRATIONS)?;
    let done = done.iter().map(|version| version.to_string()).collect();
    wall::install(&mut harness.into_inner()).await.map_err(Error::Wall)?;
    Ok(done)
}

/// Gives the log another epoch, higher than the one before: that and the new one. Running servers see it within a second,
/// and end the streams of the old one.
pub async fn new_epoch(url: &str) -> Result<(i64, i64), Error> {
    #[derive(QueryableByName)]
    struct Epochs {
        #[diesel(sql_type = BigInt)]
        before: i64,
        #[diesel(sql_type = BigInt)]
        now: i64,
    }
    let mut conn = connect(url).await?;
    let query = diesel::sql_query(
        "WITH old AS (SELECT epoch FROM installation FOR UPDATE) \
         UPDATE installation SET epoch = greatest(old.epoch + 1, extract(epoch FROM $1)::bigint) FROM old \
         RETURNING old.epoch AS before, installation.epoch AS now",
    );
    let now = head::clock(&conn).await?;
    let Epochs { before, now } = query.bind::<Timestamptz, _>(now).get_result(&mut conn).await?;
    Ok((before, now))
}

/// # Errors
/// [`Error::Behind`] while a migration that this program needs has not run. Newer ones are no error: each leaves a schema
/// that the program before it can use.
pub async fn check(conn: &mut AsyncPgConnection) -> Result<(), Error> {
    let mut missing = known()?;
    if migrated_ever(conn).await? {
        let applied: Vec<String> =
            __diesel_schema_migrations::table.select(__diesel_schema_migrations::version).load(conn).await?;
        missing.retain(|version| !applied.contains(version));
    }
    if missing.is_empty() { Ok(()) } else { Err(Error::Behind(missing)) }
}

fn known() -> Result<Vec<String>, Error> {
    let migrations = diesel::migration::MigrationSource::<Pg>::migrations(&MIGRATIONS)?;
    let mut versions: Vec<String> = migrations.iter().map(|m| m.name().version().to_string()).collect();
    versions.sort();
    Ok(versions)
}

async fn migrated_ever(conn: &mut AsyncPgConnection) -> diesel::QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Bool)]
        found: bool,
    }
    let query = diesel::sql_query("SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL AS found");
    Ok(query.get_result::<Found>(conn).await?.found)
}
