//! Calls by descriptor: each write gets a request_id, so that it can be sent again while the server cannot answer.

use std::time::Duration;

use http::uri::PathAndQuery;
use prost_reflect::{DynamicMessage, MethodDescriptor, Value};
use tonic::client::Grpc;
use tonic::codegen::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status, Streaming};

use super::codec::ByDescriptor;
use super::connect::{Bearer, ConnectError, Target, connect};
use super::refused::Refused;

/// How long one answer is waited for.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// The most times that a call is sent; with the pauses between, some five seconds.
const TRIES: u32 = 6;
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// A page of 500 tickets with full descriptions is far above tonic's 4 MiB.
const MAX_ANSWER_BYTES: usize = 256 << 20;

#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// `request_id` is empty for a read. `anonymous`: no certificate was shown, and perhaps the server wants one.
    #[error("the server went away before it answered ({problem})")]
    Lost { problem: String, request_id: String, anonymous: bool },
    #[error("the server did not answer within {} s", PATIENCE.as_secs())]
    Silent { request_id: String },
    #[error("{}", .0.message)]
    Refused(Box<Refused>),
}

impl From<Status> for CallError {
    fn from(status: Status) -> CallError {
        CallError::Refused(Box::new(status.into()))
    }
}

pub struct Client {
    grpc: Grpc<InterceptedService<Channel, Bearer>>,
    anonymous: bool,
}

/// What a stream brings.
pub struct Responses(Streaming<DynamicMessage>);

impl Responses {
    /// `None`: the server ended the stream without an error.
    pub async fn next(&mut self) -> Result<Option<DynamicMessage>, CallError> {
        Ok(self.0.message().await?)
    }
}

impl Client {
    pub async fn connect(target: Target) -> Result<Client, ConnectError> {
        let (channel, bearer) = connect(target).await?;
        let anonymous = bearer.anonymous;
        let grpc = Grpc::new(InterceptedService::new(channel, bearer)).max_decoding_message_size(MAX_ANSWER_BYTES);
        Ok(Client { grpc, anonymous })
    }

    pub async fn unary(
        &mut self,
        method: &MethodDescriptor,
        mut request: DynamicMessage,
    ) -> Result<DynamicMessage, CallError> {
        let request_id = identified(&mut request);
        let mut pause = Duration::from_millis(200);
        for _ in 1..TRIES {
            match self.once(method, request.clone(), &request_id).await {
                Err(CallError::Refused(refused)) if refused.transient => {
                    tokio::time::sleep(refused.retry_after.unwrap_or(pause).min(LONGEST_PAUSE)).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                ended => return ended,
            }
        }
        match self.once(method, request, &request_id).await {
            Err(CallError::Refused(refused)) if refused.transient && refused.bare => {
                Err(CallError::Lost { problem: refused.cause, request_id, anonymous: self.anonymous })
            }
            ended => ended,
        }
    }

    async fn once(
        &mut self,
        method: &MethodDescriptor,
        request: DynamicMessage,
        request_id: &str,
    ) -> Result<DynamicMessage, CallError> {
        let path = path(method)?;
        let mut request = Request::new(request);
        request.set_timeout(PATIENCE);
        let answered = async {
            self.grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
            self.grpc.unary(request, path, ByDescriptor(method.output())).await
        };
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(answer) => Ok(answer?.into_inner()),
            Err(_) => Err(CallError::Silent { request_id: request_id.to_owned() }),
        }
    }

    /// Opens a stream of responses, once.
    pub async fn stream(&mut self, method: &MethodDescriptor, request: DynamicMessage) -> Result<Responses, CallError> {
        let path = path(method)?;
        self.grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let opened = self.grpc.server_streaming(Request::new(request), path, ByDescriptor(method.output())).await?;
        Ok(Responses(opened.into_inner()))
    }
}

fn path(method: &MethodDescriptor) -> Result<PathAndQuery, Status> {
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    PathAndQuery::try_from(path).map_err(|error| Status::internal(error.to_string()))
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
