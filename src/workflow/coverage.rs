//! Coverage of conditions: what each one was found to be, by itself, while rules are tested.

use std::collections::BTreeSet;

use super::actions::Step;
use super::cel::ast::Expr;
use super::facts::Facts;
use super::rule::{Rule, Verdict};

/// Of rules by their names.
#[derive(Clone, Debug, Default)]
pub struct Coverage(BTreeSet<(String, Spot, bool)>);

/// A condition of a rule, or of one of its actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Spot {
    step: Option<usize>,
    condition: usize,
}

impl Coverage {
    /// Coverage at a rule as it is asked: at all of its conditions, and where they hold at those of its actions. An error is
    /// neither true nor false.
    pub fn at(&mut self, rule: &Rule, facts: &Facts<'_>) {
        if !rule.is_asked(facts) {
            return;
        }
        self.note(rule, None, &rule.conditions, facts);
        if rule.matches(facts) == Verdict::Matched {
            for (step, (_, conditions)) in steps(rule).enumerate() {
                self.note(rule, Some(step), conditions, facts);
            }
        }
    }

    pub fn add(&mut self, others: &Coverage) {
        self.0.extend(others.0.iter().cloned());
    }

    fn note(&mut self, rule: &Rule, step: Option<usize>, conditions: &[Expr], facts: &Facts<'_>) {
        for (condition, expr) in conditions.iter().enumerate() {
            if let Ok(held) = super::cel::holds(expr, facts) {
                self.0.insert((rule.name.clone(), Spot { step, condition }, held));
            }
        }
    }

    /// The conditions of a list, and of single actions, that were never true or never false. What the rule as a whole was is
    /// for others to say, and so are actions that were not asked.
    pub fn one_sided(&self, rule: &Rule) -> Vec<String> {
        let mut found = Vec::new();
        if rule.conditions.len() > 1 {
            found.extend(self.sides(rule, None, &rule.conditions));
        }
        for (step, (label, conditions)) in steps(rule).enumerate() {
            found.extend(self.sides(rule, Some(step), conditions).into_iter().map(|said| format!("{label}: {said}")));
        }
        found
    }

    fn sides(&self, rule: &Rule, step: Option<usize>, conditions: &[Expr]) -> Vec<String> {
        let seen = |condition, held| self.0.contains(&(rule.name.clone(), Spot { step, condition }, held));
        let one_side = |condition| match (seen(condition, true), seen(condition, false)) {
            (true, false) => Some("never false"),
            (false, true) => Some("never true"),
            _ => None,
        };
        let name = |condition| if conditions.len() == 1 { "if".to_owned() } else { format!("if[{condition}]") };
        (0..conditions.len()).filter_map(|at| Some(format!("{} was {}", name(at), one_side(at)?))).collect()
    }
}

/// The actions of a rule, each as messages call it, with their conditions.
fn steps(rule: &Rule) -> impl Iterator<Item = (String, &[Expr])> {
    let before = rule.before_steps.iter().enumerate().map(|(at, step)| (step.label(at), step.conditions()));
    before.chain(rule.steps.iter().enumerate().map(|(at, step)| (step.label(at), step.conditions())))
}

impl<E> Step<E> {
    fn conditions(&self) -> &[Expr] {
        &self.conditions
    }
}
