//! Messages of tickets as protobuf messages.

use super::Disclosure;
use super::wire::{ToWire, wired};
use crate::grpc::pb;
use crate::model::fields::prefix;
use crate::model::message::{Message, message_fields};

message_fields! { wired Message {} }

pub fn to_pb(row: Message, disclosure: Disclosure) -> pb::Message {
    message(match disclosure {
        Disclosure::Full => row,
        Disclosure::Public => row.public(),
    })
}
