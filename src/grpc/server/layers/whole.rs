//! Request bodies that pass a message on only when all of it has arrived.
//!
//! tonic's decoder reserves the length that a message's header claims: five bytes would cost the server megabytes. Behind
//! this body it never sees a header without its message.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use http_body::{Body as HttpBody, Frame};
use prost::bytes::BytesMut;
use tonic::Status;
use tonic::body::Body;

use super::quota::Charge;
use super::room::Room;
use super::unreadable;

/// Of each message: whether it is compressed, and its length.
const HEADER: usize = 5;

pub(super) struct Whole {
    inner: Body,
    /// Of one message.
    limit: usize,
    /// The beginning of a message, with its header. It grows with what arrives.
    held: BytesMut,
    /// How long `held` is once its message is whole.
    needed: usize,
    room: Room,
    /// Where its bytes are counted, if they are.
    charge: Option<Charge>,
}

impl Whole {
    /// `limit`: bytes of one message; `room`: where unfinished messages are counted.
    pub fn around(body: Body, limit: usize, room: Room, charge: Option<Charge>) -> Body {
        if body.is_end_stream() {
            return body;
        }
        Body::new(Whole { inner: body, limit, held: BytesMut::new(), needed: HEADER, room, charge })
    }

    /// The messages that are whole with this piece. In the usual case it is one, which passes as it is.
    fn take(&mut self, piece: Bytes) -> Result<Option<Bytes>, Box<Status>> {
        if self.held.is_empty() {
            let (whole, needed) = measure(&piece, self.limit)?;
            if whole < piece.len() {
                self.hold(&piece[whole..], needed)?;
            }
            return Ok((whole > 0).then(|| piece.slice(..whole)));
        }
        self.hold(&piece, self.needed)?;
        if self.held.len() < self.needed {
            return Ok(None);
        }
        let (whole, needed) = measure(&self.held, self.limit)?;
        self.needed = needed;
        if whole == 0 {
            return Ok(None);
        }
        self.room.give_back(whole);
        Ok(Some(self.held.split_to(whole).freeze()))
    }

    fn hold(&mut self, piece: &[u8], needed: usize) -> Result<(), Box<Status>> {
        self.room.take(piece.len())?;
        self.held.extend_from_slice(piece);
        self.needed = needed;
        Ok(())
    }

    fn next(&mut self, frame: Frame<Bytes>) -> Result<Option<Frame<Bytes>>, Box<Status>> {
        match frame.into_data() {
            Ok(piece) => {
                if let Some(charge) = &self.charge {
                    charge.add(piece.len());
                }
                Ok(self.take(piece)?.map(Frame::data))
            }
            Err(trailers) => self.ended().map(|()| Some(trailers)),
        }
    }

    fn ended(&self) -> Result<(), Box<Status>> {
        match self.held.is_empty() {
            true => Ok(()),
            false => Err(unreadable::broken("it ends before the length that it claims")),
        }
    }
}

/// How many bytes at the beginning are whole messages, and how many the one behind them takes, as far as its header tells.
fn measure(bytes: &[u8], limit: usize) -> Result<(usize, usize), Box<Status>> {
    let mut whole = 0;
    while let Some([_, a, b, c, d]) = bytes.get(whole..whole + HEADER) {
        let claimed = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        if claimed > limit {
            return Err(unreadable::too_large(limit, &format!("it claims {claimed} bytes")));
        }
        if bytes.len() - whole < HEADER + claimed {
            return Ok((whole, HEADER + claimed));
        }
        whole += HEADER + claimed;
    }
    Ok((whole, HEADER))
}

impl HttpBody for Whole {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        loop {
            let next = match ready!(Pin::new(&mut this.inner).poll_frame(cx)) {
                Some(Ok(frame)) => this.next(frame),
                Some(Err(_)) => Err(Box::new(Status::aborted(unreadable::CUT))),
                None => match this.ended() {
                    Ok(()) => return Poll::Ready(None),
                    Err(status) => Err(status),
                },
            };
            match next {
                Ok(None) => {}
                Ok(Some(frame)) => return Poll::Ready(Some(Ok(frame))),
                Err(status) => return Poll::Ready(Some(Err(*status))),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_empty() && self.inner.is_end_stream()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use http::HeaderMap;
    use tonic::Code;

    use super::super::room::{Bytes as Everywhere, Held};
    use super::*;

    fn room() -> Room {
        Room::new(Held::default(), Everywhere::unfinished(), None, 1 << 20)
    }

    /// A body of these pieces; it counts nothing and fails where there is none.
    struct Pieces(VecDeque<Option<Frame<Bytes>>>);

    impl HttpBody for Pieces {
        type Data = Bytes;
        type Error = Status;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
            Poll::Ready(self.0.pop_front().map(|piece| piece.ok_or_else(|| Status::unknown("connection reset"))))
        }
    }

