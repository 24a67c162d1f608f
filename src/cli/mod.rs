//! Subcommands of `docket`: their arguments and implementation.

pub mod api;
pub mod client;
pub mod config;
pub mod database;
pub mod dev;
pub mod doctor;
pub mod error;
pub mod exit;
mod keys;
pub mod migrate;
pub mod misplaced;
pub mod noun;
mod probe;
pub mod profile;
pub mod prune;
mod revocations;
pub mod serve;
pub mod server;
pub mod session;
pub mod show;
pub mod tail;
pub mod token;
pub mod watch;
pub mod workflow;
