//! All tables of a [`World`](super::World), each listed once, with how it is loaded and how it is written.

pub use std::sync::Arc;

pub use uuid::Uuid;

pub use super::sla::SlaConfig;
pub use crate::model::activity::Activity;
pub use crate::model::canned::{CannedRef, CannedResponse};
pub use crate::model::directory::{Agent, Asset, Contact, Deal, Organization, Team};
pub use crate::model::issue::{Issue, IssueTicket};
pub use crate::model::ledger::{Request, Run};
pub use crate::model::measure::Measure;
pub use crate::model::message::{Entry, Message};
pub use crate::model::queue::Waiting;
pub use crate::model::revocation::Revocation;
pub use crate::model::sla::calendar::{Calendar, CalendarRef, CalendarVersion};
pub use crate::model::sla::ledger::LedgerRow;
pub use crate::model::sla::outcome::Outcome;
pub use crate::model::sla::policy::{PolicyRef, SlaPolicy, SlaPolicyVersion};
pub use crate::model::tag::Tag;
pub use crate::model::tenant::Tenant;
pub use crate::model::ticket::{Ticket, TicketRef};
pub use crate::model::words::RunVerdict;

/// `tables!(make)` hands the list of tables to the macro `make!`; this module has the types that it names.
///
/// A line `teams: Team by id: String, want Team, [update insert];` says that the world has a field `teams`, rows of
/// [`Team`] by a key which is their column `id`; that a decision asks for one by `Want::Team(id)`; and that changed rows
/// are written with these statements, in this order. From it follow, here, the field, its savepoint and rollback, the want
/// and whether it is known; in `store`, the look-up by key, the row's way into the world, and what a batch writes.
macro_rules! tables {
    ($make:ident) => {
        $make! {
            // By one key.
            rows {
                messages: Message by id: Uuid, want Message, [update insert];
                issues: Issue by id: Uuid, want Issue, [update insert];
                organizations: Organization by id: String, want Organization, [update insert];
                contacts: Contact by id: String, want Contact, [update insert];
                teams: Team by id: String, want Team, [update insert];
                agents: Agent by id: String, want Agent, [update insert];
                deals: Deal by id: String, want Deal, [update insert];
                assets: Asset by id: String, want Asset, [update insert];
                /// The registry.
                tags: Tag by folded: String, want Tag, [update insert];
                revocations: Revocation by id: String, want Revocation, [update insert];
                /// Answered requests, by the hash of their key. New ones are written with the activities.
                requests: Request by key: Uuid, want Request, [];
            }
            // By their id, and by a second name, of which the index has what the database says, and an accessor of the world
            // what was decided since. A name is had once, so what frees one is written before what takes it.
            named {
                /// New ones are written with the activities.
                tickets, numbers: Ticket by number: i64, want Ticket(TicketRef::Number), [update];
                canned, canned_names: CannedResponse by folded: String unless deleted, want Canned(CannedRef::Name), [update insert];
                policies, policy_names: SlaPolicy by folded: String unless deleted, want Policy(PolicyRef::Name), [update insert];
                calendars, calendar_names: Calendar by folded: String unless deleted, want Calendar(CalendarRef::Name), [update insert];
            }
            // One of the tenant.
            single {
                /// The tenant's own settings, where it has some.
                settings: Tenant, want Settings, [update insert];
            }
            // One of the tenant, made of several rows and kept true by whatever writes one of them.
            whole {
                /// All ACTIVE policies, with the calendars that they name. See [`World::sla`].
                sla: SlaConfig, want SlaConfig;
            }
            // The same by key.
            sets {
                /// Ids of a ticket's issues, in the order of their making.
                ticket_issues: Uuid => Vec<Uuid>, want TicketIssues;
            }
            // Of several rows, as the database has them; an accessor of the world tells what was decided since.
            indexes {
                /// Ids of the agents of the directory that have this name.
                named: String => Vec<String>, want AgentsNamed;
                /// How many revocations the tenant has, which is the key.
                revoked: String => usize, want Revocations;
                /// The first tickets that wait for a team, by its id.
                queued: String => Vec<Waiting>, want Queued;
                /// The newest messages of a ticket, more of them than one batch could delete.
                threads: Uuid => Vec<Entry>, want Thread;
            }
            // Nobody asks for them.
            written {
                /// A link is its key and nothing else: there is nothing to update.
                issue_tickets: IssueTicket by (Uuid, Uuid), [insert delete];
                policy_versions: SlaPolicyVersion by (Uuid, i32), [insert];
                calendar_versions: CalendarVersion by (Uuid, i32), [insert];
            }
            // They only grow.
            logs {
                /// In order of position; the last one's is the head's.
                activities: Activity, [];
                /// Rows of clocks, beside the activities.
                ledger: LedgerRow, [insert];
                /// What that made of the clocks; of one clock the later tells more.
                outcomes: Outcome, [];
                runs: Run, [insert];
                /// Every rule that was asked, by its place in the set, and what it said: for counting only.
                tally: (usize, RunVerdict), [];
                /// What rules record in metrics once this is committed.
                measures: Measure, [];
                /// The tickets as they were before the activities of the command at hand, by position.
                befores: (i64, Arc<Ticket>), [];
                /// The tickets made, by their numbers, which rise.
                made: (i64, Uuid), [];
            }
        }
    };
}

pub(crate) use tables;
