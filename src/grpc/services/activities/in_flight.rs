//! Flow control of a stream: bounds the bytes of an answer that are in flight.
//!
//! HTTP/2 would buffer 400 KiB of an answer that its reader does not fetch. A stream that has to wait costs less before it is
//! encoded: what it then waits with is shared among all who read the same log.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::body::Bytes;
use futures_util::task::AtomicWaker;
use http_body::{Body as HttpBody, Frame, SizeHint};

/// Bytes in flight beyond which no more are made: about the length of a stream's pieces.
const LIMIT: usize = 16 * 1024;

/// A body that yields more only while less than the limit is in flight.
pub(super) struct Bounded<B> {
    inner: B,
    in_flight: Arc<InFlight>,
}

#[derive(Default)]
struct InFlight {
    bytes: AtomicUsize,
    waker: AtomicWaker,
}

/// Bytes that are in flight until they are dropped: then the socket has them, or nobody wants them any more.
struct Piece {
    bytes: Bytes,
    in_flight: Arc<InFlight>,
}

impl<B> Bounded<B> {
    pub fn new(inner: B) -> Bounded<B> {
        Bounded { inner, in_flight: Arc::default() }
    }
}

impl InFlight {
    fn is_full(&self) -> bool {
        self.bytes.load(Ordering::SeqCst) >= LIMIT
    }
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let before = self.in_flight.bytes.fetch_sub(self.bytes.len(), Ordering::SeqCst);
        if before >= LIMIT {
            self.in_flight.waker.wake();
        }
    }
}

impl<B: HttpBody<Data = Bytes> + Unpin> HttpBody for Bounded<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if self.in_flight.is_full() {
            self.in_flight.waker.register(cx.waker());
            // What left before that woke nobody.
            if self.in_flight.is_full() {
                return Poll::Pending;
            }
        }
        let this = &mut *self;
        let counted = |bytes: Bytes| {
            this.in_flight.bytes.fetch_add(bytes.len(), Ordering::SeqCst);
            Bytes::from_owner(Piece { bytes, in_flight: this.in_flight.clone() })
        };
        let polled = Pin::new(&mut this.inner).poll_frame(cx);
        polled.map(|next| next.map(|frame| frame.map(|frame| frame.map_data(counted))))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::task::{Wake, Waker};

    use super::*;

    /// So many pieces of one size.
    struct Pieces {
        left: usize,
        size: usize,
    }

    impl HttpBody for Pieces {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready((self.left > 0).then(|| {
                self.left -= 1;
                Ok(Frame::data(vec![self.left as u8; self.size].into()))
            }))
        }
    }

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Woken>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn more_is_made_when_what_was_made_has_left() {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(woken.clone());
        let mut body = Bounded::new(Pieces { left: 4, size: LIMIT / 2 });
        let mut next = || Pin::new(&mut body).poll_frame(&mut Context::from_waker(&waker));
        let data = |polled| match polled {
            Poll::Ready(Some(Ok(frame))) => Frame::into_data(frame).ok(),
            _ => None,
        };
        let (first, second) = (data(next()).expect("room"), data(next()).expect("room yet"));
        assert!(next().is_pending() && next().is_pending());
        // A part of a piece keeps all of it.
        let part = first.slice(..1);
        drop(first);
        assert_eq!(woken.0.load(Ordering::SeqCst), 0);
        drop(part);
        assert_eq!(woken.0.load(Ordering::SeqCst), 1);
        let third = data(next()).expect("room again");
        assert!(next().is_pending());
        drop((second, third));
        assert_eq!(woken.0.load(Ordering::SeqCst), 2);
        assert_eq!(data(next()).map(|bytes| bytes.to_vec()), Some(vec![0; LIMIT / 2]));
        assert!(matches!(next(), Poll::Ready(None)));
    }

    #[test]
    fn a_piece_larger_than_the_bound_is_sent_whole() {
        let mut body = Bounded::new(Pieces { left: 1, size: 10 * LIMIT });
        let polled = Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop()));
        let Poll::Ready(Some(Ok(frame))) = polled else { panic!("it is there") };
        assert_eq!(frame.into_data().map(|bytes| bytes.len()).ok(), Some(10 * LIMIT));
    }
}
