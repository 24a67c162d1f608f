//! The tower service: finds the method, asks the gate, and holds the `CallGuard` until the response is out.

use std::convert::Infallible;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use futures_util::FutureExt;
use http::{HeaderValue, Request, Response};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};
use tracing::Instrument;

use super::answer::finished;
use super::body::CallBody;
use super::call::{CallGuard, RequestId};
use super::deadline::Deadline;
use super::denials::Denials;
use super::protocol::{self, Refused};
use super::quota::{QuotaLimits, Quotas};
use super::room::{Bytes, Held, OpenCall, Room};
use super::unreadable::reworded;
use super::whole::Whole;
use crate::command::limits::limits;
use crate::grpc::pb::ErrorReason;
use crate::grpc::server::gate::{Gate, refusal};
use crate::grpc::server::methods::{self, Method};
use crate::identity::Caller;
use crate::model::limits::OPEN_MESSAGE_BYTES;
use crate::telemetry::{CallSeries, Metrics, Traces};

/// The label of calls to methods that do not exist: what strangers send must not become labels.
const NO_METHOD: &str = "unknown";
/// How the methods begin whose calls are traced.
const TRACED: &str = "/docket.";

/// Around all services of the server.
#[derive(Clone)]
pub struct CallLayer(Arc<Shared>);

struct Shared {
    gate: Gate,
    /// One for each method, at its index.
    series: Vec<CallSeries>,
    no_method: CallSeries,
    traces: Traces,
    metadata_bytes: usize,
    quotas: Quotas,
    denials: Denials,
    unfinished: Arc<Bytes>,
    untaken: Arc<Bytes>,
}

/// Who calls, and until when; without a token, its place among those of the connection.
#[derive(Default)]
struct Admitted {
    caller: Option<Caller>,
    deadline: Option<Deadline>,
    place: Option<OpenCall>,
    room: Option<AnswerRoom>,
}

/// Where an answer's bytes count that is one message. Streams bound themselves.
struct AnswerRoom {
    room: Room,
    /// A change has happened: its answer is kept whatever else waits.
    reads: bool,
}

impl CallLayer {
    /// `metadata_bytes`: of a request, at most.
    pub fn new(gate: Gate, metrics: &Metrics, traces: Traces, metadata_bytes: u32, quotas: QuotaLimits) -> CallLayer {
        let series = methods::all().iter().map(|method| metrics.call_series(method.path)).collect();
        CallLayer(Arc::new(Shared {
            gate,
            series,
            no_method: metrics.call_series(NO_METHOD),
            traces,
            metadata_bytes: metadata_bytes as usize,
            quotas: Quotas::new(quotas),
            denials: Denials::new(metrics),
            unfinished: Bytes::unfinished(),
            untaken: Bytes::untaken(),
        }))
    }
}

impl<S> Layer<S> for CallLayer {
    type Service = CallService<S>;

    fn layer(&self, inner: S) -> CallService<S> {
        CallService { shared: self.0.clone(), inner }
    }
}

#[derive(Clone)]
pub struct CallService<S> {
    shared: Arc<Shared>,
    inner: S,
}

impl<S> Service<Request<Body>> for CallService<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answered;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Answered {
        let knock = Knock::of(&request);
        let admitted = self.shared.admit(&knock, &request);
        match self.shared.key_on_its_way(&request, &admitted) {
            Some(key) => Box::pin(self.clone().wait(knock, request, key)),
            None => self.go_on(knock, request, admitted),
        }
    }
}

type Answered = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl<S> CallService<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    /// Waits for a key that may let the call in; then for one that was published while the first was on its way.
    async fn wait(mut self, knock: Knock, request: Request<Body>, key: Key) -> Result<Response<Body>, Infallible> {
        key.await;
        let mut admitted = self.shared.admit(&knock, &request);
        if let Some(key) = self.shared.key_on_its_way(&request, &admitted) {
            key.await;
            admitted = self.shared.admit(&knock, &request);
        }
        // A clone has to be asked anew whether it is ready.
        poll_fn(|cx| self.inner.poll_ready(cx)).await?;
        self.go_on(knock, request, admitted).await
    }

    fn go_on(&mut self, knock: Knock, mut request: Request<Body>, admitted: Result<Admitted, Refused>) -> Answered {
        let (call, admitted) = self.shared.open(&knock, &mut request, admitted);
        let room = match admitted {
            Ok(room) => room,
            Err(refused) => return Box::pin(std::future::ready(Ok(refuse(call, &refused)))),
        };
        self.shared.bound(&mut request, &call);
        let span = call.span.clone();
        let inner = span.in_scope(|| self.inner.call(request));
        Box::pin(run(call, room, inner).instrument(span))
    }
}

