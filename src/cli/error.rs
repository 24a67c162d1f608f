//! Why a command that calls a server failed, and the exit code that says so.

use std::io;

use super::client::ClientError;
use super::client::profiles::ProfilesError;
use super::exit::{FAILED, USAGE};
use super::show::ShowError;
use crate::command::refusal::Violation;
use crate::grpc::rest::{RouteError, SchemaError};

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
    #[error("cannot read {what}: {error}")]
    Unreadable { what: String, error: io::Error },
    #[error("the answer cannot be shown: {0}")]
    Answer(#[from] serde_json::Error),
    #[error("cannot start: {0}")]
    Runtime(io::Error),
}

impl From<ProfilesError> for CliError {
    fn from(error: ProfilesError) -> CliError {
        CliError::Client(error.into())
    }
}

impl CliError {
    /// What the command line wrote, each fault on a line.
    pub fn unreadable(violations: Vec<Violation>) -> CliError {
        CliError::Route(RouteError::Unreadable(violations))
    }

    pub fn exit_code(&self) -> u8 {
        match self {
            CliError::Client(error) => error.exit_code(),
            CliError::Usage(_) | CliError::Route(_) | CliError::Show(ShowError::NoSuchColumn { .. }) => USAGE,
            CliError::Unreadable { .. } => USAGE,
            CliError::Show(_) | CliError::Schema(_) | CliError::Answer(_) | CliError::Runtime(_) => FAILED,
        }
    }

    /// The reader of the output went away: that is no failure, as `docket ticket list | head` shows.
    pub fn is_unread(&self) -> bool {
        matches!(self, CliError::Show(ShowError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
