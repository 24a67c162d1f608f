//! A client of the API by descriptors: a connection with a token, calls that are sent again where that is safe, and streams.

mod call;
mod codec;
mod connect;
mod refused;

pub use call::{CallError, Client, PATIENCE, Responses};
pub use connect::{ConnectError, Target, Tls};
pub use refused::Refused;
