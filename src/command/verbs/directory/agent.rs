//! Agents, and their counts of open tickets.

use std::sync::Arc;

use serde_json::Value;

use super::Entry;
use crate::command::configured::Configured;
use crate::command::refusal::Kind;
use crate::command::{Stop, Want, World};
use crate::model::activity_type::ActivityType;
use crate::model::directory::Agent;
use crate::model::shown::{Data, shown, stamped};
use crate::model::words::AgentStatus;

impl Entry for Agent {
    const KIND: Kind = Kind::Agent;
    const UPSERT: &'static str = "upsert_agent";
    const DELETE: &'static str = "delete_agent";

    fn key(&self) -> &str {
        &self.id
    }

    fn want(id: &str) -> Want {
        Want::Agent(id.to_owned())
    }

    fn row(world: &World, id: &str) -> Result<Option<Arc<Agent>>, Stop> {
        world.agent(id)
    }

    fn is_known(&self) -> bool {
        self.known
    }

    fn keep(&mut self, row: Option<&Agent>) {
        self.known = true;
        self.open_count = row.map_or(0, |row| row.open_count);
    }

    /// It goes on counting, as what nobody ever knew does.
    fn forget(&mut self) {
        self.known = false;
    }
}

impl Configured for Agent {
    const CHANGED: ActivityType = ActivityType::AgentChanged;

    fn id(&self) -> String {
        self.id.clone()
    }

    fn show(&self) -> Value {
        shown!(self, {
            "id": self.id,
            "name": self.name,
            "email": self.email,
            "status": self.status.word(),
            "capacity": self.capacity,
            "skills": self.skills.0,
            "weight": self.weight,
            "open_count": self.open_count,
        })
    }

    fn read(data: &Data<'_>) -> Option<Agent> {
        stamped!(Agent of data {
            id: data.text("id"),
            name: data.text("name"),
            email: data.text("email"),
            status: AgentStatus::parse(&data.text("status"))?,
            capacity: data.small("capacity")?,
            skills: data.words("skills"),
            weight: data.small("weight")?,
            open_count: data.fields.get("open_count").and_then(Value::as_i64)?,
            known: true,
        })
    }

    fn put(self: Arc<Agent>, world: &mut World) {
        world.agents.put(self.id.clone(), self);
    }
}
