//! Docket: a support-ticket engine with rules, SLA clocks and a gap-free change stream, over gRPC and PostgreSQL.
//!
//! The layers, bottom first. Dependencies point down only; `tests/floors/` reads the sources and fails on any other.
//!
//! 0. `identity`: tokens and callers; `telemetry`: logs, metrics, traces; `postgres`: the managed local PostgreSQL
//! 1. `model`: rows, ids, the ticket lifecycle, SLA clocks
//! 2. `workflow`: rules and filters: YAML, CEL, checks, evaluation
//! 3. `command`: every change of tickets and configuration, as pure functions
//! 4. `store`: SQL
//! 5. `journal`: executes commands and appends to the log; `feed`: streams of activities; `projection`: statistics, search index
//! 6. `grpc`: the API; `worker`: SLA timers, which submit commands
//! 7. `cli`: the command line and its configuration

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
