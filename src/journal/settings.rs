//! Tenants' settings and what they promise, compiled, kept from batch to batch for as long as nothing of the tenant was configured.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::command::World;
use crate::command::sla::SlaConfig;
use crate::model::tenant::Tenant;

/// Tenants that are remembered; beyond that all are looked up anew.
const TENANTS: usize = 4_096;

#[derive(Default)]
pub struct Settings {
    known: Mutex<HashMap<String, CachedConfig>>,
}

/// What a tenant's configuration was when its log had come to `config_position`, and are until that moves.
pub struct CachedConfig {
    epoch: i64,
    config_position: i64,
    /// `None`: nobody looked.
    row: Option<Option<Arc<Tenant>>>,
    sla: Option<Option<Arc<SlaConfig>>>,
}

/// What the worlds know. It may be kept once they are committed.
pub fn known(worlds: &HashMap<String, World>, epoch: i64) -> Vec<(String, CachedConfig)> {
    let of = |(tenant, world): (&String, &World)| {
        let config_position = world.head.config_position;
        // Without configuration there is nothing to look up.
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
    /// Tells the worlds, whose heads are locked, what still holds.
    pub fn tell(&self, worlds: &mut HashMap<String, World>, epoch: i64) {
        let kept = self.lock();
        for (tenant, world) in worlds.iter_mut().filter(|(_, world)| world.head.config_position > 0) {
            let holds =
                |known: &&CachedConfig| known.epoch == epoch && known.config_position == world.head.config_position;
            if let Some(known) = kept.get(tenant).filter(holds) {
                if let Some(row) = &known.row {
                    world.settings.load((), row.clone());
                }
                if let Some(sla) = &known.sla {
                    world.sla.load((), sla.clone());
                }
            }
        }
    }

    pub fn keep(&self, learnt: Vec<(String, CachedConfig)>) {
        if learnt.is_empty() {
            return;
        }
        let mut kept = self.lock();
        if kept.len() + learnt.len() > TENANTS {
            kept.clear();
        }
        kept.extend(learnt);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, CachedConfig>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ledger::Head;
    use crate::model::time::Instant;

    fn world(config_position: i64) -> World {
        let tenant_id = "acme".to_owned();
        World::new(Head { tenant_id, position: 9, config_position, last_number: 0, floor: 0, last_at: Instant(0) })
    }

    fn told(settings: &Settings, config_position: i64, epoch: i64) -> Option<Option<Arc<Tenant>>> {
        let mut worlds = HashMap::from([("acme".to_owned(), world(config_position))]);
        settings.tell(&mut worlds, epoch);
        worlds["acme"].settings.get(&()).map(|row| row.cloned())
    }

    #[test]
    fn what_was_kept_holds_until_something_is_configured_or_the_log_is_another() {
        let settings = Settings::default();
        let mut wrote = world(7);
        wrote.settings.put((), Arc::new(Tenant::unset("acme")));
        settings.keep(known(&HashMap::from([("acme".to_owned(), wrote)]), 1));
        assert!(matches!(told(&settings, 7, 1), Some(Some(_))));
        assert_eq!(told(&settings, 8, 1), None, "configured since: it must be looked up");
        assert_eq!(told(&settings, 7, 2), None, "position 7 of another log");
    }

    #[test]
    fn that_there_is_no_row_is_kept_too_and_a_world_that_never_looked_keeps_nothing() {
        let settings = Settings::default();
        let worlds = |world| HashMap::from([("acme".to_owned(), world)]);
        settings.keep(known(&worlds(world(7)), 1));
        assert_eq!(told(&settings, 7, 1), None);
        let mut looked = world(7);
        looked.settings.load((), None);
        settings.keep(known(&worlds(looked), 1));
        assert_eq!(told(&settings, 7, 1), Some(None));
        assert!(known(&worlds(world(0)), 1).is_empty());
        assert_eq!(told(&settings, 0, 1), Some(None), "nothing was ever configured");
    }
}
