//! The tower layer around every call: authorization, deadline, span, metrics, log line, and panic handling.

mod answer;
mod body;
mod call;
mod deadline;
mod denials;
mod layer;
mod level;
mod protocol;
mod quota;
mod room;
#[cfg(test)]
mod tests;
mod unreadable;
mod whole;

pub use answer::unless_slow;
pub use call::RequestId;
pub use deadline::Deadline;
pub use layer::CallLayer;
pub use quota::QuotaLimits;
pub use room::Held;
