//! The active rule set, compiled once a process for each content hash.

use std::sync::{Arc, Mutex, PoisonError};

use diesel::result::{Error, QueryResult};
use diesel_async::AsyncPgConnection;

use crate::store;
use crate::workflow::RuleSet;

#[derive(Default)]
pub struct Rules {
    current: Mutex<Arc<RuleSet>>,
    /// The hash of a set that does not compile here: said once, not tried again.
    broken: Mutex<String>,
}

impl Rules {
    /// The set that the last batch used: good enough to guess by.
    pub fn latest(&self) -> Arc<RuleSet> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The set with this hash; '' is the empty one.
    ///
    /// A set that this build cannot compile was made active by another one: the set before stays in use, and the log says so.
    /// Where there is none before, nothing is written: a write without the rules could do what they deny.
    pub async fn with_hash(&self, conn: &AsyncPgConnection, hash: &str) -> QueryResult<Arc<RuleSet>> {
        let latest = self.latest();
        if latest.hash() == hash {
            return Ok(latest);
        }
        if !hash.is_empty() && *self.broken.lock().unwrap_or_else(PoisonError::into_inner) == hash {
            return instead(latest);
        }
        let set = match hash {
            "" => RuleSet::default(),
            hash => match RuleSet::from_sources(store::rules::sources(conn, hash).await?) {
                Ok(set) => set,
                Err(found) => {
                    let first = found.first().map(|d| d.to_string()).unwrap_or_default();
                    tracing::error!(
                        rules.hash = hash,
                        "The active rule set does not compile here; the one before stays: {first}"
                    );
                    hash.clone_into(&mut self.broken.lock().unwrap_or_else(PoisonError::into_inner));
                    return instead(latest);
                }
            },
        };
        let set = Arc::new(set);
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = set.clone();
        Ok(set)
    }
}

/// The set before a broken one. The error is one that callers see as UNAVAILABLE, once their patience ends.
fn instead(before: Arc<RuleSet>) -> QueryResult<Arc<RuleSet>> {
    if before.hash().is_empty() { Err(Error::BrokenTransactionManager) } else { Ok(before) }
}
