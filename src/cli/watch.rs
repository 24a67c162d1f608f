//! Watches the folder of rules: publishes them after each change if they compile, and logs the errors otherwise.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::grpc::call::rules::RuleFolder;
use crate::workflow::{RuleSet, folder};

/// Debounce: editors write a file in several steps.
const QUIET: Duration = Duration::from_millis(150);
/// Delay before publishing is retried while the database is unreachable.
const AGAIN: Duration = Duration::from_secs(1);
/// How often a folder is looked at until it stops growing: whatever comes later is a change of its own.
const LOOKS: usize = 3;

#[derive(Debug, thiserror::Error)]
#[error("cannot watch the rules in {}: {error}", folder.display())]
pub struct WatchError {
    folder: PathBuf,
    error: notify::Error,
}

/// Ends the watch when it is dropped.
pub struct Watch(AbortHandle);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Publishes the rules of the folder, and again after each change.
pub async fn start(folder: PathBuf, url: String, rules: Arc<RuleFolder>) -> Result<Option<Watch>, WatchError> {
    if !folder.is_dir() {
        publish(&folder, &url, &rules).await;
        tracing::warn!("The folder {} does not exist: no rules are loaded", folder.display());
        return Ok(None);
    }
    let (changed, mut changes) = mpsc::channel::<()>(1);
    let mut places = Places::new(changed).map_err(|error| WatchError { folder: folder.clone(), error })?;
    places.follow(&folder).map_err(|error| WatchError { folder: folder.clone(), error })?;
    publish(&folder, &url, &rules).await;
    let task = tokio::spawn(async move {
        while changes.recv().await.is_some() {
            while tokio::time::timeout(QUIET, changes.recv()).await.is_ok_and(|more| more.is_some()) {}
            if let Err(error) = places.follow(&folder) {
                tracing::warn!("Not all of {} is watched: {error}", folder.display());
            }
            publish(&folder, &url, &rules).await;
        }
    });
    Ok(Some(Watch(task.abort_handle())))
}

/// The watched places: those that the rules are read from, each by itself. What is hidden is no place, so the files of a
/// version control system cost no watches.
struct Places(RecommendedWatcher);

impl Places {
    fn new(changed: mpsc::Sender<()>) -> notify::Result<Places> {
        let told = move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| !event.kind.is_access()) {
                // If the channel is full, a change is already waiting to be processed.
                let _ = changed.try_send(());
            }
        };
        notify::recommended_watcher(told).map(Places)
    }

    /// Watches what the folder consists of now, all of it anew: a folder that was removed and made again has lost its watch. What is
    /// added while a new place is not watched yet is seen by looking again.
    fn follow(&mut self, folder: &Path) -> notify::Result<()> {
        let mut watched = BTreeSet::new();
        for _ in 0..LOOKS {
            let places = folder::places(folder);
            let new: Vec<&PathBuf> = places.difference(&watched).collect();
            if new.is_empty() {
                break;
            }
            for place in new {
                self.0.watch(place, RecursiveMode::NonRecursive)?;
            }
            watched = places;
        }
        Ok(())
    }
}

async fn publish(folder: &Path, url: &str, rules: &RuleFolder) {
    let set = match RuleSet::load_dir(folder) {
        Ok(set) => set,
        Err(found) => {
            let text: Vec<String> = found.iter().map(|d| d.to_string()).collect();
            let text = text.join("\n");
            tracing::error!(
                "The rules in {} have errors and are not published; the previous set stays active:\n{text}",
                folder.display()
            );
            rules.refused(text);
            return;
        }
    };
    for warning in set.warnings() {
        tracing::warn!("{warning}");
    }
    while let Err(error) = rules.publish(&set, url).await {
        tracing::warn!("Publishing the rules failed and will be retried: {error}");
        tokio::time::sleep(AGAIN).await;
    }
}
