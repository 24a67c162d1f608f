//! What can be wrong with a token and with a key, in words that say what to do about it.

use std::path::PathBuf;

/// Why a token was refused. The texts go to the caller: they name no key, no file and nothing of the token's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("no token: send the metadata \"authorization: Bearer <token>\" (`docket token` makes one)")]
    Missing,
    #[error("the authorization metadata must appear once and read \"Bearer <token>\"")]
    NotBearer,
    #[error("the token is not a JWT signed with EdDSA, ES256 or RS256: ask its issuer for one, or run `docket token`")]
    Malformed,
    #[error("the token's signing key is not one that this server trusts: use a token from an issuer that it trusts")]
    UnknownKey,
    #[error("the token's signature is not valid: it was changed on its way, or signed with another key")]
    BadSignature,
    #[error("the token has expired: get a new one")]
    Expired,
    #[error("the token is not valid yet: wait, or check the clocks of its issuer and of this server")]
    NotYetValid,
    #[error("the token's exp claim is missing or no number of seconds: tokens must expire")]
    NoExpiry,
    #[error("the token was not issued by the issuer that this server is set up for (claim iss)")]
    WrongIssuer,
    #[error("the token is not meant for this server (claim aud)")]
    WrongAudience,
    #[error("the token names no tenant: claim tenant_id must be a string of 1 to 128 characters without U+0000")]
    NoTenant,
    #[error("the token names nobody: claim sub must be a string of 1 to 128 characters without U+0000")]
    NoSubject,
    #[error(
        "the token gives no role: claim roles must be a list with at least one of requester, agent, lead, admin, \
         auditor, service, importer"
    )]
    NoRole,
    #[error("the token's app_id claim must be a string of 1 to 128 characters without U+0000, or be left out")]
    BadApp,
}

/// Why a key could not be read, made or used. For the operator: it may name files.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("there is no signing key in {0}: run `docket dev` there first, or name its folder with --data-dir")]
    NoSigningKey(PathBuf),
    #[error("{0} can be read by other users: run `chmod 600` on it, or delete it to have a new key made")]
    Exposed(PathBuf),
    #[error("{path}: {problem}")]
    BadKey { path: PathBuf, problem: String },
    #[error("{0}")]
    BadToken(String),
    #[error("the crypto library failed to {0}")]
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
