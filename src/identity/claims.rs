//! Claims of Docket's tokens.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::KeyError;
use super::role::Role;

/// Claims of any JSON type, as parsed; `Caller` validates each of them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Claims {
    pub tenant_id: Value,
    pub sub: Value,
    pub roles: Value,
    pub app_id: Value,
    pub exp: Value,
}

/// A token to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// 1 to 128 characters without U+0000.
    pub tenant: String,
    /// 1 to 128 characters without U+0000.
    pub sub: String,
    /// At least one role.
    pub roles: Vec<Role>,
    /// If present, 1 to 128 characters without U+0000.
    pub app_id: Option<String>,
    /// Lifetime, at least one second.
    pub ttl: std::time::Duration,
}

#[derive(Serialize)]
pub(super) struct SignedClaims<'a> {
    tenant_id: &'a str,
    sub: &'a str,
    roles: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_id: Option<&'a str>,
    iat: u64,
    exp: u64,
}

impl NewToken {
    /// Rejects what the verifier would reject, so that no unusable token is issued. `now` is in seconds since 1970.
    pub(super) fn claims(&self, now: u64) -> Result<SignedClaims<'_>, KeyError> {
        let NewToken { tenant, sub, roles, app_id, ttl } = self;
        for (name, id) in [("tenant", Some(tenant)), ("sub", Some(sub)), ("app-id", app_id.as_ref())] {
            if id.is_some_and(|id| !is_id(id)) {
                return Err(KeyError::BadToken(format!("{name} must have 1 to 128 characters and no U+0000")));
            }
        }
        if roles.is_empty() {
            return Err(KeyError::BadToken("roles must name at least one role".into()));
        }
        if ttl.as_secs() == 0 {
            return Err(KeyError::BadToken("ttl must be at least one second".into()));
        }
        Ok(SignedClaims {
            tenant_id: tenant,
            sub,
            roles: roles.iter().map(|role| role.word()).collect(),
            app_id: app_id.as_deref(),
            iat: now,
            exp: now.saturating_add(ttl.as_secs()),
        })
    }
}

/// 1 to 128 characters without U+0000.
pub(super) fn is_id(id: &str) -> bool {
    !id.is_empty() && id.chars().count() <= super::MAX_ID_CHARS && !id.contains('\0')
}
