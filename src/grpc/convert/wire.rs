//! Rows as messages: each field as the wire has its type.

use std::collections::BTreeMap;

use prost_types::{Struct, Timestamp, Value as PbValue};
use serde_json::Value;
use uuid::Uuid;

use super::words::WireWord;
use super::{time, value};
use crate::grpc::pb;
use crate::model::directory::Subscription;
use crate::model::id;
use crate::model::time::Instant;
use crate::model::words::*;

/// A value of a row, as a field of type `W` of a message.
pub trait ToWire<W> {
    /// `prefix`: of ids.
    fn to_wire(self, prefix: &str) -> W;
}

/// `to_wire! { Instant => Option<Timestamp>, |v, prefix| …; }`
macro_rules! to_wire {
    ($($ty:ty => $wire:ty, |$v:ident, $prefix:ident| $value:expr;)+) => { $(
        impl ToWire<$wire> for $ty {
            fn to_wire(self, $prefix: &str) -> $wire { let $v = self; $value }
        }
    )+ };
}

to_wire! {
    String => String, |v, _prefix| v;
    i32 => i32, |v, _prefix| v;
    i64 => i64, |v, _prefix| v;
    Option<f64> => Option<f64>, |v, _prefix| v;
    Instant => Option<Timestamp>, |v, _prefix| Some(time::to_pb(v));
    Option<Instant> => Option<Timestamp>, |v, _prefix| time::maybe_to_pb(v);
    Words => Vec<String>, |v, _prefix| v.0;
    Value => BTreeMap<String, PbValue>, |v, _prefix| value::map_to_pb(v);
    Value => Option<Struct>, |v, _prefix| Some(Struct { fields: value::map_to_pb(v) });
    Subscription => Option<pb::Subscription>, |v, _prefix| {
        let Subscription { plan, status } = v;
        (!plan.is_empty() || !status.is_empty()).then_some(pb::Subscription { plan, status })
    };
    Uuid => String, |v, prefix| id::show(prefix, v);
    Option<Uuid> => String, |v, prefix| v.map(|id| id::show(prefix, id)).unwrap_or_default();
}

macro_rules! words_to_wire {
    ($($ty:ty),+) => { to_wire! { $($ty => i32, |v, _prefix| v.to_pb();)+ } };
}
words_to_wire! {
    Status, Priority, TicketType, Channel, SourceType, Visibility, AuthorKind, IssueType, IssueStatus, AgentStatus
}

/// `wired! { Ticket { sla: None, } … }`: `deal_id: …, as deal_id` is `deal_id` of the message, and behind the message's name
/// stands what lies in no column. A field of the message that is neither does not compile.
macro_rules! wired {
    ($message:ident { $($beside:tt)* } $docs:tt $row:ident in $table:ident, key $key:tt { $(
        $meta:tt $field:ident: $ty:ty, $image:tt $id:tt ($($name:ident)?) $cel:tt ($($also:ident: $also_ty:ty)?)
        $write:tt $edit:tt $told:tt;
    )+ }) => {
        fn message(row: $row) -> pb::$message {
            $($(let $also = ToWire::to_wire(row.$also(), "");)?)+
            let etag = $crate::model::ticket::etag(row.etag_version);
            pb::$message {
                $($($name: row.$field.to_wire(prefix!($id)),)? $($also,)?)+
                etag,
                $($beside)*
            }
        }
    };
}
pub(in crate::grpc) use wired;
