//! Transcoding: JSON, names and paths as people write them into requests of the contract, and its answers back into JSON. No
//! network here: the command line uses it, and so can an HTTP door.

mod alias;
mod filter;
mod mask;
mod read;
mod route;
mod same;
mod schema;
#[cfg(test)]
mod tests;
mod words;
mod write;

pub use filter::condition;
pub use read::request;
pub use route::{HttpRequest, RouteError, Routes};
pub use schema::{Schema, SchemaError};
pub use words::fold;
pub use write::json;
