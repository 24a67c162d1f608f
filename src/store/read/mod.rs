//! Reads, one file for each resource. Every function takes the [`Scope`] that limits what the caller sees.

pub mod activity;
pub mod canned;
pub mod directory;
pub mod head;
pub mod include;
pub mod issue;
pub mod list;
pub mod message;
mod named;
pub mod outcome;
pub mod run;
pub mod sla;
pub mod tag;
pub mod tenant;
pub mod ticket;

use crate::store::audience::Audience;

/// Whose rows: the token's tenant and its limits inside it.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    pub tenant_id: &'a str,
    pub audience: &'a Audience,
}
