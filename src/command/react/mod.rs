//! Execution of rules on activities, and on the activities that rules make, until no rule matches.

mod around;
pub mod before;
mod bounds;
pub mod compare;
mod effects;
mod happening;
mod link;
mod names;
mod often;
mod outbound;
mod queue;
pub mod recall;
mod report;
mod shadow;
mod strategy;

use std::collections::VecDeque;
use std::ops::Range;

use uuid::Uuid;

use super::record::next_position;
use super::scope::Scope;
use super::{Stop, World};
use crate::model::activity::{Activity, Cause};
use crate::model::activity_type::ActivityType;
use crate::model::words::RunVerdict;
use crate::workflow::cel::Unknowns;
use crate::workflow::event::Timed;
use crate::workflow::{Effect, OnError, Rule, Verdict, Waiting};
use around::Around;
pub use bounds::Bounds;
use bounds::{Bound, Made};
use effects::Done;
pub use happening::Firing;
use happening::{Happening, Told};
pub use queue::drain;
use report::{tally, tell};

/// Steps that rules have still to answer: the activities of one run each, by their places in the world.
type Steps = VecDeque<Range<usize>>;

/// Lets rules answer the activities that they have not answered yet, each once, and what they make of it, until there is nothing
/// left.
pub fn settle(world: &mut World, scope: &mut Scope<'_>) -> Result<(), Stop> {
    let step = scope.settled..world.activities.len();
    answer_all(world, scope, Steps::from([step]))
}

/// Runs a rule that no activity asks for, and lets rules answer what it makes. Says what a run by hand came to where nothing
/// else tells.
pub fn fire(
    world: &mut World,
    scope: &mut Scope<'_>,
    place: usize,
    firing: Firing,
) -> Result<(RunVerdict, String), Stop> {
    settle(world, scope)?;
    let Some(rule) = scope.rules.rules().get(place) else { return Ok((RunVerdict::NotMatched, String::new())) };
    let mut steps = Steps::new();
    let Firing { kind, ticket, data, why } = firing;
    let told = Told { actor: scope.actor.clone(), request_id: scope.request_id().to_owned(), at: scope.now };
    let ticket = ticket.and_then(|id| world.tickets.get(&id).flatten().cloned());
    let event = Happening::timed(scope.tenant(), told, ticket, (kind, data), Some(why.clone()));
    let (rows, shadows) = (world.runs.len(), scope.asked.len());
    let verdict = ask(world, scope, Waiting { place, rule, family: None }, &event, &mut steps)?;
    // Whatever became of it, its run tells which instant it answers.
    let runs = world.runs.iter_mut().skip(rows).chain(scope.asked.iter_mut().skip(shadows));
    for run in runs.filter(|run| !run.reason.starts_with(&why)) {
        run.reason = format!("{why}; {}", run.reason);
    }
    let said = match (kind, verdict) {
        (Timed::Manual, RunVerdict::NotMatched) => format!("{why}; {}", explained(world, rule, &event)?),
        _ => format!("{why}; its conditions hold, and there is nothing to do"),
    };
    tally(world, place, verdict);
    answer_all(world, scope, steps)?;
    Ok((verdict, said))
}

/// What kept a rule from matching, in words.
fn explained(world: &World, rule: &Rule, event: &Happening) -> Result<String, Stop> {
    let ticket = event.activity.ticket_id.and_then(|id| world.tickets.get(&id).flatten().cloned());
    let around = Around::of(world, &[rule], ticket.as_deref())?;
    let types = event.types();
    let facts = around.add_to(event.facts(&types, ticket.as_deref()));
    Ok(rule.explain(&facts, &Unknowns::default()).in_words())
}

fn answer_all(world: &mut World, scope: &mut Scope<'_>, mut steps: Steps) -> Result<(), Stop> {
    let mut missing = Vec::new();
    while let Some(step) = steps.pop_front() {
        for at in step.clone() {
            match answer(world, scope, at, step.clone(), &mut steps) {
                Ok(()) => {}
                // What the others miss is asked for in the same pass: a step may be about hundreds of tickets.
                Err(Stop::Missing(wants)) => missing.extend(wants),
                Err(refused) => return Err(refused),
            }
        }
    }
    scope.settled = world.activities.len();
    if missing.is_empty() { Ok(()) } else { Err(Stop::Missing(missing)) }
}

