//! What platform teams write: rules in YAML with conditions in CEL. Read, checked and evaluated here; pure, and no floor
//! above `model` is known.
//!
//! [`RuleSet::from_sources`] turns files into checked rules, or into every [`Diagnostic`]. The command floor asks a set for
//! the candidates of an event, each [`Rule`] whether it matches some [`Facts`], and then for its [`Effect`]s.
//! [`Filter`] is the same language over one resource, for lists and streams.

pub mod cel;
mod compile;
mod diagnostic;
mod effect;
pub mod event;
mod facts;
mod filter;
#[cfg(test)]
mod fixture;
mod grammar;
mod rule;
pub mod schema;
mod set;
mod snippet;
mod template;
#[cfg(test)]
mod tests;
mod ticket_condition;
mod trigger;
pub mod yaml;

pub use compile::action::{Named, NamedKind};
pub use diagnostic::{Diagnostic, Problem, Severity, nearest, suggest};
pub use effect::{Assign, AssignTo, CreateIssue, Effect, Promise, Said, SetFields, Strategy, WhenNone};
pub use facts::{Event, Facts};
pub use filter::{Filter, Subject};
pub use rule::{FailurePolicy, OnError, Rule, Verdict};
pub use set::{Mark, RuleSet};
pub use snippet::{NoText, Snippet};
pub use ticket_condition::TicketCondition;
pub use trigger::Trigger;
