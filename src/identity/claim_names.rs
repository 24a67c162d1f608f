//! Names of the claims that say who a caller is: from the configuration, never from a token.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::role::Role;

/// Where a token holds the tenant, the roles and the app of its caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimNames {
    pub tenant: ClaimName,
    pub roles: ClaimName,
    pub app: ClaimName,
    /// The roles by the issuer's words for them. If present, no other word is a role: not even Docket's own, which may mean
    /// something else to the issuer.
    pub role_map: Option<HashMap<String, Role>>,
}

impl Default for ClaimNames {
    fn default() -> ClaimNames {
        let name = |name: &str| ClaimName(name.to_owned());
        ClaimNames { tenant: name("tenant_id"), roles: name("roles"), app: name("app_id"), role_map: None }
    }
}

impl ClaimNames {
    /// The role that a word of the token stands for.
    pub(super) fn role(&self, word: &str) -> Option<Role> {
        match &self.role_map {
            Some(map) => map.get(word).copied(),
            None => word.parse().ok(),
        }
    }
}

/// Name of a claim. A dot leads into an object: `realm_access.roles`. A URL is one name, with its dots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimName(String);

impl ClaimName {
    /// `None`: it has an empty part.
    pub fn new(name: &str) -> Option<ClaimName> {
        let name = ClaimName(name.to_owned());
        let whole = name.parts().all(|part| !part.is_empty());
        whole.then_some(name)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parts(&self) -> impl Iterator<Item = &str> {
        let separator = if self.0.contains("://") { None } else { Some('.') };
        self.0.split(move |c| Some(c) == separator)
    }

    /// The claim, or null.
    pub(super) fn find(&self, claims: &Map<String, Value>) -> Value {
        let mut parts = self.parts();
        let first = parts.next().and_then(|part| claims.get(part));
        parts.fold(first, |value, part| value?.get(part)).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_dot_leads_into_an_object_and_a_url_is_one_name() {
        let claims = json!({
            "tenant": "acme",
            "realm_access": {"roles": ["agent"]},
            "https://docket.example/app": "crm",
            "list": [1],
        });
        let claims = claims.as_object().expect("an object");
        let find = |name: &str| ClaimName::new(name).expect("a name").find(claims);
        assert_eq!(find("tenant"), "acme");
        assert_eq!(find("realm_access.roles"), json!(["agent"]));
        assert_eq!(find("https://docket.example/app"), "crm");
        for absent in ["realm_access.groups", "tenant.id", "list.0", "roles"] {
            assert_eq!(find(absent), Value::Null, "{absent}");
        }
        for bad in ["", ".", "a.", ".a", "a..b"] {
            assert_eq!(ClaimName::new(bad), None, "{bad}");
        }
    }
}
