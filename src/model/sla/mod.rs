//! SLA: policies, calendars, clocks and their outcomes.

pub mod calendar;
pub mod clock;
pub mod count;
pub mod hours;
pub mod ics;
pub mod ledger;
pub mod outcome;
pub mod policy;
pub mod segments;
mod stored;
mod week;
pub mod zone;

pub use stored::{restore_entries, store_entries};

/// A field of a policy or a calendar that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// A path into it, by the contract's names: `weekly[2].close`.
    pub field: String,
    pub description: String,
}

impl Fault {
    fn new(field: String, description: String) -> Fault {
        Fault { field, description }
    }
}
