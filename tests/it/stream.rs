//! The log over gRPC: what a client reads of what it wrote, by pages and by streams, and how it is refused.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use docket::cli::server::{Setup, serve};
use docket::grpc::call::rules::RuleFolder;
use docket::grpc::pb::activity_service_client::ActivityServiceClient;
use docket::grpc::pb::stream_activities_request::Start;
use docket::grpc::pb::stream_activities_response::Event;
use docket::grpc::pb::ticket_service_client::TicketServiceClient;
use docket::grpc::pb::{self, StreamActivitiesRequest};
use docket::grpc::server::HttpLimits;
use docket::grpc::server::layers::QuotaLimits;
use docket::identity::Role;
use docket::store::pool;
use docket::store::wall::as_server;
use docket::telemetry::{Metrics, Phase, Traces, Troubles};
use docket::{feed, journal};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tonic::transport::Channel;
use tonic::{Code, Request, Status, Streaming};
use tonic_types::StatusExt;

use crate::support::{database, token, verifier};

const PATIENCE: Duration = Duration::from_secs(20);

pub struct Running {
    pub channel: Channel,
    pub address: SocketAddr,
    pub url: String,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

pub async fn server() -> Running {
    server_with(|_| {}).await
}

pub async fn server_with(change: impl FnOnce(&mut feed::Config)) -> Running {
    let url = database().await;
    let mut feed = feed::Config::new(as_server(&url));
    change(&mut feed);
    let (phase, _) = watch::channel(Phase::Starting);
    let setup = Setup {
        journal: journal::Config::new(as_server(&url)),
        feed,
        pool: pool::Settings::default(),
        verifier: Arc::new(verifier()),
        page_secret: [7; 32],
        rules: Arc::new(RuleFolder::default()),
        http: HttpLimits::default(),
        quotas: QuotaLimits::default(),
        tls: None,
        reflection: true,
        traces: Traces::default(),
        troubles: Troubles::default(),
        metrics: Arc::new(Metrics::new().expect("metrics")),
        phase,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        serve(setup, listener, async { stopped.await.unwrap_or(()) }).await.expect("no error");
    });
    let endpoint = Channel::from_shared(format!("http://{address}")).expect("an address");
    Running { channel: endpoint.connect().await.expect("a connection"), address, url, stop, server }
}

impl Running {
    pub fn request<T>(&self, sub: &str, role: Role, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let bearer = format!("Bearer {}", token("acme", sub, &[role]));
        request.metadata_mut().insert("authorization", bearer.parse().expect("ascii"));
        request
    }

    /// Makes a ticket; the position after it.
    pub async fn create(&self, subject: &str, requester: &str) -> pb::CreateTicketResponse {
        // Of a few of them there is more than fits into one piece.
        let description = "What happened, at length. ".repeat(120);
        let (subject, requester_id) = (subject.into(), requester.into());
        let ticket = pb::Ticket { subject, description, requester_id, ..Default::default() };
        let message = pb::CreateTicketRequest { ticket: Some(ticket), ..Default::default() };
        let mut client = TicketServiceClient::new(self.channel.clone());
        let answer = client.create_ticket(self.request("ann", Role::Agent, message)).await;
        answer.expect("a ticket").into_inner()
    }

    pub async fn stream(&self, sub: &str, role: Role, message: StreamActivitiesRequest) -> Result<Frames, Status> {
        Frames::of(self.channel.clone(), self.request(sub, role, message)).await
    }

    /// A stream, as soon as there is room for it.
    async fn in_time(&self, message: StreamActivitiesRequest) -> Frames {
        let patience = Instant::now() + PATIENCE;
        loop {
            match self.stream("ann", Role::Agent, message.clone()).await {
                Ok(frames) => return frames,
                Err(refused) => assert!(Instant::now() < patience, "{refused}"),
            }
        }
    }

    pub async fn list(&self, message: pb::ListActivitiesRequest) -> Result<pb::ListActivitiesResponse, Status> {
        let mut client = ActivityServiceClient::new(self.channel.clone());
        Ok(client.list_activities(self.request("ann", Role::Agent, message)).await?.into_inner())
    }
}

pub struct Frames {
    stream: Streaming<pb::StreamActivitiesResponse>,
    pub reached: i64,
}

impl Frames {
    /// A stream, its first bookmark already read.
    pub async fn of(channel: Channel, request: Request<StreamActivitiesRequest>) -> Result<Frames, Status> {
        let stream = ActivityServiceClient::new(channel).stream_activities(request).await?.into_inner();
        let mut frames = Frames { stream, reached: 0 };
        let first = frames.frame().await?;
        assert_eq!(first.event, Some(Event::Bookmark(pb::Bookmark { position: first.since })));
        frames.reached = first.since;
        Ok(frames)
    }

