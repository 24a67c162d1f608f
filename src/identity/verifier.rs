//! Verification of tokens.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Header, Validation};

use super::cache::{TokenCache, TokenHash};
use super::caller::Caller;
use super::claims::Claims;
use super::error::TokenError;
use super::trusted::TrustedKey;
use super::{LEEWAY_SECONDS, MAX_TOKEN_LIFE};

/// Capacity of the cache of verified tokens.
const CACHED_TOKENS: usize = 10_000;

/// Supported algorithms; each key verifies exactly one.
const ALGORITHMS: [Algorithm; 3] = [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256];

/// The `typ` headers of access tokens, in any case: RFC 7519 and RFC 9068.
const TYPES: [&str; 2] = ["JWT", "at+jwt"];

/// Keys and claims that tokens are checked against.
#[derive(Debug, Clone)]
pub struct Trust {
    /// Keys of tenants' callers.
    pub keys: Vec<TrustedKey>,
    /// If present, the `iss` claim that their tokens must have.
    pub issuer: Option<String>,
    /// Keys of operators. A key of both stands in both lists.
    pub operator_keys: Vec<TrustedKey>,
    /// If present, the `iss` claim that operators' tokens must have.
    pub operator_issuer: Option<String>,
    /// If present, a value that the `aud` claim of tokens must contain.
    pub audience: Option<String>,
    /// How long a token may live, from `iat` to `exp`.
    pub max_life: Duration,
}

impl Default for Trust {
    fn default() -> Trust {
        Trust {
            keys: Vec::new(),
            issuer: None,
            operator_keys: Vec::new(),
            operator_issuer: None,
            audience: None,
            max_life: MAX_TOKEN_LIFE,
        }
    }
}

/// A key, and what it is trusted for.
struct Rule {
    key: TrustedKey,
    validation: Validation,
    operators: bool,
}

/// Verifies tokens against a fixed set of keys. Share it in an `Arc`; to change keys, create a new one.
pub struct Verifier {
    rules: Vec<Rule>,
    max_life: Duration,
    cache: TokenCache,
}

impl Verifier {
    pub fn new(trust: Trust) -> Verifier {
        let Trust { keys, issuer, operator_keys, operator_issuer, audience, max_life } = trust;
        let rule = |key: TrustedKey, operators: bool| {
            let issuer = if operators { &operator_issuer } else { &issuer };
            Rule { validation: validation(key.algorithm, issuer.as_deref(), audience.as_deref()), key, operators }
        };
        let callers = keys.into_iter().map(|key| rule(key, false));
        let operators = operator_keys.into_iter().map(|key| rule(key, true));
        Verifier { rules: callers.chain(operators).collect(), max_life, cache: TokenCache::new(CACHED_TOKENS) }
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
        if !header.typ.as_ref().is_none_or(|typ| TYPES.iter().any(|known| typ.eq_ignore_ascii_case(known))) {
            return Err(TokenError::WrongType);
        }
        let mut refusal = TokenError::UnknownKey;
        for rule in self.candidates(&header) {
            match self.check(token, rule) {
                Ok(caller) => return Ok(caller),
                // The first key that signed it says what is wrong; others did not.
                Err(why) if matches!(refusal, TokenError::UnknownKey | TokenError::BadSignature) => refusal = why,
                Err(_) => {}
            }
        }
        Err(refusal)
    }

    fn check(&self, token: &str, rule: &Rule) -> Result<Caller, TokenError> {
        let claims = jsonwebtoken::decode::<Claims>(token, &rule.key.key, &rule.validation);
        let claims = claims.map_err(|error| explain(error.kind()))?.claims;
        let expires_at = claims.times(jsonwebtoken::get_current_timestamp(), self.max_life)?;
        let caller = Caller::from_claims(claims, expires_at)?;
        match (caller.is_operator(), rule.operators) {
            (true, false) => Err(TokenError::NotOperators),
            (false, true) => Err(TokenError::UnknownKey),
            _ => Ok(caller),
        }
    }

    /// Keys of the token's algorithm that may have signed it: those with its key id. If it has none, all of them; if no key has
    /// its id, those without one (from PEM files).
    fn candidates<'a>(&'a self, header: &'a Header) -> impl Iterator<Item = &'a Rule> {
        let has = |rule: &Rule, kid: &String| rule.key.kid.as_ref() == Some(kid);
        let wanted = header.kid.as_ref().filter(|kid| self.rules.iter().any(|rule| has(rule, kid)));
        let any_id = header.kid.is_none();
        let of_algorithm = self.rules.iter().filter(move |rule| rule.key.algorithm == header.alg);
        of_algorithm.filter(move |rule| any_id || rule.key.kid.as_ref() == wanted)
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
