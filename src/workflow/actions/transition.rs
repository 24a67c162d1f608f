//! `transition`: a transition of the ticket's lifecycle.

use serde::Deserialize;

use super::action::Action;
use crate::model::lifecycle;
use crate::workflow::diagnostic::suggest;
use crate::workflow::facts::Facts;
use crate::workflow::place::Place;
use crate::workflow::template::{Template, Want};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Never `lifecycle::Transition::Update`.
    pub verb: lifecycle::Transition,
    pub reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    verb: String,
    #[serde(default)]
    reason: String,
}

pub struct Transition {
    verb: lifecycle::Transition,
    reason: Template,
}

impl Action for Transition {
    const NAME: &'static str = "transition";
    type Raw = Raw;
    type Effect = Move;

    fn check(raw: Raw, place: &mut Place<'_>) -> Option<Transition> {
        let verbs = || lifecycle::Transition::ALL.iter().copied().filter(|verb| *verb != lifecycle::Transition::Update);
        let Some(verb) = verbs().find(|verb| verb.word() == raw.verb.to_lowercase()) else {
            let hint = suggest(&raw.verb, verbs().map(lifecycle::Transition::word));
            place.error(&["verb"], "unknown-word", format!("there is no verb `{}`", raw.verb), &hint);
            return None;
        };
        let reason = place.template(&["reason"], &raw.reason, Want::Text)?;
        Some(Transition { verb, reason })
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<Move, String> {
        Ok(Move { verb: self.verb, reason: self.reason.text(facts)? })
    }
}
