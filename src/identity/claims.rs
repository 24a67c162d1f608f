//! Claims of Docket's tokens.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use super::claim_names::ClaimNames;
use super::error::{KeyError, TokenError};
use super::role::Role;
use super::{LEEWAY_SECONDS, MAX_TOKEN_LIFE};

/// Claims of any JSON type, as parsed; `Caller` validates each of them.
#[derive(Debug, Default)]
pub(super) struct Claims {
    pub tenant: Value,
    pub sub: Value,
    pub roles: Value,
    pub app: Value,
    pub operator: Value,
    pub jti: Value,
    pub iat: Value,
    pub exp: Value,
}

impl Claims {
    /// What has a name of its own in each token, and what the configuration names.
    pub fn read(all: &Map<String, Value>, names: &ClaimNames) -> Claims {
        let own = |name: &str| all.get(name).cloned().unwrap_or_default();
        Claims {
            tenant: names.tenant.find(all),
            sub: own("sub"),
            roles: names.roles.find(all),
            app: names.app.find(all),
            operator: own("operator"),
            jti: own("jti"),
            iat: own("iat"),
            exp: own("exp"),
        }
    }

    /// Checks how long the token lives, which the library does not.
    pub fn times(&self, now: u64, max_life: Duration) -> Result<Times, TokenError> {
        // A NumericDate may have a fraction.
        let exp = self.exp.as_f64().ok_or(TokenError::NoExpiry)?;
        let iat = self.iat.as_f64().ok_or(TokenError::NoIssueTime)?;
        if iat > (now + LEEWAY_SECONDS) as f64 {
            return Err(TokenError::NotYetValid);
        }
        if exp - iat > max_life.as_secs_f64() {
            return Err(TokenError::LivesTooLong);
        }
        // Whole seconds suffice from here on.
        Ok(Times { issued_at: iat as u64, expires_at: exp as u64 })
    }
}

/// In seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Times {
    pub issued_at: u64,
    pub expires_at: u64,
}

/// A token of a tenant's caller, to be signed.
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
    /// Lifetime, at least one second and at most a day.
    pub ttl: Duration,
}

/// A token of an operator, to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOperatorToken {
    /// 1 to 128 characters without U+0000.
    pub sub: String,
    /// Lifetime, at least one second and at most a day.
    pub ttl: Duration,
}

#[derive(Serialize)]
pub(super) struct SignedClaims<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_id: Option<&'a str>,
    sub: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<bool>,
    /// By which it can be revoked.
    jti: String,
    iat: u64,
    exp: u64,
}

impl NewToken {
    /// Rejects what the verifier would reject, so that no unusable token is issued. `now` is in seconds since 1970.
    pub(super) fn claims(&self, now: u64) -> Result<SignedClaims<'_>, KeyError> {
        let NewToken { tenant, sub, roles, app_id, ttl } = self;
        ids(&[("tenant", Some(tenant)), ("sub", Some(sub)), ("app-id", app_id.as_ref())])?;
        if roles.is_empty() {
            return Err(KeyError::BadToken("roles must name at least one role".into()));
        }
        Ok(SignedClaims {
            tenant_id: Some(tenant),
            sub,
            roles: roles.iter().map(|role| role.word()).collect(),
            app_id: app_id.as_deref(),
            operator: None,
            jti: new_jti(),
            iat: now,
            exp: end(now, *ttl)?,
        })
    }
}

impl NewOperatorToken {
    /// The same.
    pub(super) fn claims(&self, now: u64) -> Result<SignedClaims<'_>, KeyError> {
        let NewOperatorToken { sub, ttl } = self;
        ids(&[("sub", Some(sub))])?;
        let (roles, exp) = (Vec::new(), end(now, *ttl)?);
        let (operator, jti) = (Some(true), new_jti());
        Ok(SignedClaims { tenant_id: None, sub, roles, app_id: None, operator, jti, iat: now, exp })
    }
}

fn new_jti() -> String {
    uuid::Uuid::now_v7().to_string()
}

pub(super) fn ids(named: &[(&str, Option<&String>)]) -> Result<(), KeyError> {
    match named.iter().find(|(_, id)| id.is_some_and(|id| !is_id(id))) {
        Some((name, _)) => Err(KeyError::BadToken(format!("{name} must have 1 to 128 characters and no U+0000"))),
        None => Ok(()),
    }
}

fn end(now: u64, ttl: Duration) -> Result<u64, KeyError> {
    if ttl.as_secs() == 0 {
        return Err(KeyError::BadToken("ttl must be at least one second".into()));
    }
    if ttl > MAX_TOKEN_LIFE {
        return Err(KeyError::BadToken("ttl must be at most 24h: servers refuse tokens that live longer".into()));
    }
    Ok(now.saturating_add(ttl.as_secs()))
}

/// 1 to 128 characters without U+0000.
pub(super) fn is_id(id: &str) -> bool {
    !id.is_empty() && id.chars().count() <= super::MAX_ID_CHARS && !id.contains('\0')
}
