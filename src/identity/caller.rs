//! The caller of a request: tenant, subject, roles and app, exactly as a verified token states them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde_json::Value;

use super::claims::Claims;
use super::error::TokenError;

/// What a token lets its bearer do. Which role may call which method, proto/ says at the method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Sees and writes its own tickets, the public part.
    Requester,
    /// Works on tickets.
    Agent,
    /// An agent who also moderates.
    Lead,
    /// Sets the tenant up.
    Admin,
    /// Reads all, writes nothing.
    Auditor,
    /// Another program that acts for requesters.
    Service,
    /// Brings data in, server-assigned fields too.
    Importer,
}

impl Role {
    /// Every role, in the order in which texts list them.
    pub const ALL: [Role; 7] =
        [Role::Requester, Role::Agent, Role::Lead, Role::Admin, Role::Auditor, Role::Service, Role::Importer];

    /// The word that stands for the role in a token.
    pub const fn word(self) -> &'static str {
        match self {
            Role::Requester => "requester",
            Role::Agent => "agent",
            Role::Lead => "lead",
            Role::Admin => "admin",
            Role::Auditor => "auditor",
            Role::Service => "service",
            Role::Importer => "importer",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Role::ALL
            .into_iter()
            .find(|role| role.word() == word)
            .ok_or_else(|| format!("\"{word}\" is no role; the roles are {}", Roles::ALL))
    }
}

/// A set of roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Roles(u8);

impl Roles {
    pub const NONE: Roles = Roles(0);
    pub const ALL: Roles = Roles::of(&Role::ALL);

    pub const fn of(roles: &[Role]) -> Roles {
        let mut bits = 0;
        let mut i = 0;
        while i < roles.len() {
            bits |= 1 << roles[i] as u8;
            i += 1;
        }
        Roles(bits)
    }

    pub const fn union(self, other: Roles) -> Roles {
        Roles(self.0 | other.0)
    }

    pub const fn contains(self, role: Role) -> bool {
        self.0 & (1 << role as u8) != 0
    }

    /// True when the two sets share a role.
    pub const fn intersects(self, other: Roles) -> bool {
        self.0 & other.0 != 0
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.contains(*role))
    }
}

/// `agent, lead`; the empty set is the empty text.
impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, role) in self.iter().enumerate() {
            write!(f, "{}{role}", if i == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

/// Who makes a request. Its fields are private, and it is made of a verified token or is Docket itself, so whoever holds one
/// can rely on it. A clone is one counter.
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
    /// Checks the claims of a token whose signature and times are already verified.
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
        // A NumericDate may have a fraction; the whole second is enough here.
        let expires_at = exp.as_f64().ok_or(TokenError::NoExpiry)? as u64;
        Ok(Caller(Arc::new(Identity { tenant, sub, roles, app_id, expires_at })))
    }

    /// Docket's own clock, at work for a tenant: the one caller without a role, which no token can be.
    pub fn clock(tenant: &str) -> Caller {
        let (tenant, sub) = (tenant.to_owned(), "sla".to_owned());
        Caller(Arc::new(Identity { tenant, sub, roles: Roles::NONE, app_id: None, expires_at: u64::MAX }))
    }

    /// 1 to 128 characters.
    pub fn tenant(&self) -> &str {
        &self.0.tenant
    }

    /// 1 to 128 characters: the person or program that calls.
    pub fn sub(&self) -> &str {
        &self.0.sub
    }

    /// At least one, but for [`Caller::clock`].
    pub fn roles(&self) -> Roles {
        self.0.roles
    }

    pub fn has_role(&self, role: Role) -> bool {
        self.0.roles.contains(role)
    }

    /// When present, the caller reads and writes this app's resources only.
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

/// 1 to 128 characters without U+0000.
pub(super) fn is_id(id: &str) -> bool {
    !id.is_empty() && id.chars().count() <= super::MAX_ID_CHARS && !id.contains('\0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_read_and_write_as_their_words() {
        for role in Role::ALL {
            assert_eq!(role.word().parse(), Ok(role));
        }
        assert_eq!(Roles::of(&[Role::Lead, Role::Agent]).to_string(), "agent, lead");
        assert_eq!(Roles::NONE.to_string(), "");
        let refused = "boss".parse::<Role>().expect_err("boss is no role");
        assert!(refused.contains("\"boss\"") && refused.contains("importer"), "{refused}");
    }

    #[test]
    fn sets_of_roles_meet_only_in_shared_roles() {
        let staff = Roles::of(&[Role::Agent, Role::Lead]);
        assert!(staff.intersects(Roles::of(&[Role::Lead])));
        assert!(!staff.intersects(Roles::of(&[Role::Requester])));
        assert!(!staff.intersects(Roles::NONE));
        assert_eq!(Roles::ALL.iter().count(), 7);
    }
}
