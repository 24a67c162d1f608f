//! The store's reads against a real PostgreSQL.

mod agreement;
mod filters;
mod gathered;
mod keys;
mod lists;
mod log;
mod million;
mod outcomes;
mod plans;
mod pool;
mod schema;
mod search;
mod server;
#[path = "../server/shared.rs"]
mod shared;
mod statistics;
