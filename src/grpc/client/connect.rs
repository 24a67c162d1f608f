//! Connections to a server: its address, the caller's token, and TLS.

use std::error::Error;
use std::time::Duration;

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Status};

/// Where to call, and as whom.
pub struct Target {
    /// `http://HOST:PORT` or `https://HOST:PORT`.
    pub url: String,
    pub token: String,
    /// For https only.
    pub tls: Tls,
}

/// PEM for a TLS handshake.
#[derive(Default)]
pub struct Tls {
    /// The authority to trust instead of those that the system trusts.
    pub ca: Option<Vec<u8>>,
    /// The client's certificate and its private key.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
}

#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("the token has characters that no token has")]
    BadToken,
    #[error("{0:?} is no address of a server")]
    BadUrl(String),
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
    #[error("the TLS handshake failed: {0}")]
    Handshake(String),
    #[error("no server answers")]
    Away(#[source] tonic::transport::Error),
}

/// Adds the token to each call.
#[derive(Clone)]
pub(super) struct Bearer {
    authorization: MetadataValue<Ascii>,
    /// TLS is used, and no certificate shown. A server that requires one hangs up without a word.
    pub anonymous: bool,
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.authorization.clone());
        Ok(request)
    }
}

/// A connection that is opened again when it was lost.
pub(super) async fn connect(target: Target) -> Result<(Channel, Bearer), ConnectError> {
    let Target { url, token, tls } = target;
    let authorization = format!("Bearer {token}").parse();
    let mut authorization: MetadataValue<Ascii> = authorization.map_err(|_| ConnectError::BadToken)?;
    authorization.set_sensitive(true);
    let endpoint = Endpoint::from_shared(url.clone())
        .map_err(|_| ConnectError::BadUrl(url.clone()))?
        .connect_timeout(Duration::from_secs(5))
        .http2_keep_alive_interval(Duration::from_secs(20))
        .keep_alive_while_idle(true);
    let encrypted = url.starts_with("https:");
    let anonymous = encrypted && tls.identity.is_none();
    let endpoint = if encrypted {
        endpoint.tls_config(tls.config()).map_err(|error| ConnectError::Setup(root(&error)))?
    } else {
        endpoint
    };
    let channel = endpoint.connect().await.map_err(|source| match objection(&source) {
        Some(problem) => ConnectError::Handshake(problem),
        None => ConnectError::Away(source),
    })?;
    Ok((channel, Bearer { authorization, anonymous }))
}

impl Tls {
    fn config(self) -> ClientTlsConfig {
        let config = match self.ca {
            Some(pem) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)),
            None => ClientTlsConfig::new().with_native_roots(),
        };
        match self.identity {
            Some((certificate, key)) => config.identity(Identity::from_pem(certificate, key)),
            None => config,
        }
    }
}

/// The message of the innermost source of an error.
pub(super) fn root(error: &(dyn Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// What rustls objects to, if it is TLS that failed.
fn objection(error: &(dyn Error + 'static)) -> Option<String> {
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
