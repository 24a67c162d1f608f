//! A checked rule: whether it matches, and its effects.

use super::actions::{BeforeEffect, Denial, Effect, Step};
use super::cel::ast::Expr;
use super::cel::{self, Fault};
use super::event::{BeforeEvent, EventName, Timed};
use super::facts::Facts;
use super::needs::{Named, Needs, Preload};
use super::rollout::Rollout;
use super::schedule::Schedule;
use super::schema::{Root, Roots};
use super::timer::Timer;
use super::trigger::{Mark, Trigger};
use crate::model::rule_runs::Limit;

/// A rule of a set. Everything in it was checked at load.
#[derive(Clone, Debug)]
pub struct Rule {
    pub name: String,
    pub description: String,
    pub owner: String,
    pub enabled: bool,
    /// Lower runs first; ties by name.
    pub order: i32,
    /// What happened, or what is about to happen; never both.
    pub events: Vec<EventName>,
    /// Instants of SLA clocks; with before-events there are none.
    pub triggers: Vec<Trigger>,
    pub timers: Vec<Timer>,
    pub schedules: Vec<Schedule>,
    /// Whether the events are before-events.
    pub before: bool,
    /// When it matched and what it wanted was done, no later rule runs for this event.
    pub stop: bool,
    pub on_error: OnError,
    pub failure_policy: FailurePolicy,
    /// How often it may run on one ticket.
    pub limit: Option<Limit>,
    /// Whether it acts.
    pub rollout: Rollout,
    /// The file that it stands in, and the line of its first key.
    pub file: String,
    pub line: u32,
    /// All must hold for the rule to be the tenant's at all.
    pub(super) tenants: Vec<Expr>,
    /// Their text; '' for a rule that is every tenant's.
    pub(super) selector: String,
    /// All must hold.
    pub(super) conditions: Vec<Expr>,
    /// What it does; the one list is empty for before-rules, the other for all others.
    pub(super) before_steps: Vec<Step<BeforeEffect>>,
    pub(super) steps: Vec<Step<Effect>>,
    pub(super) needs: Needs,
}

/// What follows an action that is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// The rule's effects are undone, and its run is FAILED.
    #[default]
    Stop,
    /// The action is left out, the next one runs.
    Continue,
}

/// Before-rules: what an expression error means for the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailurePolicy {
    Deny,
    Ignore,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Matched,
    NotMatched,
    /// Why a condition has no value.
    Error(String),
}

impl Rule {
    /// Whether it is this tenant's at all. `tenants` is a filter: where reading the tenant fails, the rule is not that
    /// tenant's.
    pub fn is_for(&self, facts: &Facts<'_>) -> bool {
        self.tenants.iter().all(|selector| cel::holds(selector, facts).unwrap_or(false))
    }

    /// Whether it is the tenant's and is rolled out to the ticket, so that its conditions count.
    pub(super) fn is_asked(&self, facts: &Facts<'_>) -> bool {
        self.is_for(facts) && self.rollout.includes(&self.name, facts)
    }

    /// Whether it is the tenant's, is rolled out to the ticket, and all conditions hold. A condition that is false decides, whatever error stands before or
    /// after it.
    pub fn matches(&self, facts: &Facts<'_>) -> Verdict {
        if !self.is_asked(facts) {
            return Verdict::NotMatched;
        }
        let mut first_fault: Option<(usize, Fault)> = None;
        for (index, condition) in self.conditions.iter().enumerate() {
            match cel::holds(condition, facts) {
                Ok(true) => {}
                Ok(false) => return Verdict::NotMatched,
                Err(fault) => {
                    first_fault.get_or_insert((index, fault));
                }
            }
        }
        match first_fault {
            None => Verdict::Matched,
            Some((_, fault)) if self.conditions.len() == 1 => Verdict::Error(format!("if: {fault}")),
            Some((index, fault)) => Verdict::Error(format!("if[{index}]: {fault}")),
        }
    }

    /// What the actions want, in their order; actions whose own `if` is false are left out.
    ///
    /// # Errors
    /// The first action whose condition, template or value has none, and why.
    pub fn effects(&self, facts: &Facts<'_>) -> Result<Vec<Effect>, String> {
        Step::evaluate_those(&self.steps, |_| true, facts)
    }

    /// What a before-rule wants of the change.
    ///
    /// # Errors
    /// As for [`Rule::effects`].
    pub fn amendments(&self, facts: &Facts<'_>) -> Result<Vec<BeforeEffect>, String> {
        Step::evaluate_those(&self.before_steps, |step| !step.denies(), facts)
    }

    /// Why a before-rule refuses the change, if it does.
    ///
    /// # Errors
    /// As for [`Rule::effects`].
    pub fn denial(&self, facts: &Facts<'_>) -> Result<Option<Denial>, String> {
        let denials = Step::evaluate_those(&self.before_steps, Step::denies, facts)?;
        Ok(denials.into_iter().find_map(|effect| match effect {
            BeforeEffect::Deny(denial) => Some(denial),
            BeforeEffect::Set(_) | BeforeEffect::Tag(_) => None,
        }))
    }

