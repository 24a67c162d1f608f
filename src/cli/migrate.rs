//! `docket migrate`: applies pending migrations, and starts a new epoch after commits were lost.

use clap::Args;

use super::database::DatabaseArgs;
use crate::{postgres, store};

#[derive(Debug, Args)]
pub struct MigrateArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Start a new epoch of the log, after a restore or a failover that lost commits: no reader can then resume from a
    /// position that has a different meaning now
    #[arg(long)]
    new_epoch: bool,
    /// Print the SQL that makes Docket's database roles, for whoever may create roles, and do nothing else
    #[arg(long, conflicts_with = "new_epoch")]
    print_roles: bool,
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

/// Returns one line per change.
pub fn run(args: MigrateArgs) -> Result<Vec<String>, MigrateError> {
    let MigrateArgs { database, new_epoch, print_roles } = args;
    if print_roles {
        return Ok(store::wall::ROLES.lines().map(str::to_owned).collect());
    }
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
            lines.push(format!(
                "the epoch of the log changed from {before} to {now}: streams end with POSITION_UNKNOWN"
            ));
        }
        Ok(lines)
    });
    // Connections close with the runtime, then the database that was started here stops.
    drop(runtime);
    lines
}
