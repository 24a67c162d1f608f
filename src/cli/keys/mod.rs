//! Keeps the keys of a running server up to date.

mod files;
mod url;

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::identity::{KeyFiles, KeySource, Verifier};
use crate::telemetry::Metrics;

pub use url::JwksUrl;

/// Where the keys come from that may change while the server runs.
pub struct KeySources {
    pub files: Vec<(KeySource, KeyFiles)>,
    pub urls: Vec<(KeySource, JwksUrl)>,
}

/// Keeps the verifier's keys as these sources have them, until the tasks are dropped.
pub fn keep(sources: KeySources, verifier: &Arc<Verifier>, metrics: &Arc<Metrics>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for (source, files) in sources.files {
        tasks.spawn(files::keep(source, files, verifier.clone(), metrics.clone()));
    }
    for (source, url) in sources.urls {
        tasks.spawn(url::keep(source, url, verifier.clone(), metrics.clone()));
    }
    tasks
}
