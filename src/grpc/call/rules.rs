//! The active rule set as this process serves it, and why the newest files are not active.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel::result::QueryResult;
use diesel_async::AsyncPgConnection;

use crate::store;
use crate::store::rules::Asked;
use crate::workflow::{Diagnostic, RuleSet, Severity};

/// One for a process: who makes rules active tells it of failures, handlers ask it.
#[derive(Default)]
pub struct ActiveRules {
    /// The folder that rules come from, and the database that they are published in.
    source: Option<(PathBuf, String)>,
    inner: Mutex<Inner>,
}

/// Why the files of the folder are not the active set now.
#[derive(Debug)]
pub enum NotReloaded {
    /// What is wrong with them.
    Refused(Vec<Diagnostic>),
    /// The database did not take them.
    Database(String),
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
    /// Rules that are published from a folder.
    pub fn from_folder(folder: PathBuf, url: String) -> ActiveRules {
        ActiveRules { source: Some((folder, url)), inner: Mutex::default() }
    }

    /// Reads the folder again and publishes what is there.
    pub async fn reload(&self) -> Result<RuleSet, NotReloaded> {
        let Some((folder, url)) = &self.source else {
            let message = "this server has no folder of rules".to_owned();
            let hint = "set `workflows` in its configuration".to_owned();
            let (code, file) = ("no-folder", String::new());
            let severity = Severity::Error;
            return Err(NotReloaded::Refused(vec![Diagnostic {
                severity,
                code,
                message,
                hint,
                file,
                line: 0,
                column: 0,
            }]));
        };
        let read = folder.clone();
        // Compiling takes its time: not on the threads that answer everybody.
        let read = tokio::task::spawn_blocking(move || RuleSet::load_dir(&read)).await;
        let set = read.map_err(|panic| NotReloaded::Database(panic.to_string()))?.map_err(|found| {
            let text: Vec<String> = found.iter().map(ToString::to_string).collect();
            self.refused(text.join("\n"));
            NotReloaded::Refused(found)
        })?;
        self.publish(&set, url).await.map_err(NotReloaded::Database)?;
        Ok(set)
    }

    /// The newest files were not made active, in words for whoever wrote them.
    pub fn refused(&self, why: String) {
        self.lock().last_error = why;
    }

    /// Makes a set the active one of the installation.
    ///
    /// # Errors
    /// Why the database did not take it.
    pub async fn publish(&self, set: &RuleSet, url: &str) -> Result<(), String> {
        let mut conn = store::pool::connect(url).await.map_err(|error| error.to_string())?;
        let asked = Asked { marks: set.marks_hash(), by_tenant: set.marks_by_tenant() };
        let active = store::rules::activate(&mut conn, set.hash(), set.sources(), asked).await;
        active.map_err(|error| error.to_string())?;
        let names: Vec<&str> = set.rules().iter().map(|rule| rule.name.as_str()).collect();
        tracing::info!(rules.hash = set.hash(), "{} rules are active: {}", names.len(), names.join(", "));
        self.lock().last_error = String::new();
        Ok(())
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
