//! Rows of a tenant's configuration (directory, tags, canned responses, SLA, settings): how they are written, each with
//! an activity that holds the whole row.

use std::sync::Arc;

use serde_json::Value;

use super::World;
use super::record::{Note, next_position, plain};
use super::resource::Answered;
use super::scope::Scope;
use crate::model::activity::Activity;
use crate::model::activity_type::ActivityType;
use crate::model::row::Stamped;
use crate::model::shown::Data;

/// A row that the activity of its last change holds whole, by the contract's names.
pub trait Configured: Stamped + Clone {
    /// The type of that activity.
    const CHANGED: ActivityType;

    /// The id of it as callers have it.
    fn id(&self) -> String;

    /// As the activity holds it.
    fn show(&self) -> Value;

    /// Out of what an activity holds: the inverse of [`Configured::show`].
    fn read(data: &Data<'_>) -> Option<Self>;

    /// Puts it where the rest of the batch finds it.
    fn put(self: Arc<Self>, world: &mut World);
}

impl<R: Configured> Answered for R {
    fn shown_id(&self) -> String {
        self.id()
    }

    fn logged(activity: &Activity) -> Option<Arc<R>> {
        let fields = activity.data.as_ref().filter(|_| activity.kind == R::CHANGED)?.as_object()?;
        R::read(&Data { fields, position: activity.position }).map(Arc::new)
    }
}

/// Stamps the row, writes its activity, and keeps it.
pub fn write<R: Configured>(world: &mut World, scope: &Scope<'_>, mut row: R) -> Arc<R> {
    row.touch(scope.now, &scope.actor.id, next_position(world));
    let note = Note { data: Some(row.show()), ..Note::of(R::CHANGED) };
    world.head.config_position = plain(world, scope, note);
    let row = Arc::new(row);
    row.clone().put(world);
    row
}

/// Writes the row as deleted.
pub fn delete<R: Configured>(world: &mut World, scope: &Scope<'_>, mut row: R) -> Arc<R> {
    row.delete(scope.now, &scope.actor.id);
    write(world, scope, row)
}
