//! People, teams and organizations as other systems know them: create or replace, and delete. The same again changes nothing.

use std::sync::Arc;

use serde_json::Value;

use super::access::{check_etag, staff_only};
use super::record::{Note, SCHEMA_VERSION, SOURCE, next_position, plain};
use super::refusal::Kind;
use super::scope::Scope;
use super::{Refusal, Stop, World};
use crate::model::activity_type::ActivityType;
use crate::model::directory::{Agent, Contact, Organization, Team};
use crate::model::shown::shown;

/// The stamps of the row that there was, or of a new one.
macro_rules! stamps {
    ($after:ident, $old:ident, $row:ident, $scope:ident) => {
        match $old {
            Some(old) => {
                $after.app_id.clone_from(&old.app_id);
                $after.source.clone_from(&old.source);
                $after.source_type = old.source_type;
                $after.created_at = old.created_at;
                $after.created_by.clone_from(&old.created_by);
                $after.updated_at = old.updated_at;
                $after.updated_by.clone_from(&old.updated_by);
                $after.deleted_at = old.deleted_at;
                $after.deleted_by.clone_from(&old.deleted_by);
                $after.schema_version = old.schema_version;
                $after.etag_version = old.etag_version;
                $after.position = old.position;
            }
            None => {
                $after.app_id = $scope.app_id().to_owned();
                if $after.source.is_empty() {
                    $after.source = SOURCE.to_owned();
                }
                $after.created_at = $scope.now;
                $after.created_by.clone_from(&$scope.actor.id);
                $after.deleted_at = None;
                $after.deleted_by = String::new();
                $after.schema_version = SCHEMA_VERSION;
                // No etag of an earlier life is good for this one.
                $after.etag_version = $row.as_ref().map_or(0, |row| row.etag_version);
            }
        }
    };
}

/// One upsert, and the deletion of what it made. `keep` sets what Docket itself holds, from the row that there is, `known`
/// or not; `forget` takes a row out of the directory.
macro_rules! upsert {
    (
        $name:ident, $delete:ident: $row:ident in $table:ident by $find:ident, $kind:ident, $activity:ident,
        $known:expr, $keep:expr, $forget:expr
    ) => {
        pub fn $name(world: &mut World, scope: &Scope<'_>, new: &$row, etag: &str) -> Result<Arc<$row>, Stop> {
            staff_only(scope, Kind::$kind.word())?;
            let keep: fn(Option<&$row>, &mut $row) = $keep;
            let known: fn(&$row) -> bool = $known;
            let row = world.$find(&new.id)?;
            let old = row.as_ref().filter(|row| known(row));
            if let Some(old) = old
                && scope.caller().app_id().is_some_and(|app| app != old.app_id)
            {
                return Err(Refusal::NotFound { kind: Kind::$kind, id: new.id.clone() }.into());
            }
            let named = || format!("{} {:?}", Kind::$kind.word(), new.id);
            check_etag(etag, old.map_or(0, |old| old.etag_version), named)?;
            let mut after = new.clone();
            keep(row.as_deref(), &mut after);
            after.tenant_id = scope.tenant().to_owned();
            stamps!(after, old, row, scope);
            if old.is_some_and(|old| **old == after) {
                return Ok(Arc::new(after));
            }
            after.updated_at = scope.now;
            after.updated_by.clone_from(&scope.actor.id);
            after.etag_version += 1;
            after.position = next_position(world);
            let note = Note { data: Some(after.shown()), ..Note::of(ActivityType::$activity) };
            world.head.config_position = plain(world, scope, note);
            let after = Arc::new(after);
            world.$table.put(after.id.clone(), after.clone());
            Ok(after)
        }

        /// Deleting it again changes nothing.
        pub fn $delete(world: &mut World, scope: &Scope<'_>, id: &str, etag: &str) -> Result<Arc<$row>, Stop> {
            staff_only(scope, Kind::$kind.word())?;
            let known: fn(&$row) -> bool = $known;
            let row = world.$find(id)?.filter(|row| known(row) || row.deleted_at.is_some());
            let theirs = |row: &Arc<$row>| scope.caller().app_id().is_none_or(|app| app == row.app_id);
            let none = || Refusal::NotFound { kind: Kind::$kind, id: id.to_owned() };
            let row = row.filter(theirs).ok_or_else(none)?;
            if row.deleted_at.is_some() {
                return Ok(row);
            }
            check_etag(etag, row.etag_version, || format!("{} {id:?}", Kind::$kind.word()))?;
            let mut after = Arc::unwrap_or_clone(row);
            let forget: fn(&mut $row) = $forget;
            forget(&mut after);
            after.deleted_at = Some(scope.now);
            after.deleted_by.clone_from(&scope.actor.id);
            after.updated_at = scope.now;
            after.updated_by.clone_from(&scope.actor.id);
            after.etag_version += 1;
            after.position = next_position(world);
            let note = Note { data: Some(after.shown()), ..Note::of(ActivityType::$activity) };
            world.head.config_position = plain(world, scope, note);
            let after = Arc::new(after);
            world.$table.put(after.id.clone(), after.clone());
            Ok(after)
        }
    };
}

upsert!(
    organization, delete_organization: Organization in organizations by organization_row, Organization,
    OrganizationChanged, |row| row.deleted_at.is_none(), |_, _| {}, |_| {}
);
upsert!(
    contact, delete_contact: Contact in contacts by contact_row, Contact,
    ContactChanged, |row| row.deleted_at.is_none(), |_, _| {}, |_| {}
);
upsert!(
    team, delete_team: Team in teams by team_row, Team,
    TeamChanged, |row| row.deleted_at.is_none(), |row, team| {
        team.last_assigned = row.map(|row| row.last_assigned.clone()).unwrap_or_default();
    }, |_| {}
);
// What was deleted goes on counting, as what nobody ever knew does.
upsert!(
    agent, delete_agent: Agent in agents by agent, Agent,
    AgentChanged, |row| row.known, |row, agent| {
        agent.known = true;
        agent.open_count = row.map_or(0, |row| row.open_count);
    }, |agent| agent.known = false
);

/// A row as its activity holds it, by the contract's names.
trait Shown {
    fn shown(&self) -> Value;
}

impl Shown for Organization {
    fn shown(&self) -> Value {
        shown!(self, {
            "id": self.id,
            "name": self.name,
            "tier": self.tier,
            "subscription": { "plan": self.subscription_plan, "status": self.subscription_status },
            "attributes": self.attributes,
        })
    }
}

impl Shown for Contact {
    fn shown(&self) -> Value {
        shown!(self, {
            "id": self.id,
            "name": self.name,
            "email": self.email,
            "organization_id": self.organization_id,
            "attributes": self.attributes,
        })
    }
}

impl Shown for Team {
    fn shown(&self) -> Value {
        shown!(self, { "id": self.id, "name": self.name, "member_ids": self.member_ids.0 })
    }
}

impl Shown for Agent {
    fn shown(&self) -> Value {
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
}
