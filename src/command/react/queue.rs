//! Queues of tickets that rules found nobody for: joining one, and what drains them.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::strategy::{self, Choice, Wanted};
use super::{cause_after, settle};
use crate::command::access::ticket_by_id;
use crate::command::record::{Note, carrier, change, next_position};
use crate::command::scope::Scope;
use crate::command::table::known;
use crate::command::verbs::ticket::assign::assigned;
use crate::command::verbs::ticket::proposal::Proposal;
use crate::command::{Stop, Want, World, gather};
use crate::model::activity::Activity;
use crate::model::activity_type::ActivityType;
use crate::model::directory::Team;
use crate::model::queue::{Wait, Waiting};
use crate::model::ticket::Ticket;
use crate::model::words::RunVerdict;
use crate::workflow::Strategy;

/// Tickets that leave the queues in answer to one command; the others wait for the next one.
const MOST: usize = 20;

/// Lets the ticket wait. Answers what there is to be said of it: `nobody` says why nobody was found.
pub fn join(
    world: &mut World,
    scope: &Scope<'_>,
    ticket: &Arc<Ticket>,
    wait: Wait,
    explanation: Value,
    nobody: String,
) -> Result<String, Stop> {
    let team = &ticket.team_id;
    if ticket.queued_at.is_some() {
        return Ok(format!("{nobody}; the ticket waits for team {team:?} already"));
    }
    if !ticket.can_wait() || world.entry::<Team>(team)?.is_none() {
        return Ok(format!("{nobody}; the ticket cannot wait"));
    }
    if !world.head.queues.have_room_for(team) {
        return Ok(format!("{nobody}; the ticket does not wait: tickets wait for too many teams"));
    }
    let said = format!("{nobody}; the ticket waits for team {team:?}");
    let note = Note { explanation: Some(explanation), ..Note::of(ActivityType::TicketQueued) };
    change(world, scope, ticket, note, |ticket| {
        ticket.queued_at = Some(scope.now);
        ticket.queue = json!(wait);
    })?;
    Ok(said)
}

/// Whose hands a command freed: an agent has one ticket less, or is there with another status or capacity; a team has others
/// members.
struct Freed {
    agents: BTreeSet<String>,
    teams: BTreeSet<String>,
    /// What freed the last of them.
    by: Option<Activity>,
}

impl Freed {
    fn by(world: &World, from: usize) -> Freed {
        let mut freed = Freed { agents: BTreeSet::new(), teams: BTreeSet::new(), by: None };
        for activity in world.activities.get(from..).unwrap_or_default() {
            if freed.add(world, activity) {
                freed.by = Some(activity.clone());
            }
        }
        freed
    }

    fn add(&mut self, world: &World, activity: &Activity) -> bool {
        let id = || activity.data.as_ref().and_then(|data| data.get("id")).and_then(Value::as_str).map(str::to_owned);
        match activity.kind.known() {
            Some(ActivityType::AgentChanged) => id().is_some_and(|id| self.agents.insert(id)),
            Some(ActivityType::TeamChanged) => id().is_some_and(|id| self.teams.insert(id)),
            _ => {
                let Some(ticket) = activity.ticket.as_deref() else { return false };
                let before = super::happening::before_of(world, activity.position);
                let had = before.as_deref().and_then(carrier);
                had.filter(|had| carrier(ticket) != Some(had)).is_some_and(|had| self.agents.insert(had.to_owned()))
            }
        }
    }
}