    /// What the actions of a rule in shadow would do after the event, in words.
    ///
    /// # Errors
    /// As for [`Rule::effects`].
    pub fn would(&self, facts: &Facts<'_>) -> Result<Vec<String>, String> {
        Step::tell_those(&self.steps, |_| true, facts)
    }

    /// The same of what a before-rule would amend.
    ///
    /// # Errors
    /// As for [`Rule::effects`].
    pub fn would_amend(&self, facts: &Facts<'_>) -> Result<Vec<String>, String> {
        Step::tell_those(&self.before_steps, |step| !step.denies(), facts)
    }

    /// The same of why it would refuse the change.
    ///
    /// # Errors
    /// As for [`Rule::effects`].
    pub fn would_deny(&self, facts: &Facts<'_>) -> Result<Vec<String>, String> {
        Step::tell_those(&self.before_steps, Step::denies, facts)
    }

    /// Whether it reads a description.
    pub fn needs_descriptions(&self) -> bool {
        self.needs.descriptions
    }

    /// The fields that its actions write.
    pub fn written(&self) -> impl Iterator<Item = &str> {
        self.needs.writes.iter().map(|write| write.field.as_str())
    }

    /// Everything that its actions want, in words: after the event, or of a change before it.
    ///
    /// # Errors
    /// As for [`Rule::effects`].
    pub fn tell_all(&self, facts: &Facts<'_>) -> Result<Vec<String>, String> {
        Ok([self.would(facts)?, self.would_amend(facts)?, self.would_deny(facts)?].concat())
    }

    /// Whether it has effects at all.
    pub fn acts(&self) -> bool {
        self.enabled && !self.rollout.is_shadow()
    }

    /// Whether it is a before-rule that has something to amend.
    pub fn amends(&self) -> bool {
        self.before_steps.iter().any(|step| !step.denies())
    }

    /// Whether it is a before-rule that can refuse a change.
    pub fn denies(&self) -> bool {
        self.before_steps.iter().any(Step::denies)
    }

    pub fn waits_for(&self, event: BeforeEvent) -> bool {
        self.events.contains(&EventName::Before(event))
    }

    /// Whether it runs on some of its events only.
    pub fn has_condition(&self) -> bool {
        !self.conditions.is_empty()
    }

    /// Whether it is not every tenant's.
    pub fn is_selective(&self) -> bool {
        !self.tenants.is_empty()
    }

    /// The marks that it waits for.
    pub fn marks(&self) -> impl Iterator<Item = Mark> {
        self.triggers.iter().filter_map(|trigger| Some(Mark { metric: trigger.metric, at: trigger.mark? }))
    }

    /// Everything that tells which clocks have its marks, and which marks: whose it is, and what it waits for.
    pub(super) fn asks_clocks(&self) -> (String, String) {
        let mut marks: Vec<String> = self.triggers.iter().filter(|it| it.mark.is_some()).map(Trigger::key).collect();
        marks.extend(self.timers.iter().map(|timer| timer.id.clone()));
        marks.sort_unstable();
        marks.dedup();
        (self.selector.clone(), marks.join("\n"))
    }

    /// Whether executing its actions reads this for certain.
    pub fn preloads(&self, what: Preload) -> bool {
        self.needs.preloads.contains(&what)
    }

    /// The calendars that conditions, templates and values name, as they name them.
    pub fn calendars(&self) -> impl Iterator<Item = &str> {
        self.needs.calendars.iter().map(String::as_str)
    }

    /// What of a tenant's it names in so many words.
    pub fn named(&self) -> &[Named] {
        &self.needs.named
    }

    /// The events and triggers as they stand in a file.
    pub fn waits(&self) -> impl Iterator<Item = String> {
        let events = self.events.iter().map(|event| event.as_str().to_owned());
        let timed = self.timers.iter().map(Timer::to_string).chain(self.schedules.iter().map(Schedule::to_string));
        events.chain(self.triggers.iter().map(Trigger::to_string)).chain(timed)
    }

    /// Whether it runs at instants of its own, or at somebody's wish: no activity asks for it.
    pub fn is_timed(&self) -> bool {
        !self.timers.is_empty() || !self.schedules.is_empty() || self.is_manual()
    }

    /// Whether activities set it off, and not only time or whoever runs it.
    pub fn waits_for_events(&self) -> bool {
        !self.triggers.is_empty() || self.events.iter().any(|event| !matches!(event, EventName::Timed(_)))
    }

    /// Whether RunWorkflow runs it.
    pub fn is_manual(&self) -> bool {
        self.events.contains(&EventName::Timed(Timed::Manual))
    }

    /// Whether conditions, templates or values read `root`: organization, requester, assignee, team and before are worth
    /// loading only then.
    pub fn needs(&self, root: Root) -> bool {
        self.needs.roots.contains(root)
    }

    /// All roots that they read.
    pub fn roots(&self) -> Roots {
        self.needs.roots
    }
}
