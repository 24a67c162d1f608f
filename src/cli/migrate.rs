//! `docket migrate`: brings a database to what this program knows, and tells its readers when commits were lost.

use clap::Args;

use super::database::DatabaseArgs;
use crate::{postgres, store};

#[derive(Debug, Args)]
pub struct MigrateArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// After a restore or a failover that lost commits: give the log another epoch, so that no reader goes on from a
    /// position that means something else now
    #[arg(long)]
    new_epoch: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error(transparent)]
    Postgres(#[from] postgres::Error),
    #[error(transparent)]
    Migrate(#[from] store::migrate::Error),
    #[error("cannot start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// What was done, a line each.
pub fn run(args: MigrateArgs) -> Result<Vec<String>, MigrateError> {
    let MigrateArgs { database, new_epoch } = args;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let database = database.open()?;
    let lines = runtime.block_on(async {
        let done = store::migrate::run(&database.url).await?;
        let mut lines: Vec<String> = done.iter().map(|version| format!("migrated {version}")).collect();
        if done.is_empty() {
            lines.push("the schema is up to date".to_owned());
        }
        if new_epoch {
            let (before, now) = store::migrate::new_epoch(&database.url).await?;
            lines.push(format!("the log's epoch was {before} and is {now} now: streams end with POSITION_UNKNOWN"));
        }
        Ok(lines)
    });
    // Connections end with the runtime, and then the database that was started here.
    drop(runtime);
    lines
}
