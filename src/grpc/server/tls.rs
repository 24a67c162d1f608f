//! The server's certificate and the authority of client certificates, loaded from PEM files and checked before serving.

use std::path::{Path, PathBuf};

use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};

/// How connections are encrypted.
#[derive(Clone, Debug)]
pub struct Tls(ServerTlsConfig);

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
        let mut config = ServerTlsConfig::new().identity(Identity::from_pem(chain, private));
        if let Some(path) = client_ca {
            config = config.client_ca_root(Certificate::from_pem(pem(path, "CERTIFICATE", "certificate")?));
        }
        match Server::builder().tls_config(config.clone()) {
            Ok(_) => Ok(Tls(config)),
            Err(error) => {
                let cause = std::error::Error::source(&error).map_or(error.to_string(), ToString::to_string);
                Err(TlsError::Unusable { cert: cert.to_owned(), key: key.to_owned(), problem: cause })
            }
        }
    }
}

impl From<Tls> for ServerTlsConfig {
    fn from(tls: Tls) -> ServerTlsConfig {
        tls.0
    }
}

/// The file, which must hold a block whose name ends so.
fn pem(path: &Path, tag: &str, wanted: &'static str) -> Result<Vec<u8>, TlsError> {
    let text = std::fs::read(path).map_err(|error| TlsError::Read { path: path.to_owned(), error })?;
    let found = pem::parse_many(&text).is_ok_and(|blocks| blocks.iter().any(|block| block.tag().ends_with(tag)));
    if found { Ok(text) } else { Err(TlsError::Empty { path: path.to_owned(), wanted }) }
}
