//! Before-rules in shadow: heard like the others, and neither amend nor deny.

use uuid::Uuid;

use super::{Around, Hearing};
use crate::command::react::shadow;
use crate::command::scope::Scope;
use crate::command::{Stop, World};
use crate::model::words::RunVerdict;
use crate::workflow::{BeforeEvent, Facts, Rule, Verdict, Waiting};

/// What a rule would have done to a change.
#[derive(Debug)]
pub(super) struct Shadow<'a> {
    place: usize,
    rule: &'a Rule,
    would: Vec<String>,
}

impl Shadow<'_> {
    /// `about`: the ticket, there or not; `known`: it is or will be there.
    pub(super) fn record(self, scope: &mut Scope<'_>, about: Uuid, known: Option<Uuid>) {
        if scope.bounds.records_shadow(self.place, Some(about)) {
            shadow::record(scope, self.rule, 0, known, &self.would);
        }
    }
}

impl<'a> Hearing<'_, 'a> {
    /// Notes what a rule would do: a rule that amends and denies is asked twice, and noted once.
    pub(super) fn shadow(
        &mut self,
        world: &mut World,
        scope: &mut Scope<'a>,
        waiting: &Waiting<'a>,
        event: BeforeEvent,
        would: fn(&Rule, &Facts<'_>) -> Result<Vec<String>, String>,
    ) -> Result<RunVerdict, Stop> {
        let Waiting { place, rule, .. } = *waiting;
        let told = {
            let (around, types) = (Around::of(world, &[rule], Some(self.ticket()))?, self.words());
            let facts = around.add_to(self.facts(scope, event, &types));
            match rule.matches(&facts) {
                Verdict::NotMatched => return Ok(RunVerdict::NotMatched),
                Verdict::Error(why) => Err(why),
                Verdict::Matched => would(rule, &facts),
            }
        };
        match told {
            Err(why) => return self.fault(world, scope, rule, why),
            Ok(would) => match self.shadows.iter_mut().find(|known| known.place == place) {
                Some(known) => known.would.extend(would),
                None => self.shadows.push(Shadow { place, rule, would }),
            },
        }
        Ok(RunVerdict::Shadow)
    }
}
