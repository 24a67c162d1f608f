//! The life of one call: whoever holds its `CallGuard` reports how it ended, or drops it.

use std::fmt;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use http::{HeaderMap, HeaderValue};
use tonic::{Code, Status};
use tracing::{Level, Span};

use super::deadline::Deadline;
use super::denials::tell_exhausted;
use super::level::level;
use super::room::OpenCall;
use crate::grpc::pb::ErrorReason;
use crate::grpc::server::gate::refusal;
use crate::identity::Caller;
use crate::model::limits::REQUEST_ID_CHARS;
use crate::telemetry::{CallSeries, CallSpan};

/// Names one call in logs. The client's own `x-request-id`, when it is 1 to 128 printable ASCII characters, else a new
/// one. In the extensions of every request; an error answer carries it back as `x-request-id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    pub const HEADER: &'static str = "x-request-id";

    pub(super) fn of(headers: &HeaderMap) -> RequestId {
        static PROCESS: LazyLock<String> = LazyLock::new(|| {
            let random = uuid::Uuid::now_v7().simple().to_string();
            random[random.len() - 10..].to_owned()
        });
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let sent = headers.get(RequestId::HEADER).and_then(|value| value.to_str().ok());
        let usable =
            |id: &&str| (1..=REQUEST_ID_CHARS).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
        match sent.filter(usable) {
            Some(id) => RequestId(id.to_owned()),
            None => RequestId(format!("{}-{}", *PROCESS, NEXT.fetch_add(1, Ordering::Relaxed))),
        }
    }

    pub(super) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A running call. Dropped before its end, it counts as CANCELLED, or as DEADLINE_EXCEEDED when its time was up.
pub(super) struct CallGuard {
    pub method: &'static str,
    pub id: RequestId,
    pub caller: Option<Caller>,
    pub deadline: Option<Deadline>,
    pub series: CallSeries,
    pub span: Span,
    /// Where the call is traced.
    pub traced: Option<CallSpan>,
    pub started: Instant,
    /// The log tells of its end, together with others like it.
    pub told: bool,
    pub ended: bool,
    /// Free for another call when this one ends.
    pub _place: Option<OpenCall>,
}

impl CallGuard {
    /// `message` is the status text of a failure.
    pub fn end(mut self, code: Code, message: &str) {
        self.record(code, message);
    }

    /// What the client hears of a panic. The panic itself is in the log, with the place where it happened.
    pub fn panicked(&self) -> Status {
        let id = &self.id;
        let text = format!("something is wrong in the server; the operator finds it in the log by the request id {id}");
        *refusal(Code::Internal, ErrorReason::Internal, text, [("request_id", id.to_string())])
    }

    fn record(&mut self, code: Code, message: &str) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let elapsed = self.started.elapsed();
        self.series.ended(code as usize, elapsed);
        self.span.record("code", tracing::field::debug(code));
        let CallGuard { method, id, caller, traced, told, .. } = self;
        let tenant = caller.as_ref().map(Caller::tenant);
        let sub = caller.as_ref().map(Caller::sub);
        let ms = elapsed.as_secs_f64() * 1e3;
        let trace_id = traced.as_ref().map(|traced| traced.trace().id());
        if let Some(mut traced) = traced.take() {
            traced.set("rpc.grpc.status_code", code as i64);
            traced.set("docket.request_id", id.to_string());
            if let Some(tenant) = tenant {
                traced.set("docket.tenant", tenant.to_owned());
            }
            if level(code) == Level::ERROR {
                traced.failed(message.to_owned());
            }
        }
        // One that is refused this is likely to call again at once.
        if let Some(tenant) = tenant.filter(|_| code == Code::ResourceExhausted && !*told) {
            tell_exhausted(tenant, method);
            *told = true;
        }
        macro_rules! log {
            ($level:expr) => {
                tracing::event!(target: "docket::call", $level, %method, ?code, tenant, sub, request_id = %id, trace_id, ms, "{method} ended {code:?} {message}")
            };
        }
        match if *told { Level::DEBUG } else { level(code) } {
            Level::ERROR => log!(Level::ERROR),
            Level::WARN => log!(Level::WARN),
            Level::INFO => log!(Level::INFO),
            _ => log!(Level::DEBUG),
        }
    }
}

impl Drop for CallGuard {
    fn drop(&mut self) {
        let code = match self.deadline {
            Some(deadline) if deadline.passed() => Code::DeadlineExceeded,
            _ => Code::Cancelled,
        };
        self.record(code, "and nobody waited for the rest");
    }
}
