//! Answers that are finished and wait for their clients: their bytes count until they have left, and the call ends if none
//! leaves for too long.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Bytes;
use http::{HeaderMap, Response};
use http_body::{Body as HttpBody, Frame};
use tokio::time::{Instant, sleep_until};
use tonic::Status;
use tonic::body::Body;

use super::room::Room;

/// How much HTTP/2 gets at once: most answers whole, and so little of the others that a client that reads is seen to read.
const PIECE: usize = 64 * 1024;

tokio::task_local! {
    /// Of the call that the task serves.
    static TAKEN: Taken;
}

/// When a part of the call's answer left last; none while there is no answer. A clone is the same.
#[derive(Clone, Default)]
struct Taken(Arc<Mutex<Option<Instant>>>);

impl Taken {
    fn now(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn last(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves one call, and gives it up once its answer has waited for so long and no part of it left. HTTP/2 does not ask a body
/// for more while its window is closed, so the body itself cannot end the call.
pub async fn unless_slow(call: impl Future, slow_after: Duration) {
    let taken = Taken::default();
    let mut call = pin!(TAKEN.scope(taken.clone(), call));
    // Few answers wait at all.
    let mut timer = None;
    std::future::poll_fn(|cx| {
        if call.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        while let Some(last) = taken.last() {
            let end = last + slow_after;
            let timer = timer.get_or_insert_with(|| Box::pin(sleep_until(end)));
            if timer.deadline() == end {
                ready!(timer.as_mut().poll(cx));
                return Poll::Ready(());
            }
            timer.as_mut().reset(end);
        }
        Poll::Pending
    })
    .await;
}

/// An answer of which all is there: its message and its trailers.
#[derive(Default)]
pub(super) struct Finished {
    data: VecDeque<Bytes>,
    trailers: Option<HeaderMap>,
}

/// Encodes what the answer holds, which then no longer holds anything else.
///
/// # Errors
/// It broke.
pub(super) async fn finished(response: Response<Body>) -> Result<Response<Finished>, Box<Status>> {
    let (parts, body) = response.into_parts();
    let mut body = pin!(body);
    let mut finished = Finished::default();
    while let Some(frame) = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        match frame.map_err(Box::new)?.into_data() {
            Ok(data) => finished.data.push_back(data),
            Err(frame) => finished.trailers = frame.into_trailers().ok(),
        }
    }
    Ok(Response::from_parts(parts, finished))
}

impl Finished {
    pub fn bytes(&self) -> usize {
        self.data.iter().map(Bytes::len).sum()
    }

    /// Its body, which holds this room until all of it has left.
    pub fn waiting(self, room: Room) -> Body {
        let taken = TAKEN.try_with(Taken::clone).unwrap_or_default();
        taken.now();
        Body::new(Waiting { answer: self, counted: Arc::new(Counted { taken, _room: room }) })
    }
}

struct Waiting {
    answer: Finished,
    counted: Arc<Counted>,
}

struct Counted {
    taken: Taken,
    /// Free again when the answer and its last piece are gone.
    _room: Room,
}

/// Dropped when the socket has it, or when nobody wants it any more.
struct Piece {
    bytes: Bytes,
    counted: Arc<Counted>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.counted.taken.now();
    }
}

impl HttpBody for Waiting {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        let Some(first) = this.answer.data.front_mut() else {
            return Poll::Ready(this.answer.trailers.take().map(|trailers| Ok(Frame::trailers(trailers))));
        };
        let bytes = first.split_to(first.len().min(PIECE));
        if first.is_empty() {
            this.answer.data.pop_front();
        }
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_owner(Piece { bytes, counted: this.counted.clone() })))))
    }

    fn is_end_stream(&self) -> bool {
        self.answer.data.is_empty() && self.answer.trailers.is_none()
    }
}
