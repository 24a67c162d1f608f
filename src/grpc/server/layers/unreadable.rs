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

/// The status to send instead of one of tonic's own, which have no details; Docket's always have.
pub(super) fn reworded(status: &Status) -> Option<Box<Status>> {
    let text = status.message();
    let starts = |known: &[&str]| known.iter().any(|start| text.starts_with(start));
    if !status.details().is_empty() {
        return None;
    }
    match status.code() {
        Code::OutOfRange | Code::ResourceExhausted if starts(&TOO_LARGE) => {
            let (code, reason) = (Code::ResourceExhausted, ErrorReason::LimitExceeded);
            let metadata = [("field", "message".to_owned()), ("limit", limits().message_bytes.to_string())];
            Some(refusal(code, reason, format!("the message is too large: {text}"), metadata))
        }
        Code::Internal if starts(&BROKEN) => {
            let (code, reason) = (Code::InvalidArgument, ErrorReason::InvalidFields);
            Some(refusal(code, reason, format!("the message cannot be read: {text}"), [("violations", "1".to_owned())]))
        }
        _ => None,
    }
}