/// Asks the rules about the activity at this place of a step, and about the families that end with it.
fn answer(
    world: &mut World,
    scope: &mut Scope<'_>,
    at: usize,
    step: Range<usize>,
    steps: &mut Steps,
) -> Result<(), Stop> {
    let set = scope.rules;
    let Some(activity) = world.activities.get(at) else { return Ok(()) };
    let all = set.answering(activity, |family| happening::ends(world, family, activity, at + 1..step.end));
    if all.is_empty() {
        return Ok(());
    }
    let mut events: Vec<(Option<ActivityType>, Happening)> = Vec::new();
    for family in all.iter().map(|waiting| waiting.family) {
        if events.iter().all(|(other, _)| *other != family) {
            let event = match family {
                None => Happening::one(world, activity),
                Some(family) => Happening::of_family(world, family, activity, step.clone()),
            };
            events.push((family, event));
        }
    }
    let rules: Vec<&Rule> = all.iter().map(|waiting| waiting.rule).collect();
    // What they read is asked for at once.
    Around::of(world, &rules, activity.ticket.as_deref())?;
    for waiting in all {
        let Some((_, event)) = events.iter().find(|(family, _)| *family == waiting.family) else { continue };
        let verdict = ask(world, scope, waiting, event, steps)?;
        tally(world, waiting.place, verdict);
        if waiting.rule.stop && verdict == RunVerdict::Matched {
            break;
        }
    }
    Ok(())
}

/// Asks one rule, which sees the ticket as those before it left it, and does what it wants.
fn ask(
    world: &mut World,
    scope: &mut Scope<'_>,
    waiting: Waiting<'_>,
    event: &Happening,
    steps: &mut Steps,
) -> Result<RunVerdict, Stop> {
    let rule = waiting.rule;
    let ticket = event.activity.ticket_id.and_then(|id| world.tickets.get(&id).flatten().cloned());
    let around = Around::of(world, &[rule], ticket.as_deref())?;
    let types = event.types();
    let facts = around.add_to(event.facts(&types, ticket.as_deref()));
    world.look(rule, &facts);
    let effects = match rule.matches(&facts) {
        Verdict::NotMatched => return Ok(RunVerdict::NotMatched),
        Verdict::Error(why) => Err(why),
        Verdict::Matched => names::effects(world, rule, &facts)?,
    };
    let would = rule.rollout.is_shadow().then(|| rule.would(&facts)).transpose();
    match would.and_then(|would| Ok((effects?, would))) {
        Ok((_, Some(would))) => Ok(shadow::answer(scope, waiting, &event.activity, &would)),
        Ok((effects, None)) if effects::are_idle(&effects, event, ticket.as_deref()) => Ok(RunVerdict::Matched),
        Ok((effects, None)) => act(world, scope, waiting, event, effects, steps),
        Err(why) => {
            let id = scope.new_id();
            world.runs.push(report::run(scope, id, rule, &event.activity, RunVerdict::Error, why));
            Ok(RunVerdict::Error)
        }
    }
}

/// Does what a rule wants, or nothing of it.
fn act(
    world: &mut World,
    scope: &mut Scope<'_>,
    waiting: Waiting<'_>,
    event: &Happening,
    effects: Vec<Effect>,
    steps: &mut Steps,
) -> Result<RunVerdict, Stop> {
    let Waiting { place, rule, .. } = waiting;
    let activity = &event.activity;
    let cause = cause_of(activity, next_position(world), rule, scope);
    let (start, had) = (world.savepoint(), world.activities.len());
    let measured = world.measures.len();
    let limited = often::count(world, scope, rule, activity.ticket_id);
    let who = scope.become_rule(cause.clone());
    let done = apply_all(world, scope, rule, event, effects).inspect_err(|_| world.rollback(&start));
    let done = match done {
        Ok(done) => done,
        Err(missing) => {
            scope.back_to(who);
            return Err(missing);
        }
    };
    let made = made(world, (had, measured), activity.ticket_id);
    let kept = matches!(done, Done::Kept(_));
    // Held back from nothing: no word about it.
    let bound = match kept && made.nothing() {
        true => None,
        false => limited
            .or_else(|| scope.bounds.broken(place, activity, &cause, if made.nothing() { Made::ONE } else { made })),
    };
    if made.nothing() && rule.limit.is_some() {
        // That is no run.
        world.rollback(&start);
    }
    let verdict = match (done, bound) {
        (_, Some(bound)) => {
            world.rollback(&start);
            suppress(world, scope, &cause, waiting, activity, bound);
            RunVerdict::Suppressed
        }
        (Done::Kept(said), None) => {
            scope.bounds.ran(place, activity.ticket_id, made);
            let said: Vec<String> = event.why.iter().cloned().chain(said).collect();
            if !said.is_empty() {
                let said = said.join("; ");
                world.runs.push(report::run(scope, cause.run_id, rule, activity, RunVerdict::Matched, said));
            }
            RunVerdict::Matched
        }
        (Done::Partly(reason), None) => {
            scope.bounds.ran(place, activity.ticket_id, made.and_one());
            failed(world, scope, &cause, rule, activity, reason);
            RunVerdict::Failed
        }
        (Done::Refused(reason), None) => {
            world.rollback(&start);
            scope.bounds.ran(place, activity.ticket_id, Made::ONE);
            failed(world, scope, &cause, rule, activity, reason);
            RunVerdict::Failed
        }
    };
    scope.back_to(who);
    steps.extend(Some(had..world.activities.len()).filter(|step| !step.is_empty()));
    Ok(verdict)
}

