//! The folder that rules are published from, and why its newest files are not the active set.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::store;
use crate::workflow::{Diagnostic, RuleSet, Severity};

/// One for a process: who makes rules active tells it of failures, handlers ask it.
#[derive(Default)]
pub struct RuleFolder {
    /// The folder that rules come from, and the database that they are published in.
    source: Option<(PathBuf, String)>,
    last_error: Mutex<String>,
}

/// Why the files of the folder are not the active set now.
#[derive(Debug)]
pub enum NotReloaded {
    /// What is wrong with them.
    Refused(Vec<Diagnostic>),
    /// The database did not take them.
    Database(String),
}

impl RuleFolder {
    /// Rules that are published from a folder.
    pub fn from_folder(folder: PathBuf, url: String) -> RuleFolder {
        RuleFolder { source: Some((folder, url)), last_error: Mutex::default() }
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

    /// Records why the newest files were not made active, in words for their author.
    pub fn refused(&self, why: String) {
        *self.lock() = why;
    }

    /// Makes a set the active one of the installation.
    ///
    /// # Errors
    /// Why the database did not take it.
    pub async fn publish(&self, set: &RuleSet, url: &str) -> Result<(), String> {
        let mut conn = store::pool::connect(url).await.map_err(|error| error.to_string())?;
        store::rules::activate(&mut conn, set).await.map_err(|error| error.to_string())?;
        let names: Vec<&str> = set.rules().iter().map(|rule| rule.name.as_str()).collect();
        tracing::info!(rules.hash = set.hash(), "{} rules are active: {}", names.len(), names.join(", "));
        self.lock().clear();
        Ok(())
    }

    /// '' while the newest files are active.
    pub fn last_error(&self) -> String {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, String> {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
