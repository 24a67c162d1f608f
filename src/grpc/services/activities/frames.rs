//! The response body of StreamActivities, encoded here.
//!
//! tonic would encode frame by frame, into a buffer that grows. With a thousand readers this body does nothing but copy: frames
//! that are ready together are written together, into a buffer of their size, and once for all readers to whom they are the same.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::TryFutureExt;
use futures_util::future::MapOk;
use futures_util::stream::{self, Empty};
use http::HeaderMap;
use http_body::Body as HttpBody;
use prost::Message;
use prost::bytes::{BufMut, Bytes, BytesMut};
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::{Code, Response, Status};
use tonic_types::ErrorDetails;
use tower::Service;

use super::in_flight::Bounded;
use crate::feed::{End, Ended, Event, Form, Frame, SharedActivity, Stream};
use crate::grpc::convert::{Disclosure, activity, ticket};
use crate::grpc::pb::stream_activities_response::Event as WireEvent;
use crate::grpc::pb::{self, ActivityView, ErrorReason};
use crate::grpc::server::gate;
use crate::grpc::status::{self, fault};
use crate::model::activity::Activity;
use crate::workflow::TooMuch;

/// A piece is sent once it has this many bytes.
const PIECE: usize = 16 * 1024;
/// Of each message: the compression flag and the length.
const HEADER: usize = 5;

const STREAM: &str = "StreamActivities";

/// The frames of one client, then the status that says why the stream ended.
pub struct Frames {
    /// None once it has ended.
    stream: Option<Stream>,
    /// The encoded pieces of a segment, and how many of them were sent.
    pieces: Option<(Arc<[Bytes]>, usize)>,
    /// The final status, until it was sent.
    end: Option<Status>,
    encoder: Encoder,
}

/// Encodes events as one client is shown them.
#[derive(Clone, Copy)]
struct Encoder {
    epoch: i64,
    view: ActivityView,
    disclosure: Disclosure,
}

impl Frames {
    pub fn new(stream: Stream, view: ActivityView, disclosure: Disclosure) -> Frames {
        let encoder = Encoder { epoch: stream.epoch, view, disclosure };
        Frames { stream: Some(stream), pieces: None, end: None, encoder }
    }

    fn next_piece(&mut self) -> Option<Bytes> {
        let (pieces, given) = self.pieces.as_mut()?;
        let piece = pieces.get(*given).cloned();
        *given += 1;
        if *given >= pieces.len() {
            self.pieces = None;
        }
        if let Some(stream) = &self.stream {
            stream.moved();
        }
        piece
    }
}

impl Encoder {
    /// Appends a frame; reserves room for the `ready` ones that follow it, too.
    fn put(self, since: i64, event: WireEvent, ready: usize, piece: &mut BytesMut) {
        let message = pb::StreamActivitiesResponse { event: Some(event), since, epoch: self.epoch };
        let length = message.encoded_len();
        let whole = HEADER + length;
        if piece.capacity() - piece.len() < whole {
            // One frame is about as long as another.
            piece.reserve(whole.max((whole * (1 + ready)).min(PIECE)));
        }
        piece.put_u8(0);
        piece.put_u32(length as u32);
        message.encode_raw(piece);
    }

    /// The frames of a segment.
    fn pieces(self, all: &[Arc<SharedActivity>]) -> Vec<Bytes> {
        let (mut pieces, mut piece) = (Vec::new(), BytesMut::new());
        for (nth, kept) in all.iter().enumerate() {
            self.put(kept.position - 1, self.activity(kept.clone()), all.len() - nth - 1, &mut piece);
            if piece.len() >= PIECE {
                pieces.push(piece.split().freeze());
            }
        }
        if !piece.is_empty() {
            pieces.push(piece.freeze());
        }
        pieces
    }

    fn activity(self, kept: Arc<SharedActivity>) -> WireEvent {
        let to_pb = |it| activity::to_pb(it, self.epoch, self.view, self.disclosure);
        match kept.alone() {
            Ok(activity) => WireEvent::Activity(Box::new(to_pb(activity))),
            Err(kept) => {
                let bytes = |it: &Activity| to_pb(it.clone()).encode_to_vec().into();
                WireEvent::Encoded(kept.encoded(self.form(), bytes))
            }
        }
    }

    fn form(self) -> Form {
        Form { ticket: self.view == ActivityView::Full, public: self.disclosure == Disclosure::Public }
    }
}

