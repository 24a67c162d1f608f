//! Cache of verified tokens, bounded in size. Returns no caller whose token has expired.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{PoisonError, RwLock};

use super::caller::Caller;

/// SHA-256 of the token.
pub(super) type TokenHash = [u8; 32];

/// Two generations: lookups search both, and when the young one is full it becomes the old one. So entries in use stay, there
/// are at most `2 * generation` entries, and the cost of an insert does not depend on the size. Only verified tokens are added,
/// so nobody without a key can evict others.
pub(super) struct TokenCache {
    generation: usize,
    inner: RwLock<Generations>,
}

#[derive(Default)]
struct Generations {
    young: Entries,
    old: Entries,
}

type Entries = HashMap<TokenHash, Caller, BuildHasherDefault<Prefix>>;

/// Hasher that takes the first eight bytes of a key, which is a hash already.
#[derive(Default)]
pub(super) struct Prefix(u64);

impl Hasher for Prefix {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 ^= u64::from_le_bytes(*first);
        }
    }

    /// Ignores the length prefix of the array, which is the same for all keys.
    fn write_usize(&mut self, _: usize) {}
}

impl TokenCache {
    pub fn new(entries: usize) -> TokenCache {
        TokenCache { generation: (entries / 2).max(1), inner: RwLock::default() }
    }

    /// `now` is in seconds since 1970.
    pub fn get(&self, hash: &TokenHash, now: u64) -> Option<Caller> {
        let found = {
            let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
            match inner.young.get(hash) {
                Some(caller) => return alive(caller, now).then(|| caller.clone()),
                None => inner.old.get(hash).cloned(),
            }
        };
        let caller = found.filter(|caller| alive(caller, now))?;
        self.put(*hash, caller.clone());
        Some(caller)
    }

    pub fn put(&self, hash: TokenHash, caller: Caller) {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        if inner.young.len() >= self.generation && !inner.young.contains_key(&hash) {
            inner.old = std::mem::take(&mut inner.young);
        }
        inner.young.insert(hash, caller);
    }
}

fn alive(caller: &Caller, now: u64) -> bool {
    now < caller.accepted_until()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::ClaimNames;
    use crate::identity::LEEWAY_SECONDS;
    use crate::identity::claims::{Claims, Times};
    use crate::identity::trusted::Fingerprint;

    fn caller(sub: usize, exp: u64) -> Caller {
        let claims = Claims {
            tenant: "acme".into(),
            sub: sub.to_string().into(),
            roles: vec!["agent"].into(),
            ..Claims::default()
        };
        Caller::from_claims(
            claims,
            &ClaimNames::default(),
            Times { issued_at: 0, expires_at: exp },
            Fingerprint::default(),
        )
        .expect("the claims are good")
    }

    fn hash(of: usize) -> TokenHash {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&of.to_le_bytes());
        hash
    }

    #[test]
    fn an_entry_ends_with_its_token() {
        let cache = TokenCache::new(10);
        cache.put(hash(1), caller(1, 1_000));
        assert!(cache.get(&hash(1), 1_000 + LEEWAY_SECONDS).is_some());
        assert!(cache.get(&hash(1), 1_001 + LEEWAY_SECONDS).is_none());
    }

    #[test]
    fn it_stays_bounded_and_keeps_what_is_used() {
        let cache = TokenCache::new(100);
        cache.put(hash(0), caller(0, 1_000));
        for i in 1..1_000 {
            cache.put(hash(i), caller(i, 1_000));
            assert!(cache.get(&hash(0), 1).is_some(), "the busy token was lost after {i}");
        }
        let inner = cache.inner.read().expect("no thread panicked");
        assert!(inner.young.len() + inner.old.len() <= 101, "{} and {}", inner.young.len(), inner.old.len());
        assert!(!inner.young.contains_key(&hash(1)) && !inner.old.contains_key(&hash(1)));
    }
}
