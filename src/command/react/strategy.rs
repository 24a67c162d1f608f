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
    /// Why nobody was chosen, where nobody was.
    pub nobody: String,
}

/// What a rule asks of candidates.
pub struct Wanted<'a> {
    pub only_online: bool,
    pub max_open: Option<i64>,
    /// All of them, however they are spelt.
    pub skills: &'a [String],
}

/// Chooses among the members of a team. Round robin remembers in the team whom it chose.
pub fn choose(world: &mut World, strategy: Strategy, team_id: &str, wanted: &Wanted<'_>) -> Result<Choice, Stop> {
    let team = if team_id.is_empty() { None } else { world.entry::<Team>(team_id)? };
    let members: &[String] = team.as_ref().map_or(&[], |team| &team.member_ids);
    let agents = gather(members.iter().map(|id| world.agent(id)))?;
    let mut candidates: Vec<&Agent> = Vec::new();
    let mut left_out = Vec::new();
    for (id, agent) in members.iter().zip(&agents) {
        match agent.as_deref().filter(|agent| agent.known) {
            None => left_out.push(json!({ "agent_id": id, "reason": "is not in the directory" })),
            Some(agent) => match unfit(agent, wanted) {
                None => candidates.push(agent),
                Some(reason) => left_out.push(json!({ "agent_id": id, "reason": reason })),
            },
        }
    }
    let nobody = nobody(strategy, team_id, team.is_some(), &left_out);
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
        "skills": wanted.skills,
        "chosen": chosen.map(|agent| agent.id.as_str()).unwrap_or_default(),
        "tie_break": tie_break,
    });
    let chosen = chosen.map(|agent| agent.id.clone());
    if let (Strategy::RoundRobin, Some(id), Some(team)) = (strategy, &chosen, &team) {
        let after = Team { last_assigned: id.clone(), ..Team::clone(team) };
        world.teams.put(team.id.clone(), Arc::new(after));
    }
    Ok(Choice { chosen, explanation, nobody })
}

/// Why an agent is no candidate.
fn unfit(agent: &Agent, wanted: &Wanted<'_>) -> Option<String> {
    let Wanted { only_online, max_open, skills } = *wanted;
    let open = agent.open_count;
    let lacks: Vec<&str> = skills.iter().filter(|it| !agent.skills.has_folded(it)).map(String::as_str).collect();
    if !lacks.is_empty() {
        let noun = if lacks.len() == 1 { "the skill" } else { "the skills" };
        Some(format!("lacks {noun} {}", lacks.join(", ")))
    } else if only_online && agent.status != AgentStatus::Online {
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

/// The first candidate behind the one who was chosen last, by id: also where that one has left.
fn next_after<'a>(team: Option<&Team>, candidates: &[&'a Agent]) -> (Option<&'a Agent>, &'static str) {
    let Some(team) = team else { return (None, "") };
    let by_id = |all: &[&'a Agent]| all.iter().copied().min_by(|a, b| a.id.cmp(&b.id));
    let behind: Vec<&'a Agent> = candidates.iter().copied().filter(|agent| agent.id > team.last_assigned).collect();
    (by_id(&behind).or_else(|| by_id(candidates)), "the next id after the one chosen last")
}

/// How many of those who were left out are named.
const MOST_NAMED: usize = 20;

fn nobody(strategy: Strategy, team_id: &str, known: bool, left_out: &[Value]) -> String {
    let found = format!("{} found nobody", strategy.word());
    match (team_id, known, left_out) {
        ("", ..) => format!("{found}: the ticket has no team"),
        (_, false, _) => format!("{found}: the directory does not know team {team_id:?}"),
        (_, true, []) => format!("{found}: team {team_id:?} has no members"),
        (_, true, some) => {
            let text = |one: &Value, name: &str| one.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let mut told: Vec<String> = some
                .iter()
                .take(MOST_NAMED)
                .map(|one| format!("{} {}", text(one, "agent_id"), text(one, "reason")))
                .collect();
            if some.len() > MOST_NAMED {
                told.push(format!("and {} more", some.len() - MOST_NAMED));
            }
            format!("{found} in team {team_id:?}: {}", told.join("; "))
        }
    }
}
