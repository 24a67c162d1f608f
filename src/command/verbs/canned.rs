//! Verbs of canned responses; rules and RenderCannedResponse render them.

use std::sync::Arc;

use serde_json::Value;

use crate::command::access::{self, check_etag, staff_only};
use crate::command::configured::{self, Configured};
use crate::command::record::{SCHEMA_VERSION, SOURCE};
use crate::command::refusal::Kind;
use crate::command::scope::Scope;
use crate::command::verbs::put;
use crate::command::wants::Wants;
use crate::command::{Refusal, Resource, Stop, Verb, Want, World};
use crate::model::activity_type::ActivityType;
use crate::model::canned::{CannedRef, CannedResponse};
use crate::model::fold::fold;
use crate::model::id;
use crate::model::shown::{Data, shown, stamped};
use crate::model::words::SourceType;

/// Makes one of a name that no other has, in any spelling. Its body was compiled already.
#[derive(Clone, Debug)]
pub struct CreateCannedResponse {
    pub name: String,
    pub title: String,
    pub body: String,
    pub team_id: String,
}

impl Verb for CreateCannedResponse {
    fn name(&self) -> &'static str {
        "create_canned_response"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants.add(Want::Canned(CannedRef::Name(self.name.clone()).folded()));
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        staff_only(scope, WHAT)?;
        let CreateCannedResponse { name, title, body, team_id } = self.clone();
        free(world, &name)?;
        let canned = CannedResponse {
            tenant_id: scope.tenant().to_owned(),
            id: scope.new_id(),
            folded: fold(&name).into_owned(),
            name,
            title,
            body,
            team_id,
            app_id: scope.app_id().to_owned(),
            source: SOURCE.to_owned(),
            source_type: SourceType::Api,
            created_at: scope.now,
            created_by: scope.actor.id.clone(),
            updated_at: scope.now,
            updated_by: scope.actor.id.clone(),
            deleted_at: None,
            deleted_by: String::new(),
            schema_version: SCHEMA_VERSION,
            etag_version: 0,
            position: 0,
        };
        Ok(configured::write(world, scope, canned).into())
    }
}

/// Writes the masked fields; `None` = not in the mask. No difference changes nothing.
#[derive(Clone, Debug)]
pub struct UpdateCannedResponse {
    pub canned: CannedRef,
    pub etag: String,
    pub name: Option<String>,
    pub title: Option<String>,
    pub body: Option<String>,
    pub team_id: Option<String>,
}

impl Verb for UpdateCannedResponse {
    fn name(&self) -> &'static str {
        "update_canned_response"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants.add(Want::Canned(self.canned.folded()));
        if let Some(name) = &self.name {
            wants.add(Want::Canned(CannedRef::Name(name.clone()).folded()));
        }
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let UpdateCannedResponse { canned: which, etag, name, title, body, team_id } = self;
        let canned = find(world, scope, which)?;
        if canned.deleted_at.is_some() {
            return Err(missing(which).into());
        }
        check_etag(etag, canned.etag_version, || named(&canned))?;
        let mut after = CannedResponse::clone(&canned);
        put(&mut after.name, name);
        after.folded = fold(&after.name).into_owned();
        put(&mut after.title, title);
        put(&mut after.body, body);
        put(&mut after.team_id, team_id);
        if after.folded != canned.folded {
            free(world, &after.name)?;
        }
        let written = if after == *canned { canned } else { configured::write(world, scope, after) };
        Ok(written.into())
    }
}

/// Deleting it again, by its id, changes nothing.
#[derive(Clone, Debug)]
pub struct DeleteCannedResponse {
    pub canned: CannedRef,
    pub etag: String,
}

impl Verb for DeleteCannedResponse {
    fn name(&self) -> &'static str {
        "delete_canned_response"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants.add(Want::Canned(self.canned.folded()));
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let canned = find(world, scope, &self.canned)?;
        if canned.deleted_at.is_some() {
            return Ok(canned.into());
        }
        check_etag(&self.etag, canned.etag_version, || named(&canned))?;
        Ok(configured::delete(world, scope, Arc::unwrap_or_clone(canned)).into())
    }
}

impl Configured for CannedResponse {
    const CHANGED: ActivityType = ActivityType::CannedResponseChanged;

    fn id(&self) -> String {
        id::show(id::CANNED_RESPONSE, self.id)
    }

    fn show(&self) -> Value {
        shown!(self, {
            "id": id::show(id::CANNED_RESPONSE, self.id),
            "name": self.name,
            "title": self.title,
            "body": self.body,
            "team_id": self.team_id,
        })
    }

    fn read(data: &Data<'_>) -> Option<CannedResponse> {
        stamped!(CannedResponse of data {
            id: id::parse(id::CANNED_RESPONSE, &data.text("id"))?,
            name: data.text("name"),
            folded: fold(&data.text("name")).into_owned(),
            title: data.text("title"),
            body: data.text("body"),
            team_id: data.text("team_id"),
        })
    }

    fn put(self: Arc<CannedResponse>, world: &mut World) {
        world.canned.put(self.id, self);
    }
}

const WHAT: &str = "canned responses";

fn missing(which: &CannedRef) -> Refusal {
    Refusal::NotFound { kind: Kind::CannedResponse, id: which.to_string() }
}

fn named(canned: &CannedResponse) -> String {
    format!("canned response {:?}", canned.name)
}

fn free(world: &World, name: &str) -> Result<(), Stop> {
    match world.canned_response(&CannedRef::Name(name.to_owned()))? {
        Some(_) => Err(Refusal::NameTaken { kind: Kind::CannedResponse, name: name.to_owned() }.into()),
        None => Ok(()),
    }
}

/// One that is there, or, by its id, was, for a caller who may change it.
fn find(world: &World, scope: &Scope<'_>, which: &CannedRef) -> Result<Arc<CannedResponse>, Stop> {
    staff_only(scope, WHAT)?;
    access::own(scope, world.canned_response(which)?).ok_or_else(|| missing(which).into())
}
