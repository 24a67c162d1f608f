//! Roles, and sets of them.

use std::fmt;
use std::str::FromStr;

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
