//! Bounds of what rules do in answer to one command: how deep, how often, and how much for each ticket.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::model::activity::{Activity, Cause};
use crate::model::rule_runs::Limit;
use crate::workflow::length;

/// How many rules may stand one behind the other.
const MAX_DEPTH: i32 = 8;
/// How many activities rules may make on one ticket in answer to one command.
const MAX_OF_TICKET: usize = 100;
/// How many they may make in all: ten for each ticket of the largest issue.
const MAX_OF_COMMAND: usize = 5_000;

/// A bound that holds a rule back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bound {
    Once,
    Depth,
    Ticket,
    Command,
    /// The rule's own.
    Often(Limit),
    /// Of the runs that a ticket's row counts.
    Runs,
}

impl Bound {
    pub fn reason(self) -> String {
        match self {
            Bound::Once => "the rule has run for this ticket: it answers what rules do once".to_owned(),
            Bound::Depth => format!("rules would stand more than {MAX_DEPTH} deep"),
            Bound::Ticket => format!("rules would make more than {MAX_OF_TICKET} activities on this ticket"),
            Bound::Often(Limit { runs, within }) => {
                let times = if runs == 1 { "once".to_owned() } else { format!("{runs} times") };
                format!("limits.per_ticket: the rule has run {times} on this ticket within {}", length(within))
            }
            Bound::Runs => "the ticket counts too many runs of rules with limits".to_owned(),
            Bound::Command => {
                format!("rules would make more than {MAX_OF_COMMAND} activities in answer to one command")
            }
        }
    }
}

type Ticket = Option<Uuid>;

/// What one run of a rule made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// On the event's ticket, or without any.
    pub here: usize,
    /// On all tickets.
    pub all: usize,
}

impl Made {
    pub const ONE: Made = Made { here: 1, all: 1 };

    pub fn nothing(self) -> bool {
        self.all == 0
    }

    /// With what tells that the rule failed.
    pub fn and_one(self) -> Made {
        Made { here: self.here + 1, all: self.all + 1 }
    }
}

/// What rules did since the command began. Rules go by their places in the set.
#[derive(Debug, Default)]
pub struct Bounds {
    ran: HashSet<(usize, Ticket)>,
    made: HashMap<Ticket, usize>,
    total: usize,
    told: HashSet<(usize, Ticket, Bound)>,
    shadows: HashSet<(usize, Ticket)>,
}

impl Bounds {
    /// The bound that a rule would break that answers this activity and makes so many others.
    pub fn broken(&self, rule: usize, answers: &Activity, cause: &Cause, made: Made) -> Option<Bound> {
        let ticket = answers.ticket_id;
        if answers.cause.is_some() && self.ran.contains(&(rule, ticket)) {
            return Some(Bound::Once);
        }
        if cause.depth > MAX_DEPTH {
            return Some(Bound::Depth);
        }
        if self.made.get(&ticket).copied().unwrap_or_default() + made.here > MAX_OF_TICKET {
            return Some(Bound::Ticket);
        }
        (self.total + made.all > MAX_OF_COMMAND).then_some(Bound::Command)
    }

    /// A rule made these activities. Where it made none it has not run: there is nothing that others could have answered.
    pub fn ran(&mut self, rule: usize, ticket: Ticket, made: Made) {
        if !made.nothing() {
            self.ran.insert((rule, ticket));
            *self.made.entry(ticket).or_default() += made.here;
            self.total += made.all;
        }
    }

    /// Whether this is to be told: each rule says once for each ticket and bound that it was held back.
    pub fn tells(&mut self, rule: usize, ticket: Ticket, bound: Bound) -> bool {
        self.told.insert((rule, ticket, bound))
    }

    /// Whether a rule in shadow is to be recorded: it is once for each ticket.
    pub fn records_shadow(&mut self, rule: usize, ticket: Ticket) -> bool {
        self.shadows.insert((rule, ticket))
    }
}