/// Completes when a key has come, or will not come.
type Key = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A call at the gate.
struct Knock {
    method: Option<&'static Method>,
    started: Instant,
}

impl Knock {
    fn of(request: &Request<Body>) -> Knock {
        Knock { method: methods::find(request.uri().path()), started: Instant::now() }
    }
}

impl Shared {
    /// Starts the call, and fills the request's extensions with what handlers ask for. With a refusal: it ends at once.
    fn open(
        &self,
        knock: &Knock,
        request: &mut Request<Body>,
        admitted: Result<Admitted, Refused>,
    ) -> (CallGuard, Result<Option<AnswerRoom>, Refused>) {
        let Knock { method, started } = *knock;
        let (Admitted { caller, deadline, place, room }, refused) = match admitted {
            Ok(admitted) => (admitted, None),
            Err(mut refused) => (Admitted { caller: refused.caller.take(), ..Admitted::default() }, Some(refused)),
        };
        let denied = refused.as_ref().and_then(|refused| refused.denied.as_ref());
        if let (Some(method), Some(denied)) = (method, denied) {
            self.denials.tell(method, denied);
        }
        let path = method.map_or(NO_METHOD, |method| method.path);
        let id = RequestId::of(request.headers());
        let tenant = caller.as_ref().map(|caller| caller.tenant());
        let span = tracing::debug_span!("rpc", method = path, tenant, request_id = %id, code = tracing::field::Empty);
        let series = self.series(method).clone();
        series.started();
        // Who asks for health asks often, and learns nothing from a trace.
        let traced = if path.starts_with(TRACED) { self.traces.open(request.headers(), path) } else { None };
        let call = CallGuard {
            method: path,
            id,
            caller,
            deadline,
            series,
            span,
            traced,
            started,
            told: denied.is_some(),
            ended: false,
            _place: place,
        };
        let extensions = request.extensions_mut();
        extensions.insert(call.id.clone());
        if let Some(caller) = &call.caller {
            extensions.insert(caller.clone());
        }
        if let Some(deadline) = call.deadline {
            extensions.insert(deadline);
        }
        if let Some(traced) = &call.traced {
            extensions.insert(traced.trace().clone());
        }
        (call, refused.map_or(Ok(room), Err))
    }

    /// Whether the call may go on.
    fn admit(&self, knock: &Knock, request: &Request<Body>) -> Result<Admitted, Refused> {
        let now = knock.started;
        protocol::check(request, self.metadata_bytes)?;
        let method = knock.method.ok_or_else(protocol::no_method)?;
        let certified = request.extensions().get::<Held>().and_then(Held::certified);
        let caller = self.gate.admit(method, request.headers(), certified)?;
        if let Some(caller) = &caller {
            let admitted = self.quotas.admit(caller.tenant(), method, now);
            admitted.map_err(|status| Refused { caller: Some(caller.clone()), ..Refused::from(status) })?;
        }
        let deadline = Deadline::of(request.headers(), now).map_err(|_| protocol::no_timeout())?;
        let connection = request.extensions().get::<Held>();
        let Some(caller) = caller else {
            let place = connection.map(Held::open_call).transpose()?;
            return Ok(Admitted { deadline, place, ..Admitted::default() });
        };
        let connection = connection.cloned().unwrap_or_default();
        let room = Room::new(connection, self.untaken.clone(), Some(caller.clone()), 0);
        room.check().map_err(|status| Refused { caller: Some(caller.clone()), ..Refused::from(status) })?;
        let room = (!method.streams).then_some(AnswerRoom { room, reads: method.reads });
        Ok(Admitted { caller: Some(caller), deadline, place: None, room })
    }

