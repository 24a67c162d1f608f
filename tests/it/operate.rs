//! What an operator does to the log, and what its readers see of that: retention, another epoch, tokens that end, too many.

use std::time::Duration;

use docket::grpc::pb::stream_activities_request::Start;
use docket::grpc::pb::stream_activities_response::Event;
use docket::grpc::pb::ticket_service_client::TicketServiceClient;
use docket::grpc::pb::{self, StreamActivitiesRequest, get_ticket_request::AsOf};
use docket::identity::Role;
use docket::model::time::Instant;
use docket::store;
use docket::store::prune::Pruned;
use prost::Message as _;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::shared::sql;
use crate::stream::{Frames, Running, reason, server, server_with, wanted};

impl Running {
    async fn tag(&self, id: &str, tag: &str, request_id: &str) -> pb::TagTicketResponse {
        let message = pb::TagTicketRequest {
            id: id.into(),
            add: vec![tag.into()],
            request_id: request_id.into(),
            ..Default::default()
        };
        let mut client = TicketServiceClient::new(self.channel.clone());
        client.tag_ticket(self.request("ann", Role::Agent, message)).await.expect("a tag").into_inner()
    }

    async fn as_of(&self, id: &str, position: i64) -> Result<pb::Ticket, Status> {
        let as_of = Some(AsOf::AsOfPosition(position));
        let message = pb::GetTicketRequest { id: id.into(), as_of, ..Default::default() };
        let mut client = TicketServiceClient::new(self.channel.clone());
        let answer = client.get_ticket(self.request("ann", Role::Agent, message)).await?.into_inner();
        Ok(pb::Ticket::decode(answer.ticket.expect("a ticket")).expect("it can be read"))
    }

