//! The active rules as this process shows them, and why the newest files are not among them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel::result::QueryResult;
use diesel_async::AsyncPgConnection;

use crate::store;
use crate::workflow::RuleSet;

/// One for a process: who makes rules active tells it of failures, handlers ask it.
#[derive(Default)]
pub struct ActiveRules {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// The set that was asked for last.
    latest: Arc<RuleSet>,
    last_error: String,
}

/// The set that the installation has made active.
pub struct Active {
    /// '' when none ever was.
    pub hash: String,
    /// What is wrong with it, where this build cannot compile it.
    pub set: Result<Arc<RuleSet>, String>,
}

impl ActiveRules {
    /// The newest files were not made active, in words for whoever wrote them.
    pub fn refused(&self, why: String) {
        self.lock().last_error = why;
    }

    /// The newest files are the active set.
    pub fn accepted(&self) {
        self.lock().last_error = String::new();
    }

    /// '' while the newest files are active.
    pub fn last_error(&self) -> String {
        self.lock().last_error.clone()
    }

    /// The active set; compiled when its hash is another than the last one's.
    pub async fn active(&self, conn: &AsyncPgConnection) -> QueryResult<Active> {
        let hash = store::head::installation(conn).await?.rule_set;
        let latest = self.lock().latest.clone();
        if latest.hash() == hash {
            return Ok(Active { hash, set: Ok(latest) });
        }
        let set = match hash.as_str() {
            "" => Ok(RuleSet::default()),
            hash => RuleSet::from_sources(store::rules::sources(conn, hash).await?),
        };
        let set = set.map(Arc::new).map_err(|found| {
            let first = found.first().map(ToString::to_string).unwrap_or_default();
            format!("the active set does not compile in this server: {first}")
        });
        if let Ok(set) = &set {
            self.lock().latest = set.clone();
        }
        Ok(Active { hash, set })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
