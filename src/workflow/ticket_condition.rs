//! Conditions of SLA policies: over a ticket and its organization.

use super::cel::ast::{Expr, ExprKind};
use super::cel::{self, Scope};
use super::diagnostic::Problem;
use super::facts::{Facts, Related};
use super::schema::Root;
use crate::model::directory::Organization;
use crate::model::ticket::Ticket;

/// What the time is must not matter: the choice is made again whenever the ticket changes.
static SCOPE: Scope =
    Scope { roots: &[Root::Ticket, Root::Organization], changed: false, calendars: false, due: false };

/// What clocks write: a choice that read it would be made by what follows from it.
const OF_CLOCKS: [&str; 4] = ["due_at", "first_response_due_at", "first_response_at", "breached_at"];
/// What internal notes change: they choose nothing.
const OF_NOTES: [&str; 2] = ["message_count", "last_message_at"];

/// A checked condition.
#[derive(Clone, Debug)]
pub struct TicketCondition {
    expr: Expr,
    reads_organization: bool,
    reads_notes: bool,
}

impl TicketCondition {
    /// # Errors
    /// Every finding, each with its place ([`Problem::column`]).
    pub fn compile(source: &str) -> Result<TicketCondition, Vec<Problem>> {
        let expr = cel::condition(source, &SCOPE)?;
        let reads_organization = expr.roots().contains(Root::Organization);
        let reads_notes = !read(&expr, &OF_NOTES).is_empty();
        Ok(TicketCondition { expr, reads_organization, reads_notes })
    }

    /// What is wrong with a condition that is about to be written.
    pub fn faults(source: &str) -> Vec<Problem> {
        let refused = |(name, at): (String, usize)| {
            let message = format!("ticket.{name} follows from the policy that is chosen here, and cannot choose it");
            let hint = "ask for what people and programs write: tags, custom fields, the organization";
            Problem::error("written-by-clocks", at, message, hint)
        };
        match TicketCondition::compile(source) {
            Ok(condition) => read(&condition.expr, &OF_CLOCKS).into_iter().map(refused).collect(),
            Err(problems) => problems,
        }
    }

    pub fn reads_organization(&self) -> bool {
        self.reads_organization
    }

    /// Whether it is true; an evaluation error is no match.
    pub fn holds(&self, ticket: &Ticket, organization: Option<&Organization>) -> bool {
        let related = Related { organization, ..Related::default() };
        let public;
        let ticket = if self.reads_notes {
            public = ticket.clone().public();
            &public
        } else {
            ticket
        };
        let facts = Facts { ticket: Some(ticket), related, ..Facts::at(ticket.updated_at, ticket.tenant_id.as_str()) };
        cel::holds(&self.expr, &facts).unwrap_or(false)
    }
}

/// Which of these fields of the ticket it reads, each with its place.
fn read(expr: &Expr, fields: &[&str]) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    expr.walk(&mut |e| match &e.kind {
        ExprKind::Field(path) | ExprKind::Has(path) if path.root == Root::Ticket => {
            found
                .extend(path.names.first().filter(|name| fields.contains(&name.as_str())).map(|it| (it.clone(), e.at)));
        }
        _ => {}
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::fixture;

    #[test]
    fn it_reads_the_ticket_and_its_organization_and_errors_are_no_match() {
        let (ticket, organization) = (fixture::ticket(), fixture::organization("Enterprise"));
        let holds =
            |source: &str, organization| TicketCondition::compile(source).expect(source).holds(&ticket, organization);
        let tier = "organization.tier == 'Enterprise'";
        assert!(holds(tier, Some(&organization)));
        assert!(!holds(tier, None));
        assert!(!holds(&format!("!({tier})"), None), "an error");
        assert!(holds("'vip' in ticket.tags && ticket.custom.seats > 2", None));
        assert!(!TicketCondition::compile("'vip' in ticket.tags").expect("good").reads_organization());
    }

    #[test]
    fn what_clocks_write_chooses_no_policy() {
        for source in ["!has(ticket.due_at)", "'vip' in ticket.tags || ticket.breached_at < ticket.created_at"] {
            let [problem] = TicketCondition::faults(source).try_into().expect("one");
            assert!(problem.message.contains("follows from the policy") && problem.column(source) > 1, "{problem:?}");
            assert!(TicketCondition::compile(source).is_ok(), "one that was taken once is still read");
        }
        assert_eq!(TicketCondition::faults("ticket.priority == 'HIGH' && organization.tier == 'gold'"), []);
        assert_eq!(TicketCondition::faults("ticket.priority ==").len(), 1);
    }

    #[test]
    fn internal_notes_choose_no_policy() {
        let ticket = Ticket { message_count: 5, public_message_count: 1, ..fixture::ticket() };
        let holds = |source: &str| TicketCondition::compile(source).expect(source).holds(&ticket, None);
        assert!(holds("ticket.message_count == 1") && !holds("ticket.message_count == 5"));
    }

    #[test]
    fn what_it_cannot_name_is_refused() {
        for source in ["now > ticket.created_at", "ticket.tier == 'x'", "ticket.priority", "event.type == 'x'", ""] {
            assert!(TicketCondition::compile(source).is_err(), "{source}");
        }
    }
}