    /// The tickets as of a position, by number.
    async fn snapshot(&self, position: i64) -> Vec<pb::Ticket> {
        let message = StreamActivitiesRequest { snapshot_first: true, ..wanted(Start::AfterPosition(position)) };
        let request = self.request("ann", Role::Agent, message);
        let mut client = pb::activity_service_client::ActivityServiceClient::new(self.channel.clone());
        let mut frames = client.stream_activities(request).await.expect("a stream").into_inner();
        let mut tickets = Vec::new();
        loop {
            let frame = frames.message().await.expect("no end").expect("a frame");
            assert_eq!(frame.since, position);
            match frame.event {
                Some(Event::Snapshot(ticket)) => tickets.push(*ticket),
                other => {
                    assert_eq!(other, Some(Event::Bookmark(pb::Bookmark { position })));
                    tickets.sort_by_key(|ticket| ticket.number);
                    return tickets;
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_retention_takes_is_never_a_hole() {
    let running = server().await;
    // 1 to 3: made; 4 to 12: tagged in turn.
    for subject in ["one", "two", "three"] {
        running.create(subject, "rita").await;
    }
    for n in 0..9 {
        running.tag(["TKT-1", "TKT-2"][n % 2], &format!("t{n}"), &format!("r{n}")).await;
    }
    let mut before = Vec::new();
    for position in 8..=12 {
        let mut then = Vec::new();
        for id in ["TKT-1", "TKT-2", "TKT-3"] {
            then.push(running.as_of(id, position).await.expect("a ticket"));
        }
        before.push((position, then));
    }
    let slow = running.stream("ann", Role::Agent, wanted(Start::AfterPosition(5))).await.expect("a stream");

    // What happened up to position 8 was three days ago.
    let database = sql(&running.url).await;
    let aged = "UPDATE activity SET occurred_at = occurred_at - interval '3 days' WHERE position <= 8";
    database.execute(aged, &[]).await.expect("time passes");
    let mut conn = store::pool::connect(&store::wall::as_server(&running.url).replace("docket_server", "docket_prune"))
        .await
        .expect("a connection");
    let ago = Instant::host_now().plus_micros(-2 * 86_400 * 1_000_000);
    let pruned = store::prune::before(&mut conn, "acme", ago).await.expect("pruned");
    // Of each ticket stay its last one and the one that holds its description.
    assert_eq!(pruned, Pruned { floor: 8, activities: 8 - 5, requests: 5 });
    let again = store::prune::before(&mut conn, "acme", ago).await.expect("pruned");
    assert_eq!(again, Pruned { floor: 8, activities: 0, requests: 0 }, "a second run finds nothing more");
    let nothing = store::prune::before(&mut conn, "nobody", ago).await.expect("pruned");
    assert_eq!(nothing, Pruned::default());

    // Positions from the floor on are told as before; below it nothing is made up.
    for (position, then) in before {
        for (ticket, id) in then.iter().zip(["TKT-1", "TKT-2", "TKT-3"]) {
            assert_eq!(&running.as_of(id, position).await.expect("a ticket"), ticket, "{id} at {position}");
        }
        assert_eq!(running.snapshot(position).await, then);
    }
    let refused = running.as_of("TKT-1", 7).await.expect_err("below the floor");
    assert_eq!(reason(&refused), (Code::OutOfRange, "POSITION_EXPIRED".into()));
    for position in [0, 7] {
        let refused = running.stream("ann", Role::Agent, wanted(Start::AfterPosition(position))).await.err();
        let refused = refused.expect("below the floor");
        assert_eq!(reason(&refused), (Code::OutOfRange, "POSITION_EXPIRED".into()));
        assert_eq!(refused.get_details_error_info().expect("an ErrorInfo").metadata["oldest"], "9");
    }
    let listed = running.list(pb::ListActivitiesRequest::default()).await.expect("a page").activities;
    assert_eq!(listed.iter().map(|activity| activity.position).collect::<Vec<_>>(), [9, 10, 11, 12]);
    let mut earliest = running.stream("ann", Role::Agent, wanted(Start::Earliest(true))).await.expect("a stream");
    assert_eq!((earliest.reached, earliest.next().await.expect("no end").position), (8, 9));
    // A reader from before has what it had; younger requests are answered again, older ones are new.
    drop(slow);
    assert_eq!(running.tag("TKT-1", "t8", "r8").await.position, 12);
    assert_eq!(running.tag("TKT-1", "t0", "r0").await.position, 12, "the tag is there, and the request is new");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_epoch_ends_streams_and_their_positions() {
    let running = server_with(|config| config.poll_every = Duration::from_millis(50)).await;
    let made = running.create("one", "rita").await;
    let mut frames = running.stream("ann", Role::Agent, wanted(Start::Latest(true))).await.expect("a stream");
    let (before, now) = store::migrate::new_epoch(&running.url).await.expect("an epoch");
    assert_eq!(before, made.epoch);
    assert!(now > before);
    let end = frames.next().await.expect_err("another log");
    assert_eq!(reason(&end), (Code::FailedPrecondition, "POSITION_UNKNOWN".into()));
    let known = StreamActivitiesRequest { epoch: before, ..wanted(Start::AfterPosition(made.position)) };
    let refused = running.stream("ann", Role::Agent, known).await.err().expect("another log");
    assert_eq!(reason(&refused), (Code::FailedPrecondition, "POSITION_UNKNOWN".into()));
    let known = StreamActivitiesRequest { epoch: now, ..wanted(Start::AfterPosition(0)) };
    let mut frames = running.stream("ann", Role::Agent, known).await.expect("a stream");
    assert_eq!(frames.next().await.expect("no end").epoch, now);
    assert_eq!(running.create("two", "rita").await.epoch, now);
    assert_eq!(frames.next().await.expect("no end").position, made.position + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stream_after_a_thousand_is_refused_until_one_ends() {
    let running = server().await;
    running.create("one", "rita").await;
    let mut streams = Vec::new();
    while streams.len() < 1_000 {
        let endpoint = tonic::transport::Channel::from_shared(format!("http://{}", running.address));
        let channel = endpoint.expect("an address").connect().await.expect("a connection");
        for _ in 0..200 {
            let request = running.request("ann", Role::Agent, wanted(Start::Latest(true)));
            streams.push(Frames::of(channel.clone(), request).await.expect("one of a thousand"));
        }
    }
    let refused = running.stream("ann", Role::Agent, wanted(Start::Latest(true))).await.err().expect("one too many");
    assert_eq!(reason(&refused), (Code::ResourceExhausted, "OVERLOADED".into()));
    assert!(refused.get_details_retry_info().is_some(), "{refused:?}");
    // All of them are there: each is sent what happens.
    let made = running.create("two", "rita").await;
    for frames in &mut streams {
        assert_eq!(frames.next().await.expect("no end").position, made.position);
    }
    streams.truncate(999);
    let mut again = None;
    while again.is_none() {
        again = running.stream("ann", Role::Agent, wanted(Start::Latest(true))).await.ok();
    }
}
