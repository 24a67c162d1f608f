//! Write coalescing: answers on one connection that are ready together are sent together.
//!
//! HTTP/2 flushes whenever one call has an answer, and a lane answers a whole batch at once: without this each answer would
//! be a write to the socket of its own, the most expensive part of a call.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::super::layers::Held;
use super::count::Place;
use crate::identity::Caller;

/// Bytes that wait at most, and room that an idle connection keeps for them.
const MOST: usize = 64 * 1024;
const KEEP: usize = 8 * 1024;

/// Keeps what is written until it is flushed, and begins a flush only after the tasks that are ready now had their turn.
pub struct Together<T> {
    inner: T,
    waiting: Vec<u8>,
    /// How much of it the socket has.
    sent: usize,
    /// A flush was asked for, and the others had their turn.
    due: bool,
    /// How long the socket may take nothing, and the timer while it does.
    patience: Duration,
    stuck: Option<Pin<Box<Sleep>>>,
    /// By all calls of the connection.
    held: Held,
    /// Free for another connection when this one ends.
    _place: Option<Place>,
}

impl<T> Together<T> {
    /// `certified`: who calls without a token. `patience`: the connection breaks when its client takes nothing for so long. HTTP/2
    /// would wait for ever: what it says to end the connection has to be taken, too.
    pub fn new(inner: T, place: Place, certified: Option<Caller>, patience: Duration) -> Together<T> {
        Together { _place: Some(place), held: Held::of(certified), ..Together::over(inner, patience) }
    }

    /// What its calls share.
    pub fn held(&self) -> Held {
        self.held.clone()
    }

    fn over(inner: T, patience: Duration) -> Together<T> {
        let (waiting, held) = (Vec::new(), Held::default());
        Together { inner, waiting, sent: 0, due: false, patience, stuck: None, held, _place: None }
    }

    /// Waits for the socket, but not for ever.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let patience = self.patience;
        let timer = self.stuck.get_or_insert_with(|| Box::pin(sleep(patience)));
        timer.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<T: AsyncWrite + Unpin> Together<T> {
    fn send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.waiting.len() {
            let Poll::Ready(written) = Pin::new(&mut self.inner).poll_write(cx, &self.waiting[self.sent..])? else {
                return self.wait(cx);
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sent += written;
            self.stuck = None;
        }
        self.waiting.clear();
        self.waiting.shrink_to(KEEP);
        (self.sent, self.due) = (0, false);
        Poll::Ready(Ok(()))
    }

    /// Room for one more byte at least.
    fn room(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.waiting.len() >= MOST {
            ready!(self.send(cx))?;
        }
        Poll::Ready(Ok(MOST - self.waiting.len()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Together<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let taken = ready!(self.room(cx))?.min(buf.len());
        self.waiting.extend_from_slice(&buf[..taken]);
        Poll::Ready(Ok(taken))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let room = ready!(self.room(cx))?;
        let mut taken = 0;
        for buf in bufs {
            let part = &buf[..buf.len().min(room - taken)];
            self.waiting.extend_from_slice(part);
            taken += part.len();
        }
        Poll::Ready(Ok(taken))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.waiting.is_empty() && !self.due {
            // The task that asks goes to the end of the queue; whoever answers before its next turn comes along.
            self.due = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        ready!(self.send(cx))?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.send(cx))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Together<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    /// A socket that takes so many bytes a write, and remembers the writes.
    struct Socket {
        takes: usize,
        writes: Vec<Vec<u8>>,
    }

    impl AsyncWrite for Socket {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
            let taken = buf.len().min(self.takes);
            self.writes.push(buf[..taken].to_vec());
            Poll::Ready(Ok(taken))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn over(takes: usize) -> Together<Socket> {
        Together::over(Socket { takes, writes: Vec::new() }, Duration::from_secs(1))
    }

    fn write(io: &mut Together<Socket>, bytes: &[u8]) {
        let mut cx = Context::from_waker(Waker::noop());
        let mut left = bytes;
        while !left.is_empty() {
            let Poll::Ready(Ok(taken)) = Pin::new(&mut *io).poll_write(&mut cx, left) else { panic!("it takes all") };
            left = &left[taken..];
        }
    }

    fn flush(io: &mut Together<Socket>) -> bool {
        Pin::new(io).poll_flush(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn what_is_written_before_the_next_turn_leaves_in_one_write() {
        let mut io = over(usize::MAX);
        write(&mut io, b"one ");
        assert!(!flush(&mut io), "the others first");
        write(&mut io, b"two");
        assert!(flush(&mut io));
        assert_eq!(io.inner.writes, [b"one two"]);
        assert!(flush(&mut io), "nothing waits");
        assert_eq!(io.inner.writes.len(), 1);
    }

    #[test]
    fn a_socket_that_takes_little_gets_everything_in_order() {
        let mut io = over(3);
        let long: Vec<u8> = (0..200_000).map(|n| n as u8).collect();
        write(&mut io, &long);
        assert!(io.waiting.len() <= MOST, "no more waits than may");
        flush(&mut io);
        assert!(flush(&mut io));
        assert_eq!(io.inner.writes.concat(), long);
        assert!(io.waiting.capacity() <= KEEP);
    }

    #[test]
    fn a_shutdown_sends_what_waits() {
        let mut io = over(usize::MAX);
        write(&mut io, b"bye");
        assert!(Pin::new(&mut io).poll_shutdown(&mut Context::from_waker(Waker::noop())).is_ready());
        assert_eq!(io.inner.writes, [b"bye"]);
    }
}
