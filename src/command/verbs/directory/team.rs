//! Teams, and the last agent chosen by round robin.

use std::sync::Arc;

use serde_json::Value;

use super::Entry;
use crate::command::configured::Configured;
use crate::command::refusal::Kind;
use crate::command::{Stop, Want, World};
use crate::model::activity_type::ActivityType;
use crate::model::directory::Team;
use crate::model::shown::{Data, shown, stamped};

impl Entry for Team {
    const KIND: Kind = Kind::Team;
    const UPSERT: &'static str = "upsert_team";
    const DELETE: &'static str = "delete_team";

    fn key(&self) -> &str {
        &self.id
    }

    fn want(id: &str) -> Want {
        Want::Team(id.to_owned())
    }

    fn row(world: &World, id: &str) -> Result<Option<Arc<Team>>, Stop> {
        world.team_row(id)
    }

    fn keep(&mut self, row: Option<&Team>) {
        self.last_assigned = row.map(|row| row.last_assigned.clone()).unwrap_or_default();
    }
}

impl Configured for Team {
    const CHANGED: ActivityType = ActivityType::TeamChanged;

    fn id(&self) -> String {
        self.id.clone()
    }

    fn show(&self) -> Value {
        shown!(self, {
            "id": self.id,
            "name": self.name,
            "member_ids": self.member_ids.0,
        })
    }

    fn read(data: &Data<'_>) -> Option<Team> {
        stamped!(Team of data {
            id: data.text("id"),
            name: data.text("name"),
            member_ids: data.words("member_ids"),
            // No answer shows it.
            last_assigned: String::new(),
        })
    }

    fn put(self: Arc<Team>, world: &mut World) {
        world.teams.put(self.id.clone(), self);
    }
}
