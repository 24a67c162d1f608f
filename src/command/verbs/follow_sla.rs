//! Verb of the timer worker: records what is due, and moves clocks after a change of the configuration.

use uuid::Uuid;

use crate::command::batch::each;
use crate::command::scope::Scope;
use crate::command::wants::Wants;
use crate::command::{Resource, Stop, Verb, Want, World, sla};
use crate::model::ticket::TicketRef;

/// Docket's own: warnings and breaches that are due, and what a changed configuration asks of the clocks of these tickets.
#[derive(Clone, Debug)]
pub struct FollowSla(pub Vec<Uuid>);

impl Verb for FollowSla {
    fn name(&self) -> &'static str {
        "follow_sla"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants.add(Want::SlaConfig);
        if wants.rules.marks_by_tenant() {
            wants.add(Want::Settings);
        }
        self.0.iter().for_each(|id| wants.add(Want::Ticket(TicketRef::Id(*id))));
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let tickets = each(world, scope, &self.0, sla::keep)?;
        Ok(Resource::Tickets(tickets.into_iter().flatten().collect()))
    }
}
