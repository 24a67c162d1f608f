//! The registry of tags. What it says touches no ticket: their tags are words of their own.

use std::sync::Arc;

use super::access::{check_etag, staff_only};
use super::action::{NewTag, TagEdit};
use super::record::{Note, SCHEMA_VERSION, SOURCE, next_position, plain};
use super::refusal::Kind;
use super::scope::Scope;
use super::{Refusal, Stop, World};
use crate::model::activity_type::ActivityType;
use crate::model::shown::shown;
use crate::model::tag::Tag;
use crate::model::words::{SourceType, Words};

/// Makes a tag of a name that no other has, as written: `VIP` and `vip` are two.
pub fn create(world: &mut World, scope: &Scope<'_>, new: &NewTag) -> Result<Arc<Tag>, Stop> {
    staff_only(scope, "tags")?;
    let NewTag { name, color, team_id, description } = new.clone();
    let old = world.tag(&name)?;
    if old.as_ref().is_some_and(|old| old.deleted_at.is_none()) {
        return Err(Refusal::NameTaken { kind: Kind::Tag, name }.into());
    }
    let tag = Tag {
        tenant_id: scope.tenant().to_owned(),
        name,
        color,
        team_id,
        description,
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
        // No etag of the one before it is this one's.
        etag_version: old.map_or(0, |old| old.etag_version),
        position: 0,
    };
    Ok(write(world, scope, tag))
}

/// Writes the masked fields; no difference changes nothing.
pub fn update(world: &mut World, scope: &Scope<'_>, name: &str, etag: &str, edit: &TagEdit) -> Result<Arc<Tag>, Stop> {
    let tag = find(world, scope, name)?;
    if tag.deleted_at.is_some() {
        return Err(Refusal::NotFound { kind: Kind::Tag, id: name.to_owned() }.into());
    }
    check_etag(etag, tag.etag_version, || format!("tag {name:?}"))?;
    let TagEdit { color, team_id, description } = edit.clone();
    let after = Tag {
        color: color.unwrap_or_else(|| tag.color.clone()),
        team_id: team_id.unwrap_or_else(|| tag.team_id.clone()),
        description: description.unwrap_or_else(|| tag.description.clone()),
        ..Tag::clone(&tag)
    };
    if after == *tag { Ok(tag) } else { Ok(write(world, scope, after)) }
}

/// Takes the tag out of the registry. Deleting it again changes nothing.
pub fn delete(world: &mut World, scope: &Scope<'_>, name: &str, etag: &str) -> Result<Arc<Tag>, Stop> {
    let tag = find(world, scope, name)?;
    if tag.deleted_at.is_some() {
        return Ok(tag);
    }
    check_etag(etag, tag.etag_version, || format!("tag {name:?}"))?;
    let (deleted_at, deleted_by) = (Some(scope.now), scope.actor.id.clone());
    Ok(write(world, scope, Tag { deleted_at, deleted_by, ..Tag::clone(&tag) }))
}

impl World {
    /// Which of these words the registry does not have.
    pub fn unregistered(&self, words: &Words) -> Result<Vec<String>, Stop> {
        let tags = super::gather(words.iter().map(|word| self.tag(word)))?;
        let live = |tag: &Option<Arc<Tag>>| tag.as_ref().is_some_and(|tag| tag.deleted_at.is_none());
        let missing = words.iter().zip(&tags).filter(|(_, tag)| !live(tag));
        Ok(missing.map(|(word, _)| word.clone()).collect())
    }
}

/// A tag that is there, or was, for a caller who may change it.
fn find(world: &World, scope: &Scope<'_>, name: &str) -> Result<Arc<Tag>, Stop> {
    staff_only(scope, "tags")?;
    let none = || Refusal::NotFound { kind: Kind::Tag, id: name.to_owned() };
    let tag = world.tag(name)?.ok_or_else(none)?;
    if scope.caller().app_id().is_some_and(|app| app != tag.app_id) {
        return Err(none().into());
    }
    Ok(tag)
}

fn write(world: &mut World, scope: &Scope<'_>, mut tag: Tag) -> Arc<Tag> {
    tag.updated_at = scope.now;
    tag.updated_by.clone_from(&scope.actor.id);
    tag.etag_version += 1;
    tag.position = next_position(world);
    let data = shown!(tag, {
        "id": tag.name,
        "name": tag.name,
        "color": tag.color,
        "team_id": tag.team_id,
        "description": tag.description,
    });
    world.head.config_position = plain(world, scope, Note { data: Some(data), ..Note::of(ActivityType::TagChanged) });
    let tag = Arc::new(tag);
    world.tags.put(tag.name.clone(), tag.clone());
    tag
}
