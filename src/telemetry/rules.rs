//! Gauges of the rules: which set is active, and whether the newest files are refused.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;

/// Characters of the error's first line that are shown.
const SHOWN: usize = 200;

/// Observed when they are read, so that only the hash and the error of that moment are there.
#[derive(Clone, Default)]
pub struct RuleGauges(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    /// Of the active rules.
    hash: String,
    /// Why the newest files are not active; '' if they are.
    error: String,
}

impl RuleGauges {
    pub fn new(meter: &Meter) -> RuleGauges {
        let gauges = RuleGauges::default();
        let active = gauges.clone();
        meter
            .u64_observable_gauge("rules.active")
            .with_description("1, with the hash of the active rules.")
            .with_callback(move |seen| seen.observe(1, &[KeyValue::new("hash", active.lock().hash.clone())]))
            .build();
        let refused = gauges.clone();
        meter
            .u64_observable_gauge("rules.refused")
            .with_description("1 if the newest files of rules are not active, with the error, otherwise 0.")
            .with_callback(move |seen| match refused.lock().error.lines().next() {
                None => seen.observe(0, &[]),
                Some(line) => {
                    seen.observe(1, &[KeyValue::new("error", line.chars().take(SHOWN).collect::<String>())]);
                }
            })
            .build();
        gauges
    }

    pub fn set(&self, hash: &str, error: &str) {
        let mut known = self.lock();
        if known.hash != hash || known.error != error {
            *known = Known { hash: hash.to_owned(), error: error.to_owned() };
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