/// The activities and the measures since there were so many.
fn made(world: &World, (activities, measures): (usize, usize), ticket: Option<Uuid>) -> Made {
    let measured = world.measures.len() - measures;
    let all = world.activities.get(activities..).unwrap_or_default();
    let here = all.iter().filter(|it| it.ticket_id.is_none() || it.ticket_id == ticket).count();
    Made { here: here + measured, all: all.len() + measured }
}

fn suppress(
    world: &mut World,
    scope: &mut Scope<'_>,
    cause: &Cause,
    waiting: Waiting<'_>,
    activity: &Activity,
    bound: Bound,
) {
    let Waiting { place, rule, .. } = waiting;
    if scope.bounds.tells(place, activity.ticket_id, bound) {
        let reason = bound.reason();
        world.runs.push(report::run(scope, cause.run_id, rule, activity, RunVerdict::Suppressed, reason.clone()));
        let about = (activity.position, activity.ticket_id);
        tell(world, scope, about, ActivityType::WorkflowSuppressed, rule, reason);
    }
}

fn failed(world: &mut World, scope: &Scope<'_>, cause: &Cause, rule: &Rule, activity: &Activity, reason: String) {
    world.runs.push(report::run(scope, cause.run_id, rule, activity, RunVerdict::Failed, reason.clone()));
    tell(world, scope, (activity.position, activity.ticket_id), ActivityType::WorkflowFailed, rule, reason);
}

fn cause_of(activity: &Activity, next: i64, rule: &Rule, scope: &mut Scope<'_>) -> Cause {
    cause_after(activity, next, &rule.name, scope)
}

fn cause_after(activity: &Activity, next: i64, workflow: &str, scope: &mut Scope<'_>) -> Cause {
    let above = activity.cause.as_ref();
    // What no activity asks for begins with what the rule makes.
    let own = if activity.position > 0 { activity.position } else { next };
    Cause {
        root_position: above.map_or(own, |cause| cause.root_position),
        parent_position: activity.position,
        depth: above.map_or(0, |cause| cause.depth) + 1,
        workflow: workflow.to_owned(),
        run_id: scope.new_id(),
    }
}

fn apply_all(
    world: &mut World,
    scope: &mut Scope<'_>,
    rule: &Rule,
    event: &Happening,
    effects: Vec<Effect>,
) -> Result<Done, Stop> {
    let (mut left_out, mut said) = (Vec::new(), Vec::new());
    for effect in effects {
        let start = world.savepoint();
        match (effects::apply(world, scope, event, effect), rule.on_error) {
            (Ok(why), _) => said.extend(why),
            (Err(Stop::Refused(refusal)), OnError::Continue) => {
                world.rollback(&start);
                left_out.push(refusal.to_string());
            }
            (Err(Stop::Refused(refusal)), OnError::Stop) => return Ok(Done::Refused(refusal.to_string())),
            (Err(missing), _) => return Err(missing),
        }
    }
    Ok(match (left_out.is_empty(), said.is_empty()) {
        (false, _) => Done::Partly([left_out, said].concat().join("; ")),
        (true, false) => Done::Kept(Some(said.join("; "))),
        (true, true) => Done::Kept(None),
    })
}
