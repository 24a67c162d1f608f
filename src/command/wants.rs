//! What a command can be known to need before it is decided: for the common ones, one load is enough.

use std::collections::HashSet;

use super::action::{NewTicket, TicketEdit};
use super::{Action, Command, Want};
use crate::model::ticket::TicketRef;
use crate::workflow::schema::Root;
use crate::workflow::{Rule, RuleSet};

/// Each want once. What only a loaded row names (a ticket's assignee, a team's members) is not here: deciding will miss it.
pub fn wants(command: &Command, rules: &RuleSet) -> Vec<Want> {
    let mut wants = Wants { all: Vec::new(), seen: HashSet::new() };
    if let Some(request) = command.request.as_ref().filter(|_| !command.validate_only) {
        wants.add(Want::Request(request.key));
    }
    match &command.action {
        Action::CreateTicket(new) => wants.new_tickets(std::slice::from_ref(new), rules),
        Action::CreateTickets(all) => wants.new_tickets(all, rules),
        Action::UpdateTicket { ticket, edit, etag: _ } => {
            wants.ticket(ticket);
            let TicketEdit { assignee_id, .. } = &**edit;
            wants.agent(assignee_id.as_deref().unwrap_or_default());
        }
        Action::AssignTicket { ticket, assignee_id, etag: _, team_id: _ } => {
            wants.ticket(ticket);
            wants.agent(assignee_id.as_deref().unwrap_or_default());
        }
        Action::MoveTicket { ticket, step, etag: _ } => {
            wants.ticket(ticket);
            wants.agent(step.assignee_id.as_deref().unwrap_or_default());
        }
        Action::CreateFollowUp { ticket, with, etag: _ } => {
            wants.ticket(ticket);
            wants.agent(with.assignee_id.as_deref().unwrap_or_default());
        }
        Action::DeleteTicket { ticket, etag: _ }
        | Action::UndeleteTicket { ticket, etag: _ }
        | Action::TagTicket { ticket, .. }
        | Action::RateTicket { ticket, .. }
        | Action::PostMessage { ticket, message: _ } => wants.ticket(ticket),
        Action::UpdateMessage { ticket, message, .. } | Action::DeleteMessage { ticket, message, .. } => {
            wants.ticket(ticket);
            wants.add(Want::Message(*message));
        }
        Action::CreateIssue(new) => {
            for ticket in &new.tickets {
                wants.ticket(ticket);
                wants.issues_of(ticket);
            }
        }
        Action::ResolveIssue { issue, etag: _ } => wants.add(Want::Issue(*issue)),
        Action::LinkIssue { issue, ticket, etag: _ } => {
            wants.add(Want::Issue(*issue));
            wants.ticket(ticket);
            wants.issues_of(ticket);
        }
        Action::UpsertOrganization(row, _) => wants.add(Want::Organization(row.id.clone())),
        Action::UpsertContact(row, _) => wants.add(Want::Contact(row.id.clone())),
        Action::UpsertTeam(row, _) => wants.add(Want::Team(row.id.clone())),
        Action::UpsertAgent(row, _) => wants.add(Want::Agent(row.id.clone())),
        Action::UpdateTenant { .. } => wants.add(Want::Settings),
    }
    wants.all
}

struct Wants {
    all: Vec<Want>,
    seen: HashSet<Want>,
}

impl Wants {
    fn add(&mut self, want: Want) {
        if self.seen.insert(want.clone()) {
            self.all.push(want);
        }
    }

    fn ticket(&mut self, name: &TicketRef) {
        self.add(Want::Ticket(name.clone()));
    }

    fn issues_of(&mut self, name: &TicketRef) {
        match name {
            TicketRef::Id(id) => self.add(Want::TicketIssues(*id)),
            // Which ticket that is, its row will tell.
            TicketRef::Number(_) => {}
        }
    }

    fn agent(&mut self, id: &str) {
        if !id.is_empty() {
            self.add(Want::Agent(id.to_owned()));
        }
    }

    fn new_tickets(&mut self, all: &[impl std::borrow::Borrow<NewTicket>], rules: &RuleSet) {
        let candidates: Vec<&Rule> =
            rules.before("ticket.creating").into_iter().chain(rules.after("ticket.created", &[])).collect();
        let needed = |root: Root| candidates.iter().any(|rule| rule.needs(root));
        let (organization, requester) = (needed(Root::Organization), needed(Root::Requester));
        let team = needed(Root::Team) || candidates.iter().any(|rule| rule.chooses());
        for new in all {
            let new: &NewTicket = new.borrow();
            self.agent(&new.assignee_id);
            if organization && !new.organization_id.is_empty() {
                self.add(Want::Organization(new.organization_id.clone()));
            }
            if requester && !new.requester_id.is_empty() {
                self.add(Want::Contact(new.requester_id.clone()));
            }
            if team && !new.team_id.is_empty() {
                self.add(Want::Team(new.team_id.clone()));
            }
        }
    }
}
