//! Verbs of tickets.

pub mod assign;
pub mod create;
mod delete;
pub mod follow_up;
pub mod moves;
pub mod proposal;
mod rate;
pub mod reopen;
pub mod tag;
pub mod update;

pub use assign::AssignTicket;
pub use create::{CreateTicket, CreateTickets};
pub use delete::{DeleteTicket, UndeleteTicket};
pub use follow_up::CreateFollowUp;
pub use moves::MoveTicket;
pub use rate::RateTicket;
pub use tag::TagTicket;
pub use update::UpdateTicket;
