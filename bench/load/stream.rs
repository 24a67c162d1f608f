//! Stream legs: latency from commit to subscriber, and memory with a thousand idle streams.

use std::time::{Duration, Instant};

use docket::grpc::pb;
use futures_util::future::{join, try_join};
use pb::activity_service_client::ActivityServiceClient;
use pb::stream_activities_request::Start;
use pb::stream_activities_response::Event;
use serde_json::{Value, json};
use tonic::Streaming;
use tonic::transport::Channel;

use crate::Outcome;
use crate::cpu::resident_kib;
use crate::leg::{Leg, percentile};
use crate::plan::{Side, Step, Work};
use crate::stage::Stage;
use crate::tenants::Tenant;
use crate::wire::as_tenant;

type Frames = Streaming<pb::StreamActivitiesResponse>;

/// Pause between tickets, so that nothing else is in progress.
const PAUSE: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(10);
const STREAMS_PER_CONNECTION: usize = 100;
const SAMPLE: Duration = Duration::from_millis(100);

/// Latencies in milliseconds, of tickets created one by one on an idle server.
pub struct Reach {
    /// From before CreateTicket is sent to the frame: longer than from the commit.
    pub sent_p50: f64,
    pub sent_p99: f64,
    /// From CreateTicket's response to the frame, 0 if the frame is first: shorter than from the commit.
    pub answered_p50: f64,
    pub answered_p99: f64,
    pub probes: usize,
}

impl Reach {
    pub fn json(&self) -> Value {
        let Reach { sent_p50, sent_p99, answered_p50, answered_p99, probes } = self;
        json!({"sent_p50_ms": sent_p50, "sent_p99_ms": sent_p99, "answered_p50_ms": answered_p50,
               "answered_p99_ms": answered_p99, "probes": probes})
    }
}

pub async fn reach(stage: &Stage<'_>) -> Outcome<Reach> {
    let probe = &stage.tenants.probe;
    let mut frames = subscribe(stage.server.connect().await?, probe).await?;
    let (mut sent, mut answered) = (Vec::new(), Vec::new());
    for _ in 0..stage.settings.probes {
        tokio::time::sleep(PAUSE).await;
        let begun = Instant::now();
        let create = async { Outcome::Ok((stage.wire.create(0, probe).await?, Instant::now())) };
        let frame = async { Outcome::Ok((next_position(&mut frames).await?, Instant::now())) };
        let both = tokio::time::timeout(PATIENCE, try_join(create, frame)).await;
        let ((made, answer), (seen, arrival)) = both.map_err(|_| "no frame within 10 s of a commit")??;
        if made != seen {
            return Err(format!("created position {made}, but the stream sent {seen}").into());
        }
        let micros = |from| u32::try_from(arrival.saturating_duration_since(from).as_micros()).unwrap_or(u32::MAX);
        sent.push(micros(begun));
        answered.push(micros(answer));
    }
    sent.sort_unstable();
    answered.sort_unstable();
    let at = |values: &[u32], share| percentile(values, share) / 1000.0;
    Ok(Reach {
        sent_p50: at(&sent, 0.5),
        sent_p99: at(&sent, 0.99),
        answered_p50: at(&answered, 0.5),
        answered_p99: at(&answered, 0.99),
        probes: sent.len(),
    })
}

/// Resident memory of the server, in MiB.
pub struct Memory {
    pub before: f64,
    pub streams: f64,
    /// Maximum while 64 creates are in flight in addition to the idle streams.
    pub loaded: f64,
}

impl Memory {
    pub fn json(&self) -> Value {
        let Memory { before, streams, loaded } = self;
        json!({"before_mib": before, "with_idle_streams_mib": streams, "under_load_mib": loaded})
    }
}

/// Opens one stream per idle tenant, then runs a leg of creates on the others.
pub async fn memory(stage: &Stage<'_>) -> Outcome<(Memory, Leg)> {
    let pid = stage.server.pid();
    let mebibytes = |kib: u64| kib as f64 / 1024.0;
    let before = mebibytes(resident_kib(pid)?);
    let mut streams = Vec::new();
    for tenants in stage.tenants.idle.chunks(STREAMS_PER_CONNECTION) {
        let channel = stage.server.connect().await?;
        for tenant in tenants {
            streams.push(subscribe(channel.clone(), tenant).await?);
        }
    }
    let idle = mebibytes(resident_kib(pid)?);
    let step = Step { work: Work::Spread, side: Side::Docket, in_flight: 64 };
    let length = stage.window().warm + stage.window().length;
    let highest = async {
        let end = Instant::now() + length;
        let mut highest = 0;
        while Instant::now() < end {
            highest = highest.max(resident_kib(pid)?);
            tokio::time::sleep(SAMPLE).await;
        }
        Outcome::Ok(highest)
    };
    let (leg, highest) = join(stage.run(step), highest).await;
    drop(streams);
    Ok((Memory { before, streams: idle, loaded: mebibytes(highest?) }, leg?))
}

/// Opens a stream from now on, and reads its first bookmark.
async fn subscribe(channel: Channel, tenant: &Tenant) -> Outcome<Frames> {
    let message =
        pb::StreamActivitiesRequest { start: Some(Start::Latest(true)), ..pb::StreamActivitiesRequest::default() };
    let mut client = ActivityServiceClient::new(channel);
    let opened = async {
        let mut frames = client.stream_activities(as_tenant(message, tenant)).await?.into_inner();
        match frames.message().await?.and_then(|frame| frame.event) {
            Some(Event::Bookmark(_)) => Outcome::Ok(frames),
            _ => Err("a stream does not begin with a bookmark".into()),
        }
    };
    tokio::time::timeout(PATIENCE, opened).await.map_err(|_| "a stream did not open within 10 s")?
}

/// The position of the next activity.
async fn next_position(frames: &mut Frames) -> Outcome<i64> {
    loop {
        if let Some(Event::Activity(activity)) = frames.message().await?.ok_or("the stream ended")?.event {
            return Ok(activity.position);
        }
    }
}
