//! The keys that are trusted at one moment, with the tokens that they have verified.

use aws_lc_rs::digest::{SHA256, digest};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Header, Validation};
use serde_json::{Map, Value};

use super::LEEWAY_SECONDS;
use super::cache::{TokenCache, TokenHash};
use super::caller::Caller;
use super::claims::Claims;
use super::error::TokenError;
use super::trusted::{Fingerprint, TrustedKey};
use super::verifier::Terms;

/// Capacity of the cache of verified tokens.
const CACHED_TOKENS: usize = 10_000;

/// Supported algorithms; each key verifies exactly one.
const ALGORITHMS: [Algorithm; 3] = [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256];

/// The `typ` headers of access tokens, in any case: RFC 7519 and RFC 9068.
const TYPES: [&str; 2] = ["JWT", "at+jwt"];

/// A key, and what it is trusted for.
struct Rule {
    key: TrustedKey,
    fingerprint: Fingerprint,
    validation: Validation,
    operators: bool,
}

/// Other keys are another ring, with an empty cache: so no token outlives its key in the cache.
pub(super) struct Ring {
    rules: Vec<Rule>,
    cache: TokenCache,
}

impl Ring {
    /// `keys`: each with whether it is trusted for operators.
    pub fn new(terms: &Terms, keys: impl Iterator<Item = (TrustedKey, bool)>) -> Ring {
        let rule = |(key, operators): (TrustedKey, bool)| {
            let issuer = if operators { &terms.operator_issuer } else { &terms.issuer };
            let validation = validation(key.algorithm, issuer.as_deref(), terms.audience.as_deref());
            Rule { fingerprint: key.fingerprint(), validation, key, operators }
        };
        Ring { rules: keys.map(rule).collect(), cache: TokenCache::new(CACHED_TOKENS) }
    }

    /// A cached token costs one hash.
    pub fn verify(&self, terms: &Terms, token: &str) -> Result<Caller, TokenError> {
        let hash = hash(token);
        if let Some(caller) = self.cache.get(&hash, jsonwebtoken::get_current_timestamp()) {
            return Ok(caller);
        }
        let caller = self.verify_anew(terms, token)?;
        self.cache.put(hash, caller.clone());
        Ok(caller)
    }

    /// Whether the caller's token was signed by one of these keys, which is trusted for such callers; or there is none.
    pub fn trusts(&self, caller: &Caller) -> bool {
        let Some(key) = caller.signed_by() else { return true };
        self.rules.iter().any(|rule| rule.operators == caller.is_operator() && rule.fingerprint == key)
    }

    /// Whether the token may have been signed by a key that is missing: it names one that is not here, or none.
    pub fn lacks_key_of(&self, token: &str) -> bool {
        let header = jsonwebtoken::decode_header(token);
        header.is_ok_and(|header| ALGORITHMS.contains(&header.alg) && header.kid.is_none_or(|kid| !self.has(&kid)))
    }

    fn verify_anew(&self, terms: &Terms, token: &str) -> Result<Caller, TokenError> {
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
            match check(terms, token, rule) {
                Ok(caller) => return Ok(caller),
                // The first key that signed it says what is wrong; others did not.
                Err(why) if matches!(refusal, TokenError::UnknownKey | TokenError::BadSignature) => refusal = why,
                Err(_) => {}
            }
        }
        Err(refusal)
    }

    /// Keys of the token's algorithm that may have signed it: those with its key id. If it has none, all of them; if no key has
    /// its id, those without one (from PEM files).
    fn candidates<'a>(&'a self, header: &'a Header) -> impl Iterator<Item = &'a Rule> {
        let wanted = header.kid.as_ref().filter(|kid| self.has(kid));
        let any_id = header.kid.is_none();
        let of_algorithm = self.rules.iter().filter(move |rule| rule.key.algorithm == header.alg);
        of_algorithm.filter(move |rule| any_id || rule.key.kid.as_ref() == wanted)
    }

    /// Whether there is a key with this id.
    fn has(&self, kid: &str) -> bool {
        self.rules.iter().any(|rule| rule.key.kid.as_deref() == Some(kid))
    }
}

fn check(terms: &Terms, token: &str, rule: &Rule) -> Result<Caller, TokenError> {
    let claims = jsonwebtoken::decode::<Map<String, Value>>(token, &rule.key.key, &rule.validation);
    let claims = claims.map_err(|error| explain(error.kind()))?.claims;
    let claims = Claims::read(&claims, &terms.claims);
    let times = claims.times(jsonwebtoken::get_current_timestamp(), terms.max_life)?;
    let caller = Caller::from_claims(claims, &terms.claims, times, rule.fingerprint)?;
    match (caller.is_operator(), rule.operators) {
        (true, false) => Err(TokenError::NotOperators),
        (false, true) => Err(TokenError::UnknownKey),
        _ => Ok(caller),
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
