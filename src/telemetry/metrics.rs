//! All metrics: their names, labels, and methods that record them.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter, MeterProvider, UpDownCounter};
use opentelemetry::{KeyValue, StringValue};
use opentelemetry_otlp::{MetricExporter, WithExportConfig};
use opentelemetry_sdk::metrics::{MeterProviderBuilder, PeriodicReader, SdkMeterProvider};
use prometheus::{Registry, TextEncoder};

use super::TelemetryError;
use super::custom::CustomMetrics;
use super::otlp::encrypted;
use super::rules::RuleGauges;
use super::series::{CODES, CallSeries, ConnectionSeries, DenialSeries, LaneSeries};
use super::trace::resource;

/// Histogram bounds in seconds, from a cached read to a call that is far too slow.
const SECONDS: [f64; 15] =
    [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

/// Causes of batch retries.
const RETRIES: [&str; 3] = ["halved", "reconnect", "retry"];

/// Histogram bounds in commands, up to the largest batch.
const BATCH: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// All instruments of the process; share one in an `Arc`. Hot paths create their series once, with labels, and keep them.
pub struct Metrics {
    registry: Registry,
    /// Kept because dropping it would end the collection.
    provider: SdkMeterProvider,
    calls: Counter<u64>,
    call_seconds: Histogram<f64>,
    calls_open: UpDownCounter<i64>,
    batch_commands: Histogram<u64>,
    batch_retries: Counter<u64>,
    commit_seconds: Histogram<f64>,
    queue_depth: Gauge<u64>,
    activities: Counter<u64>,
    verdicts: Counter<u64>,
    streams_open: UpDownCounter<i64>,
    stream_lag_seconds: Histogram<f64>,
    ready: Gauge<u64>,
    log_lag: Gauge<f64>,
    reads_connections: Gauge<u64>,
    connections_open: UpDownCounter<i64>,
    connections_refused: Counter<u64>,
    keys_age: Gauge<f64>,
    revocations_age: Gauge<f64>,
    denials: Counter<u64>,
    custom: CustomMetrics,
    rules: RuleGauges,
}

impl Metrics {
    /// Metrics for Prometheus only.
    pub fn new() -> Result<Metrics, TelemetryError> {
        Metrics::build(SdkMeterProvider::builder())
    }

    /// Metrics for Prometheus that are also sent to `endpoint` (`http://host:4317`). Call it on the runtime that sends them.
    pub fn sent_to(endpoint: &str, every: Duration) -> Result<Metrics, TelemetryError> {
        let exporter = encrypted(MetricExporter::builder().with_tonic().with_endpoint(endpoint), endpoint).build();
        let exporter = exporter.map_err(|error| TelemetryError::Metrics(error.to_string()))?;
        let reader = PeriodicReader::builder(exporter).with_interval(every).build();
        Metrics::build(SdkMeterProvider::builder().with_reader(reader).with_resource(resource()))
    }

    fn build(provider: MeterProviderBuilder) -> Result<Metrics, TelemetryError> {
        let registry = Registry::new();
        let reader = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .with_namespace("docket")
            .scope_info_enabled(false)
            .without_target_info()
            .build()
            .map_err(|error| TelemetryError::Metrics(error.to_string()))?;
        let provider = provider.with_reader(reader).build();
        let meter = provider.meter("docket");
        Ok(Metrics {
            calls: counter(&meter, "calls", "Completed calls, by method and status code."),
            call_seconds: seconds(
                &meter,
                "call.duration",
                "Duration of a call, from its headers to its end, including streams.",
            ),
            calls_open: open(&meter, "calls.open", "Calls in progress, by method."),
            batch_commands: meter
                .u64_histogram("batch.commands")
                .with_description("Commands per batch, by lane.")
                .with_boundaries(BATCH.to_vec())
                .build(),
            batch_retries: counter(&meter, "batch.retries", "Batch retries, by lane and cause."),
            commit_seconds: seconds(&meter, "commit.duration", "Duration of a batch's COMMIT, by lane."),
            queue_depth: meter.u64_gauge("queue.depth").with_description("Queued commands, by lane.").build(),
            activities: counter(&meter, "activities", "Activities committed, by lane."),
            verdicts: counter(&meter, "rule.verdicts", "Workflow runs, by workflow and verdict."),
            streams_open: open(&meter, "streams.open", "Open activity streams."),
            stream_lag_seconds: seconds(&meter, "stream.lag", "Delay from an activity's commit to its delivery."),
            ready: meter
                .u64_gauge("ready")
                .with_description("1 if the server is ready (/readyz), otherwise 0.")
                .build(),
            log_lag: meter
                .f64_gauge("log.lag")
                .with_description("Time since the heads of the log were last read.")
                .with_unit("s")
                .build(),
            reads_connections: meter
                .u64_gauge("reads.connections")
                .with_description("Connections of the read pool, by state.")
                .build(),
            connections_open: open(&meter, "connections.open", "Open connections of callers."),
            connections_refused: counter(&meter, "connections.refused", "Connections that were not served, by cause."),
            keys_age: meter
                .f64_gauge("keys.age")
                .with_description("Time since the keys that verify tokens were last found usable, by source.")
                .with_unit("s")
                .build(),
            revocations_age: meter
                .f64_gauge("revocations.age")
                .with_description("Time since the revocations of tokens were last read.")
                .with_unit("s")
                .build(),
            custom: CustomMetrics::new(meter.clone()),
            rules: RuleGauges::new(&meter),
            denials: counter(&meter, "denials", "Calls without a valid token or an allowed role, by reason."),
            registry,
            provider,
        })
    }

    /// Series of one RPC method; `method` is its full path.
    pub fn call_series(&self, method: &'static str) -> CallSeries {
        CallSeries {
            calls: self.calls.clone(),
            seconds: self.call_seconds.clone(),
            open: self.calls_open.clone(),
            method: [KeyValue::new("method", method)],
            by_code: Arc::new(CODES.map(|code| [KeyValue::new("method", method), KeyValue::new("code", code)])),
        }
    }

    /// Series of callers' connections.
    pub fn connection_series(&self) -> ConnectionSeries {
        ConnectionSeries { open: self.connections_open.clone(), refused: self.connections_refused.clone() }
    }

    /// Series of calls that were denied.
    pub fn denial_series(&self) -> DenialSeries {
        DenialSeries(self.denials.clone())
    }

    /// Series of one journal lane.
    pub fn lane_series(&self, lane: usize) -> LaneSeries {
        let label = KeyValue::new("lane", lane as i64);
        // Initialized to 0: a counter that first appears with the value 1 never shows an increase.
        for cause in RETRIES {
            self.batch_retries.add(0, &[label.clone(), KeyValue::new("cause", cause)]);
        }
        LaneSeries {
            batch_commands: self.batch_commands.clone(),
            batch_retries: self.batch_retries.clone(),
            commit_seconds: self.commit_seconds.clone(),
            queue_depth: self.queue_depth.clone(),
            activities: self.activities.clone(),
            lane: [label],
        }
    }

    /// Records `count` runs of a workflow with this verdict; call it once per batch.
    pub fn rule_verdicts(&self, workflow: impl Into<StringValue>, verdict: &'static str, count: u64) {
        self.verdicts.add(count, &[KeyValue::new("workflow", workflow.into()), KeyValue::new("verdict", verdict)]);
    }

    /// Records which rules are active, and why the newest files are not: '' if they are.
    pub fn rules(&self, hash: &str, error: &str) {
        self.rules.set(hash, error);
    }

    /// Records a number in the metric `docket_custom_` and this name, of a rule's own. `labels` stand by name.
    pub fn custom(&self, tenant: &str, name: &str, value: f64, labels: Vec<(String, String)>) {
        self.custom.record(tenant, name, value, labels);
    }

    pub fn stream_opened(&self) {
        self.streams_open.add(1, &[]);
    }

    pub fn stream_closed(&self) {
        self.streams_open.add(-1, &[]);
    }

    /// Records the delay from an activity's commit to its delivery to one subscriber.
    pub fn stream_lag(&self, lag: Duration) {
        self.stream_lag_seconds.record(lag.as_secs_f64(), &[]);
    }

    pub fn ready(&self, ready: bool) {
        self.ready.record(u64::from(ready), &[]);
    }

    /// Records the time since the heads of the log were last read.
    pub fn log_lag(&self, lag: Duration) {
        self.log_lag.record(lag.as_secs_f64(), &[]);
    }

    /// Records the time since the keys of a source (the name of a setting) were last found usable.
    pub fn keys_age(&self, source: &'static str, age: Duration) {
        self.keys_age.record(age.as_secs_f64(), &[KeyValue::new("source", source)]);
    }

    /// Records the time since the revocations of tokens were last read.
    pub fn revocations_age(&self, age: Duration) {
        self.revocations_age.record(age.as_secs_f64(), &[]);
    }

    /// Records that `used` of the `open` connections of the read pool are in use.
    pub fn reads_connections(&self, used: usize, open: usize) {
        for (state, count) in [("used", used), ("idle", open.saturating_sub(used))] {
            self.reads_connections.record(count as u64, &[KeyValue::new("state", state)]);
        }
    }

    /// Sends the metrics that have not been sent, if export is configured. Blocks.
    pub fn end(&self) {
        if let Err(error) = self.provider.shutdown() {
            tracing::warn!("Sending the last metrics failed: {error}");
        }
    }

    /// All metrics in the Prometheus text format.
    pub fn text(&self) -> Result<String, TelemetryError> {
        TextEncoder::new()
            .encode_to_string(&self.registry.gather())
            .map_err(|error| TelemetryError::Metrics(error.to_string()))
    }
}

fn counter(meter: &Meter, name: &'static str, description: &'static str) -> Counter<u64> {
    meter.u64_counter(name).with_description(description).build()
}

fn open(meter: &Meter, name: &'static str, description: &'static str) -> UpDownCounter<i64> {
    meter.i64_up_down_counter(name).with_description(description).build()
}

fn seconds(meter: &Meter, name: &'static str, description: &'static str) -> Histogram<f64> {
    meter.f64_histogram(name).with_description(description).with_unit("s").with_boundaries(SECONDS.to_vec()).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_is_what_prometheus_reads() {
        let metrics = Metrics::new().expect("metrics");
        let series = metrics.call_series("/docket.v1.TicketService/GetTicket");
        series.started();
        series.ended(5, Duration::from_millis(3));
        series.started();
        let lane = metrics.lane_series(1);
        lane.committed(40, 90, Duration::from_millis(2));
        lane.retried("deadlock");
        lane.queue_depth(7);
        metrics.rule_verdicts("triage-new".to_owned(), "APPLIED", 4);
        for at in 0..600 {
            metrics.custom("acme", "seats", f64::from(at), vec![("n".to_owned(), at.to_string())]);
        }
        metrics.custom("initech", "seats", 5.0, vec![("n".to_owned(), "600".to_owned())]);
        metrics.stream_opened();
        metrics.stream_lag(Duration::from_millis(5));

        assert!(metrics.text().expect("text").contains("docket_rules_refused 0"));
        metrics.rules("abc", "r.yaml:2:5: there is no event\nand more");
        let text = metrics.text().expect("text");
        for line in [
            r#"docket_calls_total{code="NOT_FOUND",method="/docket.v1.TicketService/GetTicket"} 1"#,
            r#"docket_calls_open{method="/docket.v1.TicketService/GetTicket"} 1"#,
            r#"docket_call_duration_seconds_bucket{method="/docket.v1.TicketService/GetTicket",le="0.004"} 1"#,
            r#"docket_batch_commands_bucket{lane="1",le="64"} 1"#,
            r#"docket_batch_retries_total{cause="deadlock",lane="1"} 1"#,
            r#"docket_commit_duration_seconds_count{lane="1"} 1"#,
            r#"docket_queue_depth{lane="1"} 7"#,
            r#"docket_activities_total{lane="1"} 90"#,
            r#"docket_rule_verdicts_total{verdict="APPLIED",workflow="triage-new"} 4"#,
            r#"docket_custom_seats_sum{n="499"} 499"#,
            r#"docket_custom_seats_count{otel_metric_overflow="true"} 100"#,
            r#"docket_custom_seats_bucket{n="600",le="5"} 1"#,
            r#"docket_rules_active{hash="abc"} 1"#,
            r#"docket_rules_refused{error="r.yaml:2:5: there is no event"} 1"#,
            "docket_streams_open 1",
            "docket_stream_lag_seconds_count 1",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
