//! Rows that a command is known to need before it is decided, so that common commands need one load only.

use std::collections::HashSet;

use super::{Command, Want};
use crate::identity::Caller;
use crate::model::fold::fold;
use crate::model::sla::policy::PolicyRef;
use crate::model::ticket::TicketRef;
use crate::workflow::RuleSet;

/// Each want once.
pub fn wants(command: &Command, rules: &RuleSet) -> Vec<Want> {
    let mut wants = Wants { caller: &command.caller, rules, all: Vec::new(), seen: HashSet::new() };
    if let Some(request) = command.request.as_ref().filter(|_| !command.validate_only) {
        wants.add(Want::Request(request.key));
    }
    command.verb.wants(&mut wants);
    wants.all
}

/// What the verbs of a command add to.
pub struct Wants<'a> {
    pub caller: &'a Caller,
    /// Those that are active as far as is known: what they read may be loaded with the rest.
    pub rules: &'a RuleSet,
    all: Vec<Want>,
    seen: HashSet<Want>,
}

impl Wants<'_> {
    pub fn add(&mut self, want: Want) {
        if self.seen.insert(want.clone()) {
            self.all.push(want);
        }
    }

    pub fn ticket(&mut self, name: &TicketRef) {
        self.add(Want::Ticket(name.clone()));
    }

    /// The issues of a ticket, where its name alone tells which it is.
    pub fn issues_of(&mut self, name: &TicketRef) {
        match name {
            TicketRef::Id(id) => self.add(Want::TicketIssues(*id)),
            TicketRef::Number(_) => {}
        }
    }

    pub fn tag(&mut self, name: &str) {
        self.add(Want::Tag(fold(name).into_owned()));
    }

    /// By its name, with those that are ACTIVE; nothing for `''`.
    pub fn policy(&mut self, name: &str) {
        if !name.is_empty() {
            self.add(Want::SlaConfig);
            self.add(Want::Policy(PolicyRef::Name(name.to_owned()).folded()));
        }
    }

    /// Nothing for `''`.
    pub fn agent(&mut self, id: &str) {
        if !id.is_empty() {
            self.add(Want::Agent(id.to_owned()));
        }
    }
}
