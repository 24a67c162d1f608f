//! Rows and names that a rule needs besides its event, collected while its conditions and actions are checked.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value as Json;

use super::cel::ast::{Expr, ExprKind};
use super::schema::Roots;
use crate::model::stored_type::StoredType;

#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// What its expressions read.
    pub roots: Roots,
    /// Whether they read a description, which lies apart from the other fields of a ticket of then.
    pub descriptions: bool,
    /// The calendars that they name, as they name them.
    pub calendars: BTreeSet<String>,
    /// What executing its actions reads.
    pub preloads: BTreeSet<Preload>,
    pub named: Vec<Named>,
    /// The custom events that it waits for.
    pub customs: Vec<Custom>,
    /// Whether it hands something out.
    pub dispatches: bool,
    /// What its actions change.
    pub writes: Vec<Write>,
}

impl Needs {
    /// Notes what an expression reads.
    pub fn read_by(&mut self, expr: &Expr) {
        self.roots.extend(expr.roots());
        expr.walk(&mut |e| {
            if let ExprKind::Field(path) | ExprKind::Has(path) = &e.kind {
                self.descriptions |= path.names.iter().any(|name| name == "description");
            }
        });
    }
}

/// Fields of writes that add to what is there.
pub const TAGS: &str = "tags";
pub const MESSAGES: &str = "messages";
pub const ISSUES: &str = "issues";
pub const LINKS: &str = "links";
pub const TASKS: &str = "tasks";
pub const EVENTS: &str = "events";

/// A custom event in `on`.
#[derive(Clone, Debug)]
pub struct Custom {
    /// `custom.paid`, or `custom.*`.
    pub name: String,
    pub line: u32,
    pub column: u32,
}

/// A change that an action makes, and what must hold for it.
#[derive(Clone, Debug)]
pub struct Write {
    /// `priority`, `custom.region`, `tags`, or what else an activity is about.
    pub field: String,
    /// Where it is written out.
    pub value: Option<Json>,
    /// Whether another value takes its place: not so of tags and messages.
    pub is_one_value: bool,
    /// The activities that it makes.
    pub emits: Vec<StoredType>,
    pub guards: Vec<Arc<Expr>>,
    pub line: u32,
    pub column: u32,
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
    Agent,
    Calendar,
    CannedResponse,
    SlaPolicy,
    Tag,
    Team,
}

impl NamedKind {
    pub const ALL: &'static [NamedKind] = &[
        NamedKind::Agent,
        NamedKind::Calendar,
        NamedKind::CannedResponse,
        NamedKind::SlaPolicy,
        NamedKind::Tag,
        NamedKind::Team,
    ];

    /// Of the finding that a tenant lacks it.
    pub fn code(self) -> &'static str {
        match self {
            NamedKind::Agent => "unknown-agent",
            NamedKind::Calendar => "unknown-calendar",
            NamedKind::CannedResponse => "unknown-canned",
            NamedKind::SlaPolicy => "unknown-policy",
            NamedKind::Tag => "unknown-tag",
            NamedKind::Team => "unknown-team",
        }
    }

    /// As people call it.
    pub fn noun(self) -> &'static str {
        match self {
            NamedKind::Agent => "agent",
            NamedKind::Calendar => "calendar",
            NamedKind::CannedResponse => "canned response",
            NamedKind::SlaPolicy => "SLA policy",
            NamedKind::Tag => "registered tag",
            NamedKind::Team => "team",
        }
    }
}
