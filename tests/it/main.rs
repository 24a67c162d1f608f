//! Docket through its front door: a real server, a real PostgreSQL, real clients.

// What is included from the sources calls it `crate::model`.
use docket::model;

mod door;
mod feed;
#[path = "../../src/model/fixture.rs"]
mod fixture;
mod keeper;
mod language;
mod operate;
#[path = "../server/shared.rs"]
mod shared;
mod slow;
mod stream;
mod support;
