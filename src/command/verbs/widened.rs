//! A requester's write that sets fields which only the tenant's settings let requesters set.

use std::sync::Arc;

use crate::command::scope::Scope;
use crate::command::wants::Wants;
use crate::command::{Refusal, Resource, Stop, Verb, Want, World};
use crate::model::rights;

#[derive(Clone, Debug)]
pub struct Widened {
    /// The reserved fields that the request sets, by their paths.
    fields: Vec<String>,
    verb: Arc<dyn Verb>,
}

impl Widened {
    /// # Errors
    /// All of them, if there are some that no tenant can let requesters set.
    pub fn new(fields: Vec<String>, verb: Arc<dyn Verb>) -> Result<Widened, Refusal> {
        match fields.iter().all(|field| rights::WIDENED.contains(&name(field))) {
            true => Ok(Widened { fields, verb }),
            false => Err(Refusal::Reserved { fields }),
        }
    }
}

/// The last part of a path.
fn name(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

impl Verb for Widened {
    fn name(&self) -> &'static str {
        self.verb.name()
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants.add(Want::Settings);
        self.verb.wants(wants);
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let settings = world.settings()?;
        let reserved = |field: &&String| !settings.requester_fields.has(name(field));
        let fields: Vec<String> = self.fields.iter().filter(reserved).cloned().collect();
        if !fields.is_empty() {
            return Err(Refusal::Reserved { fields }.into());
        }
        self.verb.decide(world, scope)
    }
}
