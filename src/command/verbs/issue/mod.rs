//! Verbs of issues. An issue's activity is written once for each linked ticket, or once if there is none.

mod change;
pub mod create;
pub mod link;
mod write;

pub use change::{ReopenIssue, ResolveIssue, UpdateIssue};
pub use create::{ConvertToIssue, CreateIssue};
pub use link::{LinkIssue, UnlinkIssue};
