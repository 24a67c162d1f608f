//! Rules in YAML with conditions in CEL: parsed, checked and evaluated here. Pure; uses no layer above `model`.
//!
//! [`RuleSet::from_sources`] turns files into checked rules, or into every [`Diagnostic`]. The command layer asks a set for
//! the candidates of an event, each [`Rule`] whether it matches some [`Facts`], and then for its [`Effect`]s or, before a
//! change is made, its [`BeforeEffect`]s.
//! [`Filter`] is the same language over one resource, for lists and streams.

mod actions;
mod bounds;
pub mod cel;
mod compile;
mod coverage;
mod cron;
mod diagnostic;
mod document;
pub mod event;
mod explain;
mod facts;
mod filter;
#[cfg(test)]
pub mod fixture;
pub mod folder;
mod form;
mod grammar;
pub mod json_schema;
mod json_template;
mod keys;
mod limits;
mod lint;
mod misfit;
#[cfg(test)]
pub mod mutations;
mod needs;
mod params;
mod place;
pub mod reference;
mod rollout;
mod rule;
mod schedule;
pub mod schema;
mod set;
mod shapes;
mod snippet;
mod source;
mod template;
#[cfg(test)]
mod tests;
mod ticket_condition;
mod timer;
mod trigger;
pub mod yaml;

pub use actions::{
    AssignTo, Assignment, BeforeEffect, Briefing, CustomEvent, Delivery, Denial, Effect, IssueDraft, LinkTo,
    Measurement, Move, PolicyChoice, Post, SetFields,
};
pub use actions::{MessageText, Strategy, TagEdit, WhenNone};
pub use compile::{NAME_HINT, is_name};
pub use coverage::Coverage;
pub use diagnostic::{Diagnostic, Problem, Severity, nearest, suggest};
pub use event::BeforeEvent;
pub use explain::{Branch, Explained};
pub use facts::{Event, Facts, NamedHours, Related};
pub use filter::{Filter, Subject, TooMuch};
pub use needs::{Named, NamedKind, Preload};
pub use params::{Param, Params};
pub use rollout::Rollout;
pub use rule::{FailurePolicy, OnError, Rule, Verdict};
pub use schedule::Schedule;
pub use set::{RuleSet, Timed, Waiting};
pub use snippet::{NoText, Snippet};
pub use template::Wording;
pub use ticket_condition::TicketCondition;
pub use timer::Timer;
pub use trigger::{Mark, Trigger, length};
