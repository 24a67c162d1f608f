//! One table in a batch: loaded rows, changes since, and rollback to any savepoint.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use uuid::Uuid;

use super::{Stop, Want};

/// Rows by key. A key that was never loaded is unknown; one that was loaded and is not there is known to be absent.
#[derive(Debug)]
pub struct Table<K, V> {
    slots: HashMap<K, Slot<V>>,
    /// The keys changed, with their slots as they were before.
    undo: Vec<(K, Option<Slot<V>>)>,
}

#[derive(Debug)]
struct Slot<V> {
    value: Option<Arc<V>>,
    /// Whether the database holds the row.
    stored: bool,
    dirty: bool,
    /// What stood here before it was removed.
    removed: Option<Arc<V>>,
}

impl<V> Clone for Slot<V> {
    fn clone(&self) -> Self {
        Slot { value: self.value.clone(), stored: self.stored, dirty: self.dirty, removed: self.removed.clone() }
    }
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Table { slots: HashMap::new(), undo: Vec::new() }
    }
}

impl<K: Clone + Eq + Hash, V> Table<K, V> {
    /// What the database holds; ignored where the key is known already, for then what was decided since is newer.
    pub fn load(&mut self, key: K, value: Option<Arc<V>>) {
        let stored = value.is_some();
        self.slots.entry(key).or_insert(Slot { value, stored, dirty: false, removed: None });
    }

    /// `None`: unknown. `Some(None)`: known to be absent.
    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<Option<&Arc<V>>>
    where
        K: Borrow<Q>,
    {
        self.slots.get(key).map(|slot| slot.value.as_ref())
    }

    pub fn put(&mut self, key: K, value: Arc<V>) {
        let stored = self.slots.get(&key).is_some_and(|slot| slot.stored);
        self.change(key, Slot { value: Some(value), stored, dirty: true, removed: None });
    }

    /// Takes a row away, one that nobody loaded, too: it is taken for stored.
    pub fn remove(&mut self, key: K, row: Arc<V>) {
        let stored = self.slots.get(&key).is_none_or(|slot| slot.stored);
        self.change(key, Slot { value: None, stored, dirty: true, removed: Some(row) });
    }

    fn change(&mut self, key: K, slot: Slot<V>) {
        let before = self.slots.insert(key.clone(), slot);
        self.undo.push((key, before));
    }

    pub fn mark(&self) -> usize {
        self.undo.len()
    }

    pub fn rollback(&mut self, mark: usize) {
        while self.undo.len() > mark {
            if let Some((key, before)) = self.undo.pop() {
                match before {
                    Some(slot) => self.slots.insert(key, slot),
                    None => self.slots.remove(&key),
                };
            }
        }
    }

    /// Changed rows that the database does not hold yet.
    pub fn inserts(&self) -> impl Iterator<Item = &V> {
        self.dirty(false)
    }

    /// Changed rows that the database holds.
    pub fn updates(&self) -> impl Iterator<Item = &V> {
        self.dirty(true)
    }

    /// Rows that were removed and that the database holds.
    pub fn removals(&self) -> impl Iterator<Item = &V> {
        self.slots.values().filter(|slot| slot.stored).filter_map(|slot| slot.removed.as_deref())
    }

    pub fn is_changed(&self, key: &K) -> bool {
        self.slots.get(key).is_some_and(|slot| slot.dirty)
    }

    /// Changed rows, stored or not.
    pub fn changed(&self) -> impl Iterator<Item = &Arc<V>> {
        self.slots.values().filter(|slot| slot.dirty).filter_map(|slot| slot.value.as_ref())
    }

    fn dirty(&self, stored: bool) -> impl Iterator<Item = &V> {
        self.slots
            .values()
            .filter(move |slot| slot.dirty && slot.stored == stored)
            .filter_map(|slot| slot.value.as_deref())
    }
}

/// A row that is looked up by its key. Made by `tables!`.
pub trait Wanted {
    type Key;

    fn want(key: Self::Key) -> Want;
}

impl<V: Wanted> Table<V::Key, V>
where
    V::Key: Clone + Eq + Hash,
{
    /// The row, or `None` when the tenant has none with this key. An unknown key is wanted.
    pub fn find<Q>(&self, key: &Q) -> Result<Option<Arc<V>>, Stop>
    where
        V::Key: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = V::Key> + ?Sized,
    {
        known(self.get(key), || V::want(key.to_owned()))
    }
}

