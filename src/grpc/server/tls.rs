//! The server's certificate and the authority of client certificates, loaded from PEM files and checked before serving.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{WantsServerCert, WebPkiClientVerifier};
use rustls::{ConfigBuilder, RootCertStore, ServerConfig};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::certificate::flaws;
use super::client_identities::ClientIdentities;
use crate::identity::Caller;

/// How connections are encrypted.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ServerConfig>,
    /// Who calls with which client certificate.
    identities: Arc<ClientIdentities>,
}

/// Something that is wrong with one of the files.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct TlsError {
    pub path: PathBuf,
    problem: String,
    /// What to do; '' if the problem says so.
    pub fix: &'static str,
}

impl TlsError {
    fn new(path: &Path, problem: impl Into<String>, fix: &'static str) -> TlsError {
        TlsError { path: path.to_owned(), problem: problem.into(), fix }
    }
}

impl Tls {
    /// With `client_ca`, clients must have a certificate of that authority.
    ///
    /// # Errors
    /// Everything that is wrong, at least one thing.
    pub fn read(
        cert: &Path,
        key: &Path,
        client_ca: Option<&Path>,
        identities: ClientIdentities,
    ) -> Result<Tls, Vec<TlsError>> {
        let mut errors = Vec::new();
        let chain = certificates(cert, &mut errors);
        let authority = client_ca.map(|path| certificates(path, &mut errors));
        let private = private_key(key).map_err(|error| errors.push(error));
        let (Ok(private), true) = (private, errors.is_empty()) else { return Err(errors) };
        let mut config = builder(authority, client_ca.unwrap_or(cert))
            .and_then(|builder| {
                builder.with_single_cert(chain, private).map_err(|error| match error {
                    rustls::Error::InconsistentKeys(_) => {
                        let problem = format!("it is not the key of the certificate in {}", cert.display());
                        TlsError::new(key, problem, "name a certificate and its own key")
                    }
                    error => TlsError::new(key, error.to_string(), "use an RSA, ECDSA or Ed25519 key"),
                })
            })
            .map_err(|error| vec![error])?;
        config.alpn_protocols.push(b"h2".to_vec());
        Ok(Tls { config: Arc::new(config), identities: Arc::new(identities) })
    }

    /// The handshake of one connection, and the caller that its client certificate stands for.
    pub(super) async fn accept(&self, socket: TcpStream) -> std::io::Result<(TlsStream<TcpStream>, Option<Caller>)> {
        let stream = TlsAcceptor::from(self.config.clone()).accept(socket).await?;
        // The first one is the client's own; its issuers follow.
        let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
        let caller = certificate.and_then(|certificate| self.identities.caller(certificate));
        Ok((stream, caller))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

fn builder(
    authority: Option<Vec<CertificateDer<'static>>>,
    path: &Path,
) -> Result<ConfigBuilder<ServerConfig, WantsServerCert>, TlsError> {
    let Some(authority) = authority else { return Ok(ServerConfig::builder().with_no_client_auth()) };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(authority);
    let verifier = WebPkiClientVerifier::builder(roots.into()).build();
    let verifier = verifier.map_err(|error| TlsError::new(path, error.to_string(), "name a CA certificate"))?;
    Ok(ServerConfig::builder().with_client_cert_verifier(verifier))
}

/// The certificates in a file. What is wrong with them is added to `errors`.
fn certificates(path: &Path, errors: &mut Vec<TlsError>) -> Vec<CertificateDer<'static>> {
    let (found, fix) = (read(path), "write a certificate in PEM, followed by those of its issuers");
    let found = found.and_then(|text| {
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
        found.map_err(|error| TlsError::new(path, error.to_string(), fix))
    });
    match found {
        Ok(found) if found.is_empty() => errors.push(TlsError::new(path, "there is no certificate in it", fix)),
        Ok(found) => {
            let flaws = found.iter().flat_map(|certificate| flaws(certificate, SystemTime::now()));
            errors.extend(flaws.map(|flaw| TlsError::new(path, flaw.problem, flaw.fix)));
            return found;
        }
        Err(error) => errors.push(error),
    }
    Vec::new()
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = read(path)?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
        pem::Error::NoItemsFound => {
            TlsError::new(path, "there is no private key in it", "write a private key in PEM, without a passphrase")
        }
        error => TlsError::new(path, error.to_string(), "write a private key in PEM, without a passphrase"),
    })
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|error| TlsError::new(path, error.to_string(), ""))
}
