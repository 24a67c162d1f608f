//! Revoked tokens of a tenant.

use super::time::Instant;
use crate::identity::{self, RevokedTokens};

row! {
    /// One token, or all tokens that a subject was issued until `updated_at`.
    Revocation in token_revocation, key(tenant_id, id) + stamps {
        /// '' = all tenants, and operators.
        tenant_id: String,
        /// [`Revoked::id`].
        id: String,
        /// Of the token; '' if it is about a subject.
        jti: String,
        /// The subject; '' if it is about one token.
        sub: String,
    }
}

/// What a revocation is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// The token with this id.
    Token(String),
    /// All tokens that this subject has been issued.
    Subject(String),
}

impl Revoked {
    /// The same for the same token or subject.
    pub fn id(&self) -> String {
        match self {
            Revoked::Token(jti) => format!("jti:{jti}"),
            Revoked::Subject(sub) => format!("sub:{sub}"),
        }
    }

    /// As those know it who verify tokens. An issuer's clock counts seconds.
    pub fn of(self, tenant: String, at: Instant) -> identity::Revocation {
        let tokens = match self {
            Revoked::Token(jti) => RevokedTokens::Jti(jti),
            Revoked::Subject(sub) => RevokedTokens::Sub(sub),
        };
        identity::Revocation { tenant, tokens, at: at.0.max(0) as u64 / 1_000_000 }
    }

    /// Its columns `jti` and `sub`.
    pub fn columns(&self) -> (String, String) {
        match self {
            Revoked::Token(jti) => (jti.clone(), String::new()),
            Revoked::Subject(sub) => (String::new(), sub.clone()),
        }
    }
}
