//! The answer of StreamActivities, made as bytes.
//!
//! tonic would take frame by frame, and put each into a buffer that grows. What a thousand readers are sent is this body's
//! only work: frames that are ready together are written together, into room that was made for them, and once for all whom they
//! are the same for.

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
use crate::feed::{End, Ended, Event, Form, Frame, Kept, Stream};
use crate::grpc::convert::{Part, activity, ticket as shown_ticket};
use crate::grpc::pb::stream_activities_response::Event as Shown;
use crate::grpc::pb::{self, ActivityView, ErrorReason};
use crate::grpc::status::{self, fault};
use crate::model::activity::Activity;

/// Bytes of one piece, but for the frame that makes it longer.
const GATHER: usize = 16 * 1024;
/// Before each message: that it is not compressed, and its length.
const HEADER: usize = 5;

const STREAM: &str = "StreamActivities";

/// What a client reads: frames until the stream ends, and why it did.
pub struct Frames {
    /// None once it has ended.
    stream: Option<Stream>,
    /// The pieces of a stretch, and how many of them were given.
    pieces: Option<(Arc<[Bytes]>, usize)>,
    /// How it ended, until that was said.
    end: Option<Status>,
    look: Look,
}

/// How activities are shown to a client.
#[derive(Clone, Copy)]
struct Look {
    epoch: i64,
    view: ActivityView,
    part: Part,
}

impl Frames {
    pub fn new(stream: Stream, view: ActivityView, part: Part) -> Frames {
        let look = Look { epoch: stream.epoch, view, part };
        Frames { stream: Some(stream), pieces: None, end: None, look }
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

impl Look {
    /// Writes a frame, into room for those that are ready behind it, too.
    fn put(self, since: i64, event: Shown, ready: usize, piece: &mut BytesMut) {
        let message = pb::StreamActivitiesResponse { event: Some(event), since, epoch: self.epoch };
        let length = message.encoded_len();
        let whole = HEADER + length;
        if piece.capacity() - piece.len() < whole {
            // One frame is about as long as another.
            piece.reserve(whole.max((whole * (1 + ready)).min(GATHER)));
        }
        piece.put_u8(0);
        piece.put_u32(length as u32);
        message.encode_raw(piece);
    }

    /// The frames of a stretch.
    fn pieces(self, all: &[Arc<Kept>]) -> Vec<Bytes> {
        let (mut pieces, mut piece) = (Vec::new(), BytesMut::new());
        for (nth, kept) in all.iter().enumerate() {
            self.put(kept.position - 1, self.activity(kept.clone()), all.len() - nth - 1, &mut piece);
            if piece.len() >= GATHER {
                pieces.push(piece.split().freeze());
            }
        }
        if !piece.is_empty() {
            pieces.push(piece.freeze());
        }
        pieces
    }

    fn activity(self, kept: Arc<Kept>) -> Shown {
        let to_pb = |it| activity::to_pb(it, self.epoch, self.view, self.part);
        match kept.alone() {
            Ok(activity) => Shown::Activity(Box::new(to_pb(activity))),
            Err(kept) => {
                let bytes = |it: &Activity| to_pb(it.clone()).encode_to_vec().into();
                Shown::Encoded(kept.shown(self.form(), bytes))
            }
        }
    }

    fn form(self) -> Form {
        Form { ticket: self.view == ActivityView::Full, public: self.part == Part::Public }
    }
}

impl HttpBody for Frames {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Status>>> {
        let look = self.look;
        let mut piece = BytesMut::new();
        while piece.len() < GATHER
            && self.pieces.is_none()
            && let Some(stream) = &mut self.stream
        {
            let ended = match stream.poll_next(cx) {
                Poll::Ready(Some(Ok(Frame { since, event }))) => {
                    let event = match event {
                        Event::Stretch(stretch) => {
                            self.pieces = Some((stretch.shown(look.form(), |all| look.pieces(all)), 0));
                            break;
                        }
                        Event::Activity(kept) => look.activity(kept),
                        Event::Bookmark(position) => Shown::Bookmark(pb::Bookmark { position }),
                        Event::Snapshot { ticket, at: _ } => {
                            Shown::Snapshot(Box::new(shown_ticket::to_pb(*ticket, look.part)))
                        }
                    };
                    look.put(since, event, stream.ready(), &mut piece);
                    continue;
                }
                Poll::Pending if piece.is_empty() => return Poll::Pending,
                Poll::Pending => break,
                Poll::Ready(Some(Err(ended))) => over(ended),
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

/// What tonic is given in place of the frames.
pub type Nothing = Empty<Result<pb::StreamActivitiesResponse, Status>>;

/// The frames on their way through tonic.
#[derive(Clone)]
struct Handed(Arc<Mutex<Option<Frames>>>);

/// An answer whose body [`Framing`] puts in its place.
pub fn answer(frames: Frames) -> Response<Nothing> {
    let mut response = Response::new(stream::empty());
    response.extensions_mut().insert(Handed(Arc::new(Mutex::new(Some(frames)))));
    response
}

/// Around a service with such answers.
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
    let handed = response.extensions_mut().remove::<Handed>();
    match handed.and_then(|Handed(frames)| frames.lock().unwrap_or_else(PoisonError::into_inner).take()) {
        Some(frames) => response.map(|_| Body::new(Bounded::new(frames))),
        None => response,
    }
}

/// Every end names the position to go on after; within a snapshot there is none.
fn over(ended: Ended) -> Status {
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
        End::TokenExpired => {
            let text = format!("the token has expired: get a new one, and {on}");
            build(Code::Unauthenticated, ErrorReason::TokenExpired, text, ErrorDetails::new())
        }
        End::Draining => {
            let text = format!("the server stops: {on} on another one");
            let details = ErrorDetails::with_retry_info(Some(Duration::from_millis(500)));
            build(Code::Unavailable, ErrorReason::Unavailable, text, details)
        }
        End::Expired { oldest } => status::position_expired(position, oldest),
        End::OtherLog { head, epoch } => status::position_unknown(position, head, epoch),
        End::Broken { what } => fault::incident(STREAM, &what),
        End::InSnapshot(_) => fault::incident(STREAM, &"an end within an end"),
    }
}
