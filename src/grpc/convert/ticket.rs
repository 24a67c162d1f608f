//! Tickets as protobuf messages.

use super::Disclosure;
use super::wire::{ToWire, wired};
use crate::grpc::pb;
use crate::model::fields::prefix;
use crate::model::ticket::{Ticket, ticket_fields};

ticket_fields! { wired Ticket { sla: None } }

pub fn to_pb(row: Ticket, disclosure: Disclosure) -> pb::Ticket {
    message(match disclosure {
        Disclosure::Full => row,
        Disclosure::Public => row.public(),
    })
}
