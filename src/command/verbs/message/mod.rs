//! Verbs of messages.

mod author;
mod mention;
pub mod post;
mod revise;

pub use post::PostMessage;
pub use revise::{DeleteMessage, UpdateMessage};
