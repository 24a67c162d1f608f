//! The trait of actions: the YAML under an action's name, its checks, and its evaluation.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::workflow::cel;
use crate::workflow::cel::ast::Expr;
use crate::workflow::facts::Facts;
use crate::workflow::form::Key;
use crate::workflow::place::Place;

/// A checked action. Whatever it reads, names or has loaded is noted by the [`Place`] that it is checked at.
pub trait Action: Sized + Send + Sync + 'static {
    /// The key in a step of `do`.
    const NAME: &'static str;
    /// The keys of [`Action::Raw`].
    const KEYS: &'static [Key];
    /// A short one, for whoever wrote something else.
    const EXAMPLE: &'static str;
    /// What it does, for people.
    const ABOUT: &'static str;
    /// Whether it is about the event's ticket: an event without one cannot have it.
    const NEEDS_TICKET: bool = true;
    /// What stands under that key.
    type Raw: DeserializeOwned;
    /// What is wanted, with every template evaluated.
    type Effect;

    /// Checks what was written. `None`: findings were noted.
    fn check(raw: Self::Raw, place: &mut Place<'_>) -> Option<Self>;

    /// # Errors
    /// The first template or value that has none, and why.
    fn evaluate(&self, facts: &Facts<'_>) -> Result<Self::Effect, String>;

    /// What this would do, for a rule that is not to do it: `add tag vip`.
    fn would(_effect: &Self::Effect) -> String {
        Self::NAME.replace('_', " ")
    }
}

/// A checked action that comes to an `E`.
pub trait Evaluation<E>: Send + Sync {
    /// # Errors
    /// The first template or value that has none, and why.
    fn evaluate(&self, facts: &Facts<'_>) -> Result<E, String>;

    /// The same in words.
    ///
    /// # Errors
    /// As for [`Evaluation::evaluate`].
    fn tell(&self, facts: &Facts<'_>) -> Result<String, String>;
}

pub type Evaluate<E> = Arc<dyn Evaluation<E>>;

/// An action, and what its effect becomes.
pub struct Checked<A: Action, E> {
    pub action: A,
    pub effect: fn(A::Effect) -> E,
}

impl<A: Action, E> Evaluation<E> for Checked<A, E> {
    fn evaluate(&self, facts: &Facts<'_>) -> Result<E, String> {
        self.action.evaluate(facts).map(self.effect)
    }

    fn tell(&self, facts: &Facts<'_>) -> Result<String, String> {
        self.action.evaluate(facts).map(|effect| A::would(&effect))
    }
}

/// A step of `do`: an action, and whether it is to be taken.
#[derive(Clone)]
pub struct Step<E> {
    pub(in crate::workflow) id: String,
    pub(in crate::workflow) name: &'static str,
    /// All must hold.
    pub(in crate::workflow) conditions: Vec<Expr>,
    pub(in crate::workflow) evaluate: Evaluate<E>,
}

impl<E> Step<E> {
    /// What these steps want, in their order; those whose own `if` is false are left out.
    ///
    /// # Errors
    /// The first step whose condition, template or value has none, and why.
    pub fn evaluate_those(
        steps: &[Step<E>],
        which: impl Fn(&Step<E>) -> bool,
        facts: &Facts<'_>,
    ) -> Result<Vec<E>, String> {
        Step::each(steps, which, facts, |step| step.evaluate.evaluate(facts))
    }

    /// The same in words.
    ///
    /// # Errors
    /// As for [`Step::evaluate_those`].
    pub fn tell_those(
        steps: &[Step<E>],
        which: impl Fn(&Step<E>) -> bool,
        facts: &Facts<'_>,
    ) -> Result<Vec<String>, String> {
        Step::each(steps, which, facts, |step| step.evaluate.tell(facts))
    }

    fn each<T>(
        steps: &[Step<E>],
        which: impl Fn(&Step<E>) -> bool,
        facts: &Facts<'_>,
        evaluate: impl Fn(&Step<E>) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        let mut all = Vec::with_capacity(steps.len());
        for (index, step) in steps.iter().enumerate().filter(|(_, step)| which(step)) {
            match step.is_taken(facts).and_then(|taken| taken.then(|| evaluate(step)).transpose()) {
                Ok(one) => all.extend(one),
                Err(why) => return Err(format!("{}: {why}", step.label(index))),
            }
        }
        Ok(all)
    }

    /// Its id, and the conditions that it has for itself.
    pub fn asked(&self) -> (&str, &[Expr]) {
        (&self.id, &self.conditions)
    }

    fn is_taken(&self, facts: &Facts<'_>) -> Result<bool, String> {
        for condition in &self.conditions {
            if !cel::holds(condition, facts).map_err(|fault| format!("if: {fault}"))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// `do[0] (assign)`, or its id.
    pub(in crate::workflow) fn label(&self, index: usize) -> String {
        if self.id.is_empty() { format!("do[{index}] ({})", self.name) } else { format!("{} ({})", self.id, self.name) }
    }
}

impl<E> fmt::Debug for Step<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step").field("id", &self.id).field("name", &self.name).finish_non_exhaustive()
    }
}
