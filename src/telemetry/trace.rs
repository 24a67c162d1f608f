//! Traces: spans of the calls that are traced, sent over OTLP. Whether a call is traced is decided once, at its headers; one
//! that is not costs a look for `traceparent` and nothing else.

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

/// After this an export is given up.
const EXPORT: Duration = Duration::from_secs(5);

/// Makes the spans of calls; clones share it. By default it makes none.
#[derive(Clone, Default)]
pub struct Traces(Option<Arc<Sink>>);

struct Sink {
    tracer: SdkTracer,
    provider: SdkTracerProvider,
    /// Of all u64, how many are traced.
    threshold: u64,
    calls: AtomicU64,
}

impl Traces {
    /// Sends to `endpoint` (`http://host:4317` or `https://…`). `ratio` of the calls without a `traceparent` are traced; with
    /// one, its sampled flag says. Call it on the runtime that is to send.
    pub fn to(endpoint: &str, ratio: f64) -> Result<Traces, TelemetryError> {
        let exporter = SpanExporter::builder().with_tonic().with_endpoint(endpoint).with_timeout(EXPORT);
        let exporter =
            encrypted(exporter, endpoint).build().map_err(|error| TelemetryError::Traces(error.to_string()))?;
        let provider = SdkTracerProvider::builder()
            // Only what is traced comes this far.
            .with_sampler(Sampler::AlwaysOn)
            .with_batch_exporter(exporter)
            .with_resource(resource())
            .build();
        // A product of at least 2^64 stays u64::MAX.
        let threshold = (ratio * 18_446_744_073_709_551_616.0) as u64;
        let tracer = provider.tracer("docket");
        Ok(Traces(Some(Arc::new(Sink { tracer, provider, threshold, calls: AtomicU64::new(0) }))))
    }

    /// The span of a call that begins, if it is traced.
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

    /// Sends what waits, and ends. Blocks.
    pub fn end(&self) {
        if let Some(sink) = &self.0
            && let Err(error) = sink.provider.shutdown_with_timeout(EXPORT)
        {
            tracing::warn!("The last spans were not sent: {error}");
        }
    }
}

impl Sink {
    /// One of every so many, evenly spread.
    fn chosen(&self) -> bool {
        const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
        self.threshold > 0 && self.calls.fetch_add(1, Ordering::Relaxed).wrapping_mul(GOLDEN) <= self.threshold
    }
}

/// What all spans and metrics of the process say of it.
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

/// The span of a call; it ends when it is dropped.
pub struct CallSpan {
    span: SdkSpan,
    trace: Trace,
}

impl CallSpan {
    /// What spans below the call are made with.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    pub fn set(&mut self, name: &'static str, value: impl Into<opentelemetry::Value>) {
        self.span.set_attribute(KeyValue::new(name, value));
    }

    /// The call failed, by a fault of the server's.
    pub fn failed(&mut self, why: String) {
        self.span.set_status(Status::error(why));
    }

    /// For the answer: `traceresponse`, as W3C drafts it.
    pub fn response(&self) -> String {
        format!("00-{}-{}-01", self.trace.id(), self.trace.context.span_id())
    }
}

/// A place in a trace, below which spans are recorded after the fact. Cheap to clone.
#[derive(Clone)]
pub struct Trace {
    sink: Arc<Sink>,
    context: SpanContext,
}

impl Trace {
    /// The trace's id in hexadecimal.
    pub fn id(&self) -> String {
        self.context.trace_id().to_string()
    }

    /// Records a span below this one.
    pub fn child(&self, did: Did) -> Trace {
        self.record(did, &Context::new().with_remote_span_context(self.context.clone()))
    }

    /// Records a span that begins a trace of its own, for work that belongs to many calls.
    pub fn apart(&self, did: Did) -> Trace {
        self.record(did, &Context::new())
    }

    fn record(&self, did: Did, parent: &Context) -> Trace {
        let Did { name, began, ended, attributes, links } = did;
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

/// Something that was done.
pub struct Did {
    pub name: &'static str,
    pub began: SystemTime,
    pub ended: SystemTime,
    pub attributes: Vec<KeyValue>,
    pub links: Vec<Trace>,
}

/// The clock on the wall at a moment of the other clock.
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
