//! Verbs of the directory: upsert and delete, for every kind of entry.

use std::marker::PhantomData;
use std::sync::Arc;

use serde_json::Value;

use crate::command::access::{self, check_etag, staff_only};
use crate::command::batch::each;
use crate::command::configured::{self, Configured};
use crate::command::record::{SCHEMA_VERSION, SOURCE};
use crate::command::refusal::Kind;
use crate::command::scope::Scope;
use crate::command::wants::Wants;
use crate::command::{Refusal, Resource, Stop, Verb, Want, World};
use crate::model::activity_type::ActivityType;
use crate::model::directory::{self, Logged, entries};
use crate::model::row::Origin;
use crate::model::shown::Data;

/// An entry as commands have it.
pub trait StoredEntry: directory::Entry + Configured {
    const KIND: Kind;
    /// The verbs, as logs call them.
    const UPSERT: &'static str;
    const DELETE: &'static str;

    fn want(id: &str) -> Want;

    /// The row, whether the directory has it or not.
    fn row(world: &World, id: &str) -> Result<Option<Arc<Self>>, Stop>;
}

/// The line `Team: team, teams by …, TeamChanged, …;` of [`entries!`] makes `Team` a [`StoredEntry`] that is kept in `World::teams`,
/// asked for by `Want::Team` and logged by `team.changed`.
macro_rules! verbs {
    ($($row:ident: $one:ident, $many:ident by $fields:ident, $changed:ident, $missing:ident;)+) => { $(
        impl StoredEntry for directory::$row {
            const KIND: Kind = Kind::$row;
            const UPSERT: &'static str = concat!("upsert_", stringify!($one));
            const DELETE: &'static str = concat!("delete_", stringify!($one));

            fn want(id: &str) -> Want {
                Want::$row(id.to_owned())
            }

            fn row(world: &World, id: &str) -> Result<Option<Arc<Self>>, Stop> {
                world.$many.find(id)
            }
        }

        impl Configured for directory::$row {
            const CHANGED: ActivityType = ActivityType::$changed;

            fn id(&self) -> String {
                self.id.clone()
            }

            fn show(&self) -> Value {
                Logged::show(self)
            }

            fn read(data: &Data<'_>) -> Option<Self> {
                let mut row: Self = Logged::read(data)?;
                directory::Entry::recall(&mut row, data);
                Some(row)
            }

            fn put(self: Arc<Self>, world: &mut World) {
                world.$many.put(self.id.clone(), self);
            }
        }
    )+ };
}
entries! { verbs }

impl World {
    /// What the directory has of this id.
    pub fn entry<E: StoredEntry>(&self, id: &str) -> Result<Option<Arc<E>>, Stop> {
        Ok(E::row(self, id)?.filter(|row| row.is_known()))
    }
}

/// The stamps of the row given are ignored, as are counts that Docket keeps. An empty etag checks nothing. The same again changes
/// nothing.
#[derive(Clone, Debug)]
pub struct UpsertEntry<E> {
    pub row: E,
    pub etag: String,
}

impl<E: StoredEntry> Verb for UpsertEntry<E>
where
    Resource: From<Arc<E>>,
{
    fn name(&self) -> &'static str {
        E::UPSERT
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants.add(E::want(self.row.key()));
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        Ok(upsert(world, scope, self)?.into())
    }
}

/// Upserts, all or none.
#[derive(Clone, Debug)]
pub struct UpsertAll<E>(pub Vec<UpsertEntry<E>>);

impl<E: StoredEntry> Verb for UpsertAll<E>
where
    Resource: From<Arc<E>>,
{
    fn name(&self) -> &'static str {
        "upsert_all"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        self.0.iter().for_each(|one| one.wants(wants));
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        Ok(Resource::All(each(world, scope, &self.0, |world, scope, one| one.decide(world, scope))?))
    }
}

/// Deleting it again changes nothing.
#[derive(Clone, Debug)]
pub struct DeleteEntry<E> {
    pub id: String,
    pub etag: String,
    sort: PhantomData<fn() -> E>,
}

impl<E> DeleteEntry<E> {
    pub fn new(id: String, etag: String) -> DeleteEntry<E> {
        DeleteEntry { id, etag, sort: PhantomData }
    }
}

impl<E: StoredEntry> Verb for DeleteEntry<E>
where
    Resource: From<Arc<E>>,
{
    fn name(&self) -> &'static str {
        E::DELETE
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants.add(E::want(&self.id));
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        staff_only(scope, E::KIND.word())?;
        let row = E::row(world, &self.id)?.filter(|row| row.is_known() || row.is_deleted());
        let row = access::own(scope, row).ok_or_else(|| missing::<E>(&self.id))?;
        if row.is_deleted() {
            return Ok(row.into());
        }
        check_etag(&self.etag, row.etag_version(), || named::<E>(&self.id))?;
        let mut after = Arc::unwrap_or_clone(row);
        after.forget();
        Ok(configured::delete(world, scope, after).into())
    }
}

fn upsert<E: StoredEntry>(world: &mut World, scope: &Scope<'_>, new: &UpsertEntry<E>) -> Result<Arc<E>, Stop> {
    staff_only(scope, E::KIND.word())?;
    let id = new.row.key();
    let row = E::row(world, id)?;
    let old = row.as_deref().filter(|row| row.is_known());
    if old.is_some_and(|old| !access::is_own(scope, old)) {
        return Err(missing::<E>(id).into());
    }
    check_etag(&new.etag, old.map_or(0, |old| old.etag_version()), || named::<E>(id))?;
    let mut after = new.row.clone();
    after.keep(row.as_deref());
    match old {
        Some(old) => after.stamp_as(old),
        None => after.begin(Origin {
            tenant: scope.tenant(),
            app_id: scope.app_id(),
            source: SOURCE,
            at: scope.now,
            by: &scope.actor.id,
            schema_version: SCHEMA_VERSION,
            etag_version: row.as_deref().map_or(0, |row| row.etag_version()),
        }),
    }
    match old {
        Some(old) if *old == after => Ok(Arc::new(after)),
        _ => Ok(configured::write(world, scope, after)),
    }
}

fn missing<E: StoredEntry>(id: &str) -> Refusal {
    Refusal::NotFound { kind: E::KIND, id: id.to_owned() }
}

fn named<E: StoredEntry>(id: &str) -> String {
    format!("{} {id:?}", E::KIND.word())
}
