//! Cache of tenants' settings and compiled SLA configuration, across batches; valid until the tenant is configured again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::command::World;
use crate::command::sla::SlaConfig;
use crate::model::tenant::Tenant;

/// Capacity, in tenants; the cache is cleared when full.
const TENANTS: usize = 4_096;

#[derive(Default)]
pub struct Settings {
    cache: Mutex<HashMap<String, CachedConfig>>,
}

/// A tenant's configuration as of `config_position` of its log; valid until that position changes.
pub struct CachedConfig {
    epoch: i64,
    config_position: i64,
    /// `None` = not loaded yet; `Some(None)` = no such row.
    row: Option<Option<Arc<Tenant>>>,
    sla: Option<Option<Arc<SlaConfig>>>,
}

/// The configuration that the worlds have loaded; it may be cached once they are committed.
pub fn loaded(worlds: &HashMap<String, World>, epoch: i64) -> Vec<(String, CachedConfig)> {
    let of = |(tenant, world): (&String, &World)| {
        let config_position = world.head.config_position;
        // A tenant without configuration needs no entry.
        let (row, sla) = (world.settings.get(&()), world.sla.get(&()));
        if config_position == 0 || row.is_none() && sla.is_none() {
            return None;
        }
        let (row, sla) = (row.map(|row| row.cloned()), sla.map(|sla| sla.cloned()));
        Some((tenant.clone(), CachedConfig { epoch, config_position, row, sla }))
    };
    worlds.iter().filter_map(of).collect()
}

impl Settings {
    /// Fills the worlds, whose heads are locked, with the entries that are still valid.
    pub fn fill(&self, worlds: &mut HashMap<String, World>, epoch: i64) {
        let cache = self.lock();
        for (tenant, world) in worlds.iter_mut().filter(|(_, world)| world.head.config_position > 0) {
            let holds =
                |cached: &&CachedConfig| cached.epoch == epoch && cached.config_position == world.head.config_position;
            if let Some(cached) = cache.get(tenant).filter(holds) {
                if let Some(row) = &cached.row {
                    world.settings.load((), row.clone());
                }
                if let Some(sla) = &cached.sla {
                    world.sla.load((), sla.clone());
                }
            }
        }
    }

    pub fn store(&self, loaded: Vec<(String, CachedConfig)>) {
        if loaded.is_empty() {
            return;
        }
        let mut cache = self.lock();
        if cache.len() + loaded.len() > TENANTS {
            cache.clear();
        }
        cache.extend(loaded);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, CachedConfig>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ledger::Head;
    use crate::model::time::Instant;

    fn world(config_position: i64) -> World {
        let tenant_id = "acme".to_owned();
        World::new(Head {
            tenant_id,
            position: 9,
            config_position,
            last_number: 0,
            floor: 0,
            last_at: Instant(0),
            queues: Default::default(),
        })
    }

    fn told(settings: &Settings, config_position: i64, epoch: i64) -> Option<Option<Arc<Tenant>>> {
        let mut worlds = HashMap::from([("acme".to_owned(), world(config_position))]);
        settings.fill(&mut worlds, epoch);
        worlds["acme"].settings.get(&()).map(|row| row.cloned())
    }

    #[test]
    fn what_was_kept_holds_until_something_is_configured_or_the_log_is_another() {
        let settings = Settings::default();
        let mut wrote = world(7);
        wrote.settings.put((), Arc::new(Tenant::unset("acme")));
        settings.store(loaded(&HashMap::from([("acme".to_owned(), wrote)]), 1));
        assert!(matches!(told(&settings, 7, 1), Some(Some(_))));
        assert_eq!(told(&settings, 8, 1), None, "configured since: it must be looked up");
        assert_eq!(told(&settings, 7, 2), None, "position 7 of another log");
    }

    #[test]
    fn that_there_is_no_row_is_kept_too_and_a_world_that_never_looked_keeps_nothing() {
        let settings = Settings::default();
        let worlds = |world| HashMap::from([("acme".to_owned(), world)]);
        settings.store(loaded(&worlds(world(7)), 1));
        assert_eq!(told(&settings, 7, 1), None);
        let mut looked = world(7);
        looked.settings.load((), None);
        settings.store(loaded(&worlds(looked), 1));
        assert_eq!(told(&settings, 7, 1), Some(None));
        assert!(loaded(&worlds(world(0)), 1).is_empty());
        assert_eq!(told(&settings, 0, 1), Some(None), "nothing was ever configured");
    }
}