    fn message(text: &[u8]) -> Vec<u8> {
        [&[0][..], &(text.len() as u32).to_be_bytes(), text].concat()
    }

    fn pieces(pieces: &[&[u8]]) -> Vec<Option<Frame<Bytes>>> {
        pieces.iter().map(|piece| Some(Frame::data(Bytes::copy_from_slice(piece)))).collect()
    }

    /// What comes out: the data of each frame, and how it ended.
    fn passed(body: Vec<Option<Frame<Bytes>>>, limit: usize) -> (Vec<Bytes>, Option<Status>) {
        let mut body = Whole::around(Body::new(Pieces(body.into())), limit, room(), None);
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let mut data = Vec::new();
        loop {
            match Pin::new(&mut body).poll_frame(&mut cx) {
                Poll::Ready(Some(Ok(frame))) => data.extend(frame.into_data().ok()),
                Poll::Ready(Some(Err(status))) => return (data, Some(status)),
                Poll::Ready(None) => return (data, None),
                Poll::Pending => panic!("the pieces are there"),
            }
        }
    }

    #[test]
    fn what_arrives_whole_passes_untouched() {
        let whole = Bytes::from(message(b"whole"));
        let (data, ended) = passed(vec![Some(Frame::data(whole.clone()))], 100);
        assert_eq!((data.len(), data[0].as_ptr(), ended.is_none()), (1, whole.as_ptr(), true), "not even copied");
    }

    #[test]
    fn pieces_come_out_as_whole_messages_however_they_were_cut() {
        let sent = [message(b"one"), message(b""), message(&[7; 300]), message(b"four")].concat();
        for size in 1..=sent.len() {
            let cut: Vec<&[u8]> = sent.chunks(size).collect();
            let (data, ended) = passed(pieces(&cut), 300);
            assert!(ended.is_none(), "{ended:?}");
            assert_eq!(data.concat(), sent);
            for frame in data {
                assert_eq!(measure(&frame, 300).expect("small enough"), (frame.len(), HEADER), "cut to {size}");
            }
        }
    }

    #[test]
    fn a_claim_is_refused_before_anything_is_held_for_it() {
        let claim = [&[0][..], &u32::MAX.to_be_bytes()].concat();
        for cut in [vec![&claim[..]], claim.chunks(1).collect()] {
            let status = passed(pieces(&cut), 1 << 20).1.expect("refused");
            assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
        }
    }

    #[test]
    fn a_header_alone_holds_five_bytes() {
        let claim = [&[0][..], &4_194_000_u32.to_be_bytes()].concat();
        let (inner, held) = (Body::empty(), BytesMut::new());
        let mut whole = Whole { inner, limit: 4 << 20, held, needed: HEADER, room: room(), charge: None };
        assert_eq!(whole.take(claim.into()).expect("within the limit"), None);
        assert!(whole.held.capacity() < 100, "{}", whole.held.capacity());
    }

    #[test]
    fn a_client_that_leaves_and_one_that_ends_too_early_are_told_apart() {
        let begun = message(b"begun");
        let broken = |mut body: Vec<Option<Frame<Bytes>>>, last: Vec<Option<Frame<Bytes>>>| {
            body.extend(last);
            let ended = passed(body, 100).1.expect("an error");
            unreadable::reworded(&ended).unwrap_or(Box::new(ended)).code()
        };
        assert_eq!(broken(pieces(&[&begun[..7]]), vec![None]), Code::Cancelled);
        assert_eq!(broken(pieces(&[&begun[..7]]), vec![]), Code::InvalidArgument);
        assert_eq!(
            broken(pieces(&[&begun[..7]]), vec![Some(Frame::trailers(HeaderMap::new()))]),
            Code::InvalidArgument
        );
    }
}
