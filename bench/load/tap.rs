//! Minimal stream reader, which parses only the position of a frame, so that its cost barely affects the measurement.

use std::time::Duration;

use docket::grpc::pb;
use http::uri::PathAndQuery;
use pb::stream_activities_request::Start;
use prost::bytes::Buf;
use tonic::client::Grpc;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder};
use tonic::transport::Channel;
use tonic::{Status, Streaming};
use tonic_prost::ProstEncoder;

use crate::Outcome;
use crate::tenants::Tenant;
use crate::wire::as_tenant;

const PATH: PathAndQuery = PathAndQuery::from_static("/docket.v1.ActivityService/StreamActivities");
const PATIENCE: Duration = Duration::from_secs(10);

/// An open stream.
pub struct Tap {
    frames: Streaming<Head>,
    /// Position of the first bookmark.
    pub start: i64,
}

/// Opens a stream from `start`, and reads its first bookmark.
pub async fn tap(channel: Channel, tenant: &Tenant, start: Start) -> Outcome<Tap> {
    let message = pb::StreamActivitiesRequest { start: Some(start), ..pb::StreamActivitiesRequest::default() };
    let opened = async {
        let mut grpc = Grpc::new(channel);
        grpc.ready().await?;
        let mut frames = grpc.server_streaming(as_tenant(message, tenant), PATH, Heads).await?.into_inner();
        match frames.message().await? {
            Some(Head::Bookmark(start)) => Outcome::Ok(Tap { frames, start }),
            _ => Err("a stream does not begin with a bookmark".into()),
        }
    };
    tokio::time::timeout(PATIENCE, opened).await.map_err(|_| "a stream did not open within 10 s")?
}

impl Tap {
    /// The position of the next activity.
    pub async fn next(&mut self) -> Outcome<i64> {
        loop {
            if let Head::Activity(position) = self.frames.message().await?.ok_or("the stream ended")? {
                return Ok(position);
            }
        }
    }
}

/// Start of a frame.
#[derive(Clone, Copy)]
pub enum Head {
    Activity(i64),
    Bookmark(i64),
}

struct Heads;

impl Codec for Heads {
    type Encode = pb::StreamActivitiesRequest;
    type Decode = Head;
    type Encoder = ProstEncoder<pb::StreamActivitiesRequest>;
    type Decoder = Heads;

    fn encoder(&mut self) -> Self::Encoder {
        ProstEncoder::new(BufferSettings::default())
    }

    fn decoder(&mut self) -> Heads {
        Heads
    }
}

impl Decoder for Heads {
    type Item = Head;
    type Error = Status;

    /// The event is the first field of the frame, and the position that of the event.
    fn decode(&mut self, src: &mut DecodeBuf<'_>) -> Result<Option<Head>, Status> {
        let bytes = src.chunk();
        let position = |bytes: &[u8]| {
            // Skips the event's length.
            let after = &bytes[bytes.iter().position(|byte| *byte < 0x80)? + 1..];
            match after.first() {
                Some(0x08) => prost::decode_length_delimiter(&after[1..]).ok(),
                // A position of 0 is not encoded.
                _ => Some(0),
            }
        };
        let head = match bytes.split_first() {
            Some((0x0a, rest)) => position(rest).map(|position| Head::Activity(position as i64)),
            Some((0x12, rest)) => position(rest).map(|position| Head::Bookmark(position as i64)),
            _ => None,
        };
        src.advance(src.remaining());
        head.map(Some).ok_or_else(|| Status::internal("a frame of another kind"))
    }
}
