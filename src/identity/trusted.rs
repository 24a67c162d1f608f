//! Trusted public keys, from PEM files and JWK sets. Each key verifies one algorithm.

use std::path::Path;

use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::rsa::PublicKey as RsaPublicKey;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RsaPublicKeyComponents};
use jsonwebtoken::jwk::{Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind};

use super::error::KeyError;

/// Minimum size of an RSA key: 2,048 bits.
const MIN_RSA_BYTES: usize = 256;

/// A public key, its algorithm, and its key id if it has one.
#[derive(Debug, Clone)]
pub struct TrustedKey {
    pub(super) kid: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

/// SHA-256 of a public key. It stays the same if the key moves to another file or gets another id.
pub(super) type Fingerprint = [u8; 32];

impl TrustedKey {
    pub(super) fn new(kid: Option<String>, algorithm: Algorithm, key: DecodingKey) -> TrustedKey {
        TrustedKey { kid, algorithm, key }
    }

    /// The keys in the content of a file: a JWK set if it is called `*.json` or `*.jwks`, otherwise PEM.
    pub(super) fn from_file(path: &Path, content: &[u8]) -> Result<Vec<TrustedKey>, KeyError> {
        let is_set = path.extension().is_some_and(|end| end == "json" || end == "jwks");
        let keys = if is_set { TrustedKey::from_jwks(content) } else { TrustedKey::from_pem(content) };
        keys.map_err(|problem| KeyError::bad(path, problem))
    }

    /// All public keys in a PEM text: Ed25519, P-256, or RSA of at least 2,048 bits. Rejects a text that contains anything else,
    /// or nothing.
    pub(super) fn from_pem(text: &[u8]) -> Result<Vec<TrustedKey>, String> {
        let blocks = pem::parse_many(text).map_err(|error| error.to_string())?;
        if blocks.is_empty() {
            return Err("there is no PEM block in it".into());
        }
        let key = |(i, block)| from_pem(block).map_err(|problem| format!("block {}: {problem}", i + 1));
        blocks.iter().enumerate().map(key).collect()
    }

    /// The usable signing keys in a JWK set. Keys for other purposes are ignored, but a set without a usable key is rejected.
    pub fn from_jwks(text: &[u8]) -> Result<Vec<TrustedKey>, String> {
        #[derive(serde::Deserialize)]
        struct Set {
            keys: Vec<serde_json::Value>,
        }
        let set: Set = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        let keys: Vec<TrustedKey> = set.keys.into_iter().filter_map(from_jwk).collect();
        if keys.is_empty() {
            return Err("there is no signing key for EdDSA, ES256 or RS256 in it".into());
        }
        Ok(keys)
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        let mut hash = Context::new(&SHA256);
        match self.key.kind() {
            DecodingKeyKind::RsaModulusExponent { n, e } => {
                // As lengths could move between the two.
                hash.update(&(n.len() as u64).to_le_bytes());
                hash.update(n);
                hash.update(e);
            }
            DecodingKeyKind::SecretOrDer(der) => hash.update(der),
        }
        let mut fingerprint = Fingerprint::default();
        fingerprint.copy_from_slice(hash.finish().as_ref());
        fingerprint
    }
}

fn from_pem(block: &pem::Pem) -> Result<TrustedKey, String> {
    if !matches!(block.tag(), "PUBLIC KEY" | "RSA PUBLIC KEY") {
        return Err(format!("\"{}\" is not a public key", block.tag()));
    }
    let text = pem::encode(block);
    let text = text.as_bytes();
    let key = DecodingKey::from_ed_pem(text)
        .or_else(|_| DecodingKey::from_ec_pem(text))
        .or_else(|_| DecodingKey::from_rsa_pem(text))
        .map_err(|_| "neither Ed25519, P-256 nor RSA".to_owned())?;
    let algorithm = algorithm_of(&key).ok_or_else(|| match (key.family(), rsa_bytes(&key)) {
        (AlgorithmFamily::Rsa, Some(bytes)) => {
            format!("an RSA key of {} bits is too short: use 2,048 or more", bytes * 8)
        }
        (AlgorithmFamily::Ec, _) => "the key is on another curve than P-256, or damaged".to_owned(),
        _ => "the key is damaged".to_owned(),
    })?;
    Ok(TrustedKey { kid: None, algorithm, key })
}

fn from_jwk(value: serde_json::Value) -> Option<TrustedKey> {
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    if !matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return None;
    }
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    let algorithm = algorithm_of(&key)?;
    let stated = match jwk.common.key_algorithm {
        None => algorithm,
        Some(KeyAlgorithm::EdDSA) => Algorithm::EdDSA,
        Some(KeyAlgorithm::ES256) => Algorithm::ES256,
        Some(KeyAlgorithm::RS256) => Algorithm::RS256,
        Some(_) => return None,
    };
    (stated == algorithm).then_some(TrustedKey { kid: jwk.common.key_id, algorithm, key })
}

/// Algorithm of the key; `None` if it is unsupported, damaged, weak or a shared secret.
fn algorithm_of(key: &DecodingKey) -> Option<Algorithm> {
    let bytes = key.try_get_as_bytes();
    match key.family() {
        AlgorithmFamily::Ed => ParsedPublicKey::new(&ED25519, bytes.ok()?).ok().map(|_| Algorithm::EdDSA),
        AlgorithmFamily::Ec => {
            ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, bytes.ok()?).ok().map(|_| Algorithm::ES256)
        }
        AlgorithmFamily::Rsa => (rsa_bytes(key)? >= MIN_RSA_BYTES).then_some(Algorithm::RS256),
        AlgorithmFamily::Hmac => None,
    }
}

fn rsa_bytes(key: &DecodingKey) -> Option<usize> {
    match key.kind() {
        DecodingKeyKind::RsaModulusExponent { n, e: _ } => Some(n.iter().skip_while(|byte| **byte == 0).count()),
        DecodingKeyKind::SecretOrDer(der) => {
            let key = RsaPublicKey::from_der(der).ok()?;
            Some(RsaPublicKeyComponents::<Vec<u8>>::from(&key).n.len())
        }
    }
}
