//! Entries of the directory as protobuf messages: `pb::Team::from(team)`.

use super::wire::{ToWire, wired};
use crate::grpc::pb;
use crate::model::directory::*;
use crate::model::fields::prefix;

macro_rules! entry_messages {
    ($($row:ident: $one:ident, $many:ident by $fields:ident, $changed:ident, $missing:ident;)+) => { $(
        impl From<$row> for pb::$row {
            fn from(row: $row) -> pb::$row {
                $fields! { wired $row {} }
                message(row)
            }
        }
    )+ };
}
entries! { entry_messages }
