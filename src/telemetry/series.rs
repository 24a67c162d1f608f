//! Series with prepared labels, for whoever records often.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram, UpDownCounter};

/// Names of the gRPC status codes, by number.
pub(super) const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// Series of one RPC method, with prepared labels.
#[derive(Clone)]
pub struct CallSeries {
    pub(super) calls: Counter<u64>,
    pub(super) seconds: Histogram<f64>,
    pub(super) open: UpDownCounter<i64>,
    pub(super) method: [KeyValue; 1],
    pub(super) by_code: Arc<[[KeyValue; 2]; CODES.len()]>,
}

impl CallSeries {
    pub fn started(&self) {
        self.open.add(1, &self.method);
    }

    /// `code` is a gRPC status code; values that gRPC does not define count as UNKNOWN.
    pub fn ended(&self, code: usize, elapsed: Duration) {
        self.open.add(-1, &self.method);
        self.seconds.record(elapsed.as_secs_f64(), &self.method);
        self.calls.add(1, self.by_code.get(code).unwrap_or(&self.by_code[2]));
    }
}

/// Series of callers' connections.
#[derive(Clone)]
pub struct ConnectionSeries {
    pub(super) open: UpDownCounter<i64>,
    pub(super) refused: Counter<u64>,
}

impl ConnectionSeries {
    pub fn opened(&self) {
        self.open.add(1, &[]);
    }

    pub fn closed(&self) {
        self.open.add(-1, &[]);
    }

    /// `cause` is one of a few fixed words.
    pub fn refused(&self, cause: &'static str) {
        self.refused.add(1, &[KeyValue::new("cause", cause)]);
    }
}

/// Series of denied calls.
#[derive(Clone)]
pub struct DenialSeries(pub(super) Counter<u64>);

impl DenialSeries {
    /// `reason` is one of a few fixed words.
    pub fn denied(&self, reason: &'static str) {
        self.0.add(1, &[KeyValue::new("reason", reason)]);
    }
}

/// Series of one lane, with a prepared label.
#[derive(Clone)]
pub struct LaneSeries {
    pub(super) batch_commands: Histogram<u64>,
    pub(super) batch_retries: Counter<u64>,
    pub(super) commit_seconds: Histogram<f64>,
    pub(super) queue_depth: Gauge<u64>,
    pub(super) activities: Counter<u64>,
    pub(super) lane: [KeyValue; 1],
}

impl LaneSeries {
    /// Records a committed batch: number of commands, number of activities, duration of its COMMIT.
    pub fn committed(&self, commands: usize, activities: usize, commit: Duration) {
        self.batch_commands.record(commands as u64, &self.lane);
        self.activities.add(activities as u64, &self.lane);
        self.commit_seconds.record(commit.as_secs_f64(), &self.lane);
    }

    /// Records a retry of a batch; `cause` is one of a few fixed words.
    pub fn retried(&self, cause: &'static str) {
        let [lane] = &self.lane;
        self.batch_retries.add(1, &[lane.clone(), KeyValue::new("cause", cause)]);
    }

    /// Records the number of queued commands.
    pub fn queue_depth(&self, commands: usize) {
        self.queue_depth.record(commands as u64, &self.lane);
    }
}
