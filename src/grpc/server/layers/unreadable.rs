//! Requests that tonic cannot read. It reports some as INTERNAL, as gRPC does; here a client's fault is never the
//! server's, and every error has a reason.

use tonic::{Code, Status};

use crate::command::limits::limits;
use crate::grpc::pb::ErrorReason;
use crate::grpc::server::gate::refusal;

/// How tonic's and prost's texts begin when a message is broken: not protobuf, not UTF-8, nested too deep, compressed
/// wrongly, cut short, absent.
const BROKEN: [&str; 5] = [
    "failed to decode Protobuf message",
    "protocol error: received message with",
    "Error decompressing",
    "Missing request message",
    "Unexpected EOF decoding stream",
];

/// And when it is larger than the limit, before and after decompression.
const TOO_LARGE: [&str; 2] = ["Error, decoded message length too large", "Error decompressing: size limit"];

/// What a body says whose client went away before its end. tonic takes CANCELLED for the end of the body: it is told ABORTED.
pub(super) const CUT: &str = "the client went away before its message had arrived";

/// A message that cannot be read.
pub(super) fn broken(why: &str) -> Box<Status> {
    let text = format!("the message cannot be read: {why}");
    refusal(Code::InvalidArgument, ErrorReason::InvalidFields, text, [("violations", "1".to_owned())])
}

/// A message that is larger than the method takes.
pub(super) fn too_large(limit: usize, why: &str) -> Box<Status> {
    let metadata = [("field", "message".to_owned()), ("limit", limit.to_string())];
    let text = format!("the message is too large: {why}, and the limit is {limit}");
    refusal(Code::ResourceExhausted, ErrorReason::LimitExceeded, text, metadata)
}

/// The status to send instead of one of tonic's own, which have no details; Docket's always have.
pub(super) fn reworded(status: &Status) -> Option<Box<Status>> {
    let text = status.message();
    let starts = |known: &[&str]| known.iter().any(|start| text.starts_with(start));
    if !status.details().is_empty() {
        return None;
    }
    match status.code() {
        Code::OutOfRange | Code::ResourceExhausted if starts(&TOO_LARGE) => {
            Some(too_large(limits().message_bytes, text))
        }
        Code::Internal if starts(&BROKEN) => Some(broken(text)),
        // Nobody hears it; it is for the log and the metrics, where a client that leaves is no fault of the server's.
        Code::Aborted if text == CUT => Some(Box::new(Status::cancelled(CUT))),
        _ => None,
    }
}
