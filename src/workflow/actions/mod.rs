//! Actions of rules: one file each, and the list of them.
//!
//! An action's file holds its keys, its checks and its evaluation; [`ACTIONS`] says in which rules it may stand and what
//! it evaluates to. The grammar, its messages and the table in docs/workflows.md follow from that list; the command layer
//! executes what is in [`Effect`] and [`BeforeEffect`].

mod action;
mod assign;
mod create_issue;
mod create_task;
mod deny;
mod dispatch_agent;
mod emit;
mod link;
mod message;
mod metric;
mod set;
mod sla;
mod tag;
mod transition;
mod webhook;
mod wording;

use std::sync::Arc;

use serde_yaml::Value as Yaml;

use super::form::Key;
use super::keys::keys_of;
use super::place::Place;
use crate::model::activity::Task;
use action::Checked;
pub use action::{Action, Evaluate, Step};
pub use assign::{AssignTo, Assignment, Strategy, WhenNone};
pub use create_issue::IssueDraft;
pub use deny::Denial;
pub use dispatch_agent::Briefing;
pub use emit::CustomEvent;
pub use link::LinkTo;
pub use message::{MessageText, Post};
pub use metric::Measurement;
pub(in crate::workflow) use set::ANY_CUSTOM;
pub use set::SetFields;
pub use sla::PolicyChoice;
pub use tag::TagEdit;
pub use transition::Move;
pub use webhook::Delivery;

/// What a rule wants done after an event. The command layer turns it into a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Set(SetFields),
    Tag(TagEdit),
    Assign(Assignment),
    Transition(Move),
    Message(Post),
    CreateIssue(IssueDraft),
    CreateTask(Task),
    Link(LinkTo),
    Sla(PolicyChoice),
    Emit(CustomEvent),
    Webhook(Delivery),
    DispatchAgent(Briefing),
    Metric(Measurement),
}

/// What a rule wants of the command that it is asked about before it is decided.
#[derive(Clone, Debug, PartialEq)]
pub enum BeforeEffect {
    Set(SetFields),
    Tag(TagEdit),
    Deny(Denial),
}

impl Step<BeforeEffect> {
    /// Whether it refuses the change, rather than amending it.
    pub fn denies(&self) -> bool {
        self.name == deny::Deny::NAME
    }
}

/// Every action, in the order in which messages list them.
pub static ACTIONS: &[&dyn Registered] = &[
    &everywhere::<set::Set>(BeforeEffect::Set, Effect::Set),
    &everywhere::<tag::Tag>(BeforeEffect::Tag, Effect::Tag),
    &after::<assign::Assign>(Effect::Assign),
    &after::<transition::Transition>(Effect::Transition),
    &after::<message::Message>(Effect::Message),
    &after::<create_issue::CreateIssue>(Effect::CreateIssue),
    &after::<create_task::CreateTask>(Effect::CreateTask),
    &after::<link::Link>(Effect::Link),
    &after::<sla::Sla>(Effect::Sla),
    &after::<emit::Emit>(Effect::Emit),
    &after::<webhook::Webhook>(Effect::Webhook),
    &after::<dispatch_agent::DispatchAgent>(Effect::DispatchAgent),
    &after::<metric::Metric>(Effect::Metric),
    &before::<deny::Deny>(BeforeEffect::Deny),
];

/// The action of this name.
pub fn find(name: &str) -> Option<&'static dyn Registered> {
    ACTIONS.iter().copied().find(|action| action.name() == name)
}

/// The names of the actions that `which` takes.
pub fn names(which: impl Fn(&dyn Registered) -> bool) -> Vec<&'static str> {
    ACTIONS.iter().filter(|action| which(**action)).map(|action| action.name()).collect()
}

/// An action of [`ACTIONS`], whatever its type.
pub trait Registered: Sync {
    fn name(&self) -> &'static str;
    /// The keys under its name; empty where any key goes.
    fn keys(&self) -> &'static [&'static str];
    /// The same with what they take.
    fn form(&self) -> &'static [Key];
    fn about(&self) -> &'static str;

    /// A short one.
    fn example(&self) -> &'static str;
    fn needs_ticket(&self) -> bool;
    fn is_before(&self) -> bool;
    fn is_after(&self) -> bool;
    /// Checks it for a before-rule. `None`: findings were noted, or it is not for them.
    fn check_before(&self, body: Yaml, place: &mut Place<'_>) -> Option<Evaluate<BeforeEffect>>;
    /// Checks it for any other rule. `None`: findings were noted, or it is not for them.
    fn check_after(&self, body: Yaml, place: &mut Place<'_>) -> Option<Evaluate<Effect>>;
}

/// What `A` comes to in before-rules, and in the others; `None`: it is not for them.
struct Entry<A: Action> {
    before: Option<fn(A::Effect) -> BeforeEffect>,
    after: Option<fn(A::Effect) -> Effect>,
}

const fn everywhere<A: Action>(before: fn(A::Effect) -> BeforeEffect, after: fn(A::Effect) -> Effect) -> Entry<A> {
    Entry { before: Some(before), after: Some(after) }
}

const fn before<A: Action>(effect: fn(A::Effect) -> BeforeEffect) -> Entry<A> {
    Entry { before: Some(effect), after: None }
}

const fn after<A: Action>(effect: fn(A::Effect) -> Effect) -> Entry<A> {
    Entry { before: None, after: Some(effect) }
}

impl<A: Action> Registered for Entry<A> {
    fn name(&self) -> &'static str {
        A::NAME
    }

    fn keys(&self) -> &'static [&'static str] {
        keys_of::<A::Raw>()
    }

    fn form(&self) -> &'static [Key] {
        A::KEYS
    }

    fn about(&self) -> &'static str {
        A::ABOUT
    }

    fn example(&self) -> &'static str {
        A::EXAMPLE
    }

    fn needs_ticket(&self) -> bool {
        A::NEEDS_TICKET
    }

    fn is_before(&self) -> bool {
        self.before.is_some()
    }

    fn is_after(&self) -> bool {
        self.after.is_some()
    }

    fn check_before(&self, body: Yaml, place: &mut Place<'_>) -> Option<Evaluate<BeforeEffect>> {
        self.before.and_then(|effect| check::<A, _>(effect, body, place))
    }

    fn check_after(&self, body: Yaml, place: &mut Place<'_>) -> Option<Evaluate<Effect>> {
        self.after.and_then(|effect| check::<A, _>(effect, body, place))
    }
}

fn check<A: Action, E: 'static>(effect: fn(A::Effect) -> E, body: Yaml, place: &mut Place<'_>) -> Option<Evaluate<E>> {
    let raw = place.read(body, A::EXAMPLE)?;
    let action = A::check(raw, place)?;
    Some(Arc::new(Checked { action, effect }))
}