/// Gives waiting tickets to whom the command freed, oldest first within their priority, and lets rules answer that.
/// `from`: its first activity. Where no ticket of the tenant waits, nothing is looked at.
pub fn drain(world: &mut World, scope: &mut Scope<'_>, from: usize) -> Result<(), Stop> {
    if world.head.queues.counts().is_empty() {
        return Ok(());
    }
    let Freed { agents, teams, by: Some(by) } = Freed::by(world, from) else { return Ok(()) };
    let waiting: Vec<String> = world.head.queues.counts().keys().cloned().collect();
    let rows = gather(waiting.iter().map(|team| world.entry::<Team>(team)))?;
    let has = |team: &Team| teams.contains(&team.id) || team.member_ids.iter().any(|id| agents.contains(id));
    let free = rows.iter().flatten().filter(|team| has(team));
    let mut all: Vec<Waiting> = gather(free.map(|team| world.waiting_for(&team.id)))?.concat();
    all.sort_by_key(Waiting::place);
    let tickets = gather(foremost(all).iter().map(|id| ticket_by_id(world, *id)))?;
    let (mut given, mut in_vain) = (0, HashSet::new());
    for ticket in tickets {
        if given == MOST {
            break;
        }
        let asked = (ticket.team_id.clone(), ticket.queue.to_string());
        if in_vain.contains(&asked) {
            continue;
        }
        if give(world, scope, &by, &ticket)? {
            given += 1;
        } else {
            in_vain.insert(asked);
        }
    }
    settle(world, scope)
}

/// Those that may come to be given away. Of tickets that ask for the same, the first ones find somebody if any does.
fn foremost(all: Vec<Waiting>) -> Vec<Uuid> {
    let mut alike: HashMap<(String, String), usize> = HashMap::new();
    let mut first = Vec::new();
    for ticket in all {
        let asked = (ticket.team_id, ticket.queue.to_string());
        if alike.len() == MOST && !alike.contains_key(&asked) {
            continue;
        }
        let count = alike.entry(asked).or_default();
        *count += 1;
        if *count <= MOST {
            first.push(ticket.id);
        }
    }
    first
}

/// Whether somebody was found for it. One that rules refuse to give away waits no longer: nothing would change.
fn give(world: &mut World, scope: &mut Scope<'_>, by: &Activity, ticket: &Arc<Ticket>) -> Result<bool, Stop> {
    let wait: Option<Wait> = serde_json::from_value(ticket.queue.clone()).ok();
    let Some((wait, strategy)) = wait.and_then(|wait| Some((wait.clone(), Strategy::read(&wait.strategy)?))) else {
        return Ok(false);
    };
    let start = world.savepoint();
    let wanted = Wanted { only_online: wait.only_online, max_open: wait.max_open, skills: &wait.skills };
    let Choice { chosen, explanation, .. } = strategy::choose(world, strategy, &ticket.team_id, &wanted)?;
    let Some(chosen) = chosen else { return Ok(false) };
    let cause = cause_after(by, next_position(world), &wait.workflow, scope);
    let run_id = cause.run_id;
    let who = scope.become_rule(cause);
    let after = assigned(ticket, Some(&chosen), None);
    let done = Proposal::new(ticket.clone(), after).explained(Some(explanation)).carry_out(world, scope);
    let done = match done {
        Err(Stop::Refused(refusal)) => {
            world.rollback(&start);
            refused(world, scope, run_id, ticket, &wait.workflow, refusal.to_string())
        }
        other => other.map(|_| ()),
    };
    scope.back_to(who);
    done.map(|()| true)
}

fn refused(
    world: &mut World,
    scope: &Scope<'_>,
    run: Uuid,
    ticket: &Arc<Ticket>,
    workflow: &str,
    reason: String,
) -> Result<(), Stop> {
    world.runs.push(scope.run_of(
        run,
        workflow,
        (ticket.position, Some(ticket.id)),
        RunVerdict::Failed,
        reason.clone(),
    ));
    let data = Some(json!({ "workflow": workflow, "position": ticket.position, "reason": reason }));
    let note = Note { data, ..Note::of(ActivityType::WorkflowFailed) };
    change(world, scope, ticket, note, |ticket| {
        ticket.queued_at = None;
        ticket.queue = Value::Null;
    })?;
    Ok(())
}

impl World {
    /// The first tickets that wait for a team, in no order.
    fn waiting_for(&self, team: &str) -> Result<Vec<Waiting>, Stop> {
        let stored = known(self.queued.get(team), || Want::Queued(team.to_owned()))?.unwrap_or_default();
        // What was decided since is newer.
        let stored = stored.into_iter().filter(|ticket| !self.tickets.is_changed(&ticket.id));
        let decided = self.tickets.changed().filter(|ticket| ticket.waits_for() == Some(team));
        Ok(stored.chain(decided.map(|ticket| Waiting::of(ticket))).collect())
    }
}
