//! Denials of before-rules, on the ticket as it would be in the end.

use super::{Around, Hearing, note, tally};
use crate::command::scope::Scope;
use crate::command::{Refusal, Stop, World};
use crate::model::words::RunVerdict;
use crate::workflow::{BeforeEvent, Denial, Rule, Verdict, Waiting};

impl<'a> Hearing<'_, 'a> {
    pub(super) fn judge(&mut self, world: &mut World, scope: &mut Scope<'a>) -> Result<(), Stop> {
        let mut judges: Vec<Waiting<'a>> =
            self.waiting(scope.rules).filter(|it| it.rule.denies() || !it.rule.amends()).collect();
        judges.sort_by_key(|waiting| waiting.place);
        judges.dedup_by_key(|waiting| waiting.place);
        for waiting in judges {
            let Some(event) = self.event_for(&waiting) else { continue };
            let verdict = match self.judge_by(world, scope, &waiting, event) {
                Ok(verdict) => verdict,
                Err(refused @ Stop::Refused(_)) => {
                    self.forget_slips(world, scope);
                    return Err(refused);
                }
                Err(missing) => return Err(missing),
            };
            // One that amends as well was counted when it did.
            if !waiting.rule.amends() {
                tally(world, waiting.place, verdict);
            }
            if waiting.rule.stop && verdict == RunVerdict::Matched {
                self.end(&waiting);
            }
        }
        Ok(())
    }

    fn judge_by(
        &mut self,
        world: &mut World,
        scope: &mut Scope<'a>,
        waiting: &Waiting<'a>,
        event: BeforeEvent,
    ) -> Result<RunVerdict, Stop> {
        match waiting.rule.rollout.is_shadow() {
            true => self.shadow(world, scope, waiting, event, Rule::would_deny),
            false => self.verdict(world, scope, waiting.rule, event),
        }
    }

    fn verdict(
        &self,
        world: &mut World,
        scope: &mut Scope<'a>,
        rule: &Rule,
        event: BeforeEvent,
    ) -> Result<RunVerdict, Stop> {
        let denial = {
            let (around, types) = (Around::of(world, &[rule], Some(self.ticket()))?, self.words());
            let facts = around.add_to(self.facts(scope, event, &types));
            world.look(rule, &facts);
            match rule.matches(&facts) {
                Verdict::NotMatched => return Ok(RunVerdict::NotMatched),
                Verdict::Error(why) => Err(why),
                Verdict::Matched => rule.denial(&facts),
            }
        };
        match denial {
            Err(why) => self.fault(world, scope, rule, why),
            Ok(None) => Ok(RunVerdict::Matched),
            Ok(Some(Denial { message })) => {
                // Of a rule's command its own run tells.
                if scope.cause.is_none() {
                    let id = scope.new_id();
                    note(world, scope, id, rule, self.ticket_id(), (RunVerdict::Matched, message.clone()));
                }
                Err(Refusal::Denied { workflow: rule.name.clone(), message }.into())
            }
        }
    }

    /// What could not be amended is recorded, and what would have been done, though there will be no ticket to tell it on.
    fn forget_slips(&mut self, world: &mut World, scope: &mut Scope<'a>) {
        for shadow in std::mem::take(&mut self.shadows) {
            shadow.record(scope, self.ticket().id, self.ticket_id());
        }
        for slip in std::mem::take(&mut self.slips) {
            let id = scope.new_id();
            note(world, scope, id, slip.rule, self.ticket_id(), (RunVerdict::Failed, slip.reason));
        }
    }
}
