//! Related rows that the conditions of rules read, loaded only if a rule reads them.

use std::sync::Arc;

use crate::command::{Stop, World, gather};
use crate::model::directory::{Agent, Contact, Organization, Team};
use crate::model::tenant::Tenant;
use crate::model::ticket::Ticket;
use crate::workflow::schema::Root;
use crate::workflow::{Facts, Rule};

#[derive(Debug, Default)]
pub struct Around {
    organization: Option<Arc<Organization>>,
    requester: Option<Arc<Contact>>,
    assignee: Option<Arc<Agent>>,
    team: Option<Arc<Team>>,
    tenant: Option<Arc<Tenant>>,
}

impl Around {
    /// Everything that one of the rules reads; or everything of it that is missing, at once.
    pub fn of(world: &World, rules: &[&Rule], ticket: Option<&Ticket>) -> Result<Around, Stop> {
        Around::read_by(world, |root| rules.iter().any(|rule| rule.needs(root)), ticket)
    }

    /// The same for whatever reads these roots.
    pub fn read_by(world: &World, needed: impl Fn(Root) -> bool, ticket: Option<&Ticket>) -> Result<Around, Stop> {
        let mut around = Around::default();
        let tenant = look_up(needed(Root::Tenant), &mut around.tenant, || world.settings().map(Some));
        let Some(ticket) = ticket else { return tenant.map(|()| around) };
        let needed = |root: Root, id: &str| !id.is_empty() && needed(root);
        gather([
            tenant,
            look_up(needed(Root::Organization, &ticket.organization_id), &mut around.organization, || {
                world.organization(&ticket.organization_id)
            }),
            look_up(needed(Root::Requester, &ticket.requester_id), &mut around.requester, || {
                world.contact(&ticket.requester_id)
            }),
            look_up(needed(Root::Assignee, &ticket.assignee_id), &mut around.assignee, || {
                // An id that only assignments name is no agent.
                Ok(world.agent(&ticket.assignee_id)?.filter(|agent| agent.known))
            }),
            look_up(needed(Root::Team, &ticket.team_id), &mut around.team, || world.team(&ticket.team_id)),
        ])?;
        Ok(around)
    }

    pub fn add_to<'a>(&'a self, facts: Facts<'a>) -> Facts<'a> {
        let Around { organization, requester, assignee, team, tenant } = self;
        Facts {
            organization: organization.as_deref(),
            requester: requester.as_deref(),
            assignee: assignee.as_deref(),
            team: team.as_deref(),
            tenant: tenant.as_deref(),
            ..facts
        }
    }
}

fn look_up<T>(
    needed: bool,
    place: &mut Option<Arc<T>>,
    find: impl FnOnce() -> Result<Option<Arc<T>>, Stop>,
) -> Result<(), Stop> {
    if needed {
        *place = find()?;
    }
    Ok(())
}
