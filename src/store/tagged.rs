//! Byte stream of a server that prefixes each error's message with its SQLSTATE: `40P01: deadlock detected`.
//!
//! Diesel drops the SQLSTATE of every error that it has no kind for and hides the error that held it; only a few fields
//! get through, and of those the message alone is always there. So the code travels in it, in the form that PostgreSQL
//! itself gives verbose messages, and [`sqlstate`](super::sqlstate) reads it there. It is done on the stream because a
//! connection's errors go past its owner from the socket to the statement that waits for them, and in each message because
//! statements are pipelined: the last SQLSTATE of a connection may belong to another statement.

use std::convert::Infallible;
use std::future::{self, Ready};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use futures_util::TryFutureExt;
use futures_util::future::MapOk;
use prost::bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio_postgres::Socket;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};

/// Bytes that are read at once.
const CHUNK: usize = 8 << 10;
/// A message's type and length. The length counts itself, not the type.
const HEADER: usize = 5;
const ERROR_RESPONSE: u8 = b'E';

/// A stream that is read one message at a time as far as it has to be: whole errors, and the headers of all else.
pub struct Tagged<S> {
    stream: S,
    binding: fn(&S) -> ChannelBinding,
    bytes: BytesMut,
    /// Bytes that may be handed out, from the first on; where a message has begun, with those that are still to come.
    ready: usize,
}

impl<S> Tagged<S> {
    fn new(stream: S, binding: fn(&S) -> ChannelBinding) -> Tagged<S> {
        Tagged { stream, binding, bytes: BytesMut::new(), ready: 0 }
    }

    pub fn plaintext(stream: S) -> Tagged<S> {
        Tagged::new(stream, |_| ChannelBinding::none())
    }

    /// Looks at the messages that have begun.
    fn scan(&mut self) {
        while let Some([kind, length @ ..]) = self.bytes.get(self.ready..).and_then(|rest| rest.first_chunk::<HEADER>())
        {
            let end = (self.ready + 1).saturating_add(u32::from_be_bytes(*length) as usize);
            if *kind != ERROR_RESPONSE {
                self.ready = end;
                continue;
            }
            let Some(message) = self.bytes.get(self.ready..end) else { return };
            let tagged = tag(message);
            let rest = self.bytes.split_off(end);
            if let Some(tagged) = tagged {
                self.bytes.truncate(self.ready);
                self.bytes.extend_from_slice(&tagged);
            }
            self.ready = self.bytes.len();
            self.bytes.unsplit(rest);
        }
    }
}

/// An ErrorResponse with its SQLSTATE in its message; absent where it has either not.
fn tag(message: &[u8]) -> Option<Vec<u8>> {
    let fields = message.get(HEADER..)?;
    let code = fields.split(|byte| *byte == 0).find_map(|field| field.strip_prefix(b"C"))?;
    let mut tagged = message[..HEADER].to_vec();
    for field in fields.split_inclusive(|byte| *byte == 0) {
        match field.strip_prefix(b"M") {
            Some(text) => tagged.extend([b"M", code, b": ", text].concat()),
            None => tagged.extend(field),
        }
    }
    let length = u32::try_from(tagged.len() - 1).ok()?;
    tagged[1..HEADER].copy_from_slice(&length.to_be_bytes());
    Some(tagged)
}

impl<S: AsyncRead + Unpin> AsyncRead for Tagged<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while this.ready.min(this.bytes.len()) == 0 {
            this.bytes.reserve(CHUNK);
            if ready!(pin!(this.stream.read_buf(&mut this.bytes)).poll(cx))? == 0 {
                return Poll::Ready(Ok(()));
            }
            this.scan();
        }
        let given = this.ready.min(this.bytes.len()).min(buf.remaining());
        buf.put_slice(&this.bytes[..given]);
        this.bytes.advance(given);
        this.ready -= given;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tagged<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Tagged<S> {
    fn channel_binding(&self) -> ChannelBinding {
        (self.binding)(&self.stream)
    }
}

/// Makes tagged streams where tokio-postgres makes TLS streams: the one place where it hands out its socket.
#[derive(Clone)]
pub struct Tagging<T>(pub T);

impl<T: MakeTlsConnect<Socket>> MakeTlsConnect<Socket> for Tagging<T> {
    type Stream = Tagged<T::Stream>;
    type TlsConnect = Tagging<T::TlsConnect>;
    type Error = T::Error;

