//! Queues: tickets that wait for an agent of their team.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::Jsonb;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::column::json_column;
use super::ticket::Ticket;
use super::time::Instant;
use super::words::Priority;

/// Teams of a tenant that tickets can wait for at once.
const MOST_TEAMS: usize = 100;

/// How many tickets wait for each team, by its id.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromSqlRow, AsExpression)]
#[diesel(sql_type = Jsonb)]
pub struct Queues(BTreeMap<String, i64>);

json_column! { Queues }

impl Queues {
    pub fn counts(&self) -> &BTreeMap<String, i64> {
        &self.0
    }

    pub fn have_room_for(&self, team: &str) -> bool {
        self.0.len() < MOST_TEAMS || self.0.contains_key(team)
    }

    /// A ticket went from one queue to another; `None` is no queue.
    pub fn moved(&mut self, from: Option<&str>, to: Option<&str>) {
        if from == to {
            return;
        }
        if let Some(count) = from.and_then(|team| self.0.get_mut(team)) {
            *count -= 1;
        }
        if let Some(team) = to {
            *self.0.entry(team.to_owned()).or_default() += 1;
        }
        self.0.retain(|_, count| *count > 0);
    }
}

row! {
    /// As much of a ticket as its place in a queue follows from.
    Waiting in ticket, key(tenant_id, id) {
        tenant_id: String,
        id: Uuid,
        team_id: String,
        priority: Priority,
        queued_at: Option<Instant>,
        queue: Value,
    }
}

impl Waiting {
    pub fn of(ticket: &Ticket) -> Waiting {
        let Ticket { tenant_id, id, team_id, priority, queued_at, queue, .. } = ticket;
        Waiting {
            tenant_id: tenant_id.clone(),
            id: *id,
            team_id: team_id.clone(),
            priority: *priority,
            queued_at: *queued_at,
            queue: queue.clone(),
        }
    }

    /// The most urgent come first, and of them those that wait longest.
    pub fn place(&self) -> (Reverse<usize>, Option<Instant>, Uuid) {
        let rank = Priority::ALL.iter().position(|priority| *priority == self.priority).unwrap_or_default();
        (Reverse(rank), self.queued_at, self.id)
    }
}

/// What a waiting ticket is to be assigned by, as the rule said when it began to wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// The rule.
    pub workflow: String,
    pub strategy: String,
    pub only_online: bool,
    pub max_open: Option<i64>,
    pub skills: Vec<String>,
}

impl Ticket {
    /// Whether it could wait for an agent of its team.
    pub fn can_wait(&self) -> bool {
        self.assignee_id.is_empty() && !self.team_id.is_empty() && !self.status.is_done() && self.deleted_at.is_none()
    }

    /// The team that it waits for.
    pub fn waits_for(&self) -> Option<&str> {
        self.queued_at.map(|_| self.team_id.as_str())
    }

    /// Who has an agent, or is done, waits no longer.
    pub fn leave_queue_if_served(&mut self) {
        if self.queued_at.is_some() && !self.can_wait() {
            self.queued_at = None;
            self.queue = Value::Null;
        }
    }
}