impl HttpBody for Frames {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Status>>> {
        let encoder = self.encoder;
        let mut piece = BytesMut::new();
        while piece.len() < PIECE
            && self.pieces.is_none()
            && let Some(stream) = &mut self.stream
        {
            let ended = match stream.poll_next(cx) {
                Poll::Ready(Some(Ok(Frame { since, event }))) => {
                    let event = match event {
                        Event::Segment(segment) => {
                            self.pieces = Some((segment.encoded(encoder.form(), |all| encoder.pieces(all)), 0));
                            break;
                        }
                        Event::Activity(kept) => encoder.activity(kept),
                        Event::Bookmark(position) => WireEvent::Bookmark(pb::Bookmark { position }),
                        Event::Snapshot { ticket, at: _ } => {
                            WireEvent::Snapshot(Box::new(ticket::to_pb(*ticket, encoder.disclosure)))
                        }
                    };
                    encoder.put(since, event, stream.ready(), &mut piece);
                    continue;
                }
                Poll::Pending if piece.is_empty() => return Poll::Pending,
                Poll::Pending => break,
                Poll::Ready(Some(Err(ended))) => end_status(ended, encoder.disclosure),
                Poll::Ready(None) => fault::incident(STREAM, &"the delivery broke off"),
            };
            (self.stream, self.end) = (None, Some(ended));
        }
        let piece = if piece.is_empty() { self.next_piece() } else { Some(piece.freeze()) };
        if let Some(piece) = piece {
            return Poll::Ready(Some(Ok(http_body::Frame::data(piece))));
        }
        Poll::Ready(self.end.take().map(|status| {
            let mut trailers = HeaderMap::new();
            status.add_header(&mut trailers).map(|()| http_body::Frame::trailers(trailers))
        }))
    }
}

/// The empty stream that tonic is given in place of the frames.
pub type NoFrames = Empty<Result<pb::StreamActivitiesResponse, Status>>;

/// Carries the frames past tonic, in the extensions of the response.
#[derive(Clone)]
struct HandOff(Arc<Mutex<Option<Frames>>>);

/// A response whose body [`Framing`] replaces with these frames.
pub fn answer(frames: Frames) -> Response<NoFrames> {
    let mut response = Response::new(stream::empty());
    response.extensions_mut().insert(HandOff(Arc::new(Mutex::new(Some(frames)))));
    response
}

/// Wraps a service whose responses carry their frames.
#[derive(Clone)]
pub struct Framing<S>(pub S);

impl<S: NamedService> NamedService for Framing<S> {
    const NAME: &'static str = S::NAME;
}

impl<S, R> Service<R> for Framing<S>
where
    S: Service<R, Response = http::Response<Body>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = MapOk<S::Future, fn(S::Response) -> S::Response>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        self.0.call(request).map_ok(framed)
    }
}

fn framed(mut response: http::Response<Body>) -> http::Response<Body> {
    let handed = response.extensions_mut().remove::<HandOff>();
    match handed.and_then(|HandOff(frames)| frames.lock().unwrap_or_else(PoisonError::into_inner).take()) {
        Some(frames) => response.map(|_| Body::new(Bounded::new(frames))),
        None => response,
    }
}

/// The status of every end names the position to resume after; within a snapshot there is none.
fn end_status(ended: Ended, disclosure: Disclosure) -> Status {
    let Ended { position, why } = ended;
    let (why, begun) = match why {
        End::InSnapshot(why) => (*why, None),
        why => (why, Some(position)),
    };
    let (metadata, on) = match begun {
        Some(position) => (vec![("position", position.to_string())], format!("go on with after_position {position}")),
        None => (Vec::new(), "begin again, for the snapshot was not whole".to_owned()),
    };
    let build = |code, reason, text, details| status::build(code, reason, text, metadata, details);
    match why {
        End::SlowReader => {
            let text = format!("the reader did not keep up: {on}");
            build(Code::ResourceExhausted, ErrorReason::SlowReader, text, ErrorDetails::new())
        }
        End::TooMuch => {
            let text = format!("{TooMuch}; without it, {on}");
            build(Code::ResourceExhausted, ErrorReason::LimitExceeded, text, ErrorDetails::new())
        }
        End::CallerLost(why) => {
            build(Code::Unauthenticated, gate::reason(why), format!("{why}; then {on}"), ErrorDetails::new())
        }
        End::Draining => {
            let text = format!("the server stops: {on} on another one");
            let details = ErrorDetails::with_retry_info(Some(Duration::from_millis(500)));
            build(Code::Unavailable, ErrorReason::Unavailable, text, details)
        }
        End::Expired { oldest } => status::position_expired(position, oldest),
        End::OtherLog { head, epoch } => status::position_unknown(position, disclosure.of_tenant(head), epoch),
        End::Broken { what } => fault::incident(STREAM, &what),
        End::InSnapshot(_) => fault::incident(STREAM, &"an end within an end"),
    }
}
