//! Cache of the logs' heads, so that most waits for a position need no query.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// Tenants remembered; when there are more, all are forgotten, which costs each a look.
const TENANTS: usize = 20_000;

#[derive(Default)]
pub struct KnownHeads(RwLock<Heads>);

#[derive(Default)]
struct Heads {
    /// 0 = not heard of.
    epoch: i64,
    heads: HashMap<String, i64>,
}

impl KnownHeads {
    pub fn epoch(&self) -> i64 {
        self.0.read().unwrap_or_else(PoisonError::into_inner).epoch
    }

    /// True when it is another epoch than before.
    pub fn adopt(&self, epoch: i64) -> bool {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let other = known.epoch != epoch;
        if other {
            *known = Heads { epoch, heads: HashMap::new() };
        }
        other
    }

    /// A committed position of the epoch.
    pub fn learn(&self, tenant: String, position: i64) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.heads.len() >= TENANTS {
            known.heads.clear();
        }
        let head = known.heads.entry(tenant).or_default();
        *head = position.max(*head);
    }

    /// Whether the log is known to go as far. `epoch` 0 = not checked.
    pub fn reaches(&self, tenant: &str, position: i64, epoch: i64) -> bool {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        (epoch == 0 || epoch == known.epoch) && known.heads.get(tenant).is_some_and(|head| *head >= position)
    }
}
