//! The layer around services that answer, hang, refuse, stream and panic.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::body::Bytes;
use futures_util::stream;
use http::{HeaderMap, Request, Response};
use http_body::{Body as HttpBody, Frame};
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use tower::{Layer, ServiceExt, service_fn};

use super::*;
use crate::grpc::server::gate::Gate;
use crate::identity::{Caller, NewToken, Role, SigningKey, Trust, Verifier};
use crate::model::limits::UNTAKEN_TENANT_BYTES;
use crate::telemetry::{Metrics, Traces};

const GET: &str = "/docket.v1.TicketService/GetTicket";
const STREAM: &str = "/docket.v1.ActivityService/StreamActivities";

struct Server {
    metrics: Metrics,
    layer: CallLayer,
    token: String,
}

impl Server {
    fn new() -> Server {
        let key = SigningKey::generate().expect("a key");
        let token = NewToken {
            tenant: "acme".into(),
            sub: "ann".into(),
            roles: vec![Role::Agent],
            app_id: None,
            ttl: Duration::from_secs(60),
        };
        let token = key.sign(&token).expect("a token");
        let metrics = Metrics::new().expect("metrics");
        let gate = Gate::new(Arc::new(Verifier::new(Trust { keys: vec![key.public()], ..Trust::default() })));
        Server {
            layer: CallLayer::new(gate, &metrics, Traces::default(), 8 << 10, QuotaLimits::default()),
            metrics,
            token,
        }
    }

    fn request(&self, path: &str) -> Request<Body> {
        let request = Request::builder().uri(path).header("content-type", "application/grpc");
        let request = request.header("authorization", format!("Bearer {}", self.token));
        request.body(Body::empty()).expect("a request")
    }

    async fn call<F>(&self, request: Request<Body>, handler: fn(Request<Body>) -> F) -> Response<Body>
    where
        F: Future<Output = Response<Body>> + Send + 'static,
    {
        let service = service_fn(move |request| {
            let answer = handler(request);
            async { Ok(answer.await) }
        });
        self.layer.layer(service).oneshot(request).await.expect("the error type has no values")
    }

    fn counted(&self, method: &str, code: &str) -> bool {
        let text = self.metrics.text().expect("text");
        let closed = format!("docket_calls_open{{method=\"{method}\"}} 0");
        text.contains(&format!("docket_calls_total{{code=\"{code}\",method=\"{method}\"}} 1")) && text.contains(&closed)
    }
}

fn status(response: &Response<Body>) -> Status {
    Status::from_header_map(response.headers()).expect("the headers have a status")
}

fn reason(status: &Status) -> String {
    status.get_details_error_info().expect("an ErrorInfo").reason
}

async fn echo(request: Request<Body>) -> Response<Body> {
    let caller = request.extensions().get::<Caller>().map(|caller| caller.sub().to_owned());
    let id = request.extensions().get::<RequestId>().map(ToString::to_string);
    Status::already_exists(format!("{caller:?} {id:?}")).into_http()
}

async fn hang(_: Request<Body>) -> Response<Body> {
    std::future::pending().await
}

async fn panic(_: Request<Body>) -> Response<Body> {
    panic!("a handler went wrong")
}

/// One message, then what `last` makes.
fn streaming(last: fn() -> Option<Frame<Bytes>>) -> Response<Body> {
    let frames = stream::unfold(0, move |sent| async move {
        match sent {
            0 => Some((Frame::data(Bytes::from_static(b"x")), 1)),
            1 => Some((last()?, 2)),
            _ => None,
        }
    });
    Response::new(Body::new(StreamedBody(Box::pin(frames))))
}

struct StreamedBody(std::pin::Pin<Box<dyn stream::Stream<Item = Frame<Bytes>> + Send>>);

impl HttpBody for StreamedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.0.as_mut().poll_next(cx).map(|frame| frame.map(Ok))
    }
}

async fn finish(_: Request<Body>) -> Response<Body> {
    streaming(|| {
        let mut trailers = HeaderMap::new();
        Status::out_of_range("done").add_header(&mut trailers).expect("trailers");
        Some(Frame::trailers(trailers))
    })
}

