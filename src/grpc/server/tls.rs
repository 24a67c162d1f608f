//! The server's certificate and the authority of client certificates, loaded from PEM files and checked before serving.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How connections are encrypted.
#[derive(Clone)]
pub struct Tls(Arc<ServerConfig>);

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{}: {error}", path.display())]
    Read { path: PathBuf, error: std::io::Error },
    #[error("{}: there is no {wanted} in it", path.display())]
    Empty { path: PathBuf, wanted: &'static str },
    #[error("{} and {} are no certificate and its key: {problem}", cert.display(), key.display())]
    Unusable { cert: PathBuf, key: PathBuf, problem: String },
}

impl Tls {
    /// With `client_ca`, clients must have a certificate of that authority.
    pub fn read(cert: &Path, key: &Path, client_ca: Option<&Path>) -> Result<Tls, TlsError> {
        let chain = pem(cert, "CERTIFICATE", "certificate")?;
        let private = pem(key, "PRIVATE KEY", "private key")?;
        let authority = client_ca.map(|path| pem(path, "CERTIFICATE", "certificate")).transpose()?;
        match config(&chain, &private, authority.as_deref()) {
            Ok(config) => Ok(Tls(Arc::new(config))),
            Err(problem) => Err(TlsError::Unusable { cert: cert.to_owned(), key: key.to_owned(), problem }),
        }
    }

    /// The handshake of one connection.
    pub(super) async fn accept(&self, socket: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        TlsAcceptor::from(self.0.clone()).accept(socket).await
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

fn config(chain: &[u8], private: &[u8], authority: Option<&[u8]>) -> Result<ServerConfig, String> {
    let builder = match authority {
        None => ServerConfig::builder().with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(certificates(authority)?);
            let verifier = WebPkiClientVerifier::builder(roots.into()).build();
            ServerConfig::builder().with_client_cert_verifier(verifier.map_err(|error| error.to_string())?)
        }
    };
    let private = PrivateKeyDer::from_pem_slice(private).map_err(|error| error.to_string())?;
    let mut config = builder.with_single_cert(certificates(chain)?, private).map_err(|error| error.to_string())?;
    config.alpn_protocols.push(b"h2".to_vec());
    Ok(config)
}

fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    CertificateDer::pem_slice_iter(text).collect::<Result<_, _>>().map_err(|error| error.to_string())
}

/// The file, which must hold a block whose name ends so.
fn pem(path: &Path, tag: &str, wanted: &'static str) -> Result<Vec<u8>, TlsError> {
    let text = std::fs::read(path).map_err(|error| TlsError::Read { path: path.to_owned(), error })?;
    let found = pem::parse_many(&text).is_ok_and(|blocks| blocks.iter().any(|block| block.tag().ends_with(tag)));
    if found { Ok(text) } else { Err(TlsError::Empty { path: path.to_owned(), wanted }) }
}
