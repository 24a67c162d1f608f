//! Issues as protobuf messages.

use super::wire::{ToWire, wired};
use crate::grpc::pb;
use crate::model::fields::prefix;
use crate::model::issue::{Issue, issue_fields};

issue_fields! { wired Issue {} }

pub fn to_pb(row: Issue) -> pb::Issue {
    message(row)
}
