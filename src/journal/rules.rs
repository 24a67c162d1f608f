//! The active rule set, compiled once per process and content hash.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel::result::{Error, QueryResult};
use diesel_async::AsyncPgConnection;

use crate::store;
use crate::workflow::RuleSet;

/// The set that the installation has made active.
pub struct Active {
    /// '' when none ever was.
    pub hash: String,
    /// Why this build cannot compile it, where it was made active by another.
    pub set: Result<Arc<RuleSet>, String>,
}

/// Shared by the lanes, which run the set, and by handlers, which show it.
#[derive(Default)]
pub struct ActiveRules {
    latest: Mutex<Arc<RuleSet>>,
    broken: Mutex<Broken>,
}

/// The last set that does not compile here: said once, not tried again.
#[derive(Default)]
struct Broken {
    hash: String,
    why: String,
}

impl ActiveRules {
    /// The set that was asked for last: good enough to guess by.
    pub fn latest(&self) -> Arc<RuleSet> {
        lock(&self.latest).clone()
    }

    pub async fn active(&self, conn: &AsyncPgConnection) -> QueryResult<Active> {
        let hash = store::head::installation(conn).await?.rule_set;
        let set = self.with_hash(conn, &hash).await?;
        Ok(Active { hash, set })
    }

    async fn with_hash(&self, conn: &AsyncPgConnection, hash: &str) -> QueryResult<Result<Arc<RuleSet>, String>> {
        let latest = self.latest();
        if latest.hash() == hash {
            return Ok(Ok(latest));
        }
        let set = match hash {
            "" => RuleSet::default(),
            hash => {
                if let Some(why) = self.why_broken(hash) {
                    return Ok(Err(why));
                }
                match RuleSet::from_sources(store::rules::sources(conn, hash).await?) {
                    Ok(set) => set,
                    Err(found) => {
                        let why = found.first().map(ToString::to_string).unwrap_or_default();
                        tracing::error!(
                            rules.hash = hash,
                            "The active rule set does not compile here; the one before stays: {why}"
                        );
                        let why = format!("the active set does not compile in this server: {why}");
                        *lock(&self.broken) = Broken { hash: hash.to_owned(), why: why.clone() };
                        return Ok(Err(why));
                    }
                }
            }
        };
        let set = Arc::new(set);
        *lock(&self.latest) = set.clone();
        Ok(Ok(set))
    }

    /// The set to decide by. In place of one that does not compile here the set before stays in use. Where there is none,
    /// nothing is written: a write without the rules could do what they deny. That error is one that callers see as
    /// UNAVAILABLE, once their patience ends.
    pub async fn in_force(&self, conn: &AsyncPgConnection, hash: &str) -> QueryResult<Arc<RuleSet>> {
        match self.with_hash(conn, hash).await? {
            Ok(set) => Ok(set),
            Err(_) => Some(self.latest()).filter(|set| !set.hash().is_empty()).ok_or(Error::BrokenTransactionManager),
        }
    }

    fn why_broken(&self, hash: &str) -> Option<String> {
        let broken = lock(&self.broken);
        (broken.hash == hash).then(|| broken.why.clone())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
