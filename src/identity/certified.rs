//! Callers by certificate, without a token.

use super::caller::Caller;
use super::claims::ids;
use super::error::KeyError;
use super::role::{Role, Roles};

/// The caller that a certificate stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertifiedCaller {
    tenant: String,
    sub: String,
    roles: Roles,
    app_id: Option<String>,
}

impl CertifiedCaller {
    /// # Errors
    /// What no token could say either: a text that is empty or too long, no role.
    pub fn new(
        tenant: String,
        sub: String,
        roles: &[Role],
        app_id: Option<String>,
    ) -> Result<CertifiedCaller, KeyError> {
        ids(&[("tenant", Some(&tenant)), ("sub", Some(&sub)), ("app", app_id.as_ref())])?;
        if roles.is_empty() {
            return Err(KeyError::BadToken("roles must name at least one role".into()));
        }
        Ok(CertifiedCaller { tenant, sub, roles: Roles::of(roles), app_id })
    }

    /// The caller on a connection, until its certificate expires, in seconds since 1970.
    pub fn until(&self, expires_at: u64) -> Caller {
        let CertifiedCaller { tenant, sub, roles, app_id } = self.clone();
        Caller::certified(tenant, sub, roles, app_id, expires_at)
    }
}
