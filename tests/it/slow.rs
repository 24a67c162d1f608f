//! A reader that takes one byte a second.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use docket::grpc::pb;
use docket::grpc::pb::stream_activities_request::Start;
use docket::grpc::pb::ticket_service_client::TicketServiceClient;
use docket::identity::Role;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tonic::Code;
use tonic::transport::Channel;
use tonic_types::StatusExt;

use crate::stream::{Frames, reason, server_with, wanted};

const SLOW_AFTER: Duration = Duration::from_secs(2);

/// A way to the server on which answers pass one byte a second while `slow`.
async fn drip(to: SocketAddr, slow: Arc<AtomicBool>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let (client, _) = listener.accept().await.expect("a client");
        let (mut from_client, mut to_client) = client.into_split();
        let server = TcpStream::connect(to).await.expect("the server");
        let (mut from_server, mut to_server) = server.into_split();
        tokio::spawn(async move { copy(&mut from_client, &mut to_server).await });
        let mut byte = [0; 1];
        while from_server.read(&mut byte).await.is_ok_and(|read| read == 1) {
            to_client.write_all(&byte).await.expect("the client");
            if slow.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_of_one_byte_a_second_is_cut_off_with_its_position_and_delays_nobody() {
    let running = server_with(|config| config.slow_after = SLOW_AFTER).await;
    let slow = Arc::new(AtomicBool::new(false));
    let address = drip(running.address, slow.clone()).await;
    let channel = Channel::from_shared(format!("http://{address}")).expect("an address");
    // HTTP/2's own windows; the client's are so large that all would be on its way.
    let channel = channel.initial_stream_window_size(65_535).initial_connection_window_size(65_535);
    let channel = channel.connect().await.expect("a connection");
    let request = running.request("ann", Role::Agent, wanted(Start::Latest(true)));
    let mut dripped = Frames::of(channel, request).await.expect("a stream");
    let mut other = running.stream("ann", Role::Agent, wanted(Start::Latest(true))).await.expect("a stream");

    slow.store(true, Ordering::Relaxed);
    let mut client = TicketServiceClient::new(running.channel.clone());
    let mut head = 0;
    for batch in 0..8 {
        let ticket = |n| pb::Ticket { subject: format!("{batch} {n} {}", "x".repeat(300)), ..Default::default() };
        let one = |n| pb::CreateTicketRequest { ticket: Some(ticket(n)), ..Default::default() };
        let requests = (0..500).map(one).collect();
        let message = pb::BatchCreateTicketsRequest { requests, ..Default::default() };
        let made = client.batch_create_tickets(running.request("ann", Role::Agent, message)).await;
        head = made.expect("tickets").into_inner().position;
        while other.reached < head {
            other.next().await.expect("no end");
        }
    }
    // The other reader goes on while this one is given up.
    let until = tokio::time::Instant::now() + 2 * SLOW_AFTER;
    while tokio::time::Instant::now() < until {
        head = running.create("one more", "rita").await.position;
        assert_eq!(other.next().await.expect("no end").position, head);
    }
    slow.store(false, Ordering::Relaxed);
    let end = loop {
        if let Err(end) = dripped.next().await {
            break end;
        }
    };
    assert_eq!(reason(&end), (Code::ResourceExhausted, "SLOW_READER".into()));
    let position = &end.get_details_error_info().expect("an ErrorInfo").metadata["position"];
    assert_eq!(*position, dripped.reached.to_string(), "it was sent all up to there");
    assert!(dripped.reached < head, "it was not kept for it: {} of {head}", dripped.reached);
    let mut again = running.stream("ann", Role::Agent, wanted(Start::AfterPosition(dripped.reached))).await;
    let next = again.as_mut().expect("a stream").next().await.expect("no end");
    assert_eq!(next.position, dripped.reached + 1);
}
