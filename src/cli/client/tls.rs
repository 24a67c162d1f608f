//! TLS to servers whose address begins with https://: whose word is taken for who they are, and what is shown to them.

use std::error::Error;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

#[derive(Clone, Debug, Default, PartialEq, Eq, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// Believe servers that this authority vouches for, PEM, instead of those that the system believes
    #[arg(long, global = true, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// A certificate for servers that ask for one, PEM
    #[arg(long, global = true, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_cert: Option<PathBuf>,
    /// Its private key, PEM
    #[arg(long, global = true, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_key: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot read {}: {error}", path.display())]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error(
        "a client certificate needs its private key and the key its certificate: give both --client-cert and --client-key"
    )]
    Half,
    #[error("TLS cannot be set up: {0}; see --ca, --client-cert and --client-key")]
    Unusable(String),
}

impl TlsFiles {
    pub fn is_empty(&self) -> bool {
        *self == TlsFiles::default()
    }

    /// Each file from here, else from there.
    pub fn or(self, other: &TlsFiles) -> TlsFiles {
        TlsFiles {
            ca: self.ca.or_else(|| other.ca.clone()),
            client_cert: self.client_cert.or_else(|| other.client_cert.clone()),
            client_key: self.client_key.or_else(|| other.client_key.clone()),
        }
    }

    pub fn apply(&self, endpoint: Endpoint) -> Result<Endpoint, TlsError> {
        let config = match &self.ca {
            Some(path) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(path)?)),
            None => ClientTlsConfig::new().with_native_roots(),
        };
        let config = match (&self.client_cert, &self.client_key) {
            (Some(cert), Some(key)) => config.identity(Identity::from_pem(read(cert)?, read(key)?)),
            (None, None) => config,
            _ => return Err(TlsError::Half),
        };
        endpoint.tls_config(config).map_err(|error| TlsError::Unusable(root(&error)))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|error| TlsError::Unreadable { path: path.to_owned(), error })
}

/// What an error comes from, in the words of the first that had any.
pub fn root(error: &(dyn Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// What TLS itself has against the connection, if it is that which failed.
pub fn objection(error: &(dyn Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        // The source of an I/O error that wraps another is the other's source.
        let inner = error.downcast_ref::<std::io::Error>().and_then(|error| error.get_ref());
        if inner.is_some_and(|inner| inner.is::<rustls::Error>()) || error.is::<rustls::Error>() {
            return Some(error.to_string());
        }
        next = error.source();
    }
    None
}
