//! The tower layer around every call: authorization, deadline, span, metrics, log line, and panic handling.

mod body;
mod call;
mod deadline;
mod layer;
mod level;
#[cfg(test)]
mod tests;
mod unreadable;

pub use call::RequestId;
pub use deadline::Deadline;
pub use layer::CallLayer;
