//! Identity of a caller: tenant, subject, roles and app, from a verified token.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::LEEWAY_SECONDS;
use super::claim_names::ClaimNames;
use super::claims::{Claims, Times, is_id};
use super::error::TokenError;
use super::role::{READERS, Role, Roles, WRITERS};
use super::trusted::Fingerprint;

/// An authenticated caller. The fields are private and come from a verified token or from Docket itself, so they can be
/// trusted. A clone only increments a reference count.
#[derive(Clone, PartialEq, Eq)]
pub struct Caller(Arc<Identity>);

#[derive(PartialEq, Eq)]
struct Identity {
    /// '' for an operator.
    tenant: String,
    sub: String,
    roles: Roles,
    app_id: Option<String>,
    operator: bool,
    jti: Option<String>,
    times: Times,
    /// Of the key that signed the token. `None`: there is no token.
    signed_by: Option<Fingerprint>,
}

impl Caller {
    /// Validates the claims of a token whose signature and times have been verified.
    pub(super) fn from_claims(
        claims: Claims,
        names: &ClaimNames,
        times: Times,
        signed_by: Fingerprint,
    ) -> Result<Caller, TokenError> {
        let Claims { tenant, sub, roles, app, operator, jti, iat: _, exp: _ } = claims;
        let signed_by = Some(signed_by);
        let text = |claim: &Value| claim.as_str().filter(|id| is_id(id)).map(str::to_owned);
        let jti = match jti {
            Value::Null => None,
            other => Some(text(&other).ok_or(TokenError::BadId)?),
        };
        let operator = match operator {
            Value::Null => false,
            other => other.as_bool().ok_or(TokenError::BadOperator)?,
        };
        if operator {
            // It reaches no tenant: a token that names one is none of an operator.
            if [&tenant, &roles, &app].into_iter().any(|claim| !claim.is_null()) {
                return Err(TokenError::BadOperator);
            }
            let (tenant, sub) = (String::new(), text(&sub).ok_or(TokenError::NoSubject)?);
            let roles = Roles::NONE;
            return Ok(Caller::new(Identity { tenant, sub, roles, app_id: None, operator, jti, times, signed_by }));
        }
        let tenant = text(&tenant).ok_or(TokenError::NoTenant)?;
        let sub = text(&sub).ok_or(TokenError::NoSubject)?;
        let words = roles.as_array().into_iter().flatten().filter_map(Value::as_str);
        let roles = words.filter_map(|word| names.role(word));
        let roles = roles.fold(Roles::NONE, |all, role| all.union(Roles::of(&[role])));
        if roles.is_empty() {
            return Err(TokenError::NoRole);
        }
        let app_id = match app {
            Value::Null => None,
            other => Some(text(&other).ok_or(TokenError::BadApp)?),
        };
        Ok(Caller::new(Identity { tenant, sub, roles, app_id, operator, jti, times, signed_by }))
    }

    fn new(identity: Identity) -> Caller {
        Caller(Arc::new(identity))
    }

    /// Docket's SLA timer, acting for a tenant. It is the only caller of a tenant without a role, so no token can impersonate it.
    pub fn clock(tenant: &str) -> Caller {
        let (tenant, sub) = (tenant.to_owned(), "sla".to_owned());
        let (roles, operator) = (Roles::NONE, false);
        let times = Times { issued_at: 0, expires_at: u64::MAX };
        let signed_by = None;
        Caller::new(Identity { tenant, sub, roles, app_id: None, operator, jti: None, times, signed_by })
    }

    /// A caller by certificate. Revocations concern tokens: none of them is as old.
    pub(super) fn certified(
        tenant: String,
        sub: String,
        roles: Roles,
        app_id: Option<String>,
        expires_at: u64,
    ) -> Caller {
        let times = Times { issued_at: u64::MAX, expires_at };
        Caller::new(Identity { tenant, sub, roles, app_id, operator: false, jti: None, times, signed_by: None })
    }

    /// Whether it operates the installation. It has no tenant and no role.
    pub fn is_operator(&self) -> bool {
        self.0.operator
    }

    /// 1 to 128 characters; '' for an operator, whom no method of a tenant lets in.
    pub fn tenant(&self) -> &str {
        &self.0.tenant
    }

    /// The person or program that calls; 1 to 128 characters.
    pub fn sub(&self) -> &str {
        &self.0.sub
    }

    /// At least one role, except for operators and [`Caller::clock`].
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

    /// The first second, since 1970, in which the token is no longer accepted: by calls and by streams alike, after the leeway.
    pub fn accepted_until(&self) -> u64 {
        self.0.times.expires_at.saturating_add(LEEWAY_SECONDS + 1)
    }

    /// In seconds since 1970.
    pub(super) fn issued_at(&self) -> u64 {
        self.0.times.issued_at
    }

    pub(super) fn jti(&self) -> Option<&str> {
        self.0.jti.as_deref()
    }

    pub(super) fn signed_by(&self) -> Option<Fingerprint> {
        self.0.signed_by
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Identity { tenant, sub, roles, app_id, operator, times, .. } = &*self.0;
        let expires_at = times.expires_at;
        if *operator {
            return write!(f, "Caller({sub}, an operator, until {expires_at})");
        }
        write!(f, "Caller({sub} of {tenant} as {roles}, app {app_id:?}, until {expires_at})")
    }
}