/// What was looked up, or what is to be looked up.
pub fn known<T: Clone>(slot: Option<Option<&T>>, want: impl FnOnce() -> Want) -> Result<Option<T>, Stop> {
    match slot {
        Some(value) => Ok(value.cloned()),
        None => Err(Stop::missing(want())),
    }
}

/// What the database answers to a key beside its tables: ids by a name, entries by a ticket. Nothing that is decided changes
/// it, so it needs no way back.
#[derive(Debug)]
pub struct Index<K, V>(HashMap<K, Option<V>>);

impl<K, V> Default for Index<K, V> {
    fn default() -> Self {
        Index(HashMap::new())
    }
}

impl<K: Eq + Hash, V> Index<K, V> {
    /// Ignored where the key is known already.
    pub fn load(&mut self, key: K, value: Option<V>) {
        self.0.entry(key).or_insert(value);
    }

    /// `None`: unknown. `Some(None)`: there is nothing.
    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<Option<&V>>
    where
        K: Borrow<Q>,
    {
        self.0.get(key).map(Option::as_ref)
    }
}

impl<V> Table<Uuid, V> {
    /// The row that a name is of: what the database says of it, where that still `is` so, or what was decided since.
    pub fn named(&self, stored: Option<Uuid>, id: fn(&V) -> Uuid, is: impl Fn(&V) -> bool) -> Option<Arc<V>> {
        let decided = self.inserts().chain(self.updates()).map(id);
        let mut rows = stored.into_iter().chain(decided).filter_map(|id| self.get(&id).flatten());
        rows.find(|row| is(row)).cloned()
    }
}

#[cfg(test)]
impl<K: Clone + std::fmt::Debug, V: std::fmt::Debug> Table<K, V> {
    /// All there is to know of each key: whether it was changed, and its slot.
    pub fn image(&self) -> impl Iterator<Item = (String, bool, String)> {
        self.slots
            .iter()
            .map(|(key, slot)| (format!("{key:?}"), slot.dirty || slot.removed.is_some(), format!("{slot:?}")))
    }

    pub fn rows(&self) -> impl Iterator<Item = (K, Arc<V>)> {
        self.slots.iter().filter_map(|(key, slot)| Some((key.clone(), slot.value.clone()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollback_forgets_what_came_after_its_mark_and_nothing_else() {
        let mut table: Table<&str, i32> = Table::default();
        table.load("a", Some(Arc::new(1)));
        table.put("a", Arc::new(2));
        let mark = table.mark();
        table.put("a", Arc::new(3));
        table.put("b", Arc::new(4));
        table.rollback(mark);
        assert_eq!(table.get(&"a").flatten().map(|v| **v), Some(2));
        assert!(table.get(&"b").is_none());
        assert_eq!(table.updates().copied().collect::<Vec<_>>(), [2]);
        assert_eq!(table.inserts().count(), 0);
    }

    #[test]
    fn what_is_removed_is_gone_and_comes_back_by_a_rollback() {
        let mut table: Table<&str, i32> = Table::default();
        table.put("new", Arc::new(1));
        table.remove("new", Arc::new(1));
        assert_eq!((table.inserts().count(), table.removals().count()), (0, 0), "the database never knew it");
        let mark = table.mark();
        table.remove("old", Arc::new(2));
        assert_eq!(table.get(&"old"), Some(None));
        assert_eq!(table.removals().collect::<Vec<_>>(), [&2]);
        table.put("old", Arc::new(2));
        assert_eq!((table.inserts().count(), table.updates().count(), table.removals().count()), (0, 1, 0));
        table.rollback(mark);
        assert_eq!((table.get(&"old"), table.removals().count()), (None, 0));
    }

    #[test]
    fn a_late_load_does_not_undo_a_decision() {
        let mut table: Table<&str, i32> = Table::default();
        table.put("a", Arc::new(2));
        table.load("a", Some(Arc::new(1)));
        assert_eq!(table.get(&"a").flatten().map(|v| **v), Some(2));
    }
}
