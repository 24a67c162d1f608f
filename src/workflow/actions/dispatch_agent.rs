//! `dispatch_agent`: hands work to an agent that is a program.

use serde::Deserialize;

use super::action::Action;
use crate::workflow::facts::Facts;
use crate::workflow::form::{Key, Takes, required};
use crate::workflow::place::Place;
use crate::workflow::template::{Template, Want};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Briefing {
    pub agent: String,
    pub prompt: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    agent: String,
    prompt: String,
}

pub struct DispatchAgent {
    agent: Template,
    prompt: Template,
}

impl Action for DispatchAgent {
    const NAME: &'static str = "dispatch_agent";
    const KEYS: &'static [Key] = &[
        required("agent", Takes::Text, "The name of the agent."),
        required("prompt", Takes::Text, "What it is to do."),
    ];
    const EXAMPLE: &'static str = "dispatch_agent: {agent: triage, prompt: \"Look at ${ticket.display_number}\"}";
    const ABOUT: &'static str = "Hands work to an agent that is a program.";
    const NEEDS_TICKET: bool = false;
    type Raw = Raw;
    type Effect = Briefing;

    fn check(raw: Raw, place: &mut Place<'_>) -> Option<DispatchAgent> {
        let agent = place.template(&["agent"], &raw.agent, Want::Text);
        let prompt = place.template(&["prompt"], &raw.prompt, Want::Text);
        place.dispatches(&["agent"]);
        Some(DispatchAgent { agent: agent?, prompt: prompt? })
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<Briefing, String> {
        Ok(Briefing { agent: self.agent.text(facts)?, prompt: self.prompt.text(facts)? })
    }
}
