//! Creation of tickets, one or many.

use std::sync::Arc;

use uuid::Uuid;

use crate::command::access;
use crate::command::action::NewTicket;
use crate::command::batch::each;
use crate::command::react::before::{Left, Proposed, ask};
use crate::command::record::{self, SCHEMA_VERSION};
use crate::command::scope::Scope;
use crate::command::verbs::tenant;
use crate::command::wants::Wants;
use crate::command::{Resource, Stop, Verb, Want, World, limits, sla};
use crate::model::activity_type::ActivityType;
use crate::model::directory::Contact;
use crate::model::sla::calendar::CalendarRef;
use crate::model::ticket::Ticket;
use crate::model::words::{Status, TagMode, Words};
use crate::workflow::BeforeEvent;
use crate::workflow::schema::{Root, Roots};
use crate::workflow::{Preload, Rule};

#[derive(Clone, Debug)]
pub struct CreateTicket(pub NewTicket);

impl Verb for CreateTicket {
    fn name(&self) -> &'static str {
        "create_ticket"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants_of(std::slice::from_ref(&self.0), wants);
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        Ok(create(world, scope, &self.0)?.into())
    }
}

/// All or none.
#[derive(Clone, Debug)]
pub struct CreateTickets(pub Vec<NewTicket>);

impl Verb for CreateTickets {
    fn name(&self) -> &'static str {
        "create_tickets"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants_of(&self.0, wants);
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        Ok(Resource::Tickets(each(world, scope, &self.0, create)?))
    }
}

fn wants_of(all: &[NewTicket], wants: &mut Wants<'_>) {
    let rules = wants.rules;
    let before = rules.before(BeforeEvent::Creating).map(|waiting| waiting.rule);
    let candidates: Vec<&Rule> = before.chain(rules.after(ActivityType::TicketCreated)).collect();
    let mut roots = Roots::default();
    candidates.iter().for_each(|rule| roots.extend(rule.roots()));
    let needed = |root: Root| roots.contains(root);
    let (organization, requester) = (needed(Root::Organization), needed(Root::Requester));
    let preloaded = |what: Preload| candidates.iter().any(|rule| rule.preloads(what));
    let team = needed(Root::Team) || preloaded(Preload::Team);
    let settings = preloaded(Preload::Settings);
    for name in candidates.iter().flat_map(|rule| rule.calendars()) {
        wants.add(Want::Calendar(CalendarRef::parse(name).folded()));
    }
    if wants.caller.writes_as_requester() {
        wants.add(Want::Contact(wants.caller.sub().to_owned()));
    }
    for new in all {
        wants.agent(&new.assignee_id);
        if new.sla_policy_id.is_some() {
            wants.add(Want::SlaConfig);
        }
        wants.policy(&new.policy_name);
        if settings || rules.marks_by_tenant() || !new.tags.is_empty() {
            wants.add(Want::Settings);
        }
        new.tags.iter().for_each(|tag| wants.tag(tag));
        if organization && !new.organization_id.is_empty() {
            wants.add(Want::Organization(new.organization_id.clone()));
        }
        if requester && !new.requester_id.is_empty() {
            wants.add(Want::Contact(new.requester_id.clone()));
        }
        if team && !new.team_id.is_empty() {
            wants.add(Want::Team(new.team_id.clone()));
        }
    }
}

/// Makes a ticket, once the before-rules had their say.
fn create(world: &mut World, scope: &mut Scope<'_>, new: &NewTicket) -> Result<Arc<Ticket>, Stop> {
    let mut ticket = draft(world, scope, new);
    if let Some(id) = sla::named(world, &new.policy_name)? {
        ticket.sla_policy_id = Some(id);
    }
    ticket.tags = Words(tenant::spelt(world, scope, &ticket.tags)?);
    if scope.caller().writes_as_requester() {
        let contact = access::own(scope, world.entry::<Contact>(scope.caller().sub())?);
        let Contact { email, organization_id, .. } = contact.map(Arc::unwrap_or_clone).unwrap_or_default();
        access::in_own_name(&ticket, scope.caller().sub(), &email)?;
        scope.caller().sub().clone_into(&mut ticket.requester_id);
        ticket.requester_email = email;
        // The deadlines of their own organization hold, and not those of one that they name.
        ticket.organization_id = organization_id;
    }
    finish(world, scope, ticket, None)
}

/// Asks the before-rules over a draft, and makes what is left of it. What it takes over from the ticket that it `follows` was
/// allowed there.
pub fn finish(
    world: &mut World,
    scope: &mut Scope<'_>,
    ticket: Ticket,
    follows: Option<&Ticket>,
) -> Result<Arc<Ticket>, Stop> {
    let proposed = Proposed { before: None, occasion: Some(BeforeEvent::Creating), message: None };
    let mut left = ask(world, scope, proposed, ticket)?;
    // What it takes over from another ticket is spelled as it was there.
    if !left.ticket.tags.is_empty() && world.settings()?.tag_mode == TagMode::Registered {
        left.ticket.tags = Words(tenant::spelt(world, scope, &left.ticket.tags)?);
    }
    limits::check(None, &left.ticket)?;
    tenant::allows(world, follows, &left.ticket)?;
    let Left { ticket, slips } = left;
    let made = record::create(world, scope, ticket)?;
    Ok(slips.report(world, scope, made))
}

/// A new ticket that nobody saw yet, with what is said of it.
pub fn draft(world: &World, scope: &mut Scope<'_>, new: &NewTicket) -> Ticket {
    let id: Uuid = scope.new_id();
    Ticket {
        tenant_id: scope.tenant().to_owned(),
        id,
        number: world.head.last_number + 1,
        status: Status::Open,
        app_id: scope.app_id().to_owned(),
        created_at: scope.now,
        created_by: scope.actor.id.clone(),
        updated_at: scope.now,
        updated_by: scope.actor.id.clone(),
        schema_version: SCHEMA_VERSION,
        etag_version: 1,
        ..new.clone().into_row()
    }
}
