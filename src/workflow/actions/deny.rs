//! `deny`: refuses the command.

use serde::Deserialize;

use super::action::Action;
use super::wording::quoted;
use crate::workflow::facts::Facts;
use crate::workflow::form::{Key, Takes, required};
use crate::workflow::place::Place;
use crate::workflow::template::{Template, Want};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// What the caller is told.
    pub message: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    message: String,
}

pub struct Deny {
    message: Template,
}

impl Action for Deny {
    const NAME: &'static str = "deny";
    const KEYS: &'static [Key] = &[required("message", Takes::Text, "What the caller is told.")];
    const EXAMPLE: &'static str = "deny: {message: Reopen the ticket first}";
    const ABOUT: &'static str = "Refuses what is about to happen.";
    type Raw = Raw;
    type Effect = Denial;

    fn check(raw: Raw, place: &mut Place<'_>) -> Option<Deny> {
        if raw.message.trim().is_empty() {
            let hint = "write what the caller should do";
            place.error(&["message"], "grammar", "a denial must say why".into(), hint);
            return None;
        }
        let message = place.template(&["message"], &raw.message, Want::Text)?;
        Some(Deny { message })
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<Denial, String> {
        Ok(Denial { message: self.message.text(facts)? })
    }

    fn would(Denial { message }: &Denial) -> String {
        format!("deny: {}", quoted(message))
    }
}
