//! Traces: spans of sampled calls, exported over OTLP. The sampling decision is made once, at a call's headers; a call that is
//! not sampled costs a lookup of `traceparent` and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use http::HeaderMap;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{
    Link, Span, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt, Tracer, TracerProvider,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider, Span as SdkSpan};

use super::TelemetryError;
use super::otlp::encrypted;

/// Timeout of an export.
const EXPORT: Duration = Duration::from_secs(5);

/// Creates spans for calls. The default creates none; clones share state.
#[derive(Clone, Default)]
pub struct Traces(Option<Arc<Sink>>);

struct Sink {
    tracer: SdkTracer,
    provider: SdkTracerProvider,
    /// Sampling threshold, as a share of the u64 range.
    threshold: u64,
    calls: AtomicU64,
}

impl Traces {
    /// Exports to `endpoint` (`http://host:4317` or `https://…`). `ratio` is the share of calls without `traceparent` that are
    /// traced; for others, its sampled flag decides. Call it on the runtime that sends the spans.
    pub fn to(endpoint: &str, ratio: f64) -> Result<Traces, TelemetryError> {
        let exporter = SpanExporter::builder().with_tonic().with_endpoint(endpoint).with_timeout(EXPORT);
        let exporter =
            encrypted(exporter, endpoint).build().map_err(|error| TelemetryError::Traces(error.to_string()))?;
        let provider = SdkTracerProvider::builder()
            // Sampling was decided earlier.
            .with_sampler(Sampler::AlwaysOn)
            .with_batch_exporter(exporter)
            .with_resource(resource())
            .build();
        // A product of 2^64 or more saturates at u64::MAX.
        let threshold = (ratio * 18_446_744_073_709_551_616.0) as u64;
        let tracer = provider.tracer("docket");
        Ok(Traces(Some(Arc::new(Sink { tracer, provider, threshold, calls: AtomicU64::new(0) }))))
    }

    /// Opens the span of a call, if it is sampled.
    pub fn open(&self, headers: &HeaderMap, method: &'static str) -> Option<CallSpan> {
        let sink = self.0.as_ref()?;
        let parent = match headers.contains_key("traceparent") {
            true => TraceContextPropagator::new().extract_with_context(&Context::new(), &Headers(headers)),
            false => Context::new(),
        };
        let caller = parent.span().span_context().clone();
        let traced = if caller.is_valid() { caller.is_sampled() } else { sink.chosen() };
        if !traced {
            return None;
        }
        let (service, name) = method.trim_start_matches('/').split_once('/').unwrap_or(("", method));
        let attributes = [
            KeyValue::new("rpc.system", "grpc"),
            KeyValue::new("rpc.service", service),
            KeyValue::new("rpc.method", name),
        ];
        let builder = SpanBuilder::from_name(method.trim_start_matches('/'))
            .with_kind(SpanKind::Server)
            .with_attributes(attributes);
        let span = sink.tracer.build_with_context(builder, &parent);
        let trace = Trace { sink: sink.clone(), context: span.span_context().clone() };
        Some(CallSpan { span, trace })
    }

    /// Exports the remaining spans and shuts down. Blocks.
    pub fn end(&self) {
        if let Some(sink) = &self.0
            && let Err(error) = sink.provider.shutdown_with_timeout(EXPORT)
        {
            tracing::warn!("Sending the last spans failed: {error}");
        }
    }
}

impl Sink {
    /// Samples at the configured ratio, evenly spread.
    fn chosen(&self) -> bool {
        const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
        self.threshold > 0 && self.calls.fetch_add(1, Ordering::Relaxed).wrapping_mul(GOLDEN) <= self.threshold
    }
}

/// Resource attributes of all spans and metrics.
pub(super) fn resource() -> Resource {
    Resource::builder()
        .with_service_name("docket")
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build()
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}

/// Span of a call; ends on drop.
pub struct CallSpan {
    span: SdkSpan,
    trace: Trace,
}

