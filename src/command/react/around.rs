//! Related rows that the conditions of rules read, loaded only if a rule reads them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::command::verbs::StoredEntry;
use crate::command::{Stop, World, both, gather};
use crate::model::audience::Audience;
use crate::model::directory::*;
use crate::model::issue::Issue;
use crate::model::tenant::Tenant;
use crate::model::ticket::Ticket;
use crate::model::words::IssueStatus;
use crate::workflow::cel::Unknowns;
use crate::workflow::schema::{Root, Roots};
use crate::workflow::{Facts, NamedHours, Related, Rule};

/// The line `requester: Contact by requester_id, Requester;` of [`related!`] is the field `requester`, looked up by the ticket's
/// `requester_id` where a rule reads the root `requester`.
macro_rules! around {
    ($($place:ident: $row:ident by $id:ident, $root:ident;)+) => {
        #[derive(Debug, Default)]
        pub struct Around {
            $($place: Option<Arc<$row>>,)+
            tenant: Option<Arc<Tenant>>,
            open_issues: Option<i64>,
            calendars: Vec<NamedHours>,
        }

        impl Around {
            /// Everything that one of the rules reads; or everything of it that is missing, at once.
            pub fn of(world: &World, rules: &[&Rule], ticket: Option<&Ticket>) -> Result<Around, Stop> {
                let mut roots = Roots::default();
                rules.iter().for_each(|rule| roots.extend(rule.roots()));
                // Most rules read none of it, and each is asked here.
                const READ: &[Root] = &[Root::Tenant, Root::OpenIssues, $(Root::$root,)+];
                if !READ.iter().any(|root| roots.contains(*root)) && rules.iter().all(|rule| rule.calendars().next().is_none()) {
                    return Ok(Around::default());
                }
                let around = Around::read_by(world, |root| roots.contains(root), ticket);
                let named: BTreeSet<&str> = rules.iter().flat_map(|rule| rule.calendars()).collect();
                let calendars = gather(named.into_iter().map(|name| world.hours_named(name)));
                let (around, calendars) = both(around, calendars)?;
                Ok(Around { calendars, ..around })
            }

            /// The same for whatever reads these roots.
            pub fn read_by(
                world: &World,
                needed: impl Fn(Root) -> bool,
                ticket: Option<&Ticket>,
            ) -> Result<Around, Stop> {
                let mut around = Around::default();
                let tenant = look_up(needed(Root::Tenant), &mut around.tenant, || world.settings().map(Some));
                let Some(ticket) = ticket else { return tenant.map(|()| around) };
                gather([
                    tenant,
                    look_up(needed(Root::OpenIssues), &mut around.open_issues, || open_issues(world, ticket).map(Some)),
                    $(look_up(
                        !ticket.$id.is_empty() && needed(Root::$root),
                        &mut around.$place,
                        || world.entry(&ticket.$id),
                    ),)+
                ])?;
                Ok(around)
            }

            /// What of it is not what it was at a position of the log, or is not shown to this audience.
            pub fn unknowns(
                world: &World,
                needed: impl Fn(Root) -> bool,
                ticket: Option<&Ticket>,
                as_of: (i64, &Audience),
            ) -> Result<Unknowns, Stop> {
                let mut unknowns = Unknowns::default();
                let (at, audience) = as_of;
                if needed(Root::Tenant) && world.settings()?.position > at {
                    let why = format!("the settings of the tenant were changed after position {at}");
                    unknowns.add_field(Root::Tenant, &["attributes"], why);
                }
                let Some(ticket) = ticket else { return Ok(unknowns) };
                if needed(Root::OpenIssues) && world.tickets.find(&ticket.id)?.is_some_and(|now| now.position > ticket.position) {
                    let why = format!("the ticket was changed after position {}, and issues are not counted in the log", ticket.position);
                    unknowns.add(Root::OpenIssues, why);
                }
                $(if !ticket.$id.is_empty() && needed(Root::$root)
                    && let Some(row) = $row::row(world, &ticket.$id)?
                {
                    let noun = Root::$root.name();
                    if !audience.sees_internal(&row.app_id) {
                        unknowns.add(Root::$root, format!("{noun} {:?} is another application's", row.id));
                    } else if row.position > at {
                        unknowns.add(Root::$root, format!("{noun} {:?} was changed after position {at}", row.id));
                    }
                })+
                if needed(Root::Assignee) {
                    let why = "how many open tickets an agent had is not recorded".to_owned();
                    unknowns.add_field(Root::Assignee, &["open_count"], why);
                }
                Ok(unknowns)
            }

            pub fn add_to<'a>(&'a self, facts: Facts<'a>) -> Facts<'a> {
                let related = Related { $($place: self.$place.as_deref(),)+ };
                Facts { related, tenant: self.tenant.as_deref(), open_issues: self.open_issues, calendars: &self.calendars, ..facts }
            }
        }
    };
}
related! { around }

fn open_issues(world: &World, ticket: &Ticket) -> Result<i64, Stop> {
    // One that is about to be made has none, and nobody has looked.
    if ticket.version == 0 {
        return Ok(0);
    }
    let issues = gather(world.issues_of(ticket.id)?.iter().map(|id| world.issue(*id)))?;
    let open = |issue: &&Arc<Issue>| issue.status != IssueStatus::Resolved && issue.deleted_at.is_none();
    Ok(issues.iter().flatten().filter(open).count() as i64)
}

fn look_up<T>(needed: bool, place: &mut Option<T>, find: impl FnOnce() -> Result<Option<T>, Stop>) -> Result<(), Stop> {
    if needed {
        *place = find()?;
    }
    Ok(())
}
