//! One call by descriptors: a fresh request_id for each write, sent again, the same, while the server cannot answer.

use std::time::Duration;

use prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor, MethodDescriptor, Value};
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::InterceptedService;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use super::{Bearer, ClientError};

/// How long one answer is waited for.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// How often a call is sent at most; with the pauses between, some five seconds.
const TRIES: u32 = 6;
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// A page of 500 tickets with full descriptions is far above tonic's 4 MiB.
const MAX_ANSWER_BYTES: usize = 256 << 20;

pub struct Caller {
    grpc: Grpc<InterceptedService<Channel, Bearer>>,
    unnamed: bool,
}

impl Caller {
    pub fn new((channel, bearer): (Channel, Bearer)) -> Caller {
        let unnamed = bearer.unnamed;
        let grpc = Grpc::new(InterceptedService::new(channel, bearer)).max_decoding_message_size(MAX_ANSWER_BYTES);
        Caller { grpc, unnamed }
    }

    pub async fn unary(
        &mut self,
        method: &MethodDescriptor,
        mut request: DynamicMessage,
    ) -> Result<DynamicMessage, ClientError> {
        let request_id = identified(&mut request);
        let mut pause = Duration::from_millis(200);
        for _ in 1..TRIES {
            match self.once(method, request.clone(), &request_id).await {
                Err(ClientError::Refused(status)) if passes(&status) => {
                    tokio::time::sleep(asked_pause(&status).unwrap_or(pause).min(LONGEST_PAUSE)).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                ended => return ended,
            }
        }
        match self.once(method, request, &request_id).await {
            // Without details it is not the server that spoke, but the connection.
            Err(ClientError::Refused(status)) if passes(&status) && status.details().is_empty() => {
                Err(ClientError::Lost { problem: self.said(&status), request_id })
            }
            ended => ended,
        }
    }

    async fn once(
        &mut self,
        method: &MethodDescriptor,
        request: DynamicMessage,
        request_id: &str,
    ) -> Result<DynamicMessage, ClientError> {
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        let path = PathAndQuery::try_from(path).map_err(|error| Status::internal(error.to_string()))?;
        let mut request = Request::new(request);
        request.set_timeout(PATIENCE);
        let answered = async {
            self.grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
            self.grpc.unary(request, path, ByDescriptor(method.output())).await
        };
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(answer) => Ok(answer?.into_inner()),
            Err(_) => Err(ClientError::Silent { request_id: request_id.to_owned() }),
        }
    }

    /// What broke, in the words of whatever broke.
    fn said(&self, status: &Status) -> String {
        let source = std::error::Error::source(status);
        let said = source.map_or_else(|| status.message().to_owned(), super::tls::root);
        match self.unnamed {
            true => format!("{said}; perhaps it wants a certificate: --client-cert"),
            false => said,
        }
    }
}

/// A write's request_id, made where none was given; '' of a read.
fn identified(request: &mut DynamicMessage) -> String {
    match request.get_field_by_name("request_id").map(|value| value.as_str().map(str::to_owned)) {
        Some(Some(given)) if given.is_empty() => {
            let fresh = format!("cli-{}", uuid::Uuid::now_v7().simple());
            request.set_field_by_name("request_id", Value::String(fresh.clone()));
            fresh
        }
        Some(Some(given)) => given,
        _ => String::new(),
    }
}

/// Whether the same call may be answered a little later.
fn passes(status: &Status) -> bool {
    match status.code() {
        Code::Unavailable => true,
        Code::ResourceExhausted => asked_pause(status).is_some(),
        // What becomes of a call when its connection breaks.
        Code::Unknown | Code::Cancelled => status.details().is_empty(),
        _ => false,
    }
}

fn asked_pause(status: &Status) -> Option<Duration> {
    status.get_details_retry_info().and_then(|retry| retry.retry_delay)
}

/// Any message that a descriptor describes.
struct ByDescriptor(MessageDescriptor);

impl Codec for ByDescriptor {
    type Encode = DynamicMessage;
    type Decode = DynamicMessage;
    type Encoder = Plain;
    type Decoder = ByDescriptor;

    fn encoder(&mut self) -> Plain {
        Plain
    }

    fn decoder(&mut self) -> ByDescriptor {
        ByDescriptor(self.0.clone())
    }
}

struct Plain;

impl Encoder for Plain {
    type Item = DynamicMessage;
    type Error = Status;

    fn encode(&mut self, item: DynamicMessage, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(into).map_err(|error| Status::internal(error.to_string()))
    }
}

impl Decoder for ByDescriptor {
    type Item = DynamicMessage;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<DynamicMessage>, Status> {
        let read = DynamicMessage::decode(self.0.clone(), from);
        read.map(Some).map_err(|error| Status::internal(format!("the answer cannot be read: {error}")))
    }
}
