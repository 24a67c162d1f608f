//! What a command can be known to need before it is decided: for the common ones, one load is enough.

use std::collections::HashSet;

use super::action::{DirectoryKind, NewTicket, TicketEdit};
use super::sla::{CalendarEdit, PolicyEdit};
use super::{Action, Command, Want, mention};
use crate::model::activity_type::ActivityType;
use crate::model::canned::CannedRef;
use crate::model::sla::calendar::CalendarRef;
use crate::model::sla::policy::PolicyRef;
use crate::model::ticket::TicketRef;
use crate::workflow::schema::Root;
use crate::workflow::{BeforeEvent, Preload, Rule, RuleSet};

/// Each want once. What only a loaded row names (a ticket's assignee, a team's members) is not here: deciding will miss it.
pub fn wants(command: &Command, rules: &RuleSet) -> Vec<Want> {
    let mut wants = Wants { all: Vec::new(), seen: HashSet::new() };
    if let Some(request) = command.request.as_ref().filter(|_| !command.validate_only) {
        wants.add(Want::Request(request.key));
    }
    wants.of(&command.action, rules);
    wants.all
}

struct Wants {
    all: Vec<Want>,
    seen: HashSet<Want>,
}

impl Wants {
    fn of(&mut self, action: &Action, rules: &RuleSet) {
        match action {
            Action::CreateTicket(new) => self.new_tickets(std::slice::from_ref(new), rules),
            Action::CreateTickets(all) => self.new_tickets(all, rules),
            Action::UpdateTicket { ticket, edit, etag: _ } => {
                self.ticket(ticket);
                let TicketEdit { assignee_id, tags, sla_policy_id, .. } = &**edit;
                if matches!(sla_policy_id, Some(Some(_))) {
                    self.add(Want::SlaConfig);
                }
                self.agent(assignee_id.as_deref().unwrap_or_default());
                if tags.is_some() {
                    self.add(Want::Settings);
                }
            }
            Action::AssignTicket { ticket, assignee_id, etag: _, team_id: _ } => {
                self.ticket(ticket);
                self.agent(assignee_id.as_deref().unwrap_or_default());
            }
            Action::MoveTicket { ticket, step, etag: _ } => {
                self.ticket(ticket);
                self.agent(step.assignee_id.as_deref().unwrap_or_default());
            }
            Action::CreateFollowUp { ticket, with, etag: _ } => {
                self.ticket(ticket);
                self.agent(with.assignee_id.as_deref().unwrap_or_default());
            }
            Action::DeleteTicket { ticket, etag: _ }
            | Action::UndeleteTicket { ticket, etag: _ }
            | Action::RateTicket { ticket, .. } => self.ticket(ticket),
            Action::TagTicket { ticket, .. } => {
                self.ticket(ticket);
                self.add(Want::Settings);
            }
            Action::PostMessage { ticket, message } => {
                self.ticket(ticket);
                mention::wants(&message.body).for_each(|want| self.add(want));
            }
            Action::UpdateMessage { ticket, message, edit, etag: _ } => {
                self.ticket(ticket);
                self.add(Want::Message(*message));
                let body = edit.body.as_deref().unwrap_or_default();
                mention::wants(body).for_each(|want| self.add(want));
            }
            Action::DeleteMessage { ticket, message, etag: _ } => {
                self.ticket(ticket);
                self.add(Want::Message(*message));
            }
            Action::CreateCanned(new) => self.add(Want::Canned(CannedRef::Name(new.name.clone()))),
            Action::UpdateCanned { canned, edit, etag: _ } => {
                self.add(Want::Canned(canned.clone()));
                if let Some(name) = &edit.name {
                    self.add(Want::Canned(CannedRef::Name(name.clone())));
                }
            }
            Action::DeleteCanned { canned, etag: _ } => self.add(Want::Canned(canned.clone())),
            Action::CreatePolicy(edit) => self.policy(None, edit),
            Action::UpdatePolicy { policy, edit, etag: _ } => self.policy(Some(policy), edit),
            Action::DeletePolicy { policy, etag: _ } => self.policy(Some(policy), &PolicyEdit::default()),
            Action::CreateCalendar(edit) => self.calendar(None, edit),
            Action::UpdateCalendar { calendar, edit, etag: _ } => self.calendar(Some(calendar), edit),
            Action::DeleteCalendar { calendar, etag: _ } => {
                self.calendar(Some(calendar), &CalendarEdit::default());
                self.add(Want::Settings);
            }
            Action::CreateTag(new) => self.add(Want::Tag(new.name.clone())),
            Action::UpdateTag { name, .. } | Action::DeleteTag { name, .. } => self.add(Want::Tag(name.clone())),
            Action::CreateIssue(new) => {
                for ticket in &new.tickets {
                    self.ticket(ticket);
                    self.issues_of(ticket);
                }
            }
            Action::ConvertToIssue { ticket, etag: _, with: _ } => {
                self.ticket(ticket);
                self.issues_of(ticket);
            }
            Action::ResolveIssue { issue, etag: _ }
            | Action::ReopenIssue { issue, etag: _ }
            | Action::UpdateIssue { issue, etag: _, edit: _ } => self.add(Want::Issue(*issue)),
            Action::LinkIssue { issue, ticket, etag: _ } | Action::UnlinkIssue { issue, ticket, etag: _ } => {
                self.add(Want::Issue(*issue));
                self.ticket(ticket);
                self.issues_of(ticket);
            }
            Action::UpsertOrganization(row, _) => self.add(Want::Organization(row.id.clone())),
            Action::UpsertContact(row, _) => self.add(Want::Contact(row.id.clone())),
            Action::UpsertTeam(row, _) => self.add(Want::Team(row.id.clone())),
            Action::UpsertAgent(row, _) => self.add(Want::Agent(row.id.clone())),
            Action::UpsertAll(all) => all.iter().for_each(|one| self.of(one, rules)),
            Action::DeleteEntry { kind, id, etag: _ } => self.add(match kind {
                DirectoryKind::Organization => Want::Organization(id.clone()),
                DirectoryKind::Contact => Want::Contact(id.clone()),
                DirectoryKind::Team => Want::Team(id.clone()),
                DirectoryKind::Agent => Want::Agent(id.clone()),
            }),
            Action::FollowSla(tickets) => {
                self.add(Want::SlaConfig);
                if rules.marks_by_tenant() {
                    self.add(Want::Settings);
                }
                tickets.iter().for_each(|id| self.add(Want::Ticket(TicketRef::Id(*id))));
            }
            Action::UpdateTenant { edit, etag: _ } => {
                self.add(Want::Settings);
                if let Some(Some(calendar)) = &edit.default_calendar {
                    self.add(Want::Calendar(calendar.clone()));
                }
            }
        }
    }

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

