//! Revoked tokens, as far as this process has heard.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{PoisonError, RwLock};

use super::caller::Caller;
use super::error::TokenError;

/// A revocation of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// '' = all tenants, and operators.
    pub tenant: String,
    pub tokens: RevokedTokens,
    /// In seconds since 1970.
    pub at: u64,
}

/// The tokens that are revoked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RevokedTokens {
    /// The one with this `jti`.
    Jti(String),
    /// All of this `sub` that were issued until then.
    Sub(String),
}

#[derive(Default)]
pub(super) struct Revoked(RwLock<HashMap<String, OfTenant>>);

/// Of the same tokens the latest counts.
type OfTenant = HashMap<RevokedTokens, u64>;

impl Revoked {
    /// Returns whether it is news.
    pub fn add(&self, revocation: Revocation) -> bool {
        let Revocation { tenant, tokens, at } = revocation;
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match all.entry(tenant).or_default().entry(tokens) {
            Entry::Vacant(place) => {
                place.insert(at);
                true
            }
            Entry::Occupied(mut place) => {
                let news = at > *place.get();
                place.insert(at.max(*place.get()));
                news
            }
        }
    }

    /// Whether a caller's token is not revoked.
    pub fn check(&self, caller: &Caller) -> Result<(), TokenError> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if all.is_empty() {
            return Ok(());
        }
        let sub = RevokedTokens::Sub(caller.sub().to_owned());
        let jti = caller.jti().map(|jti| RevokedTokens::Jti(jti.to_owned()));
        let revokes = |of: &OfTenant| {
            jti.as_ref().is_some_and(|jti| of.contains_key(jti))
                || of.get(&sub).is_some_and(|at| caller.issued_at() <= *at)
        };
        let revoked = [caller.tenant(), ""].into_iter().any(|tenant| all.get(tenant).is_some_and(revokes));
        if revoked { Err(TokenError::Revoked) } else { Ok(()) }
    }

    /// Forgets the revocations from before that time, and returns them.
    pub fn forget(&self, before: u64) -> Vec<Revocation> {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut forgotten = Vec::new();
        for (tenant, of) in all.iter_mut() {
            of.retain(|tokens, at| {
                let keep = *at >= before;
                if !keep {
                    forgotten.push(Revocation { tenant: tenant.clone(), tokens: tokens.clone(), at: *at });
                }
                keep
            });
        }
        all.retain(|_, of| !of.is_empty());
        forgotten
    }
}
