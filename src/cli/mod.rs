//! The subcommands of `docket`, each with its arguments and what it does. `main` only picks one.

pub mod client;
pub mod database;
pub mod dev;
pub mod migrate;
pub mod prune;
pub mod server;
pub mod tail;
pub mod token;
pub mod watch;
pub mod workflow;
