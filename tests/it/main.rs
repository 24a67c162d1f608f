//! Docket through its front door: a real server, a real PostgreSQL, real clients.

mod door;
mod feed;
mod keeper;
mod language;
mod operate;
#[path = "../server/shared.rs"]
mod shared;
mod slow;
mod stream;
mod support;
