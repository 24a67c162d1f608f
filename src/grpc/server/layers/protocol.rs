//! What a request must be before anybody looks at its token: gRPC, and with metadata of a bounded size.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request, Response, StatusCode};
use tonic::body::Body;
use tonic::{Code, Status};

use crate::command::Refusal;
use crate::grpc::pb::ErrorReason;
use crate::grpc::server::gate::{Denied, refusal};
use crate::grpc::status;
use crate::identity::Caller;

/// A refusal, and the HTTP status that it comes with: clients that speak gRPC read 200 and the status of gRPC.
#[derive(Debug)]
pub(super) struct Refused {
    pub status: Box<Status>,
    pub http: StatusCode,
    /// By the gate: the log tells of it, together with others like it.
    pub denied: Option<Denied>,
    /// Who was let in by the gate, and not further.
    pub caller: Option<Caller>,
}

impl From<Box<Status>> for Refused {
    fn from(status: Box<Status>) -> Refused {
        Refused { status, http: StatusCode::OK, denied: None, caller: None }
    }
}

impl From<(Denied, Box<Status>)> for Refused {
    fn from((denied, status): (Denied, Box<Status>)) -> Refused {
        Refused { denied: Some(denied), ..Refused::from(status) }
    }
}

impl Refused {
    pub fn response(&self) -> Response<Body> {
        let mut response = Status::clone(&self.status).into_http();
        *response.status_mut() = self.http;
        response
    }
}

/// `most`: bytes of metadata.
pub(super) fn check(request: &Request<Body>, most: usize) -> Result<(), Refused> {
    if !is_grpc(request.headers()) {
        let text = "this is a gRPC server: send content-type application/grpc or application/grpc+proto".to_owned();
        let status = refusal(Code::Unimplemented, ErrorReason::Unsupported, text, [("what", "content-type".into())]);
        return Err(Refused { http: StatusCode::UNSUPPORTED_MEDIA_TYPE, ..Refused::from(status) });
    }
    let size = metadata_size(request);
    if size > most {
        let text = format!("the metadata of the call has {size} bytes, and the limit is {most}");
        let metadata = [("field", "metadata".to_owned()), ("limit", most.to_string())];
        return Err(refusal(Code::ResourceExhausted, ErrorReason::LimitExceeded, text, metadata).into());
    }
    Ok(())
}

/// A method that this server does not have; its name stays unsaid, for it may be anything.
pub(super) fn no_method() -> Box<Status> {
    let text = "there is no such method".to_owned();
    refusal(Code::Unimplemented, ErrorReason::Unsupported, text, [("what", "method".into())])
}

/// A `grpc-timeout` that is none.
pub(super) fn no_timeout() -> Box<Status> {
    let description = "must be 1 to 8 digits and one of the units H, M, S, m, u, n";
    Box::new(status::refused(Refusal::field("grpc-timeout", description)))
}

/// Other forms than protobuf, and those of gRPC-Web, are another protocol.
fn is_grpc(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else { return false };
    let form = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    form == b"application/grpc" || form == b"application/grpc+proto"
}

/// Bytes that HTTP/2 counts for each header beside its name and its value.
const HEADER: usize = 32;

/// As HTTP/2 counts them; of its own headers only the path may be long.
fn metadata_size(request: &Request<Body>) -> usize {
    let own = request.uri().path().len() + HEADER;
    let sent = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + HEADER);
    own + sent.sum::<usize>()
}
