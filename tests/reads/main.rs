//! The store's reads against a real PostgreSQL.

// What is included from the sources calls it `crate::model`.
use docket::model;

mod agreement;
mod filters;
#[path = "../../src/model/fixture.rs"]
mod fixture;
mod keys;
mod lists;
mod log;
mod million;
mod outcomes;
mod plans;
mod point_reads;
mod pool;
mod schema;
mod search;
mod search_rules;
mod server;
#[path = "../server/shared.rs"]
mod shared;
mod statistics;
mod wall;
