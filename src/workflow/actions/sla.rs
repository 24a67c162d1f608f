//! `sla`: chooses another SLA policy for the ticket.

use serde::Deserialize;
use uuid::Uuid;

use super::action::Action;
use super::wording::quoted;
use crate::model::activity_type::ActivityType;
use crate::workflow::facts::Facts;
use crate::workflow::form::{Key, Takes, required};
use crate::workflow::needs::NamedKind;
use crate::workflow::place::Place;
use crate::workflow::template::Template;

/// The policy that a ticket is to name itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyChoice {
    /// By its name or id; '' = none.
    Named(String),
    /// As the tenant has it.
    Policy(Option<Uuid>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    policy: String,
}

pub struct Sla {
    policy: Template,
}

impl Action for Sla {
    const NAME: &'static str = "sla";
    const KEYS: &'static [Key] = &[required("policy", Takes::Text, "The policy's name or id; '' for none.")];
    const EXAMPLE: &'static str = "sla: {policy: gold}";
    const ABOUT: &'static str = "Chooses the ticket's SLA policy.";
    type Raw = Raw;
    type Effect = PolicyChoice;

    fn check(raw: Raw, place: &mut Place<'_>) -> Option<Sla> {
        let policy = place.named(NamedKind::SlaPolicy, &["policy"], &raw.policy)?;
        place.writes(&["policy"], "sla_policy_id", policy.fixed().cloned(), &[ActivityType::TicketUpdated]);
        Some(Sla { policy })
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<PolicyChoice, String> {
        Ok(PolicyChoice::Named(self.policy.text(facts)?.trim().to_owned()))
    }

    fn would(choice: &PolicyChoice) -> String {
        match choice {
            PolicyChoice::Named(name) if !name.is_empty() => format!("set the SLA policy to {}", quoted(name)),
            PolicyChoice::Policy(Some(id)) => format!("set the SLA policy to {}", quoted(&id.to_string())),
            PolicyChoice::Named(_) | PolicyChoice::Policy(None) => "clear the SLA policy".to_owned(),
        }
    }
}
