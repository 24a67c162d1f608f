//! `docket prune`: deletes the oldest part of the log.

use std::time::Duration;

use clap::Args;
use jiff::Timestamp;

use super::database::DatabaseArgs;
use super::token::parse_ttl;
use crate::model::time::Instant;
use crate::{postgres, store};

/// How long repeated request ids are answered from the log.
const LEAST: Duration = Duration::from_secs(24 * 3600);

#[derive(Debug, Args)]
#[group(id = "how_much", required = true, multiple = false, args = ["before", "keep"])]
pub struct PruneArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Delete activities before this time: 2026-01-31T09:00:00Z
    #[arg(long)]
    before: Option<Timestamp>,
    /// Delete activities older than this: 90d
    #[arg(long, value_parser = parse_ttl)]
    keep: Option<Duration>,
    /// Only this tenant's log [default: all tenants]
    #[arg(long)]
    tenant: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum PruneError {
    #[error(transparent)]
    Postgres(#[from] postgres::Error),
    #[error(transparent)]
    Migrate(#[from] store::migrate::Error),
    #[error("cannot connect to the database: {0}")]
    Connect(#[from] diesel::ConnectionError),
    #[error("cannot prune the log of tenant {tenant:?}: {error}; completed work is kept, and the next run continues")]
    Prune { tenant: String, error: diesel::result::Error },
    #[error("cannot read the database: {0}")]
    Query(#[from] diesel::result::Error),
    #[error("the last 24 hours must be kept, because repeated requests are answered from them: {asked} is too late")]
    TooLate { asked: Instant },
    #[error("cannot start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// Prints a line for each tenant when it is done.
pub fn run(args: PruneArgs) -> Result<(), PruneError> {
    let PruneArgs { database, before, keep, tenant } = args;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let database = database.open()?;
    let done = runtime.block_on(prune(&database.url, before, keep, tenant));
    drop(runtime);
    done
}

async fn prune(
    url: &str,
    before: Option<Timestamp>,
    keep: Option<Duration>,
    tenant: Option<String>,
) -> Result<(), PruneError> {
    let mut conn = store::pool::connect(url).await?;
    store::migrate::check(&mut conn).await?;
    let now = store::head::clock(&conn).await?;
    let ago = |length: Duration| now.plus_micros(-i64::try_from(length.as_micros()).unwrap_or(i64::MAX));
    // The argument group requires one of the two.
    let instant = before.map(Instant::from).unwrap_or_else(|| ago(keep.unwrap_or(LEAST)));
    if instant > ago(LEAST) {
        return Err(PruneError::TooLate { asked: instant });
    }
    let tenants = match tenant {
        Some(tenant) => vec![tenant],
        None => store::prune::tenants(&mut conn).await?,
    };
    for tenant in tenants {
        let pruned = store::prune::before(&mut conn, &tenant, instant).await;
        let pruned = pruned.map_err(|error| PruneError::Prune { tenant: tenant.clone(), error })?;
        let store::prune::Pruned { floor, activities, requests } = pruned;
        println!(
            "{tenant}: {activities} activities and {requests} requests deleted; the oldest position is {}",
            floor + 1
        );
    }
    Ok(())
}
