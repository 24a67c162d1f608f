//! What happens around every call, in one tower layer: the gate, the deadline, the span, the metrics, the log line, and
//! a net under panics.

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
