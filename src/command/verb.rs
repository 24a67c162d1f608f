//! The trait of verbs: name, rows to load, decision.

use std::fmt::Debug;

use super::scope::Scope;
use super::wants::Wants;
use super::{Resource, Stop, World};

/// Something that can be asked for, with its arguments, whose form was checked already: lengths, words, masks.
///
/// A verb is one file below `verbs`, which holds its whole life. Whoever sends one names its struct; nothing lists them.
pub trait Verb: Debug + Send + Sync + 'static {
    /// As logs and traces call it: `create_ticket`.
    fn name(&self) -> &'static str;

    /// What it can be known to need before it is decided, so that one load is enough for most. What only a loaded row names (a
    /// ticket's assignee, a team's members) is not here: deciding will miss it.
    fn wants(&self, wants: &mut Wants<'_>);

    /// Who may, what the before-rules say, and what is done. The after-rules are not its business, unless it is a batch: see
    /// [`super::batch::each`].
    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop>;
}