    pub async fn frame(&mut self) -> Result<pb::StreamActivitiesResponse, Status> {
        Ok(timeout(PATIENCE, self.stream.message()).await.expect("in time")?.expect("not without a status"))
    }

    /// The next activity; the frames on the way to it are checked.
    pub async fn next(&mut self) -> Result<pb::Activity, Status> {
        loop {
            let frame = self.frame().await?;
            assert_eq!(frame.since, self.reached);
            match frame.event.expect("an event") {
                Event::Bookmark(bookmark) => self.reached = bookmark.position,
                Event::Activity(activity) => {
                    self.reached = activity.position;
                    return Ok(*activity);
                }
                other => panic!("not asked for: {other:?}"),
            }
        }
    }
}

pub fn wanted(start: Start) -> StreamActivitiesRequest {
    StreamActivitiesRequest { start: Some(start), ..Default::default() }
}

pub fn reason(status: &Status) -> (Code, String) {
    (status.code(), status.get_details_error_info().expect("an ErrorInfo").reason)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_is_streamed_and_listed() {
    let running = server().await;
    let full = StreamActivitiesRequest {
        view: pb::ActivityView::Full.into(),
        filter: "activity.type == 'ticket.created'".into(),
        ..wanted(Start::Earliest(true))
    };
    let mut frames = running.stream("ann", Role::Agent, full).await.expect("a stream");
    let mut slowest = Duration::ZERO;
    for n in 1..=20 {
        let made = running.create(&format!("ticket {n}"), if n % 2 == 0 { "rita" } else { "otto" }).await;
        let answered = Instant::now();
        let activity = frames.next().await.expect("no end");
        slowest = slowest.max(answered.elapsed());
        assert_eq!((activity.position, activity.epoch), (made.position, made.epoch));
        assert_eq!(activity.ticket.expect("the FULL view").subject, format!("ticket {n}"));
    }
    // No poll is in the way of what is committed here: they come once a second.
    assert!(slowest < Duration::from_millis(900), "{slowest:?}");

    let head = frames.reached;
    let mine = running.stream("rita", Role::Requester, wanted(Start::AfterPosition(0))).await;
    let mut mine = mine.expect("a stream");
    for n in 1..=10 {
        let activity = mine.next().await.expect("no end");
        assert_eq!((activity.position, activity.ticket), (n * 2, None), "hers, and without tickets in the BASIC view");
    }

    let mut listed = Vec::new();
    let mut page_token = String::new();
    loop {
        let message = pb::ListActivitiesRequest {
            order_by: "position desc".into(),
            filter: "activity.type == 'ticket.created'".into(),
            page_size: 7,
            page_token,
            min_position: head,
            ..Default::default()
        };
        let page = running.list(message).await.expect("a page");
        listed.extend(page.activities.into_iter().map(|activity| activity.position));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(listed, (1..=20).rev().collect::<Vec<_>>());
    let of_one = pb::ListActivitiesRequest { ticket_id: "TKT-3".into(), ..Default::default() };
    let of_one = running.list(of_one).await.expect("a page").activities;
    assert_eq!(of_one.iter().map(|activity| activity.position).collect::<Vec<_>>(), [3]);

    running.stop.send(()).expect("it runs");
    let end = frames.next().await.expect_err("the server drains");
    assert_eq!(reason(&end), (Code::Unavailable, "UNAVAILABLE".into()));
    assert_eq!(end.get_details_error_info().expect("an ErrorInfo").metadata["position"], head.to_string());
    drop(frames);
    timeout(PATIENCE, running.server).await.expect("in time").expect("no panic");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_cannot_be_is_refused_with_its_reason() {
    let running = server().await;
    let made = running.create("one", "rita").await;
    let after = |position, epoch| StreamActivitiesRequest { epoch, ..wanted(Start::AfterPosition(position)) };
    let filtered = |filter: &str| StreamActivitiesRequest { filter: filter.into(), ..Default::default() };
    for (message, code, word) in [
        (after(made.position + 1, 0), Code::FailedPrecondition, "POSITION_UNKNOWN"),
        (after(made.position, made.epoch + 1), Code::FailedPrecondition, "POSITION_UNKNOWN"),
        (after(-1, 0), Code::InvalidArgument, "INVALID_FIELDS"),
        (filtered("activity.colour == 'red'"), Code::InvalidArgument, "FILTER_INVALID"),
        (filtered("activity.type =="), Code::InvalidArgument, "FILTER_INVALID"),
        (filtered(&"x".repeat(1_025)), Code::InvalidArgument, "INVALID_FIELDS"),
        (StreamActivitiesRequest { view: 9, ..Default::default() }, Code::InvalidArgument, "INVALID_FIELDS"),
    ] {
        let refused = running.stream("ann", Role::Agent, message).await.err().expect(word);
        assert_eq!(reason(&refused), (code, word.to_owned()));
        if word == "FILTER_INVALID" {
            let info = refused.get_details_error_info().expect("an ErrorInfo");
            assert!(info.metadata["column"].parse::<u32>().expect("a column") >= 9, "{refused:?}");
        }
    }
    let nobody = running.stream("imp", Role::Importer, wanted(Start::Latest(true))).await.err();
    assert_eq!(reason(&nobody.expect("importers read no log")), (Code::PermissionDenied, "ROLE_MISSING".into()));
}

/// So many that what comes is given to them in turns, as bytes that are made once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_sees_what_each_of_it_asked_for() {
    let running = server().await;
    let full = StreamActivitiesRequest { view: pb::ActivityView::Full.into(), ..wanted(Start::Latest(true)) };
    let some = StreamActivitiesRequest { filter: "activity.ticket.requester_id == 'rita'".into(), ..full.clone() };
    let kinds = [
        ("ann", Role::Agent, wanted(Start::Latest(true)), 1_i64),
        ("ann", Role::Agent, full.clone(), 1),
        ("ann", Role::Agent, some, 2),
        ("rita", Role::Requester, full, 2),
    ];
    let mut reading = Vec::new();
    for (sub, role, message, nth) in kinds.iter().cycle().take(80).cloned() {
        let whole = message.view == i32::from(pb::ActivityView::Full);
        let mut frames = running.stream(sub, role, message).await.expect("a stream");
        reading.push(tokio::spawn(async move {
            let mut seen: Vec<i64> = Vec::new();
            while seen.last().is_none_or(|last: &i64| *last + nth <= 60) {
                let activity = frames.next().await.expect("no end");
                let subject = activity.ticket.map(|ticket| ticket.subject);
                assert_eq!(subject, whole.then(|| format!("ticket {}", activity.position)));
                seen.push(activity.position);
            }
            assert_eq!(seen, (1..=60).filter(|position| position % nth == 0).collect::<Vec<_>>());
        }));
    }
    for n in 1..=60 {
        running.create(&format!("ticket {n}"), if n % 2 == 0 { "rita" } else { "otto" }).await;
    }
    for reading in reading {
        reading.await.expect("it saw all that it asked for");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stops_in_a_crowd_is_cut_off_alone_and_goes_on_later() {
    let running = server_with(|feed| {
        (feed.slow_after, feed.streams_per_tenant) = (Duration::from_secs(3), 61);
    })
    .await;
    let full = StreamActivitiesRequest { view: pb::ActivityView::Full.into(), ..wanted(Start::Latest(true)) };
    // On a connection of its own, for it holds up what is on the same one; and not two megabytes of it.
    let alone = Channel::from_shared(format!("http://{}", running.address)).expect("an address");
    let alone = alone.initial_stream_window_size(65_535).connect().await.expect("a connection");
    let request = running.request("ann", Role::Agent, full.clone());
    let mut stopped = Frames::of(alone, request).await.expect("a stream");
    let mut crowd = Vec::new();
    for _ in 0..60 {
        let mut frames = running.stream("ann", Role::Agent, full.clone()).await.expect("a stream");
        crowd.push(tokio::spawn(async move {
            for position in 1..=100 {
                assert_eq!(frames.next().await.expect("no end").position, position);
            }
            frames
        }));
    }
    for n in 1..=100 {
        running.create(&format!("ticket {n}"), "rita").await;
    }
    let mut open = Vec::new();
    for reading in crowd {
        open.push(reading.await.expect("it saw all"));
    }
    // Its place is free when it was given up.
    drop(running.in_time(full).await);
    let ended = loop {
        if let Err(ended) = stopped.next().await {
            break ended;
        }
    };
    assert_eq!(reason(&ended), (Code::ResourceExhausted, "SLOW_READER".into()));
    let reached = stopped.reached;
    assert_eq!(ended.get_details_error_info().expect("an ErrorInfo").metadata["position"], reached.to_string());
    assert!(reached < 100);
    let mut again = running.in_time(wanted(Start::AfterPosition(reached))).await;
    assert_eq!(again.next().await.expect("no end").position, reached + 1);
    drop(open);
}