async fn break_down(_: Request<Body>) -> Response<Body> {
    streaming(|| panic!("a stream went wrong"))
}

const LONG: usize = 1 << 20;

async fn long(_: Request<Body>) -> Response<Body> {
    Response::new(Body::new(StreamedBody(Box::pin(stream::once(async { Frame::data(vec![0; LONG].into()) })))))
}

async fn long_later(request: Request<Body>) -> Response<Body> {
    tokio::task::yield_now().await;
    long(request).await
}

/// All frames of an answer: the bytes of its messages and its trailers.
async fn drain(response: Response<Body>) -> (Vec<u8>, Option<Status>) {
    let mut body = Box::pin(response.into_body());
    let (mut bytes, mut end) = (Vec::new(), None);
    while let Some(frame) = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        match frame.expect("no frame is an error").into_data() {
            Ok(data) => bytes.extend_from_slice(&data),
            Err(frame) => end = frame.trailers_ref().and_then(Status::from_header_map),
        }
    }
    (bytes, end)
}

#[tokio::test]
async fn a_handler_sees_its_caller_and_the_call_is_counted() {
    let server = Server::new();
    let mut request = server.request(GET);
    request.headers_mut().insert("x-request-id", "mine-7".parse().expect("a value"));
    let response = server.call(request, echo).await;
    assert_eq!(status(&response).message(), r#"Some("ann") Some("mine-7")"#);
    assert_eq!(response.headers()["x-request-id"], "mine-7");
    assert!(server.counted(GET, "ALREADY_EXISTS"));
}

#[tokio::test]
async fn without_a_token_no_handler_runs() {
    let server = Server::new();
    let mut request = server.request(GET);
    request.headers_mut().remove("authorization");
    let refused = status(&server.call(request, panic).await);
    assert_eq!((refused.code(), reason(&refused)), (Code::Unauthenticated, "TOKEN_MISSING".into()));
    assert!(server.counted(GET, "UNAUTHENTICATED"));
}

#[tokio::test]
async fn a_method_without_a_row_reaches_nothing_and_makes_no_label() {
    let server = Server::new();
    let refused = status(&server.call(server.request("/docket.v1.TicketService/Nonsense"), panic).await);
    assert_eq!(refused.code(), Code::Unimplemented);
    assert!(server.counted("unknown", "UNIMPLEMENTED"));
    assert!(!server.metrics.text().expect("text").contains("Nonsense"));
}

#[tokio::test]
async fn a_panic_is_internal_and_tells_no_detail() {
    let server = Server::new();
    let response = server.call(server.request(GET), panic).await;
    let refused = status(&response);
    assert_eq!((refused.code(), reason(&refused)), (Code::Internal, "INTERNAL".into()));
    assert!(!refused.message().contains("went wrong"), "{}", refused.message());
    let id = response.headers()["x-request-id"].to_str().expect("text").to_owned();
    assert!(refused.message().contains(&id), "{}", refused.message());
    assert!(server.counted(GET, "INTERNAL"));
}

#[tokio::test]
async fn a_deadline_ends_a_call_that_hangs() {
    let server = Server::new();
    let mut request = server.request(GET);
    request.headers_mut().insert("grpc-timeout", "20m".parse().expect("a value"));
    let refused = status(&server.call(request, hang).await);
    assert_eq!((refused.code(), reason(&refused)), (Code::DeadlineExceeded, "DEADLINE_PASSED".into()));
    assert!(server.counted(GET, "DEADLINE_EXCEEDED"));
}

#[tokio::test]
async fn a_caller_who_hangs_up_is_a_cancelled_call() {
    let server = Server::new();
    {
        let call = server.call(server.request(GET), hang);
        futures_util::pin_mut!(call);
        assert!(futures_util::poll!(&mut call).is_pending());
    }
    assert!(server.counted(GET, "CANCELLED"));
}

#[tokio::test]
async fn a_stream_counts_when_it_ends_with_the_status_of_its_trailers() {
    let server = Server::new();
    let response = server.call(server.request(STREAM), finish).await;
    assert!(!server.counted(STREAM, "OUT_OF_RANGE"), "it still runs");
    let (bytes, end) = drain(response).await;
    assert_eq!((bytes.as_slice(), end.expect("trailers").code()), (&b"x"[..], Code::OutOfRange));
    assert!(server.counted(STREAM, "OUT_OF_RANGE"));

    let server = Server::new();
    drop(server.call(server.request(STREAM), finish).await);
    assert!(server.counted(STREAM, "CANCELLED"));
}

#[tokio::test]
async fn a_stream_that_panics_ends_with_a_status() {
    let server = Server::new();
    let (bytes, end) = drain(server.call(server.request(STREAM), break_down).await).await;
    assert_eq!((bytes.as_slice(), end.expect("trailers").code()), (&b"x"[..], Code::Internal));
    assert!(server.counted(STREAM, "INTERNAL"));
}

#[tokio::test]
async fn an_answer_that_panics_while_it_is_encoded_is_refused() {
    let server = Server::new();
    let response = server.call(server.request(GET), break_down).await;
    assert_eq!(status(&response).code(), Code::Internal);
    assert!(server.counted(GET, "INTERNAL"));
}

#[tokio::test]
async fn a_change_is_answered_and_a_read_refused_where_too_much_waits() {
    let (server, mut waiting) = (Server::new(), Vec::new());
    let create = "/docket.v1.TicketService/CreateTicket";
    let mut read = Box::pin(server.call(server.request(GET), long_later));
    let mut change = Box::pin(server.call(server.request(create), long_later));
    let begin =
        std::future::poll_fn(|cx| Poll::Ready(read.as_mut().poll(cx).is_ready() | change.as_mut().poll(cx).is_ready()));
    assert!(!begin.await, "they are admitted, and their answers come later");
    loop {
        let answer = server.call(server.request(GET), long).await;
        if Status::from_header_map(answer.headers()).is_some() {
            assert_eq!(reason(&status(&answer)), "OVERLOADED");
            break;
        }
        waiting.push(answer);
    }
    assert_eq!(waiting.len(), UNTAKEN_TENANT_BYTES / LONG);
    assert_eq!(reason(&status(&read.await)), "OVERLOADED");
    assert_eq!(drain(change.await).await.0.len(), LONG);
    waiting.pop();
    assert_eq!(drain(server.call(server.request(GET), long).await).await.0.len(), LONG);
}

#[tokio::test]
async fn what_is_not_grpc_reaches_no_handler() {
    for form in ["application/grpc-web", "application/grpc-web+proto", "application/grpc+json", "application/json", ""]
    {
        let server = Server::new();
        let mut request = server.request(GET);
        request.headers_mut().insert("content-type", form.parse().expect("a value"));
        let response = server.call(request, panic).await;
        assert_eq!(response.status(), 415, "{form}");
        assert_eq!(reason(&status(&response)), "UNSUPPORTED");
        assert!(server.counted(GET, "UNIMPLEMENTED"));
    }
    for form in ["application/grpc", "application/grpc+proto", "application/grpc; charset=utf-8"] {
        let server = Server::new();
        let mut request = server.request(GET);
        request.headers_mut().insert("content-type", form.parse().expect("a value"));
        assert_eq!(status(&server.call(request, echo).await).code(), Code::AlreadyExists, "{form}");
    }
}

#[tokio::test]
async fn a_timeout_that_is_none_is_no_call_without_one() {
    let server = Server::new();
    let mut request = server.request(GET);
    request.headers_mut().insert("grpc-timeout", "soon".parse().expect("a value"));
    let refused = status(&server.call(request, panic).await);
    assert_eq!((refused.code(), reason(&refused)), (Code::InvalidArgument, "INVALID_FIELDS".into()));
    let details = refused.get_error_details();
    assert_eq!(details.bad_request().expect("a BadRequest").field_violations[0].field, "grpc-timeout");
}
