//! Docket: the support-ticket engine that other software is built on.
//!
//! The floors, bottom first; dependencies point down only, and `tests/floors/` reads the sources to see to it.
//!
//! 0. what every floor may use: errors, configuration, telemetry, the managed PostgreSQL, identity
//! 1. `model`: what things are
//! 2. `workflow`: what platform teams write
//! 3. `command`: every way the world changes
//! 4. `store`: SQL
//! 5. `journal`: the one door that writes; `feed`: the way out; `projection`: what is folded from the log beside it
//! 6. `grpc`: the wire; `worker`: time, which makes commands
//! 7. `cli`: the command line

#![recursion_limit = "512"]

pub mod cli;
pub mod command;
pub mod feed;
pub mod grpc;
pub mod identity;
pub mod journal;
pub mod model;
pub mod postgres;
pub mod projection;
pub mod store;
pub mod telemetry;
pub mod worker;
pub mod workflow;
