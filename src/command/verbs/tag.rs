//! Verbs of registered tags. They change no ticket: a ticket's tags are plain words.

use std::sync::Arc;

use serde_json::Value;

use crate::command::access::{self, check_etag, staff_only};
use crate::command::configured::{self, Configured};
use crate::command::record::{SCHEMA_VERSION, SOURCE};
use crate::command::refusal::Kind;
use crate::command::scope::Scope;
use crate::command::verbs::put;
use crate::command::wants::Wants;
use crate::command::{Refusal, Resource, Stop, Verb, World, gather};
use crate::model::activity_type::ActivityType;
use crate::model::fold::fold;
use crate::model::shown::{Data, shown, stamped};
use crate::model::tag::Tag;
use crate::model::words::{SourceType, Words};

/// Makes a tag of a name that no other has in any spelling: `VIP` and `vip` are one.
#[derive(Clone, Debug)]
pub struct CreateTag {
    pub name: String,
    pub color: String,
    pub team_id: String,
    pub description: String,
}

impl Verb for CreateTag {
    fn name(&self) -> &'static str {
        "create_tag"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants.tag(&self.name);
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        staff_only(scope, WHAT)?;
        let CreateTag { name, color, team_id, description } = self.clone();
        let old = world.tag(&name)?;
        if old.as_ref().is_some_and(|old| old.deleted_at.is_none()) {
            return Err(Refusal::NameTaken { kind: Kind::Tag, name }.into());
        }
        let tag = Tag {
            tenant_id: scope.tenant().to_owned(),
            folded: fold(&name).into_owned(),
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
        Ok(configured::write(world, scope, tag).into())
    }
}

/// Writes the masked fields; `None` = not in the mask. No difference changes nothing.
#[derive(Clone, Debug)]
pub struct UpdateTag {
    pub name: String,
    pub etag: String,
    pub color: Option<String>,
    pub team_id: Option<String>,
    pub description: Option<String>,
}

impl Verb for UpdateTag {
    fn name(&self) -> &'static str {
        "update_tag"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants.tag(&self.name);
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let UpdateTag { name, etag, color, team_id, description } = self;
        let tag = find(world, scope, name)?;
        if tag.deleted_at.is_some() {
            return Err(missing(name).into());
        }
        check_etag(etag, tag.etag_version, || format!("tag {name:?}"))?;
        let mut after = Tag::clone(&tag);
        put(&mut after.color, color);
        put(&mut after.team_id, team_id);
        put(&mut after.description, description);
        let written = if after == *tag { tag } else { configured::write(world, scope, after) };
        Ok(written.into())
    }
}

/// Takes the tag out of the registry. Deleting it again changes nothing.
#[derive(Clone, Debug)]
pub struct DeleteTag {
    pub name: String,
    pub etag: String,
}

impl Verb for DeleteTag {
    fn name(&self) -> &'static str {
        "delete_tag"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants.tag(&self.name);
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let DeleteTag { name, etag } = self;
        let tag = find(world, scope, name)?;
        if tag.deleted_at.is_some() {
            return Ok(tag.into());
        }
        check_etag(etag, tag.etag_version, || format!("tag {name:?}"))?;
        Ok(configured::delete(world, scope, Arc::unwrap_or_clone(tag)).into())
    }
}

impl Configured for Tag {
    const CHANGED: ActivityType = ActivityType::TagChanged;

    fn id(&self) -> String {
        self.name.clone()
    }

    fn show(&self) -> Value {
        shown!(self, {
            "id": self.name,
            "name": self.name,
            "color": self.color,
            "team_id": self.team_id,
            "description": self.description,
        })
    }

    fn read(data: &Data<'_>) -> Option<Tag> {
        stamped!(Tag of data {
            folded: fold(&data.text("name")).into_owned(),
            name: data.text("name"),
            color: data.text("color"),
            team_id: data.text("team_id"),
            description: data.text("description"),
        })
    }

    fn put(self: Arc<Tag>, world: &mut World) {
        world.tags.put(self.folded.clone(), self);
    }
}

impl World {
    /// Which of these words the registry does not have.
    pub fn unregistered(&self, words: &Words) -> Result<Vec<String>, Stop> {
        let tags = self.registered(&words.0)?;
        let missing = words.iter().zip(&tags).filter(|(_, tag)| tag.is_none());
        Ok(missing.map(|(word, _)| word.clone()).collect())
    }

    /// The tags as the registry spells them, where it has them.
    pub fn spelt(&self, words: Vec<String>) -> Result<Vec<String>, Stop> {
        let tags = self.registered(&words)?;
        Ok(words.into_iter().zip(tags).map(|(word, tag)| tag.map_or(word, |tag| tag.name.clone())).collect())
    }

    /// What the registry has of each word.
    fn registered(&self, words: &[String]) -> Result<Vec<Option<Arc<Tag>>>, Stop> {
        let tags = gather(words.iter().map(|word| self.tag(word)))?;
        Ok(tags.into_iter().map(|tag| tag.filter(|tag| tag.deleted_at.is_none())).collect())
    }
}

const WHAT: &str = "tags";

fn missing(name: &str) -> Refusal {
    Refusal::NotFound { kind: Kind::Tag, id: name.to_owned() }
}

/// A tag that is there, or was, for a caller who may change it.
fn find(world: &World, scope: &Scope<'_>, name: &str) -> Result<Arc<Tag>, Stop> {
    staff_only(scope, WHAT)?;
    access::own(scope, world.tag(name)?).ok_or_else(|| missing(name).into())
}
