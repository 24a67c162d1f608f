//! Errors of tokens and keys. Each message says what to do.

use std::path::PathBuf;

/// Why a token was rejected. The messages are sent to the caller and reveal no key, no file and no content of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("no token: send the metadata \"authorization: Bearer <token>\" (`docket token` creates one)")]
    Missing,
    #[error("the authorization metadata must appear once and read \"Bearer <token>\"")]
    NotBearer,
    #[error("the token is not a JWT signed with EdDSA, ES256 or RS256: get one from its issuer, or run `docket token`")]
    Malformed,
    #[error("the token's signing key is not trusted by this server: use a token from a trusted issuer")]
    UnknownKey,
    #[error(
        "the keys of the token issuer cannot be fetched at the moment, and this token's is not known: try again soon"
    )]
    KeysUnavailable,
    #[error("the token's signature is invalid: the token was altered, or signed with a different key")]
    BadSignature,
    #[error("the token has expired: get a new one")]
    Expired,
    #[error("the client certificate of this connection has expired: connect with a new one")]
    CertificateExpired,
    #[error("the token is revoked: get a new one")]
    Revoked,
    #[error(
        "the token is not valid yet (its nbf or iat claim): wait, or check the clocks of the issuer and this server"
    )]
    NotYetValid,
    #[error("the token's exp claim is missing or not a number of seconds: tokens must expire")]
    NoExpiry,
    #[error("the token's iat claim is missing or not a number of seconds: tokens say when they were issued")]
    NoIssueTime,
    #[error(
        "the token lives longer, from iat to exp, than this server accepts (24 hours by default): get a shorter one"
    )]
    LivesTooLong,
    #[error("the token's typ header must be absent, JWT or at+jwt: this token is for something else")]
    WrongType,
    #[error("the token's iss claim is not the issuer that this server is configured for")]
    WrongIssuer,
    #[error("the token's aud claim does not include the audience that this server is configured for")]
    WrongAudience,
    #[error(
        "the token has no valid tenant: the claim that this server takes it from (tenant_id, unless configured otherwise) must \
         be a string of 1 to 128 characters without U+0000"
    )]
    NoTenant,
    #[error("the token has no valid subject: claim sub must be a string of 1 to 128 characters without U+0000")]
    NoSubject,
    #[error("the token's jti claim must be absent or a string of 1 to 128 characters without U+0000")]
    BadId,
    #[error(
        "the token has no known role: the claim that this server takes them from (roles, unless configured otherwise) must be \
         a list with at least one of requester, agent, lead, admin, auditor, service, importer, or of the issuer's words for them"
    )]
    NoRole,
    #[error(
        "the token's app claim (app_id, unless configured otherwise) must be absent or a string of 1 to 128 characters without \
         U+0000"
    )]
    BadApp,
    #[error("the token's operator claim must be absent, false or true; a token with true has no tenant, roles or app")]
    BadOperator,
    #[error("the token's signing key is not trusted for operators by this server: its configuration names those keys")]
    NotOperators,
}

/// Why a key could not be read, created or used. For the operator: messages may contain file names.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("no signing key in {0}: run `docket dev` there first, or set --data-dir to its data folder")]
    NoSigningKey(PathBuf),
    #[error("{0} is readable by other users: run `chmod 600` on it, or delete it to have a new key created")]
    Exposed(PathBuf),
    #[error("{path}: {problem}")]
    BadKey { path: PathBuf, problem: String },
    #[error("{0}")]
    BadToken(String),
    #[error("the cryptography library failed to {0}")]
    Crypto(&'static str),
}

impl KeyError {
    pub(super) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> KeyError + '_ {
        |source| KeyError::Io { path: path.to_owned(), source }
    }

    pub(super) fn bad(path: &std::path::Path, problem: impl Into<String>) -> KeyError {
        KeyError::BadKey { path: path.to_owned(), problem: problem.into() }
    }
}