impl CallSpan {
    /// Parent for spans below the call.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    pub fn set(&mut self, name: &'static str, value: impl Into<opentelemetry::Value>) {
        self.span.set_attribute(KeyValue::new(name, value));
    }

    /// Marks the call as failed because of a server error.
    pub fn failed(&mut self, why: String) {
        self.span.set_status(Status::error(why));
    }

    /// Value of the response header `traceresponse` (W3C draft).
    pub fn response(&self) -> String {
        format!("00-{}-{}-01", self.trace.id(), self.trace.context.span_id())
    }
}

/// A position in a trace, below which spans are recorded retroactively. Cheap to clone.
#[derive(Clone)]
pub struct Trace {
    sink: Arc<Sink>,
    context: SpanContext,
}

impl Trace {
    /// Trace id, in hexadecimal.
    pub fn id(&self) -> String {
        self.context.trace_id().to_string()
    }

    /// Records a child span.
    pub fn child(&self, finished: FinishedSpan) -> Trace {
        self.record(finished, &Context::new().with_remote_span_context(self.context.clone()))
    }

    /// Records a root span in a trace of its own, for work that is shared by many calls.
    pub fn apart(&self, finished: FinishedSpan) -> Trace {
        self.record(finished, &Context::new())
    }

    fn record(&self, finished: FinishedSpan, parent: &Context) -> Trace {
        let FinishedSpan { name, began, ended, attributes, links } = finished;
        let links = links.into_iter().map(|trace| Link::new(trace.context, Vec::new(), 0)).collect();
        let builder = SpanBuilder::from_name(name).with_start_time(began).with_attributes(attributes).with_links(links);
        let mut span = self.sink.tracer.build_with_context(builder, parent);
        span.end_with_timestamp(ended);
        Trace { sink: self.sink.clone(), context: span.span_context().clone() }
    }
}

impl std::fmt::Debug for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Trace({})", self.id())
    }
}

/// A completed operation, to be recorded as a span.
pub struct FinishedSpan {
    pub name: &'static str,
    pub began: SystemTime,
    pub ended: SystemTime,
    pub attributes: Vec<KeyValue>,
    pub links: Vec<Trace>,
}

/// Converts a monotonic instant to wall-clock time.
pub fn on_the_wall(moment: Instant) -> SystemTime {
    SystemTime::now() - moment.elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traces(ratio: f64) -> Traces {
        Traces::to("http://127.0.0.1:1", ratio).expect("an exporter")
    }

    fn headers(parent: &str) -> HeaderMap {
        HeaderMap::from_iter([(http::HeaderName::from_static("traceparent"), parent.parse().expect("a value"))])
    }

    #[tokio::test]
    async fn the_callers_flag_decides_and_the_ratio_where_there_is_none() {
        let (none, all, some) = (traces(0.0), traces(1.0), traces(0.1));
        let open = |traces: &Traces, headers: &HeaderMap| traces.open(headers, "/docket.v1.T/Get");
        let sampled = headers("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        let span = open(&none, &sampled).expect("its caller wants it traced");
        assert_eq!(span.trace().id(), "0af7651916cd43dd8448eb211c80319c");
        assert!(
            span.response().starts_with("00-0af7651916cd43dd8448eb211c80319c-") && span.response().ends_with("-01")
        );
        assert!(open(&all, &headers("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")).is_none());
        let broken = headers("00-xyz");
        assert!(open(&all, &broken).is_some() && open(&none, &broken).is_none());
        assert!(
            (0..1_000).all(|_| open(&all, &HeaderMap::new()).is_some() && open(&none, &HeaderMap::new()).is_none())
        );
        let chosen = (0..1_000).filter(|_| open(&some, &HeaderMap::new()).is_some()).count();
        assert!((90..=110).contains(&chosen), "{chosen} of 1,000");
        assert!(open(&Traces::default(), &sampled).is_none());
    }
}
