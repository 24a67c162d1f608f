//! Key files, which are read again when they change.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::identity::{KeyError, KeyFiles, KeySource, TrustedKey, Verifier};
use crate::telemetry::Metrics;

/// How often key files are looked at. A change holds after the second look that finds it.
const LOOK_EVERY: Duration = Duration::from_millis(500);

pub async fn keep(source: KeySource, mut files: KeyFiles, verifier: Arc<Verifier>, metrics: Arc<Metrics>) {
    let (mut good, mut good_at) = (true, Instant::now());
    loop {
        metrics.keys_age(source.setting(), good_at.elapsed());
        sleep(LOOK_EVERY).await;
        let looked = tokio::task::spawn_blocking(move || {
            let found = files.look();
            (files, found)
        });
        let found;
        (files, found) = match looked.await {
            Ok(looked) => looked,
            // Only a runtime that ends cancels it.
            Err(_) => return,
        };
        if let Some(found) = found {
            good = found.is_ok();
            take(source, found, &verifier);
        }
        if good {
            good_at = Instant::now();
        }
    }
}

fn take(source: KeySource, found: Result<Vec<TrustedKey>, Vec<KeyError>>, verifier: &Verifier) {
    let setting = source.setting();
    match found {
        Ok(keys) => {
            let count = keys.len();
            verifier.replace(source, keys);
            tracing::info!("The files of {setting} have changed: they hold {count} keys now");
        }
        Err(errors) => {
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            tracing::error!(
                "The files of {setting} have changed and cannot be used: {}; tokens are verified with the keys from before \
                 until the files are correct (`docket config check` checks them)",
                errors.join("; ")
            );
        }
    }
}
