//! Cache of the active rule set, compiled once per process and content hash.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel::result::{Error, QueryResult};
use diesel_async::AsyncPgConnection;

use crate::model::ledger::Installation;
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
    latest: Mutex<Latest>,
    broken: Mutex<Broken>,
}

/// The set that was used last, and which activation of a set that was.
#[derive(Clone, Default)]
struct Latest {
    set: Arc<RuleSet>,
    activation: i64,
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
        lock(&self.latest).set.clone()
    }

    pub async fn active(&self, conn: &AsyncPgConnection) -> QueryResult<Active> {
        let installation = store::head::installation(conn).await?;
        let set = self.compiled(conn, &installation).await?;
        Ok(Active { hash: installation.rule_set, set })
    }

    async fn compiled(
        &self,
        conn: &AsyncPgConnection,
        installation: &Installation,
    ) -> QueryResult<Result<Arc<RuleSet>, String>> {
        let (hash, activation) = (installation.rule_set.as_str(), installation.activation);
        let latest = lock(&self.latest).clone();
        if latest.set.hash() == hash && latest.activation == activation {
            return Ok(Ok(latest.set));
        }
        let set = match hash {
            "" => RuleSet::default(),
            hash if latest.set.hash() == hash => RuleSet::clone(&latest.set),
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
        let set = Arc::new(set.active_since(store::rules::active_since(conn).await?));
        *lock(&self.latest) = Latest { set: set.clone(), activation };
        Ok(Ok(set))
    }

    /// The rules that apply. If the active set does not compile in this server, the previous one stays in use. If there is none,
    /// nothing is written, because a write without rules could do what they deny; such writes fail with UNAVAILABLE when
    /// their patience ends.
    pub async fn in_force(&self, conn: &AsyncPgConnection, installation: &Installation) -> QueryResult<Arc<RuleSet>> {
        match self.compiled(conn, installation).await? {
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
