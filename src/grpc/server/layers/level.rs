//! Log levels by status code.

use tonic::Code;
use tracing::Level;

/// Everyday outcomes are for debugging, what an operator may want to see is info, what is wrong with the server is error.
/// So a client that asks nonsense all day does not fill the disk.
pub fn level(code: Code) -> Level {
    match code {
        Code::Ok
        | Code::Cancelled
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange => Level::DEBUG,
        Code::Unauthenticated
        | Code::PermissionDenied
        | Code::ResourceExhausted
        | Code::DeadlineExceeded
        | Code::Unimplemented => Level::INFO,
        Code::Unavailable => Level::WARN,
        Code::Unknown | Code::Internal | Code::DataLoss => Level::ERROR,
    }
}
