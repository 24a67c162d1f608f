//! Rows and names that a rule needs besides its event, collected while its conditions and actions are checked.

use std::collections::BTreeSet;

use super::schema::Root;

#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// What its expressions read.
    pub roots: BTreeSet<Root>,
    /// What executing its actions reads.
    pub preloads: BTreeSet<Preload>,
    pub named: Vec<Named>,
    /// Whether one of its actions makes the one issue that rules make for a ticket.
    pub makes_the_issue: bool,
}

/// What executing an action reads for certain, so that it is worth loading beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Preload {
    /// The ticket's team: a strategy chooses among its members.
    Team,
    /// The tenant's settings.
    Settings,
}

/// Something that a tenant has, and others may lack, as a rule names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub kind: NamedKind,
    /// Its name or its id.
    pub name: String,
    pub line: u32,
    pub column: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedKind {
    CannedResponse,
    SlaPolicy,
}
