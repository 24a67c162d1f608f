//! `transition`: a transition of the ticket's lifecycle.

use serde::Deserialize;
use serde_json::Value as Json;

use super::action::Action;
use super::set;
use super::wording::quoted;
use crate::model::lifecycle;
use crate::workflow::diagnostic::suggest;
use crate::workflow::facts::Facts;
use crate::workflow::form::{Key, Takes, key, required, words};
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

/// Those that a rule can name.
fn named() -> impl Iterator<Item = lifecycle::Transition> {
    lifecycle::Transition::ALL.iter().copied().filter(|verb| *verb != lifecycle::Transition::Update)
}

fn verbs() -> Vec<String> {
    words(named().map(lifecycle::Transition::word))
}

impl Action for Transition {
    const NAME: &'static str = "transition";
    const KEYS: &'static [Key] = &[
        required("verb", Takes::Choice(verbs), "What is done with the ticket."),
        key("reason", Takes::Text, "Why; it stands in the log."),
    ];
    const EXAMPLE: &'static str = "transition: {verb: resolve}";
    const ABOUT: &'static str = "Moves the ticket through its lifecycle.";
    type Raw = Raw;
    type Effect = Move;

    fn check(raw: Raw, place: &mut Place<'_>) -> Option<Transition> {
        let Some(verb) = named().find(|verb| verb.word() == raw.verb.to_lowercase()) else {
            let hint = suggest(&raw.verb, named().map(lifecycle::Transition::word));
            place.error(&["verb"], "unknown-word", format!("there is no verb `{}`", raw.verb), &hint);
            return None;
        };
        let reason = place.template(&["reason"], &raw.reason, Want::Text)?;
        let status = verb.target().map(|status| Json::String(status.word().to_owned()));
        place.writes(&["verb"], "status", status, &set::moves_to(verb.target()));
        Some(Transition { verb, reason })
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<Move, String> {
        Ok(Move { verb: self.verb, reason: self.reason.text(facts)? })
    }

    fn would(Move { verb, reason }: &Move) -> String {
        let why = if reason.is_empty() { String::new() } else { format!(" because of {}", quoted(reason)) };
        format!("{} the ticket{why}", verb.word())
    }
}
