//! Assignment strategies of rules: who gets a ticket, and the explanation of the choice.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::command::{Stop, World, gather};
use crate::model::directory::{Agent, Team};
use crate::model::words::AgentStatus;
use crate::workflow::Strategy;

pub struct Choice {
    pub chosen: Option<String>,
    /// Candidates with their open tickets, who was left out and why, how a tie was broken.
    pub explanation: Value,
}

/// Chooses among the members of a team. Round robin remembers in the team whom it chose.
pub fn choose(
    world: &mut World,
    strategy: Strategy,
    team_id: &str,
    only_online: bool,
    max_open: Option<i64>,
) -> Result<Choice, Stop> {
    let team = if team_id.is_empty() { None } else { world.entry::<Team>(team_id)? };
    let members: &[String] = team.as_ref().map_or(&[], |team| &team.member_ids);
    let agents = gather(members.iter().map(|id| world.agent(id)))?;
    let mut candidates: Vec<&Agent> = Vec::new();
    let mut left_out = Vec::new();
    for (id, agent) in members.iter().zip(&agents) {
        match agent.as_deref().filter(|agent| agent.known) {
            None => left_out.push(json!({ "agent_id": id, "reason": "the directory does not know this agent" })),
            Some(agent) => match unfit(agent, only_online, max_open) {
                None => candidates.push(agent),
                Some(reason) => left_out.push(json!({ "agent_id": id, "reason": reason })),
            },
        }
    }
    let (chosen, tie_break) = match strategy {
        Strategy::LeastOpen => least_open(&candidates),
        Strategy::RoundRobin => next_after(team.as_deref(), &candidates),
    };
    let explanation = json!({
        "strategy": strategy.word(),
        "team_id": team_id,
        "candidates": candidates
            .iter()
            .map(|agent| json!({ "agent_id": agent.id, "open_count": agent.open_count }))
            .collect::<Vec<_>>(),
        "left_out": left_out,
        "chosen": chosen.map(|agent| agent.id.as_str()).unwrap_or_default(),
        "tie_break": tie_break,
    });
    let chosen = chosen.map(|agent| agent.id.clone());
    if let (Strategy::RoundRobin, Some(id), Some(team)) = (strategy, &chosen, &team) {
        let after = Team { last_assigned: id.clone(), ..Team::clone(team) };
        world.teams.put(team.id.clone(), Arc::new(after));
    }
    Ok(Choice { chosen, explanation })
}

/// Why an agent is no candidate.
fn unfit(agent: &Agent, only_online: bool, max_open: Option<i64>) -> Option<String> {
    let open = agent.open_count;
    if only_online && agent.status != AgentStatus::Online {
        Some(format!("is {}", agent.status))
    } else if agent.capacity > 0 && open >= i64::from(agent.capacity) {
        Some(format!("has {open} open tickets, capacity is {}", agent.capacity))
    } else {
        max_open
            .filter(|most| open >= *most)
            .map(|most| format!("has {open} open tickets, the rule takes fewer than {most}"))
    }
}

fn least_open<'a>(candidates: &[&'a Agent]) -> (Option<&'a Agent>, &'static str) {
    let best = candidates.iter().copied().min_by(|a, b| (a.open_count, &a.id).cmp(&(b.open_count, &b.id)));
    let ties = candidates.iter().filter(|agent| best.is_some_and(|best| best.open_count == agent.open_count)).count();
    (best, if ties > 1 { "the first id among those with the fewest" } else { "" })
}

/// The first candidate behind the one who was chosen last, in the order of the team's members.
fn next_after<'a>(team: Option<&Team>, candidates: &[&'a Agent]) -> (Option<&'a Agent>, &'static str) {
    let Some(team) = team else { return (None, "") };
    let place = |id: &str| team.member_ids.iter().position(|member| member == id);
    let last = place(&team.last_assigned);
    let behind = candidates.iter().copied().find(|agent| last.is_none_or(|last| place(&agent.id) > Some(last)));
    (behind.or(candidates.first().copied()), "the next member after the one chosen last")
}
