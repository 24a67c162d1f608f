//! The database that an operator's command works on.

use std::path::PathBuf;

use clap::Args;

use crate::postgres::{self, Postgres, Settings};

#[derive(Debug, Args)]
pub struct DatabaseArgs {
    /// The database, as `docket serve` is given it; absent: that of the data folder, whose `docket dev` has to be stopped
    #[arg(long, env = "DOCKET_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// The folder of a `docket dev`
    #[arg(long, default_value = ".docket", env = "DOCKET_DATA_DIR")]
    data_dir: PathBuf,
}

/// A database that can be connected to until this is dropped.
pub struct Database {
    pub url: String,
    /// Stopped with it, where it was started for it.
    _postgres: Option<Postgres>,
}

impl DatabaseArgs {
    /// Blocks while a PostgreSQL starts.
    pub fn open(self) -> Result<Database, postgres::Error> {
        let DatabaseArgs { database_url, data_dir } = self;
        if let Some(url) = database_url {
            return Ok(Database { url, _postgres: None });
        }
        let postgres = Postgres::start(Settings { data_dir, bin_dir: None })?;
        Ok(Database { url: postgres.url(postgres::NAME), _postgres: Some(postgres) })
    }
}
