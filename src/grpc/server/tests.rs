//! A real server on a real socket: access, limits and shutdown.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::task::JoinHandle;
use tokio_stream::StreamExt;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_health::pb::health_check_response::ServingStatus as Wire;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};
use tonic_types::StatusExt;

use super::*;
use crate::command::limits::limits;
use crate::grpc::pb::ticket_service_client::TicketServiceClient;
use crate::identity::{NewToken, Role, SigningKey, Trust, Verifier};

/// Stands where the tickets' service belongs, and never answers.
#[derive(Clone)]
struct Hangs;

impl NamedService for Hangs {
    const NAME: &'static str = "docket.v1.TicketService";
}

impl Service<Request<Body>> for Hangs {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        Box::pin(std::future::pending())
    }
}

struct Running {
    address: SocketAddr,
    key: SigningKey,
    metrics: Arc<Metrics>,
    phase: watch::Receiver<Phase>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<Result<(), ServeError>>,
}

impl Running {
    async fn start(services: Services, limits: HttpLimits) -> Running {
        let key = SigningKey::generate().expect("a key");
        let verifier = Verifier::new(Trust { keys: vec![key.public()], ..Trust::default() });
        let metrics = Arc::new(Metrics::new().expect("metrics"));
        let (sender, phase) = watch::channel(Phase::Starting);
        let (stop, stopped) = oneshot::channel::<()>();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let gate = Gate::new(Arc::new(verifier));
        let server = Server {
            services,
            gate,
            metrics: metrics.clone(),
            traces: Traces::default(),
            limits,
            quotas: QuotaLimits::default(),
            tls: None,
            reflection: true,
            troubles: Troubles::default(),
            phase: sender,
        };
        let server = tokio::spawn(server.serve(listener, async { stopped.await.unwrap_or(()) }));
        Running { address, key, metrics, phase, stop, server }
    }

    async fn channel(&self) -> Channel {
        let endpoint = Channel::from_shared(format!("http://{}", self.address)).expect("an address");
        endpoint.connect().await.expect("the server listens")
    }

    fn request(&self, role: Option<Role>) -> tonic::Request<pb::GetTicketRequest> {
        let mut request = tonic::Request::new(pb::GetTicketRequest { id: "TKT-1".into(), ..Default::default() });
        if let Some(role) = role {
            let token = NewToken {
                tenant: "acme".into(),
                sub: "ann".into(),
                roles: vec![role],
                app_id: None,
                ttl: Duration::from_secs(60),
            };
            let bearer = format!("Bearer {}", self.key.sign(&token).expect("a token"));
            request.metadata_mut().insert("authorization", bearer.parse().expect("a value"));
        }
        request
    }

    async fn get_ticket(&self, role: Option<Role>) -> Status {
        let mut client = TicketServiceClient::new(self.channel().await);
        client.get_ticket(self.request(role)).await.expect_err("no service answers")
    }
}

fn served(answer: Option<Result<HealthCheckResponse, Status>>) -> Wire {
    answer.expect("an answer").expect("no error").status()
}

