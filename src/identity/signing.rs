//! Signing key of a development server: Ed25519, in a PKCS#8 PEM file in the data folder.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};

use super::claims::{NewOperatorToken, NewToken, SignedClaims};
use super::error::KeyError;
use super::trusted::TrustedKey;

const FILE: &str = "signing-key.pem";

/// A private key. Its Debug output shows only its id.
pub struct SigningKey {
    encoding: EncodingKey,
    public: Vec<u8>,
    kid: String,
    /// Input from which other secrets are derived.
    seed: hmac::Key,
}

impl SigningKey {
    /// Generates a key that is not stored.
    pub fn generate() -> Result<SigningKey, KeyError> {
        SigningKey::from_pkcs8(&new_pkcs8()?).ok_or(KeyError::Crypto("read the key that it generated"))
    }

    /// Loads the key in a data folder; creates both if missing. Processes that start concurrently get the same key.
    pub fn load_or_create(data_dir: &Path) -> Result<SigningKey, KeyError> {
        match SigningKey::load(data_dir) {
            Err(KeyError::NoSigningKey(_)) => {}
            other => return other,
        }
        fs::create_dir_all(data_dir).map_err(KeyError::io(data_dir))?;
        create_file(&data_dir.join(FILE))?;
        SigningKey::load(data_dir)
    }

    /// Loads the key in a data folder. Errors: `NoSigningKey`, `Exposed` if other users can read it, `BadKey`, `Io`.
    pub fn load(data_dir: &Path) -> Result<SigningKey, KeyError> {
        let path = data_dir.join(FILE);
        let mode = match fs::metadata(&path) {
            Ok(metadata) => metadata.permissions().mode(),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(KeyError::NoSigningKey(data_dir.to_owned()));
            }
            Err(error) => return Err(KeyError::io(&path)(error)),
        };
        if mode & 0o077 != 0 {
            return Err(KeyError::Exposed(path));
        }
        let text = fs::read(&path).map_err(KeyError::io(&path))?;
        pem::parse(&text)
            .ok()
            .filter(|block| block.tag() == "PRIVATE KEY")
            .and_then(|block| SigningKey::from_pkcs8(block.contents()))
            .ok_or_else(|| KeyError::bad(&path, "not an Ed25519 private key in PKCS#8 PEM form"))
    }

    fn from_pkcs8(der: &[u8]) -> Option<SigningKey> {
        let pair = Ed25519KeyPair::from_pkcs8(der).ok()?;
        let public = pair.public_key().as_ref().to_vec();
        let kid = digest(&SHA256, &public).as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        let seed = hmac::Key::new(hmac::HMAC_SHA256, der);
        Some(SigningKey { encoding: EncodingKey::from_ed_der(der), public, kid, seed })
    }

    /// Derives 32 secret bytes for a purpose; the same in every process with this key.
    pub fn secret(&self, purpose: &str) -> [u8; 32] {
        let mut secret = [0; 32];
        secret.copy_from_slice(hmac::sign(&self.seed, purpose.as_bytes()).as_ref());
        secret
    }

    /// Public key, for a `Verifier`.
    pub fn public(&self) -> TrustedKey {
        TrustedKey::new(Some(self.kid.clone()), Algorithm::EdDSA, DecodingKey::from_ed_der(&self.public))
    }

    /// Signs a token that is valid immediately. Errors: `BadToken` if a verifier would reject it.
    pub fn sign(&self, token: &NewToken) -> Result<String, KeyError> {
        self.sign_claims(&token.claims(jsonwebtoken::get_current_timestamp())?)
    }

    /// The same, for an operator.
    pub fn sign_operator(&self, token: &NewOperatorToken) -> Result<String, KeyError> {
        self.sign_claims(&token.claims(jsonwebtoken::get_current_timestamp())?)
    }

    fn sign_claims(&self, claims: &SignedClaims<'_>) -> Result<String, KeyError> {
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, claims, &self.encoding).map_err(|_| KeyError::Crypto("sign the token"))
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.kid)
    }
}

fn new_pkcs8() -> Result<Vec<u8>, KeyError> {
    let pair = Ed25519KeyPair::generate().map_err(|_| KeyError::Crypto("generate a key"))?;
    // Version 1 of the format, which openssl can read.
    let der = pair.to_pkcs8v1().map_err(|_| KeyError::Crypto("encode the key that it generated"))?;
    Ok(der.as_ref().to_vec())
}

/// Writes the key to a temporary file, then links it into place: nobody sees a partial key, and the link fails if another process
/// was first, which is not an error.
fn create_file(path: &Path) -> Result<(), KeyError> {
    let draft = path.with_extension(format!("{}.{}", std::process::id(), uuid::Uuid::now_v7().simple()));
    let text = pem::encode(&pem::Pem::new("PRIVATE KEY", new_pkcs8()?));
    let written = write_private(&draft, &text).and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    let removed = fs::remove_file(&draft);
    written.and(removed).map_err(KeyError::io(path))
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file: File = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that is gone when the test ends.
    struct Folder(std::path::PathBuf);

    impl Folder {
        fn new() -> Folder {
            Folder(std::env::temp_dir().join(format!("docket-key-{}", uuid::Uuid::now_v7().simple())))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn starts_at_once_agree_on_one_private_key() {
        let folder = Folder::new();
        let kids: Vec<String> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| SigningKey::load_or_create(&folder.0))).collect();
            starts.into_iter().map(|start| start.join().expect("no panic").expect("a key").kid).collect()
        });
        assert!(kids.iter().all(|kid| kid == &kids[0]), "{kids:?}");
        let mode = fs::metadata(folder.0.join(FILE)).expect("the key file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(&folder.0).expect("the folder").count(), 1, "drafts were left behind");
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = Folder::new();
        SigningKey::load_or_create(&folder.0).expect("a key");
        let file = folder.0.join(FILE);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("chmod");
        assert!(matches!(SigningKey::load(&folder.0), Err(KeyError::Exposed(path)) if path == file));
    }

    #[test]
    fn a_missing_or_broken_key_is_named() {
        let folder = Folder::new();
        assert!(matches!(SigningKey::load(&folder.0), Err(KeyError::NoSigningKey(_))));
        fs::create_dir_all(&folder.0).expect("the folder");
        write_private(&folder.0.join(FILE), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
            .expect("the file");
        let refused = SigningKey::load_or_create(&folder.0).expect_err("no key");
        assert!(refused.to_string().contains("not an Ed25519 private key"), "{refused}");
    }
}
