//! Amendments of before-rules, one after the other. One that cannot be is left out, and the change goes on.

use std::collections::VecDeque;

use super::{Around, Hearing, Slip, tally};
use crate::command::scope::Scope;
use crate::command::verbs::tenant;
use crate::command::verbs::ticket::{moves, reopen, tag, update};
use crate::command::{Stop, World, limits};
use crate::model::lifecycle::{Transition, is_legal};
use crate::model::ticket::Ticket;
use crate::model::words::{RunVerdict, Status};
use crate::workflow::{BeforeEffect, OnError, Rule, RuleSet, Verdict, Waiting};

impl<'a> Hearing<'_, 'a> {
    /// Asks the rules that amend, each once: those that wait for what an amendment changes, too. Rules that only stop others
    /// stop these as well.
    pub(super) fn amend(&mut self, world: &mut World, scope: &mut Scope<'a>) -> Result<(), Stop> {
        let mut done: Vec<usize> = Vec::new();
        let mut asked = self.events.clone();
        let mut due = self.amending(scope.rules, &done);
        while let Some(waiting) = due.pop_front() {
            if self.event_for(&waiting).is_none() {
                continue;
            }
            done.push(waiting.place);
            let verdict = self.amend_by(world, scope, &waiting)?;
            if waiting.rule.amends() {
                tally(world, waiting.place, verdict);
            }
            if waiting.rule.stop && verdict == RunVerdict::Matched {
                self.end(&waiting);
            }
            if self.events != asked {
                asked.clone_from(&self.events);
                due = self.amending(scope.rules, &done);
            }
        }
        // Whether a rule that only stops others stops the judges, too, is seen on the final ticket.
        let amends = |place: usize| scope.rules.rules().get(place).is_some_and(Rule::amends);
        self.ended.retain(|(_, place)| amends(*place));
        Ok(())
    }

    /// The rules that amend what the change is about by now, in order, without those that were asked.
    fn amending(&self, rules: &'a RuleSet, done: &[usize]) -> VecDeque<Waiting<'a>> {
        let amends = |it: &Waiting<'a>| (it.rule.amends() || !it.rule.denies()) && !done.contains(&it.place);
        let mut due: Vec<Waiting<'a>> = self.waiting(rules).filter(amends).collect();
        due.sort_by_key(|waiting| waiting.place);
        due.dedup_by_key(|waiting| waiting.place);
        due.into()
    }

    fn amend_by(
        &mut self,
        world: &mut World,
        scope: &mut Scope<'a>,
        waiting: &Waiting<'a>,
    ) -> Result<RunVerdict, Stop> {
        let rule = waiting.rule;
        let Some(event) = self.event_for(waiting) else { return Ok(RunVerdict::NotMatched) };
        if rule.rollout.is_shadow() {
            return self.shadow(world, scope, waiting, event, Rule::would_amend);
        }
        let wanted = {
            let (around, types) = (Around::of(world, &[rule], Some(self.ticket()))?, self.words());
            let facts = around.add_to(self.facts(scope, event, &types));
            world.look(rule, &facts);
            match rule.matches(&facts) {
                Verdict::NotMatched => return Ok(RunVerdict::NotMatched),
                Verdict::Error(why) => Err(why),
                Verdict::Matched => rule.amendments(&facts),
            }
        };
        match wanted {
            Err(why) => self.fault(world, scope, rule, why),
            Ok(effects) => self.take(world, scope, rule, effects),
        }
    }

    /// Puts what a rule wants into the ticket, or what of it can be.
    fn take(
        &mut self,
        world: &mut World,
        scope: &Scope<'a>,
        rule: &'a Rule,
        effects: Vec<BeforeEffect>,
    ) -> Result<RunVerdict, Stop> {
        let mut left_out: Vec<String> = Vec::new();
        let mut ticket: Option<Ticket> = None;
        for effect in effects {
            let so_far = ticket.as_ref().unwrap_or(self.ticket());
            match amended(world, scope, self.proposed.before, so_far, effect) {
                Ok(after) => ticket = Some(after),
                Err(Stop::Refused(refusal)) => {
                    left_out.push(refusal.to_string());
                    if rule.on_error == OnError::Stop {
                        ticket = None;
                        break;
                    }
                }
                Err(missing) => return Err(missing),
            }
        }
        if ticket.is_some() {
            self.amended = ticket;
            self.look();
        }
        if left_out.is_empty() {
            return Ok(RunVerdict::Matched);
        }
        self.slips.push(Slip { rule, reason: left_out.join("; ") });
        Ok(RunVerdict::Failed)
    }
}

/// The ticket with one amendment in it. What was wrong before is not this amendment's fault.
fn amended(
    world: &World,
    scope: &Scope<'_>,
    before: Option<&Ticket>,
    so_far: &Ticket,
    effect: BeforeEffect,
) -> Result<Ticket, Stop> {
    let after = match effect {
        BeforeEffect::Set(fields) => {
            let edit = update::edit_of(fields)?;
            update::known_team(world, edit.team_id.as_deref().unwrap_or_default())?;
            let to = edit.status.filter(|to| *to != so_far.status);
            let after = update::put(world, so_far, &edit)?;
            match to {
                Some(to) => moved(world, scope, before, after, to)?,
                None => after,
            }
        }
        BeforeEffect::Tag(wanted) => {
            let wanted = tag::tags_of(wanted)?;
            let add = tenant::spelt_for_rules(world, &wanted.add)?;
            Ticket { tags: tag::retagged(&so_far.tags, &add, &wanted.remove), ..so_far.clone() }
        }
        BeforeEffect::Deny(_) => return Ok(so_far.clone()),
    };
    limits::check(Some(so_far), &after)?;
    tenant::allows(world, Some(so_far), &after)?;
    Ok(after)
}

/// The same, moved to another status than it would have had.
fn moved(
    world: &World,
    scope: &Scope<'_>,
    before: Option<&Ticket>,
    mut after: Ticket,
    to: Status,
) -> Result<Ticket, Stop> {
    let Some(before) = before else {
        return Err(moves::not_while_made(&after, to).into());
    };
    let verb = Transition::for_update_to(to);
    if to != before.status && !is_legal(before.status, verb, to) {
        return Err(moves::illegal(before, verb, to).into());
    }
    reopen::by_update(world, before, to)?;
    moves::move_from(before, &mut after, verb, to, scope.now);
    Ok(after)
}
