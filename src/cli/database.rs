//! Database arguments of the operator commands.

use std::path::PathBuf;

use clap::Args;

use crate::postgres::{self, Postgres, Settings};

#[derive(Debug, Args)]
pub struct DatabaseArgs {
    /// Database URL, as in `docket serve` [default: the database in the data folder; stop its `docket dev` first]
    #[arg(long, env = "DOCKET_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// Data folder of a `docket dev`
    #[arg(long, default_value = ".docket", env = "DOCKET_DATA_DIR")]
    data_dir: PathBuf,
}

/// A database that accepts connections until this is dropped.
pub struct Database {
    pub url: String,
    /// Set if PostgreSQL was started for the command; stops on drop.
    _postgres: Option<Postgres>,
}

impl DatabaseArgs {
    /// Blocks while PostgreSQL starts.
    pub fn open(self) -> Result<Database, postgres::Error> {
        let DatabaseArgs { database_url, data_dir } = self;
        if let Some(url) = database_url {
            return Ok(Database { url, _postgres: None });
        }
        let postgres = Postgres::start(Settings { data_dir, bin_dir: None })?;
        Ok(Database { url: postgres.url(postgres::NAME), _postgres: Some(postgres) })
    }
}
