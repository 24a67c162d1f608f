//! A leg: the measurement of one kind of call; and statistics over several.

use std::time::Duration;

use crate::cpu::Spent;

/// Length of the warm-up, and of the measured window.
#[derive(Clone, Copy)]
pub struct Window {
    pub warm: Duration,
    pub length: Duration,
}

#[derive(Clone, Debug)]
pub struct Leg {
    /// All completed calls, including the warm-up: the number that must be in the tables afterwards.
    pub all: u64,
    /// Calls that completed within the window, to which the other figures refer.
    pub measured: u64,
    pub seconds: f64,
    /// Latencies in milliseconds.
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
    pub spent: Spent,
}

impl Leg {
    /// `latencies`: of the calls within the window, in microseconds.
    pub fn new(all: u64, mut latencies: Vec<u32>, seconds: f64, spent: Spent) -> Leg {
        latencies.sort_unstable();
        let at = |share: f64| percentile(&latencies, share) / 1000.0;
        Leg { all, measured: latencies.len() as u64, seconds, p50: at(0.5), p99: at(0.99), max: at(1.0), spent }
    }

    pub fn rate(&self) -> f64 {
        self.measured as f64 / self.seconds
    }

    /// CPU per call in microseconds.
    pub fn each(&self, seconds: f64) -> f64 {
        seconds * 1e6 / self.measured.max(1) as f64
    }
}

/// Quantile of sorted values; NaN if there are none.
pub fn percentile(sorted: &[u32], share: f64) -> f64 {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).map_or(f64::NAN, |value| f64::from(*value))
}

/// NaN if there are none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[n / 2],
        n => (values[n / 2 - 1] + values[n / 2]) / 2.0,
    }
}