    fn make_tls_connect(&mut self, domain: &str) -> Result<Self::TlsConnect, T::Error> {
        self.0.make_tls_connect(domain).map(Tagging)
    }
}

impl<T: TlsConnect<Socket>> TlsConnect<Socket> for Tagging<T> {
    type Stream = Tagged<T::Stream>;
    type Error = T::Error;
    type Future = MapOk<T::Future, fn(T::Stream) -> Tagged<T::Stream>>;

    fn connect(self, socket: Socket) -> Self::Future {
        self.0.connect(socket).map_ok(|stream| Tagged::new(stream, TlsStream::channel_binding))
    }
}

/// The same without TLS: "direct" TLS that encrypts nothing.
#[derive(Clone, Copy)]
pub struct Plaintext;

impl MakeTlsConnect<Socket> for Plaintext {
    type Stream = Tagged<Socket>;
    type TlsConnect = Plaintext;
    type Error = Infallible;

    fn make_tls_connect(&mut self, _: &str) -> Result<Plaintext, Infallible> {
        Ok(Plaintext)
    }
}

impl TlsConnect<Socket> for Plaintext {
    type Stream = Tagged<Socket>;
    type Error = Infallible;
    type Future = Ready<Result<Tagged<Socket>, Infallible>>;

    fn connect(self, socket: Socket) -> Self::Future {
        future::ready(Ok(Tagged::plaintext(socket)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::task::Waker;

    use proptest::prelude::*;

    use super::*;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).expect("a short message").to_be_bytes();
        [&[kind], &length[..], body].concat()
    }

    /// Gives what a socket gives: some bytes at a time.
    struct Pieces(VecDeque<Vec<u8>>);

    impl AsyncRead for Pieces {
        fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            if let Some(piece) = self.0.pop_front() {
                buf.put_slice(&piece);
            }
            Poll::Ready(Ok(()))
        }
    }

    /// What comes out when the bytes come in pieces and are taken in pieces.
    fn read(bytes: &[u8], piece: usize, taken: usize) -> Vec<u8> {
        let mut tagged = Tagged::plaintext(Pieces(bytes.chunks(piece).map(<[u8]>::to_vec).collect()));
        let mut all = Vec::new();
        let mut buf = vec![0; taken];
        loop {
            let mut buf = ReadBuf::new(&mut buf);
            let read = Pin::new(&mut tagged).poll_read(&mut Context::from_waker(Waker::noop()), &mut buf);
            assert!(matches!(read, Poll::Ready(Ok(()))), "it never waits");
            if buf.filled().is_empty() {
                return all;
            }
            all.extend(buf.filled());
        }
    }

    const DEADLOCK: &[u8] = b"SFEHLER\0VERROR\0C40P01\0MVerklemmung entdeckt\0DMit Einzelheiten\0\0";
    const TAGGED: &[u8] = b"SFEHLER\0VERROR\0C40P01\0M40P01: Verklemmung entdeckt\0DMit Einzelheiten\0\0";

    #[test]
    fn an_error_without_a_code_or_a_text_goes_through_as_it_is() {
        for odd in [&b"SFEHLER\0MEin Text\0\0"[..], b"SFEHLER\0C40P01\0\0", b"", b"\0"] {
            let odd = message(ERROR_RESPONSE, odd);
            assert_eq!(read(&odd, 3, 100), odd);
        }
        // A length that cannot be, and an error that ends with its connection.
        assert_eq!(read(&[ERROR_RESPONSE, 0, 0, 0, 0, b'Z', 0, 0, 0, 5, b'I'], 4, 100).len(), 11);
        assert!(read(&message(ERROR_RESPONSE, DEADLOCK)[..20], 4, 100).is_empty());
    }

    proptest! {
        #[test]
        fn errors_are_tagged_and_all_else_is_as_it_was(
            rows in prop::collection::vec((prop::bool::ANY, prop::collection::vec(any::<u8>(), 0..60)), 0..8),
            piece in 1_usize..40,
            taken in 1_usize..40,
        ) {
            let (mut sent, mut wanted) = (Vec::new(), Vec::new());
            for (is_error, body) in rows {
                match is_error {
                    true => {
                        sent.extend(message(ERROR_RESPONSE, DEADLOCK));
                        wanted.extend(message(ERROR_RESPONSE, TAGGED));
                    }
                    false => {
                        sent.extend(message(b'D', &body));
                        wanted.extend(message(b'D', &body));
                    }
                }
            }
            prop_assert_eq!(read(&sent, piece, taken), wanted);
        }
    }
}