    /// For a call that its token did not let in: the key that may be missing. While it waits, it has one of the connection's
    /// places for calls without a token; if there is none, it does not wait.
    fn key_on_its_way(&self, request: &Request<Body>, admitted: &Result<Admitted, Refused>) -> Option<Key> {
        let Err(refused) = admitted else { return None };
        if !matches!(refused.status.code(), Code::Unauthenticated | Code::Unavailable) {
            return None;
        }
        let place = request.extensions().get::<Held>().map(Held::open_call).transpose().ok()?;
        let key = self.gate.key_on_its_way(request.headers())?;
        Some(Box::pin(async move {
            let _place = place;
            key.await;
        }))
    }

    /// Bounds what the request's body may hold before it is read. Whoever shows no token gets less.
    fn bound(&self, request: &mut Request<Body>, call: &CallGuard) {
        let limit = match &call.caller {
            Some(_) => limits().message_bytes,
            None => OPEN_MESSAGE_BYTES.min(limits().message_bytes),
        };
        let connection = request.extensions().get::<Held>().cloned().unwrap_or_default();
        let room = Room::new(connection, self.unfinished.clone(), call.caller.clone(), limit);
        let body = std::mem::take(request.body_mut());
        let charge = call.caller.as_ref().and_then(|caller| self.quotas.bytes_of(caller.tenant()));
        *request.body_mut() = Whole::around(body, limit, room, charge);
    }

    fn series(&self, method: Option<&Method>) -> &CallSeries {
        method.and_then(|method| self.series.get(method.index)).unwrap_or(&self.no_method)
    }
}

async fn run(
    call: CallGuard,
    room: Option<AnswerRoom>,
    inner: impl Future<Output = Result<Response<Body>, Infallible>>,
) -> Result<Response<Body>, Infallible> {
    let inner = AssertUnwindSafe(counted(room, inner)).catch_unwind();
    let answered = match call.deadline {
        Some(Deadline(at)) => tokio::time::timeout_at(at.into(), inner).await,
        None => Ok(inner.await),
    };
    let status = match answered {
        Ok(Ok(Ok(response))) => return Ok(answer(call, response)),
        Ok(Ok(Err(status))) => return Ok(refuse(call, &Refused::from(status))),
        Ok(Err(_panic)) => call.panicked(),
        Err(_elapsed) => {
            *refusal(Code::DeadlineExceeded, ErrorReason::DeadlinePassed, "the deadline has passed".into(), [])
        }
    };
    Ok(refuse(call, &Refused::from(Box::new(status))))
}

/// The answer, whose bytes count from when they are there.
async fn counted(
    room: Option<AnswerRoom>,
    inner: impl Future<Output = Result<Response<Body>, Infallible>>,
) -> Result<Response<Body>, Box<Status>> {
    let Ok(response) = inner.await;
    let Some(AnswerRoom { mut room, reads }) = room else { return Ok(response) };
    let response = finished(response).await?;
    let bytes = response.body().bytes();
    match if bytes > 0 { room.take(bytes) } else { Ok(()) } {
        Err(status) if reads => Err(status),
        _ => Ok(response.map(|answer| answer.waiting(room))),
    }
}

/// An answer without a body has its status in its headers; else the call lives on in the body.
fn answer(call: CallGuard, mut response: Response<Body>) -> Response<Body> {
    if let Some(value) = call.traced.as_ref().and_then(|traced| HeaderValue::from_str(&traced.response()).ok()) {
        response.headers_mut().insert("traceresponse", value);
    }
    if let Some(status) = Status::from_header_map(response.headers()) {
        if let Some(status) = reworded(&status) {
            return refuse(call, &Refused::from(status));
        }
        if status.code() != Code::Ok {
            name(&call, &mut response);
        }
        call.end(status.code(), status.message());
        return response;
    }
    response.map(|body| Body::new(CallBody::new(body, call)))
}

fn refuse(call: CallGuard, refused: &Refused) -> Response<Body> {
    let mut response = refused.response();
    name(&call, &mut response);
    call.end(refused.status.code(), refused.status.message());
    response
}

fn name(call: &CallGuard, response: &mut Response<Body>) {
    if let Some(id) = call.id.header() {
        response.headers_mut().insert(RequestId::HEADER, id);
    }
}
