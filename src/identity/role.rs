//! Roles and role sets.

use std::fmt;
use std::str::FromStr;

/// Role of a caller. The roles that may call a method are an option of the method in proto/.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Reads and writes its own tickets, without internal content.
    Requester,
    /// Works on tickets.
    Agent,
    /// Agent who also moderates.
    Lead,
    /// Configures the tenant.
    Admin,
    /// Reads everything, writes nothing.
    Auditor,
    /// Program that acts on behalf of requesters.
    Service,
    /// Imports data, including fields that the server normally assigns.
    Importer,
}

impl Role {
    /// All roles, in the order in which texts list them.
    pub const ALL: [Role; 7] =
        [Role::Requester, Role::Agent, Role::Lead, Role::Admin, Role::Auditor, Role::Service, Role::Importer];

    /// Name of the role in a token.
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
            .ok_or_else(|| format!("\"{word}\" is not a role; the roles are {}", Roles::ALL))
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

    /// Whether the two sets intersect.
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

/// Those who work on tickets.
pub const STAFF: Roles = Roles::of(&[Role::Agent, Role::Lead, Role::Admin]);
/// Those who may change what others wrote.
pub const MODERATORS: Roles = Roles::of(&[Role::Lead, Role::Admin]);
/// Programs that act for others.
pub const PROGRAMS: Roles = Roles::of(&[Role::Service, Role::Importer]);
/// Whoever has none of these writes as a requester.
pub const WRITERS: Roles = STAFF.union(PROGRAMS);
/// Whoever has none of these reads as a requester: auditors read all.
pub const READERS: Roles = WRITERS.union(Roles::of(&[Role::Auditor]));

/// As in `agent, lead`; '' for the empty set.
impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, role) in self.iter().enumerate() {
            write!(f, "{}{role}", if i == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
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
