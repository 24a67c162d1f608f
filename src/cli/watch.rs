//! Watches the folder of rules: publishes them after each change if they compile, and logs the errors otherwise.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use crate::grpc::call::rules::RuleFolder;
use crate::workflow::RuleSet;

/// Debounce: editors write a file in several steps.
const QUIET: Duration = Duration::from_millis(150);
/// Delay before publishing is retried while the database is unreachable.
const AGAIN: Duration = Duration::from_secs(1);

#[derive(Debug, thiserror::Error)]
#[error("cannot watch the rules in {}: {error}", folder.display())]
pub struct WatchError {
    folder: PathBuf,
    error: notify::Error,
}

/// Publishes the rules of the folder, and again after each change. Dropping the watcher ends the watch.
pub async fn start(
    folder: PathBuf,
    url: String,
    rules: Arc<RuleFolder>,
) -> Result<Option<RecommendedWatcher>, WatchError> {
    publish(&folder, &url, &rules).await;
    if !folder.is_dir() {
        tracing::warn!("The folder {} does not exist: no rules are loaded", folder.display());
        return Ok(None);
    }
    let (changed, mut changes) = mpsc::channel::<()>(1);
    let told = move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| !event.kind.is_access()) {
            // If the channel is full, a change is already waiting to be processed.
            let _ = changed.try_send(());
        }
    };
    let failed = |error: notify::Error| WatchError { folder: folder.clone(), error };
    let mut watcher = notify::recommended_watcher(told).map_err(failed)?;
    watcher.watch(&folder, RecursiveMode::Recursive).map_err(failed)?;
    tokio::spawn(async move {
        while changes.recv().await.is_some() {
            while tokio::time::timeout(QUIET, changes.recv()).await.is_ok_and(|more| more.is_some()) {}
            publish(&folder, &url, &rules).await;
        }
    });
    Ok(Some(watcher))
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
