//! Identity of a caller: tenant, subject, roles and app, from a verified token.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::claims::{Claims, is_id};
use super::error::TokenError;
use super::role::{READERS, Role, Roles, WRITERS};

/// An authenticated caller. The fields are private and come from a verified token or from Docket itself, so they can be
/// trusted. A clone only increments a reference count.
#[derive(Clone, PartialEq, Eq)]
pub struct Caller(Arc<Identity>);

#[derive(PartialEq, Eq)]
struct Identity {
    tenant: String,
    sub: String,
    roles: Roles,
    app_id: Option<String>,
    expires_at: u64,
}

impl Caller {
    /// Validates the claims of a token whose signature and times have been verified.
    pub(super) fn from_claims(claims: Claims) -> Result<Caller, TokenError> {
        let Claims { tenant_id, sub, roles, app_id, exp } = claims;
        let text = |claim: &Value| claim.as_str().filter(|id| is_id(id)).map(str::to_owned);
        let tenant = text(&tenant_id).ok_or(TokenError::NoTenant)?;
        let sub = text(&sub).ok_or(TokenError::NoSubject)?;
        let roles =
            roles.as_array().into_iter().flatten().filter_map(Value::as_str).filter_map(|word| word.parse().ok());
        let roles = roles.fold(Roles::NONE, |all, role| all.union(Roles::of(&[role])));
        if roles.is_empty() {
            return Err(TokenError::NoRole);
        }
        let app_id = match app_id {
            Value::Null => None,
            other => Some(text(&other).ok_or(TokenError::BadApp)?),
        };
        // A NumericDate may have a fraction; whole seconds suffice here.
        let expires_at = exp.as_f64().ok_or(TokenError::NoExpiry)? as u64;
        Ok(Caller(Arc::new(Identity { tenant, sub, roles, app_id, expires_at })))
    }

    /// Docket's SLA timer, acting for a tenant. It is the only caller without a role, so no token can impersonate it.
    pub fn clock(tenant: &str) -> Caller {
        let (tenant, sub) = (tenant.to_owned(), "sla".to_owned());
        Caller(Arc::new(Identity { tenant, sub, roles: Roles::NONE, app_id: None, expires_at: u64::MAX }))
    }

    /// 1 to 128 characters.
    pub fn tenant(&self) -> &str {
        &self.0.tenant
    }

    /// The person or program that calls; 1 to 128 characters.
    pub fn sub(&self) -> &str {
        &self.0.sub
    }

    /// At least one role, except for [`Caller::clock`].
    pub fn roles(&self) -> Roles {
        self.0.roles
    }

    pub fn has_role(&self, role: Role) -> bool {
        self.0.roles.contains(role)
    }

    /// Whether it writes as a requester and no more, whatever it reads.
    pub fn writes_as_requester(&self) -> bool {
        !self.roles().intersects(WRITERS)
    }

    /// Whether it reads as a requester: tickets of its own, and of them what is public.
    pub fn reads_as_requester(&self) -> bool {
        !self.roles().intersects(READERS)
    }

    /// If present, restricts the caller to the resources of this app.
    pub fn app_id(&self) -> Option<&str> {
        self.0.app_id.as_deref()
    }

    /// Seconds since 1970.
    pub fn expires_at(&self) -> u64 {
        self.0.expires_at
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Identity { tenant, sub, roles, app_id, expires_at } = &*self.0;
        write!(f, "Caller({sub} of {tenant} as {roles}, app {app_id:?}, until {expires_at})")
    }
}
