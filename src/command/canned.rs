//! Canned responses: kept here, written out by rules and by RenderCannedResponse.

use std::sync::Arc;

use super::access::{check_etag, staff_only};
use super::action::{CannedEdit, NewCanned};
use super::record::{Note, SCHEMA_VERSION, SOURCE, next_position, plain};
use super::refusal::Kind;
use super::scope::Scope;
use super::{Refusal, Stop, World};
use crate::model::activity_type::ActivityType;
use crate::model::canned::{CannedRef, CannedResponse};
use crate::model::id;
use crate::model::shown::shown;
use crate::model::words::SourceType;

/// Makes one of a name that no other has, as written.
pub fn create(world: &mut World, scope: &mut Scope<'_>, new: &NewCanned) -> Result<Arc<CannedResponse>, Stop> {
    staff_only(scope, WHAT)?;
    let NewCanned { name, title, body, team_id } = new.clone();
    free(world, &name)?;
    let canned = CannedResponse {
        tenant_id: scope.tenant().to_owned(),
        id: scope.new_id(),
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
    Ok(write(world, scope, canned))
}

/// Writes the masked fields; no difference changes nothing.
pub fn update(
    world: &mut World,
    scope: &Scope<'_>,
    which: &CannedRef,
    etag: &str,
    edit: &CannedEdit,
) -> Result<Arc<CannedResponse>, Stop> {
    let canned = find(world, scope, which)?;
    if canned.deleted_at.is_some() {
        return Err(missing(which).into());
    }
    check_etag(etag, canned.etag_version, || named(&canned))?;
    let CannedEdit { name, title, body, team_id } = edit.clone();
    let after = CannedResponse {
        name: name.unwrap_or_else(|| canned.name.clone()),
        title: title.unwrap_or_else(|| canned.title.clone()),
        body: body.unwrap_or_else(|| canned.body.clone()),
        team_id: team_id.unwrap_or_else(|| canned.team_id.clone()),
        ..CannedResponse::clone(&canned)
    };
    if after.name != canned.name {
        free(world, &after.name)?;
    }
    if after == *canned { Ok(canned) } else { Ok(write(world, scope, after)) }
}

/// Deleting it again, by its id, changes nothing.
pub fn delete(
    world: &mut World,
    scope: &Scope<'_>,
    which: &CannedRef,
    etag: &str,
) -> Result<Arc<CannedResponse>, Stop> {
    let canned = find(world, scope, which)?;
    if canned.deleted_at.is_some() {
        return Ok(canned);
    }
    check_etag(etag, canned.etag_version, || named(&canned))?;
    let (deleted_at, deleted_by) = (Some(scope.now), scope.actor.id.clone());
    Ok(write(world, scope, CannedResponse { deleted_at, deleted_by, ..CannedResponse::clone(&canned) }))
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
    let canned = world.canned_response(which)?.ok_or_else(|| missing(which))?;
    if scope.caller().app_id().is_some_and(|app| app != canned.app_id) {
        return Err(missing(which).into());
    }
    Ok(canned)
}

fn write(world: &mut World, scope: &Scope<'_>, mut canned: CannedResponse) -> Arc<CannedResponse> {
    canned.updated_at = scope.now;
    canned.updated_by.clone_from(&scope.actor.id);
    canned.etag_version += 1;
    canned.position = next_position(world);
    let data = shown!(canned, {
        "id": id::show(id::CANNED_RESPONSE, canned.id),
        "name": canned.name,
        "title": canned.title,
        "body": canned.body,
        "team_id": canned.team_id,
    });
    world.head.config_position =
        plain(world, scope, Note { data: Some(data), ..Note::of(ActivityType::CannedResponseChanged) });
    let canned = Arc::new(canned);
    world.canned.put(canned.id, canned.clone());
    canned
}
