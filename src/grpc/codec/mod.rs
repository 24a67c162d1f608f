//! The codec of messages: prost's, with a buffer of the right size allocated once, and with a bound on the elements of what is
//! read.

mod elements;
mod scan;
#[cfg(test)]
mod tests;

use std::marker::PhantomData;

use prost::bytes::Buf;
use prost::{Message, Name};
use tonic::Status;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic_prost::{ProstCodec, ProstDecoder};

use crate::command::Refusal;
use crate::grpc::status;
use scan::TooMany;

/// Bytes that a call begins with: by default it were 8 KiB, for answers of which most are far shorter.
const BEGIN: usize = 512;
/// Of no call here: no answer is more than one message, for those of a stream do not come this way.
const GATHER: usize = 16 * 1024;

/// Of messages that a server sends, `T`, and reads, `U`; a client the other way round.
#[derive(Debug)]
pub struct Framed<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for Framed<T, U> {
    fn default() -> Framed<T, U> {
        Framed(PhantomData)
    }
}

impl<T, U> Codec for Framed<T, U>
where
    T: Message + Send + 'static,
    U: Message + Name + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = Whole<T>;
    type Decoder = Bounded<U>;

    fn encoder(&mut self) -> Whole<T> {
        Whole(PhantomData)
    }

    fn decoder(&mut self) -> Bounded<U> {
        Bounded(ProstCodec::<T, U>::raw_decoder(settings()))
    }
}

fn settings() -> BufferSettings {
    BufferSettings::new(BEGIN, GATHER)
}

/// Encodes a message into room of its size.
#[derive(Debug)]
pub struct Whole<T>(PhantomData<T>);

impl<T: Message> Encoder for Whole<T> {
    type Item = T;
    type Error = Status;

    fn encode(&mut self, item: T, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.reserve(item.encoded_len());
        item.encode_raw(into);
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        settings()
    }
}

/// Refuses a message with too many elements before they are structs: an element of two bytes becomes one of hundreds.
#[derive(Debug)]
pub struct Bounded<U>(ProstDecoder<U>);

/// What is shorter has too few elements to matter.
const SHORT: usize = 256;

impl<U: Message + Name + Default> Decoder for Bounded<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        // The buffer is in one piece.
        if from.remaining() >= SHORT
            && let Some(shape) = elements::of(U::NAME)
        {
            scan::scan(shape, from.chunk()).map_err(too_many)?;
        }
        self.0.decode(from)
    }

    fn buffer_settings(&self) -> BufferSettings {
        settings()
    }
}

fn too_many(TooMany { field, limit }: TooMany) -> Status {
    status::refused(Refusal::field(field, format!("must have at most {limit} entries")))
}
