//! Execution of rules on activities, and on the activities that rules make, until no rule matches.

mod around;
pub mod before;
mod effects;
mod names;
mod strategy;

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::json;

use super::action::TicketEdit;
use super::limits::{self, limits};
use super::record::{Note, beside, plain};
use super::scope::Scope;
use super::{Refusal, Stop, World};
use crate::model::activity::{Activity, Cause};
use crate::model::activity_type::ActivityType;
use crate::model::id;
use crate::model::limits::CATEGORY_CHARS;
use crate::model::line;
use crate::model::ticket::Ticket;
use crate::model::words::RunVerdict;
use crate::workflow::{Effect, Facts, OnError, Rule, SetFields, TagEdit, Verdict};
use around::Around;

/// How many rules may stand one behind the other.
const MAX_DEPTH: i32 = 8;
/// How many activities rules may make in answer to one command.
const MAX_ACTIVITIES: usize = 100;

/// Lets rules answer the activities that they have not answered yet, each once, and what they make of it, until there is nothing
/// left.
pub fn settle(world: &mut World, scope: &mut Scope<'_>) -> Result<(), Stop> {
    let first = scope.settled;
    let mut reaction = Reaction { first, made: 0, suppressed: HashSet::new() };
    let mut at = first;
    while at < world.activities.len() {
        reaction.answer(world, scope, at)?;
        at += 1;
    }
    scope.settled = at;
    Ok(())
}

struct Reaction {
    /// Where the command's activities begin.
    first: usize,
    /// Activities that rules made.
    made: usize,
    /// Each rule says once for each bound that it was held back.
    suppressed: HashSet<(String, &'static str)>,
}

/// What a rule's effects came to.
enum Done {
    Kept,
    /// Some actions were refused and left out, by `on_error: continue`.
    Partly(String),
    Refused(String),
}

impl Reaction {
    fn answer(&mut self, world: &mut World, scope: &mut Scope<'_>, at: usize) -> Result<(), Stop> {
        let set = scope.rules;
        let Some(activity) = world.activities.get(at) else { return Ok(()) };
        let rules = set.answering(activity);
        if rules.is_empty() {
            return Ok(());
        }
        // The snapshot that every one of these rules reads, whatever the ones before it did.
        let activity = activity.clone();
        let before = before_of(world, activity.position);
        let around = Around::of(world, &rules, activity.ticket.as_deref())?;
        let facts = around.add_to(Facts { before: before.as_deref(), ..Facts::of(&activity) });
        for rule in rules {
            let verdict = match rule.matches(&facts) {
                Verdict::NotMatched => RunVerdict::NotMatched,
                Verdict::Error(why) => error(world, scope, rule, &activity, why),
                Verdict::Matched => match names::effects(world, rule, &facts)? {
                    Err(why) => error(world, scope, rule, &activity, why),
                    Ok(effects) if effects.is_empty() => RunVerdict::Matched,
                    Ok(effects) => self.act(world, scope, rule, &activity, effects)?,
                },
            };
            tally(world, scope, rule, verdict);
            if rule.stop && verdict != RunVerdict::NotMatched && verdict != RunVerdict::Error {
                break;
            }
        }
        Ok(())
    }

    /// Does what a rule wants, or nothing of it.
    fn act(
        &mut self,
        world: &mut World,
        scope: &mut Scope<'_>,
        rule: &Rule,
        activity: &Activity,
        effects: Vec<Effect>,
    ) -> Result<RunVerdict, Stop> {
        let cause = cause_of(activity, rule, scope);
        let start = world.savepoint();
        let had = world.activities.len();
        let who = scope.become_rule(cause.clone());
        let done = apply_all(world, scope, rule, activity, effects);
        let made = world.activities.len() - had;
        let verdict = match (done, self.bound(world, activity, &cause, made)) {
            (Err(stop), _) => Err(stop),
            // Held back from nothing: no word about it.
            (Ok(Done::Kept), Some(_)) if made == 0 => Ok(RunVerdict::Matched),
            (Ok(_), Some((bound, reason))) => {
                world.rollback(&start);
                self.suppress(world, scope, rule, activity, (bound, reason));
                Ok(RunVerdict::Suppressed)
            }
            (Ok(Done::Kept), None) => {
                self.made += made;
                Ok(RunVerdict::Matched)
            }
            (Ok(Done::Partly(reason)), None) => {
                self.made += made + 1;
                failed(world, scope, rule, activity, reason);
                Ok(RunVerdict::Failed)
            }
            (Ok(Done::Refused(reason)), None) => {
                world.rollback(&start);
                self.made += 1;
                failed(world, scope, rule, activity, reason);
                Ok(RunVerdict::Failed)
            }
        };
        scope.back_to(who);
        verdict
    }

    /// Which bound this rule's effects would break, and in words.
    fn bound(&self, world: &World, activity: &Activity, cause: &Cause, made: usize) -> Option<(&'static str, String)> {
        if chain(&world.activities[self.first..], activity).any(|rule| rule == cause.workflow) {
            return Some(("chain", "the rule is a cause of this activity: it runs once in a chain".into()));
        }
        if cause.depth > MAX_DEPTH {
            return Some(("depth", format!("rules would stand more than {MAX_DEPTH} deep")));
        }
        // A refusal leaves one activity of its own.
        (self.made + made.max(1) > MAX_ACTIVITIES).then(|| {
            ("activities", format!("rules would make more than {MAX_ACTIVITIES} activities in answer to one command"))
        })
    }

