//! Choice of a ticket's SLA policy. Pure.

use std::sync::Arc;

use super::config::{Asks, PolicyInUse, SlaConfig};
use crate::model::directory::Organization;
use crate::model::ticket::Ticket;

impl SlaConfig {
    /// The first of: what the ticket names itself; what has a condition that is true of it, by position; the most specific
    /// of the others that fit. What it names and is not ACTIVE, or does not fit, is passed over; its condition is not asked.
    pub fn choose(&self, ticket: &Ticket, organization: Option<&Organization>) -> Option<Arc<PolicyInUse>> {
        let named = ticket.sla_policy_id.and_then(|id| self.policy(id));
        if let Some(named) = named.filter(|policy| policy.row.fits(ticket)) {
            return Some(named.clone());
        }
        let mut best: Option<&Arc<PolicyInUse>> = None;
        for policy in self.policies().iter().filter(|policy| policy.row.fits(ticket)) {
            match &policy.asks {
                Asks::This(condition) if condition.holds(ticket, organization) => return Some(policy.clone()),
                Asks::This(_) | Asks::Unreadable => {}
                // An app's own comes before what is for everybody; no other two are equal.
                Asks::Nothing => {
                    let rank = |policy: &PolicyInUse| (policy.row.specificity(), !policy.row.app_id.is_empty());
                    if best.is_none_or(|best| rank(policy) > rank(best)) {
                        best = Some(policy);
                    }
                }
            }
        }
        best.cloned()
    }
}