    fn policy(&mut self, which: Option<&PolicyRef>, edit: &PolicyEdit) {
        self.add(Want::SlaConfig);
        let name = edit.name.clone().map(PolicyRef::Name);
        which.cloned().into_iter().chain(name).for_each(|policy| self.add(Want::Policy(policy)));
        if let Some(Some(calendar)) = &edit.calendar {
            self.add(Want::Calendar(calendar.clone()));
        }
    }

    fn calendar(&mut self, which: Option<&CalendarRef>, edit: &CalendarEdit) {
        self.add(Want::SlaConfig);
        let name = edit.name.clone().map(CalendarRef::Name);
        which.cloned().into_iter().chain(name).for_each(|calendar| self.add(Want::Calendar(calendar)));
    }

    fn agent(&mut self, id: &str) {
        if !id.is_empty() {
            self.add(Want::Agent(id.to_owned()));
        }
    }

    fn new_tickets(&mut self, all: &[impl std::borrow::Borrow<NewTicket>], rules: &RuleSet) {
        let candidates: Vec<&Rule> =
            rules.before(BeforeEvent::Creating).into_iter().chain(rules.after(ActivityType::TicketCreated)).collect();
        let needed = |root: Root| candidates.iter().any(|rule| rule.needs(root));
        let (organization, requester) = (needed(Root::Organization), needed(Root::Requester));
        let preloaded = |what: Preload| candidates.iter().any(|rule| rule.preloads(what));
        let team = needed(Root::Team) || preloaded(Preload::Team);
        let settings = preloaded(Preload::Settings);
        for new in all {
            let new: &NewTicket = new.borrow();
            self.agent(&new.assignee_id);
            if new.sla_policy_id.is_some() {
                self.add(Want::SlaConfig);
            }
            if settings || rules.marks_by_tenant() || !new.tags.is_empty() {
                self.add(Want::Settings);
            }
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
