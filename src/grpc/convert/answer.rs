//! Responses of writes: the resource, the log's position after the write, and its epoch.

use std::sync::Arc;

use super::{Disclosure, canned, issue, message, revocation, sla, tag, tenant, ticket};
use crate::command::Resource;
use crate::command::resource::OneOf;
use crate::grpc::pb;
use crate::model::canned::CannedResponse;
use crate::model::directory::*;
use crate::model::issue::Issue;
use crate::model::revocation::Revocation;
use crate::model::sla::calendar::Calendar;
use crate::model::sla::policy::SlaPolicy;
use crate::model::tag::Tag;
use crate::model::tenant::Tenant;
use crate::model::ticket::Ticket;

/// A row that answers show by itself.
pub trait Shown {
    type Message;

    fn shown(self, disclosure: Disclosure) -> Self::Message;
}

/// `shown! { Issue by |row, _| issue::to_pb(row); }`: an `Issue` is shown as a `pb::Issue`, by that function of it and of how
/// much the caller is shown.
macro_rules! shown {
    ($($row:ident by $show:expr;)+) => { $(
        impl Shown for $row {
            type Message = pb::$row;

            fn shown(self, disclosure: Disclosure) -> pb::$row {
                let show: fn($row, Disclosure) -> pb::$row = $show;
                show(self, disclosure)
            }
        }
    )+ };
}

shown! {
    Ticket by ticket::to_pb;
    Issue by |row, _| issue::to_pb(row);
    Tag by |row, _| tag::to_pb(row);
    CannedResponse by |row, _| canned::to_pb(row);
    SlaPolicy by |row, _| sla::policy_to_pb(row);
    Calendar by |row, _| sla::calendar_to_pb(row);
    Tenant by |row, _| tenant::to_pb(row);
    Revocation by |row, _| revocation::to_pb(row);
}

macro_rules! shown_entries {
    ($($row:ident: $one:ident, $many:ident by $fields:ident, $changed:ident, $missing:ident;)+) => {
        shown! { $($row by |row, _| row.into();)+ }
    };
}
entries! { shown_entries }

/// What an answer says beside the resource, and how much of it the caller is shown.
#[derive(Clone, Copy, Debug)]
pub struct At {
    pub position: i64,
    pub epoch: i64,
    pub disclosure: Disclosure,
}

/// The row, where the resource is one of this sort.
pub fn row<R: Clone>(resource: Resource) -> Option<R>
where
    Arc<R>: OneOf,
{
    Arc::one_of(resource).map(Arc::unwrap_or_clone)
}

pub fn one<R: Shown + Clone>(resource: Resource, disclosure: Disclosure) -> Option<R::Message>
where
    Arc<R>: OneOf,
{
    Some(row::<R>(resource)?.shown(disclosure))
}

pub fn each<R: Shown + Clone>(resource: Resource, disclosure: Disclosure) -> Option<Vec<R::Message>>
where
    Arc<R>: OneOf,
{
    let Resource::All(rows) = resource else { return None };
    rows.into_iter().map(|row| one::<R>(row, disclosure)).collect()
}

pub fn tickets(resource: Resource, disclosure: Disclosure) -> Option<Vec<pb::Ticket>> {
    let Resource::Tickets(rows) = resource else { return None };
    Some(rows.into_iter().map(|row| Arc::unwrap_or_clone(row).shown(disclosure)).collect())
}

pub fn message(resource: Resource, disclosure: Disclosure) -> Option<(pb::Message, pb::Ticket)> {
    let Resource::Message(message, ticket) = resource else { return None };
    Some((message::to_pb(Arc::unwrap_or_clone(message), disclosure), Arc::unwrap_or_clone(ticket).shown(disclosure)))
}
