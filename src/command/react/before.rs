//! Before-rules: they can edit a change that is about to happen, or deny it.

use super::around::Around;
use super::{edit_of, tags_of, tally};
use crate::command::action::TicketEdit;
use crate::command::scope::Scope;
use crate::command::verbs::ticket::tag::retagged;
use crate::command::{Refusal, Stop, World};
use crate::model::activity::Change;
use crate::model::message::Message;
use crate::model::ticket::Ticket;
use crate::model::words::{RunVerdict, Words};
use crate::workflow::{BeforeEffect, BeforeEvent, Event, Facts, FailurePolicy, Rule, TagEdit, Verdict};

/// What a before-rule looks at.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Creating and updating: as it would be. Else: as it is.
    pub ticket: &'a Ticket,
    pub before: Option<&'a Ticket>,
    pub changes: &'a [Change],
    pub message: Option<&'a Message>,
}

impl<'a> Asked<'a> {
    pub fn of(ticket: &'a Ticket) -> Asked<'a> {
        Asked { ticket, before: Some(ticket), changes: &[], message: None }
    }
}

/// What before-rules want otherwise; the later rule wins.
#[derive(Debug, Default)]
pub struct Amendment {
    edit: TicketEdit,
    /// In the order of the rules: whether to add, and the tags.
    tags: Vec<(bool, Vec<String>)>,
    touched: bool,
}

impl Amendment {
    pub fn is_empty(&self) -> bool {
        !self.touched
    }

    /// The edit that is left of the caller's own, over a ticket that would have these tags.
    pub fn onto(&self, tags: &Words, edit: Option<&TicketEdit>) -> TicketEdit {
        let mut all = edit.cloned().unwrap_or_default();
        if !self.touched {
            return all;
        }
        let TicketEdit { subject, status, priority, category, kind, custom_keys, .. } = self.edit.clone();
        all.subject = subject.or(all.subject);
        all.status = status.or(all.status);
        all.priority = priority.or(all.priority);
        all.category = category.or(all.category);
        all.kind = kind.or(all.kind);
        all.custom_keys.extend(custom_keys);
        let mut after = tags.clone();
        for (add, words) in &self.tags {
            after = if *add { retagged(&after, words, &[]) } else { retagged(&after, &[], words) };
        }
        if after != *tags {
            all.tags = Some(after);
        }
        all
    }

    fn take(&mut self, effects: Vec<BeforeEffect>) -> Result<(), String> {
        for effect in effects {
            self.touched = true;
            match effect {
                BeforeEffect::Set(fields) => {
                    let TicketEdit { subject, status, priority, category, kind, custom_keys, .. } =
                        edit_of(fields).map_err(|refusal| refusal.to_string())?;
                    let edit = &mut self.edit;
                    edit.subject = subject.or(edit.subject.take());
                    edit.status = status.or(edit.status);
                    edit.priority = priority.or(edit.priority);
                    edit.category = category.or(edit.category.take());
                    edit.kind = kind.or(edit.kind);
                    edit.custom_keys.extend(custom_keys);
                }
                BeforeEffect::Tag(wanted) => {
                    let TagEdit { add, remove } = tags_of(wanted).map_err(|refusal| refusal.to_string())?;
                    self.tags.extend([(false, remove), (true, add)]);
                }
                BeforeEffect::Deny(denial) => return Err(denial.message),
            }
        }
        Ok(())
    }
}

/// Asks the rules of each event, in order; a rule that waits for several is asked once.
pub fn ask(world: &mut World, scope: &mut Scope<'_>, events: &[(BeforeEvent, Asked<'_>)]) -> Result<Amendment, Stop> {
    let mut amendment = Amendment::default();
    let mut done: Vec<&str> = Vec::new();
    for (event, asked) in events {
        let rules: Vec<&Rule> =
            scope.rules.before(*event).into_iter().filter(|rule| !done.contains(&rule.name.as_str())).collect();
        if rules.is_empty() {
            continue;
        }
        let around = Around::of(world, &rules, Some(asked.ticket))?;
        for rule in rules {
            done.push(&rule.name);
            let (verdict, denial) = {
                let facts = around.add_to(facts(scope, *event, asked));
                judge(rule, &facts, &mut amendment)
            };
            tally(world, scope, rule, verdict);
            match denial {
                Ok(()) => {}
                Err(why) => {
                    let denies = verdict == RunVerdict::Matched || rule.failure_policy == FailurePolicy::Deny;
                    note(scope, rule, asked, verdict, &why);
                    if denies {
                        return Err(Refusal::Denied { workflow: rule.name.clone(), message: why }.into());
                    }
                }
            }
            if rule.stop && verdict == RunVerdict::Matched {
                break;
            }
        }
    }
    Ok(amendment)
}

/// The verdict, and why the rule stands in the way, if it does.
fn judge(rule: &Rule, facts: &Facts<'_>, amendment: &mut Amendment) -> (RunVerdict, Result<(), String>) {
    match rule.matches(facts) {
        Verdict::NotMatched => (RunVerdict::NotMatched, Ok(())),
        Verdict::Error(why) => (RunVerdict::Error, Err(why)),
        Verdict::Matched => match rule.before_effects(facts) {
            Err(why) => (RunVerdict::Error, Err(why)),
            Ok(effects) => (RunVerdict::Matched, amendment.take(effects)),
        },
    }
}

/// Denials and errors over the caller's own command are rows; of a rule's command its own run tells.
fn note(scope: &mut Scope<'_>, rule: &Rule, asked: &Asked<'_>, verdict: RunVerdict, why: &str) {
    if scope.cause.is_some() {
        return;
    }
    // A ticket that is not there yet has no version, and may never be.
    let ticket = (asked.ticket.version > 0).then_some(asked.ticket.id);
    let run = scope.run_row(rule, 0, ticket, verdict, why.to_owned());
    scope.asked.push(run);
}

fn facts<'a>(scope: &'a Scope<'_>, event: BeforeEvent, asked: &Asked<'a>) -> Facts<'a> {
    let Asked { ticket, before, changes, message } = *asked;
    Facts {
        event: Some(Event { kind: event.word(), families: &[], position: 0, cause: scope.cause.as_ref(), data: None }),
        ticket: Some(ticket),
        before,
        changes,
        message,
        actor: Some(&scope.actor),
        ..Facts::at(scope.now, scope.tenant())
    }
}
