//! Resources that writes return: one list of them, and what each must implement.

use std::sync::Arc;

use super::World;
use crate::model::activity::Activity;
use crate::model::canned::CannedResponse;
use crate::model::directory::*;
use crate::model::id;
use crate::model::issue::Issue;
use crate::model::ledger::Run;
use crate::model::message::Message;
use crate::model::revocation::Revocation;
use crate::model::row::Stamped;
use crate::model::sla::calendar::Calendar;
use crate::model::sla::policy::SlaPolicy;
use crate::model::tag::Tag;
use crate::model::tenant::Tenant;
use crate::model::ticket::Ticket;

/// A resource that a write can answer with, by itself.
pub trait Answered: Stamped + Sized {
    /// The id of it as callers have it.
    fn shown_id(&self) -> String;

    /// What the activity that wrote it holds of it; `None` where that one is about something else.
    fn logged(activity: &Activity) -> Option<Arc<Self>>;

    /// Rules may have changed it since it was decided; most resources they do not write.
    fn latest(self: Arc<Self>, _: &World) -> Arc<Self> {
        self
    }
}

/// `resources! { [Tag, …] … }`, those of the directory behind the others, makes `Resource::Tag(Arc<Tag>)`, `Resource::from(Arc<Tag>)`, and the way back:
/// `Resource::Tag(tag)` is `Some(tag)` by `Arc::<Tag>::one_of(resource)`.
macro_rules! resources {
    ([$($own:ident),+] $($entry:ident: $one:ident, $many:ident by $fields:ident, $changed:ident, $missing:ident;)+) => {
        resources! { $($own)+ $($entry)+ }
    };
    ($($row:ident)+) => {
        #[derive(Clone, Debug)]
        pub enum Resource {
            $($row(Arc<$row>),)+
            Tickets(Vec<Arc<Ticket>>),
            /// What became of a rule, for each ticket that it was run for.
            Runs(Vec<Arc<Run>>),
            /// The message, and its ticket after the write.
            Message(Arc<Message>, Arc<Ticket>),
            /// Entries of the directory, in the order asked for.
            All(Vec<Resource>),
        }

        $(
            impl From<Arc<$row>> for Resource {
                fn from(row: Arc<$row>) -> Resource {
                    Resource::$row(row)
                }
            }

            impl OneOf for Arc<$row> {
                fn one_of(resource: Resource) -> Option<Arc<$row>> {
                    match resource {
                        Resource::$row(row) => Some(row),
                        _ => None,
                    }
                }
            }
        )+

        impl Resource {
            /// What is kept of it with a request, to give the same answer again from the log: an id, and a position.
            pub fn replay_key(&self, position: i64) -> (String, i64) {
                match self {
                    $(Resource::$row(row) => (row.shown_id(), Stamped::position(&**row)),)+
                    Resource::Tickets(_) => (String::new(), position),
                    Resource::Runs(runs) => {
                        let ids = runs.iter().map(|run| run.id.simple().to_string());
                        (ids.collect::<Vec<_>>().join(","), position)
                    }
                    // The activity that holds the message; the ticket is the last one of the write.
                    Resource::Message(message, _) => (id::show(id::MESSAGE, message.id), message.position),
                    // Where the log has each of them: one that was not changed by this write, too.
                    Resource::All(rows) => {
                        let each = rows.iter().map(|row| row.replay_key(position).1.to_string());
                        (each.collect::<Vec<_>>().join(","), position)
                    }
                }
            }

            /// As it is now: rules may have changed it since it was decided.
            pub(super) fn latest(self, world: &World) -> Resource {
                match self {
                    $(Resource::$row(row) => Resource::$row(row.latest(world)),)+
                    Resource::Tickets(old) => {
                        Resource::Tickets(old.into_iter().map(|ticket| ticket.latest(world)).collect())
                    }
                    Resource::Runs(runs) => Resource::Runs(runs),
                    Resource::Message(message, ticket) => Resource::Message(message, ticket.latest(world)),
                    Resource::All(old) => Resource::All(old.into_iter().map(|row| row.latest(world)).collect()),
                }
            }
        }
    };
}

entries! { resources [Ticket, Issue, Tag, CannedResponse, SlaPolicy, Calendar, Tenant, Revocation] }

/// A sort of resource.
pub trait OneOf: Sized {
    /// `None` where the resource is of another sort.
    fn one_of(resource: Resource) -> Option<Self>;
}

impl Resource {
    /// What the activity that wrote it holds of a resource of this sort.
    pub fn logged<R: Answered>(activity: &Activity) -> Option<Resource>
    where
        Resource: From<Arc<R>>,
    {
        R::logged(activity).map(Resource::from)
    }
}

/// Where the log holds what a write answered with.
#[derive(Clone, Copy, Debug)]
pub enum Held {
    /// All of it in one activity, at the position that [`Resource::replay_key`] gave.
    One(fn(&Activity) -> Option<Resource>),
    /// One activity for each; the key lists their positions.
    Each(fn(&Activity) -> Option<Resource>),
    /// The tickets that the caller itself made, in the activities of the write.
    Tickets,
    /// A message and its ticket, in the activities of the write.
    Message,
    /// Rows of runs; the key lists their ids.
    Runs,
}

impl Answered for Ticket {
    fn shown_id(&self) -> String {
        id::show(id::TICKET, self.id)
    }

    fn logged(activity: &Activity) -> Option<Arc<Ticket>> {
        activity.ticket.clone()
    }

    fn latest(self: Arc<Ticket>, world: &World) -> Arc<Ticket> {
        world.tickets.get(&self.id).flatten().cloned().unwrap_or(self)
    }
}

impl Answered for Issue {
    fn shown_id(&self) -> String {
        id::show(id::ISSUE, self.id)
    }

    fn logged(activity: &Activity) -> Option<Arc<Issue>> {
        activity.issue.clone().map(Arc::new)
    }

    fn latest(self: Arc<Issue>, world: &World) -> Arc<Issue> {
        world.issues.get(&self.id).flatten().cloned().unwrap_or(self)
    }
}
