//! Mentioned agents of a message, by id or by a name that only one of them has.

use std::ops::Range;

use crate::command::scope::Scope;
use crate::command::{Stop, Want, World, access, gather};
use crate::model::directory::Agent;
use crate::model::mention::{names, names_at, spellings};
use crate::model::words::Words;

/// What finding them takes.
pub fn wants(body: &str) -> impl Iterator<Item = Want> {
    let spelled =
        |name| spellings(name).flat_map(|word| [Want::Agent(word.clone().into()), Want::AgentsNamed(word.into())]);
    names(body).into_iter().flat_map(spelled)
}

/// The ids of the agents, in the order in which they are named. Whoever is not known stays text, as does whoever another
/// application entered: the answer would tell the caller's application that there is somebody of that name. `own`:
/// where the `@` has to stand; anywhere without it.
pub fn agents(world: &World, scope: &Scope<'_>, body: &str, own: Option<&[Range<usize>]>) -> Result<Words, Stop> {
    let is_own = |at: usize| own.is_none_or(|own| own.iter().any(|words| words.contains(&at)));
    let found = gather(names_at(body, is_own).into_iter().map(|name| agent(world, scope, name)))?;
    Ok(Words::unique(found.into_iter().flatten()))
}

fn agent(world: &World, scope: &Scope<'_>, name: &str) -> Result<Option<String>, Stop> {
    let found = gather(spellings(name).map(|word| called(world, scope, &word)))?;
    Ok(found.into_iter().flatten().next())
}

fn called(world: &World, scope: &Scope<'_>, word: &str) -> Result<Option<String>, Stop> {
    // What a rule says, its author says, whatever application the ticket is of.
    let seen = |agent: &Agent| scope.cause.is_some() || access::is_own(scope, agent);
    if world.agent(word)?.is_some_and(|agent| agent.known && agent.deleted_at.is_none() && seen(&agent)) {
        return Ok(Some(word.to_owned()));
    }
    let mut named = world.agents_named(word, seen)?;
    Ok(named.pop().filter(|_| named.is_empty()))
}
