//! Errors of client commands, and their exit codes.

use std::io;

use super::client::ClientError;
use super::client::profiles::ProfilesError;
use super::exit::{FAILED, USAGE};
use super::show::ShowError;
use crate::command::refusal::Violation;
use crate::grpc::rest::{RouteError, SchemaError};
use crate::grpc::sandbox::SandboxError;

#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Show(#[from] ShowError),
    #[error(transparent)]
    Schema(#[from] SchemaError),
    #[error(transparent)]
    Route(#[from] RouteError),
    #[error("{0}")]
    Usage(String),
    /// What was named is not there.
    #[error("{0}")]
    Absent(String),
    #[error("cannot read {what}: {error}")]
    Unreadable { what: String, error: io::Error },
    #[error("cannot write {what}: {error}")]
    Unwritable { what: String, error: io::Error },
    #[error("the response cannot be displayed: {0}")]
    Answer(#[from] serde_json::Error),
    #[error("cannot start: {0}")]
    Runtime(io::Error),
    #[error("the tenants of tests cannot be made: {0}")]
    Sandbox(#[from] SandboxError),
}

impl From<ProfilesError> for CliError {
    fn from(error: ProfilesError) -> CliError {
        CliError::Client(error.into())
    }
}

impl CliError {
    /// Violations in the command line, one per line.
    pub fn unreadable(violations: Vec<Violation>) -> CliError {
        CliError::Route(RouteError::Unreadable(violations))
    }

    pub fn exit_code(&self) -> u8 {
        match self {
            CliError::Client(error) => error.exit_code(),
            CliError::Usage(_) | CliError::Route(_) | CliError::Show(ShowError::NoSuchColumn { .. }) => USAGE,
            CliError::Unreadable { .. } => USAGE,
            CliError::Absent(_)
            | CliError::Unwritable { .. }
            | CliError::Show(_)
            | CliError::Schema(_)
            | CliError::Answer(_)
            | CliError::Runtime(_)
            | CliError::Sandbox(_) => FAILED,
        }
    }

    /// Whether the reader of the output closed the pipe, as in `docket ticket list | head`. That is not a failure.
    pub fn is_unread(&self) -> bool {
        matches!(self, CliError::Show(ShowError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
