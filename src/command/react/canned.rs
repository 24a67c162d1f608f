//! Messages of rules that a canned response writes.

use super::around::Around;
use crate::command::{Stop, World};
use crate::model::canned::CannedRef;
use crate::workflow::{Effect, Facts, Rule, Said, Snippet};

/// What a rule wants, its canned responses written out; the inner error is the rule's: a name that this tenant lacks, an
/// expression without a value.
pub fn effects(world: &World, rule: &Rule, facts: &Facts<'_>) -> Result<Result<Vec<Effect>, String>, Stop> {
    let mut effects = match rule.effects(facts) {
        Ok(effects) => effects,
        Err(why) => return Ok(Err(why)),
    };
    for effect in &mut effects {
        if let Effect::Message { said, .. } = effect
            && let Said::Canned(name) = said
        {
            match write(world, name, facts)? {
                Ok(body) => *said = Said::Body(body),
                Err(why) => return Ok(Err(format!("canned response {name:?}: {why}"))),
            }
        }
    }
    Ok(Ok(effects))
}

fn write(world: &World, name: &str, facts: &Facts<'_>) -> Result<Result<String, String>, Stop> {
    let canned = world.canned_response(&CannedRef::parse(name))?.filter(|canned| canned.deleted_at.is_none());
    let Some(canned) = canned else { return Ok(Err("this tenant has none of this name".to_owned())) };
    // It was checked when it was written; a newer version may know less.
    let snippet = match Snippet::compile(&canned.body) {
        Ok(snippet) => snippet,
        Err(found) => return Ok(Err(found.first().map(|p| p.message.clone()).unwrap_or_default())),
    };
    let around = Around::read_by(world, |root| snippet.needs(root), facts.ticket)?;
    Ok(snippet.text(&around.add_to(*facts)).map_err(|failed| failed.to_string()))
}
