//! The beginning of a connection: TLS, and HTTP/2's preface. HTTP/1.1 is answered that it is the wrong one.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;

use super::super::Tls;
use super::wire::Wire;
use crate::identity::Caller;

/// What a client of HTTP/2 sends first.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The head of a request that is answered; the rest of a longer one is not read.
const HEAD: usize = 8 * 1024;

/// The answer to HTTP/1.1, with an ErrorInfo as JSON has it.
const WRONG_VERSION: &str = concat!(
    r#"{"code":12,"message":"this server speaks gRPC, over HTTP/2 only","details":[{"@type":"#,
    r#""type.googleapis.com/google.rpc.ErrorInfo","reason":"UNSUPPORTED","domain":"docket","metadata":{"what":"http"}}]}"#,
    "\n"
);

/// A connection whose preface is read already: whoever serves it gets it first.
pub struct Opened {
    wire: Wire,
    /// How much of the preface is still to be handed on.
    left: usize,
    /// Whose certificate the client has shown.
    pub certified: Option<Caller>,
}

/// `None`: it was no HTTP/2, or broke.
pub async fn open(socket: TcpStream, tls: Option<&Tls>) -> Option<Opened> {
    let (mut wire, certified) = match tls {
        None => (Wire::Plain(socket), None),
        Some(tls) => {
            let (stream, certified) = tls.accept(socket).await.ok()?;
            (Wire::Encrypted(Box::new(stream)), certified)
        }
    };
    let mut read = [0; PREFACE.len()];
    let mut have = 0;
    while have < read.len() {
        match wire.read(&mut read[have..]).await.ok()? {
            0 => return None,
            more => have += more,
        }
        if read[..have] != PREFACE[..have] {
            // A method of HTTP/1.1 is in capitals; whatever else it is would not understand an answer.
            if read[0].is_ascii_uppercase() {
                tell(&mut wire, read[..have].to_vec()).await.ok()?;
            }
            return None;
        }
    }
    Some(Opened { wire, left: PREFACE.len(), certified })
}

/// The head is read first: a socket closed with something unread loses the answer on its way.
async fn tell(wire: &mut Wire, mut head: Vec<u8>) -> io::Result<()> {
    let mut piece = [0; 1024];
    while head.len() < HEAD && !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match wire.read(&mut piece).await? {
            0 => break,
            more => head.extend_from_slice(&piece[..more]),
        }
    }
    let length = WRONG_VERSION.len();
    let status = "HTTP/1.1 505 HTTP Version Not Supported\r\nconnection: close\r\ncontent-type: application/json";
    wire.write_all(format!("{status}\r\ncontent-length: {length}\r\n\r\n{WRONG_VERSION}").as_bytes()).await?;
    wire.shutdown().await
}

impl AsyncRead for Opened {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.left > 0 {
            let next = &PREFACE[PREFACE.len() - self.left..];
            let taken = next.len().min(buf.remaining());
            buf.put_slice(&next[..taken]);
            self.left -= taken;
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.wire).poll_read(cx, buf)
    }
}

impl AsyncWrite for Opened {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}
