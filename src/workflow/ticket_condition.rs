//! Conditions of SLA policies: over a ticket and its organization.

use super::cel::ast::Expr;
use super::cel::{self, Scope};
use super::diagnostic::Problem;
use super::facts::{Facts, Related};
use super::schema::Root;
use crate::model::directory::Organization;
use crate::model::ticket::Ticket;

/// What the time is must not matter: the choice is made again whenever the ticket changes.
static SCOPE: Scope =
    Scope { roots: &[Root::Ticket, Root::Organization], changed: false, calendars: false, due: false };

/// A checked condition.
#[derive(Clone, Debug)]
pub struct TicketCondition {
    expr: Expr,
    reads_organization: bool,
}

impl TicketCondition {
    /// # Errors
    /// Every finding, each with its place ([`Problem::column`]).
    pub fn compile(source: &str) -> Result<TicketCondition, Vec<Problem>> {
        let expr = cel::condition(source, &SCOPE)?;
        let reads_organization = expr.roots().contains(Root::Organization);
        Ok(TicketCondition { expr, reads_organization })
    }

    pub fn reads_organization(&self) -> bool {
        self.reads_organization
    }

    /// Whether it is true; an evaluation error is no match.
    pub fn holds(&self, ticket: &Ticket, organization: Option<&Organization>) -> bool {
        let related = Related { organization, ..Related::default() };
        let facts = Facts { ticket: Some(ticket), related, ..Facts::at(ticket.updated_at, ticket.tenant_id.as_str()) };
        cel::holds(&self.expr, &facts).unwrap_or(false)
    }
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
    fn what_it_cannot_name_is_refused() {
        for source in ["now > ticket.created_at", "ticket.tier == 'x'", "ticket.priority", "event.type == 'x'", ""] {
            assert!(TicketCondition::compile(source).is_err(), "{source}");
        }
    }
}