    fn suppress(
        &mut self,
        world: &mut World,
        scope: &mut Scope<'_>,
        rule: &Rule,
        activity: &Activity,
        (bound, reason): (&'static str, String),
    ) {
        if self.suppressed.insert((rule.name.clone(), bound)) {
            let run =
                scope.run_row(rule, activity.position, activity.ticket_id, RunVerdict::Suppressed, reason.clone());
            world.runs.push(run);
            tell(world, scope, activity, ActivityType::WorkflowSuppressed, rule, reason);
        }
    }
}

/// The rules that led to this activity, nearest first. `all` are the command's activities, dense by position.
fn chain<'a>(all: &'a [Activity], activity: &'a Activity) -> impl Iterator<Item = &'a str> {
    let start = all.first().map_or(0, |first| first.position);
    let parent = move |cause: &Cause| all.get(usize::try_from(cause.parent_position - start).ok()?)?.cause.as_ref();
    std::iter::successors(activity.cause.as_ref(), move |cause| parent(cause)).map(|cause| cause.workflow.as_str())
}

fn cause_of(activity: &Activity, rule: &Rule, scope: &mut Scope<'_>) -> Cause {
    let above = activity.cause.as_ref();
    Cause {
        root_position: above.map_or(activity.position, |cause| cause.root_position),
        parent_position: activity.position,
        depth: above.map_or(0, |cause| cause.depth) + 1,
        workflow: rule.name.clone(),
        run_id: scope.new_id(),
    }
}

fn apply_all(
    world: &mut World,
    scope: &mut Scope<'_>,
    rule: &Rule,
    activity: &Activity,
    effects: Vec<Effect>,
) -> Result<Done, Stop> {
    let mut left_out = Vec::new();
    for effect in effects {
        let start = world.savepoint();
        match (effects::apply(world, scope, rule, activity, effect), rule.on_error) {
            (Ok(()), _) => {}
            (Err(Stop::Refused(refusal)), OnError::Continue) => {
                world.rollback(&start);
                left_out.push(refusal.to_string());
            }
            (Err(Stop::Refused(refusal)), OnError::Stop) => return Ok(Done::Refused(refusal.to_string())),
            (Err(missing), _) => return Err(missing),
        }
    }
    Ok(if left_out.is_empty() { Done::Kept } else { Done::Partly(left_out.join("; ")) })
}

fn error(world: &mut World, scope: &mut Scope<'_>, rule: &Rule, activity: &Activity, why: String) -> RunVerdict {
    let run = scope.run_row(rule, activity.position, activity.ticket_id, RunVerdict::Error, why);
    world.runs.push(run);
    RunVerdict::Error
}

fn failed(world: &mut World, scope: &mut Scope<'_>, rule: &Rule, activity: &Activity, reason: String) {
    let run = scope.run_row(rule, activity.position, activity.ticket_id, RunVerdict::Failed, reason.clone());
    world.runs.push(run);
    tell(world, scope, activity, ActivityType::WorkflowFailed, rule, reason);
}

/// An activity about a rule, on the ticket that it was about.
fn tell(world: &mut World, scope: &Scope<'_>, about: &Activity, kind: ActivityType, rule: &Rule, reason: String) {
    let data = Some(json!({ "workflow": rule.name, "position": about.position, "reason": reason }));
    let note = Note { data, ..Note::of(kind) };
    let ticket = about.ticket_id.and_then(|id| world.tickets.get(&id).flatten().cloned());
    match ticket {
        Some(ticket) => {
            beside(world, scope, &ticket, note);
        }
        None => {
            plain(world, scope, note);
        }
    }
}

/// Counts a verdict by the rule's place in the set.
fn tally(world: &mut World, scope: &Scope<'_>, rule: &Rule, verdict: RunVerdict) {
    if let Some(place) = scope.rules.rules().iter().position(|other| std::ptr::eq(other, rule)) {
        world.tally.push((place, verdict));
    }
}

fn before_of(world: &World, position: i64) -> Option<Arc<Ticket>> {
    let at = world.befores.binary_search_by_key(&position, |(at, _)| *at).ok()?;
    world.befores.get(at).map(|(_, ticket)| ticket.clone())
}

fn edit_of(fields: SetFields) -> Result<TicketEdit, Refusal> {
    let SetFields { subject, priority, status, category, kind, custom } = fields;
    let subject = subject.map(|text| limits::line("subject", &text, limits().subject_chars)).transpose()?;
    let category = category.map(|text| limits::line("category", &text, CATEGORY_CHARS)).transpose()?;
    Ok(TicketEdit { subject, priority, status, category, kind, custom_keys: custom, ..TicketEdit::default() })
}

/// Tags to add, as tickets have them, and tags to remove.
fn tags_of(TagEdit { add, remove }: TagEdit) -> Result<TagEdit, Refusal> {
    let add = add.iter().map(|tag| limits::line("tags", tag, limits().tag_chars)).collect::<Result<_, _>>()?;
    Ok(TagEdit { add, remove: remove.iter().map(|tag| line::sought(tag)).collect() })
}

/// The shown id of a ticket, for reasons.
fn shown(activity: &Activity) -> String {
    activity.ticket_id.map_or_else(|| activity.kind.to_string(), |id| id::show(id::TICKET, id))
}
