//! The codec of messages: prost's, with a buffer of the right size allocated once.

use std::marker::PhantomData;

use prost::Message;
use tonic::Status;
use tonic::codec::{BufferSettings, Codec, EncodeBuf, Encoder};
use tonic_prost::{ProstCodec, ProstDecoder};

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
    U: Message + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = Whole<T>;
    type Decoder = ProstDecoder<U>;

    fn encoder(&mut self) -> Whole<T> {
        Whole(PhantomData)
    }

    fn decoder(&mut self) -> ProstDecoder<U> {
        ProstCodec::<T, U>::raw_decoder(settings())
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