#[tokio::test]
async fn docket_needs_a_token_and_health_does_not() {
    let running = Running::start(Services::default(), HttpLimits::default()).await;
    let refused = running.get_ticket(None).await;
    assert_eq!(refused.code(), Code::Unauthenticated);
    let info = refused.get_details_error_info().expect("an ErrorInfo");
    assert_eq!((info.reason.as_str(), info.domain.as_str()), ("TOKEN_MISSING", "docket"));
    assert_eq!(running.get_ticket(Some(Role::Agent)).await.code(), Code::Unimplemented, "past the gate is nobody");

    let mut health = HealthClient::new(running.channel().await);
    let answer = health.check(HealthCheckRequest::default()).await.map(|answer| answer.into_inner());
    assert_eq!(served(Some(answer)), Wire::Serving);
    let text = running.metrics.text().expect("text");
    assert!(text.contains(r#"docket_calls_total{code="OK",method="/grpc.health.v1.Health/Check"} 1"#), "{text}");
}

#[tokio::test]
async fn reflection_lists_what_is_served() {
    let running = Running::start(Services::default().with(Hangs), HttpLimits::default()).await;
    let question = ServerReflectionRequest {
        message_request: Some(MessageRequest::ListServices(String::new())),
        ..Default::default()
    };
    let mut client = ServerReflectionClient::new(running.channel().await);
    let answers = client.server_reflection_info(tokio_stream::once(question)).await.expect("reflection is open");
    let answer: Option<Result<ServerReflectionResponse, Status>> = answers.into_inner().next().await;
    let Some(Ok(ServerReflectionResponse {
        message_response: Some(MessageResponse::ListServicesResponse(list)), ..
    })) = answer
    else {
        panic!("no list of services");
    };
    let mut names: Vec<&str> = list.service.iter().map(|service| service.name.as_str()).collect();
    names.retain(|name| !name.starts_with("grpc.reflection."));
    names.sort_unstable();
    assert_eq!(names, ["docket.v1.TicketService", "grpc.health.v1.Health"]);
}

#[tokio::test]
async fn a_stop_is_told_to_watchers_and_streams_and_then_the_server_ends() {
    let running = Running::start(Services::default(), HttpLimits::default()).await;
    let mut health = HealthClient::new(running.channel().await);
    let mut watching = health.watch(HealthCheckRequest::default()).await.expect("health is open").into_inner();
    assert_eq!(served(watching.next().await), Wire::Serving);
    assert_eq!(*running.phase.borrow(), Phase::Ready);

    running.stop.send(()).expect("the server runs");
    Phase::draining(running.phase).await;
    assert_eq!(served(watching.next().await), Wire::NotServing);
    assert!(watching.next().await.is_none(), "the watcher is let go");
    running.server.await.expect("no panic").expect("no error");
}

#[tokio::test]
async fn a_call_that_never_ends_does_not_hold_the_stop_for_ever() {
    let limits = HttpLimits { drain: Duration::from_millis(50), ..HttpLimits::default() };
    let running = Running::start(Services::default().with(Hangs), limits).await;
    let mut client = TicketServiceClient::new(running.channel().await);
    let request = running.request(Some(Role::Agent));
    let hanging = tokio::spawn(async move { client.get_ticket(request).await.map(|_| ()) });
    let open = r#"docket_calls_open{method="/docket.v1.TicketService/GetTicket"} 1"#;
    while !running.metrics.text().expect("text").contains(open) {
        assert!(!hanging.is_finished(), "the call ended by itself");
        tokio::task::yield_now().await;
    }
    running.stop.send(()).expect("the server runs");
    running.server.await.expect("no panic").expect("no error");
    assert!(!hanging.is_finished(), "the call was not what the server waited for");
    hanging.abort();
}

/// Stands where the tickets' service belongs, and reads its message as a generated service does.
#[derive(Clone)]
struct Reads;

impl NamedService for Reads {
    const NAME: &'static str = "docket.v1.TicketService";
}

impl tonic::server::UnaryService<pb::GetTicketRequest> for Reads {
    type Response = pb::GetTicketResponse;
    type Future = std::future::Ready<Result<tonic::Response<pb::GetTicketResponse>, Status>>;

    fn call(&mut self, _: tonic::Request<pb::GetTicketRequest>) -> Self::Future {
        std::future::ready(Ok(tonic::Response::new(pb::GetTicketResponse::default())))
    }
}

impl Service<Request<Body>> for Reads {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let reads = self.clone();
        Box::pin(async move {
            let codec = tonic_prost::ProstCodec::<pb::GetTicketResponse, pb::GetTicketRequest>::default();
            let limits = (Some(limits().message_bytes), None);
            let mut server = tonic::server::Grpc::new(codec).apply_max_message_size_config(limits.0, limits.1);
            Ok(server.unary(reads, request).await)
        })
    }
}

/// GetTicketRequest with bytes where the text of `id` belongs.
#[derive(Clone, PartialEq, prost::Message)]
struct RawGetTicket {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_the_clients_fault() {
    let running = Running::start(Services::default().with(Reads), HttpLimits::default()).await;
    let send = async |id: Vec<u8>| {
        let mut client = tonic::client::Grpc::new(running.channel().await);
        client.ready().await.expect("a connection");
        let path = http::uri::PathAndQuery::from_static("/docket.v1.TicketService/GetTicket");
        let codec = tonic_prost::ProstCodec::<RawGetTicket, pb::GetTicketResponse>::default();
        let request = running.request(Some(Role::Agent)).map(|_| RawGetTicket { id });
        client.unary(request, path, codec).await.map(|_| ())
    };
    let reason = |status: &Status| status.get_details_error_info().expect("an ErrorInfo").reason;

    send(b"TKT-1".to_vec()).await.expect("it is good");
    let broken = send(vec![0xff, 0xfe]).await.expect_err("it is not UTF-8");
    assert_eq!((broken.code(), reason(&broken).as_str()), (Code::InvalidArgument, "INVALID_FIELDS"), "{broken}");
    let large = send(vec![b'x'; limits().message_bytes]).await.expect_err("it is too large");
    assert_eq!((large.code(), reason(&large).as_str()), (Code::ResourceExhausted, "LIMIT_EXCEEDED"), "{large}");
    send(b"TKT-1".to_vec()).await.expect("the server is well");
}

#[tokio::test]
async fn too_much_metadata_is_refused_and_far_too_much_is_cut_off() {
    let running = Running::start(Services::default().with(Reads), HttpLimits::default()).await;
    let mut client = TicketServiceClient::new(running.channel().await);
    let send = async |client: &mut TicketServiceClient<Channel>, bytes: usize| {
        let mut request = running.request(Some(Role::Agent));
        request.metadata_mut().insert("x-much", "x".repeat(bytes).parse().expect("a value"));
        client.get_ticket(request).await.expect_err("it is too much")
    };
    let cut_off = send(&mut client, 40 * 1024).await;
    assert!(cut_off.details().is_empty(), "{cut_off:?}");
    let counted = running.metrics.text().expect("text");
    assert!(!counted.contains("GetTicket"), "{counted}");
    let refused = send(&mut client, 9 * 1024).await;
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(refused.get_details_error_info().expect("an ErrorInfo").reason, "LIMIT_EXCEEDED");
    client.get_ticket(running.request(Some(Role::Agent))).await.expect("the connection is well");
}
