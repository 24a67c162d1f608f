//! TLS for server addresses that begin with https://: the trusted CA, and the client certificate.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::grpc::client::Tls;

#[derive(Clone, Debug, Default, PartialEq, Eq, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// CA certificate that server certificates must be signed by, PEM [default: the system's CAs]
    #[arg(long, global = true, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// Client certificate, PEM, for servers that require one
    #[arg(long, global = true, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_cert: Option<PathBuf>,
    /// Private key of the client certificate, PEM
    #[arg(long, global = true, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_key: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot read {}: {error}", path.display())]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error("a client certificate requires its private key, and vice versa: set both --client-cert and --client-key")]
    Half,
    #[error("TLS setup failed: {0}; see --ca, --client-cert and --client-key")]
    Unusable(String),
}

impl TlsFiles {
    pub fn is_empty(&self) -> bool {
        *self == TlsFiles::default()
    }

    /// Takes each file from `self`, or else from the other.
    pub fn or(self, other: &TlsFiles) -> TlsFiles {
        TlsFiles {
            ca: self.ca.or_else(|| other.ca.clone()),
            client_cert: self.client_cert.or_else(|| other.client_cert.clone()),
            client_key: self.client_key.or_else(|| other.client_key.clone()),
        }
    }

    pub fn read(&self) -> Result<Tls, TlsError> {
        let ca = self.ca.as_deref().map(read).transpose()?;
        let identity = match (&self.client_cert, &self.client_key) {
            (Some(cert), Some(key)) => Some((read(cert)?, read(key)?)),
            (None, None) => None,
            _ => return Err(TlsError::Half),
        };
        Ok(Tls { ca, identity })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|error| TlsError::Unreadable { path: path.to_owned(), error })
}
