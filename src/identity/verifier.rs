//! Verification of tokens.

use aws_lc_rs::digest::{SHA256, digest};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Header, Validation};

use super::LEEWAY_SECONDS;
use super::cache::{TokenCache, TokenHash};
use super::caller::Caller;
use super::claims::Claims;
use super::error::TokenError;
use super::trusted::TrustedKey;

/// Capacity of the cache of verified tokens.
const CACHED_TOKENS: usize = 10_000;

/// Supported algorithms; each key verifies exactly one.
const ALGORITHMS: [Algorithm; 3] = [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256];

/// Keys and claims that tokens are checked against.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    pub keys: Vec<TrustedKey>,
    /// If present, the `iss` claim that tokens must have.
    pub issuer: Option<String>,
    /// If present, a value that the `aud` claim of tokens must contain.
    pub audience: Option<String>,
}

/// Verifies tokens against a fixed set of keys. Share it in an `Arc`; to change keys, create a new one.
pub struct Verifier {
    keys: Vec<(TrustedKey, Validation)>,
    cache: TokenCache,
}

impl Verifier {
    pub fn new(trust: Trust) -> Verifier {
        let Trust { keys, issuer, audience } = trust;
        let validation = |key: &TrustedKey| validation(key.algorithm, issuer.as_deref(), audience.as_deref());
        Verifier {
            keys: keys.into_iter().map(|key| (validation(&key), key)).map(|(rules, key)| (key, rules)).collect(),
            cache: TokenCache::new(CACHED_TOKENS),
        }
    }

    /// Verifies a token (without "Bearer") and returns its caller. A cached token costs one hash.
    pub fn verify(&self, token: &str) -> Result<Caller, TokenError> {
        let hash = hash(token);
        if let Some(caller) = self.cache.get(&hash, jsonwebtoken::get_current_timestamp()) {
            return Ok(caller);
        }
        let caller = self.verify_anew(token)?;
        self.cache.put(hash, caller.clone());
        Ok(caller)
    }

    fn verify_anew(&self, token: &str) -> Result<Caller, TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Malformed)?;
        // A critical extension must be understood, and none is supported.
        if header.crit.is_some() || !ALGORITHMS.contains(&header.alg) {
            return Err(TokenError::Malformed);
        }
        let mut refusal = TokenError::UnknownKey;
        for (key, validation) in self.candidates(&header) {
            match jsonwebtoken::decode::<Claims>(token, &key.key, validation) {
                Ok(data) => return Caller::from_claims(data.claims),
                Err(error) => refusal = explain(error.kind()),
            }
            if refusal != TokenError::BadSignature {
                break;
            }
        }
        Err(refusal)
    }

    /// Keys of the token's algorithm that may have signed it: those with its key id. If it has none, all of them; if no key has
    /// its id, those without one (from PEM files).
    fn candidates<'a>(&'a self, header: &'a Header) -> impl Iterator<Item = &'a (TrustedKey, Validation)> {
        let wanted = header.kid.as_ref().filter(|kid| self.keys.iter().any(|(key, _)| key.kid.as_ref() == Some(kid)));
        let any_id = header.kid.is_none();
        self.keys.iter().filter(move |(key, _)| key.algorithm == header.alg && (any_id || key.kid.as_ref() == wanted))
    }
}

fn validation(algorithm: Algorithm, issuer: Option<&str>, audience: Option<&str>) -> Validation {
    let mut rules = Validation::new(algorithm);
    rules.leeway = LEEWAY_SECONDS;
    rules.validate_nbf = true;
    // If no audience is configured, a token may have any.
    rules.validate_aud = audience.is_some();
    let mut required = vec!["exp"];
    if let Some(issuer) = issuer {
        rules.set_issuer(&[issuer]);
        required.push("iss");
    }
    if let Some(audience) = audience {
        rules.set_audience(&[audience]);
        required.push("aud");
    }
    rules.set_required_spec_claims(&required);
    rules
}

fn hash(token: &str) -> TokenHash {
    let mut hash = TokenHash::default();
    hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    hash
}

/// The library's enum is non-exhaustive, hence the last arm.
fn explain(error: &ErrorKind) -> TokenError {
    match error {
        ErrorKind::InvalidSignature | ErrorKind::Base64(_) => TokenError::BadSignature,
        ErrorKind::ExpiredSignature => TokenError::Expired,
        ErrorKind::ImmatureSignature => TokenError::NotYetValid,
        ErrorKind::InvalidIssuer => TokenError::WrongIssuer,
        ErrorKind::InvalidAudience => TokenError::WrongAudience,
        ErrorKind::MissingRequiredClaim(claim) | ErrorKind::InvalidClaimFormat(claim) => match claim.as_str() {
            "exp" => TokenError::NoExpiry,
            "nbf" => TokenError::NotYetValid,
            "iss" => TokenError::WrongIssuer,
            "aud" => TokenError::WrongAudience,
            _ => TokenError::Malformed,
        },
        _ => TokenError::Malformed,
    }
}
