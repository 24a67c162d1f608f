//! Cache of the active rule set, compiled once per process and content hash.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel::result::{Error, QueryResult};
use diesel_async::AsyncPgConnection;

use crate::store;
use crate::workflow::RuleSet;

/// The active rule set of the installation.
pub struct Active {
    /// Content hash; '' if no set was ever activated.
    pub hash: String,
    /// The error, if the set was activated by another version and does not compile in this one.
    pub set: Result<Arc<RuleSet>, String>,
}

/// Shared by the lanes, which run the rules, and by handlers, which show them.
#[derive(Default)]
pub struct ActiveRules {
    latest: Mutex<Arc<RuleSet>>,
    broken: Mutex<Broken>,
}

/// The last set that did not compile: logged once, not compiled again.
#[derive(Default)]
struct Broken {
    hash: String,
    why: String,
}

impl ActiveRules {
    /// The set that was used last; it may be outdated, which suffices for prefetching.
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
                            "The active rule set does not compile in this server; the previous one stays in use: {why}"
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

    /// The rules that apply. If the active set does not compile in this server, the previous one stays in use. If there is none,
    /// nothing is written, because a write without rules could do what they deny; such writes fail with UNAVAILABLE when
    /// their patience ends.
    pub async fn in_force(&self, conn: &AsyncPgConnection, hash: &str) -> QueryResult<Arc<RuleSet>> {
        match self.with_hash(conn, hash).await? {
            Ok(set) => Ok(set),
            Err(_) => Some(self.latest()).filter(|set| !set.hash().is_empty()).ok_or(Error::BrokenTransactionManager),
        }
    }

    /// Why the set of this hash does not compile in this server.
    pub fn why_broken(&self, hash: &str) -> Option<String> {
        let broken = lock(&self.broken);
        (broken.hash == hash).then(|| broken.why.clone())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
