//! Lookup of what rules name and a tenant may lack: canned responses, which are rendered, and SLA policies.

use uuid::Uuid;

use super::around::Around;
use crate::command::{Stop, World};
use crate::model::canned::CannedRef;
use crate::model::sla::policy::PolicyRef;
use crate::workflow::{Effect, Facts, MessageText, PolicyChoice, Post, Rule, Snippet, Wording};

const NONE: &str = "this tenant has none of this name";

/// What a rule wants, with what it names looked up; the inner error is the rule's: a name that this tenant lacks, an
/// expression without a value.
pub fn effects(world: &World, rule: &Rule, facts: &Facts<'_>) -> Result<Result<Vec<Effect>, String>, Stop> {
    let mut effects = match rule.effects(facts) {
        Ok(effects) => effects,
        Err(why) => return Ok(Err(why)),
    };
    for effect in &mut effects {
        match effect {
            Effect::Message(Post { text: text @ MessageText::Canned(_), .. }) => {
                let MessageText::Canned(name) = &*text else { continue };
                match write(world, name, facts)? {
                    Ok(wording) => *text = MessageText::Body(wording),
                    Err(why) => return Ok(Err(format!("canned response {name:?}: {why}"))),
                }
            }
            Effect::Sla(choice @ PolicyChoice::Named(_)) => {
                let PolicyChoice::Named(name) = &*choice else { continue };
                match policy(world, name)? {
                    Ok(id) => *choice = PolicyChoice::Policy(id),
                    Err(why) => return Ok(Err(format!("SLA policy {name:?}: {why}"))),
                }
            }
            _ => {}
        }
    }
    Ok(Ok(effects))
}

fn write(world: &World, name: &str, facts: &Facts<'_>) -> Result<Result<Wording, String>, Stop> {
    let canned = world.canned_response(&CannedRef::parse(name))?.filter(|canned| canned.deleted_at.is_none());
    let Some(canned) = canned else { return Ok(Err(NONE.to_owned())) };
    // It was checked when it was written; a newer version may know less.
    let snippet = match Snippet::compile(&canned.body) {
        Ok(snippet) => snippet,
        Err(found) => return Ok(Err(found.first().map(|p| p.message.clone()).unwrap_or_default())),
    };
    let around = Around::read_by(world, |root| snippet.needs(root), facts.ticket)?;
    Ok(snippet.wording(&around.add_to(*facts)).map_err(|failed| failed.to_string()))
}

/// The id of a policy that is there, ACTIVE or not: whether the ticket can have it is for the write to say. '' is none.
fn policy(world: &World, name: &str) -> Result<Result<Option<Uuid>, &'static str>, Stop> {
    if name.is_empty() {
        return Ok(Ok(None));
    }
    let which = PolicyRef::parse(name).folded();
    // The ACTIVE ones are at hand: the clocks need them.
    let config = world.sla()?;
    let active = config.policies().iter().map(|policy| &policy.row);
    let known = match &which {
        PolicyRef::Id(id) => active.clone().find(|row| row.id == *id),
        PolicyRef::Name(name) => active.clone().find(|row| row.folded == *name),
    };
    if let Some(row) = known {
        return Ok(Ok(Some(row.id)));
    }
    let row = world.policy(&which)?.filter(|row| row.deleted_at.is_none());
    Ok(row.map(|row| Some(row.id)).ok_or(NONE))
}
