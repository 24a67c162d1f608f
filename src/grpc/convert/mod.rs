//! Conversion between rows and protobuf messages, one file per resource. Requests are validated here.

pub mod activity;
pub mod answer;
pub mod canned;
pub mod clock;
pub mod commands;
pub mod directory;
pub mod explain;
pub mod fields;
pub mod issue;
pub mod mask;
pub mod message;
pub mod outcome;
pub mod params;
pub mod read;
pub mod revocation;
pub mod simulate;
pub mod sla;
pub mod statistics;
pub mod tag;
pub mod tenant;
pub mod ticket;
pub mod time;
pub mod value;
pub mod violations;
pub mod wire;
pub mod words;
pub mod workflow;

use crate::store::audience::Audience;

/// How much of a ticket, and of its log, an answer discloses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Disclosure {
    Full,
    /// To its requester: [`crate::model::ticket::Ticket::public`] and [`crate::model::activity::Activity::public`].
    Public,
}

impl Disclosure {
    pub fn to(audience: &Audience) -> Disclosure {
        if audience.requester.is_some() { Disclosure::Public } else { Disclosure::Full }
    }

    /// What counts the whole tenant, such as the head of its log: to a requester it would tell what others do.
    pub fn of_tenant<T>(self, count: T) -> Option<T> {
        match self {
            Disclosure::Full => Some(count),
            Disclosure::Public => None,
        }
    }
}
