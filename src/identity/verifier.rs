//! Verification of tokens, against keys that may change at any time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::caller::Caller;
use super::claim_names::ClaimNames;
use super::error::TokenError;
use super::key_url::KeyUrl;
use super::revoked::{Revocation, Revoked};
use super::ring::Ring;
use super::trusted::TrustedKey;
use super::{LEEWAY_SECONDS, MAX_TOKEN_LIFE, REFETCH_EVERY};

/// The longest that one timer runs: the runtime's own limit is about two years.
const LONG: Duration = Duration::from_secs(30 * 24 * 3_600);

/// How long a call waits for a key at most.
const KEY_WITHIN: Duration = Duration::from_secs(10);

/// Keys and claims that tokens are checked against.
#[derive(Debug, Clone)]
pub struct Trust {
    /// Keys of tenants' callers.
    pub keys: Vec<TrustedKey>,
    /// If present, the `iss` claim that their tokens must have.
    pub issuer: Option<String>,
    /// Keys of operators. A key of both stands in both lists.
    pub operator_keys: Vec<TrustedKey>,
    /// If present, the `iss` claim that operators' tokens must have.
    pub operator_issuer: Option<String>,
    /// If present, a value that the `aud` claim of tokens must contain.
    pub audience: Option<String>,
    /// How long a token may live, from `iat` to `exp`.
    pub max_life: Duration,
    /// Sources whose keys are still to be fetched.
    pub urls: Vec<KeySource>,
    /// How often they are fetched.
    pub refetch_every: Duration,
    /// Of tenants' callers. No name of an operator's claims is another.
    pub claims: ClaimNames,
}

impl Default for Trust {
    fn default() -> Trust {
        Trust {
            keys: Vec::new(),
            issuer: None,
            operator_keys: Vec::new(),
            operator_issuer: None,
            audience: None,
            max_life: MAX_TOKEN_LIFE,
            urls: Vec::new(),
            refetch_every: REFETCH_EVERY,
            claims: ClaimNames::default(),
        }
    }
}

/// What tokens are checked against, beside the keys.
pub(super) struct Terms {
    pub issuer: Option<String>,
    pub operator_issuer: Option<String>,
    pub audience: Option<String>,
    pub max_life: Duration,
    pub claims: ClaimNames,
}

/// Where keys come from, and whom they are for. The keys of a source are replaced as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySource {
    Files,
    OperatorFiles,
    Url,
    OperatorUrl,
}

impl KeySource {
    /// The setting that names it.
    pub const fn setting(self) -> &'static str {
        match self {
            KeySource::Files => "tokens.keys",
            KeySource::OperatorFiles => "tokens.operator_keys",
            KeySource::Url => "tokens.jwks_url",
            KeySource::OperatorUrl => "tokens.operator_jwks_url",
        }
    }

    const fn is_for_operators(self) -> bool {
        matches!(self, KeySource::OperatorFiles | KeySource::OperatorUrl)
    }
}

/// Verifies tokens. Share it in an `Arc`.
pub struct Verifier {
    terms: Terms,
    keys: Mutex<Vec<(KeySource, Vec<TrustedKey>)>>,
    ring: RwLock<Arc<Ring>>,
    urls: Vec<KeyUrl>,
    revoked: Revoked,
    /// Told whenever a token that was good may be so no more.
    changed: watch::Sender<()>,
}

impl Verifier {
    pub fn new(trust: Trust) -> Verifier {
        let Trust { keys, issuer, operator_keys, operator_issuer, audience, max_life, urls, refetch_every, claims } =
            trust;
        let terms = Terms { issuer, operator_issuer, audience, max_life, claims };
        let keys = vec![(KeySource::Files, keys), (KeySource::OperatorFiles, operator_keys)];
        let ring = RwLock::new(Arc::new(ring(&terms, &keys)));
        let urls = urls.into_iter().map(|source| KeyUrl::new(source, refetch_every)).collect();
        let (revoked, changed) = (Revoked::default(), watch::Sender::new(()));
        Verifier { terms, keys: Mutex::new(keys), ring, urls, revoked, changed }
    }

    /// Verifies a token (without "Bearer") and returns its caller.
    pub fn verify(&self, token: &str) -> Result<Caller, TokenError> {
        let ring = self.ring();
        let caller = ring.verify(&self.terms, token).map_err(|why| match why {
            // Its key may be one of those that are missing.
            TokenError::UnknownKey | TokenError::BadSignature
                if self.urls.iter().any(|url| !url.is_usable()) && ring.lacks_key_of(token) =>
            {
                TokenError::KeysUnavailable
            }
            why => why,
        })?;
        self.revoked.check(&caller)?;
        Ok(caller)
    }

    /// The caller of a connection without a token, by its certificate, which was good when the connection began.
    pub fn certified(&self, caller: &Caller) -> Result<Caller, TokenError> {
        if since_1970().as_secs() >= caller.accepted_until() {
            return Err(TokenError::CertificateExpired);
        }
        Ok(caller.clone())
    }

    /// For a token that was refused: what to wait for before it is verified once more. `None`: it would be refused again.
    pub fn key_on_its_way(&self, token: &str) -> Option<impl Future<Output = ()> + Send + use<>> {
        if self.urls.is_empty() || !self.ring().lacks_key_of(token) {
            return None;
        }
        let ends: Vec<watch::Receiver<()>> = self.urls.iter().filter_map(KeyUrl::fetch).collect();
        if ends.is_empty() {
            return None;
        }
        Some(async move {
            let all = async move {
                for mut end in ends {
                    // An error means that the verifier is gone, and the server with it.
                    let _ = end.changed().await;
                }
            };
            // Whoever fetches gives up earlier.
            let _ = timeout(KEY_WITHIN, all).await;
        })
    }

    /// From now on, these are the keys of the source. Each call is decided by the keys before or by those after, never by a
    /// mixture, and none waits. Returns whether they are others than before.
    pub fn replace(&self, source: KeySource, new: Vec<TrustedKey>) -> bool {
        let mut keys = self.keys();
        let old = keys.iter().find(|(known, _)| *known == source);
        if same(old.map_or(&[], |(_, old)| old), &new) {
            return false;
        }
        keys.retain(|(known, _)| *known != source);
        keys.push((source, new));
        let ring = Arc::new(ring(&self.terms, &keys));
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
        drop(keys);
        self.changed.send_replace(());
        true
    }

    /// Completes when the keys of this source, a URL, are to be fetched.
    pub async fn fetch_due(&self, source: KeySource) {
        match self.url(source) {
            Some(url) => url.due().await,
            None => std::future::pending().await,
        }
    }

    /// Fetching the keys of this source begins.
    pub fn fetch_begins(&self, source: KeySource) {
        self.url(source).into_iter().for_each(KeyUrl::begin);
    }

    /// The keys of this source were fetched, or could not be; then those from before hold for a while. Returns whether they are
    /// others now.
    pub fn fetched(&self, source: KeySource, keys: Option<Vec<TrustedKey>>) -> bool {
        let Some(url) = self.url(source) else { return false };
        let succeeded = keys.is_some();
        let changed = keys.is_some_and(|keys| self.replace(source, keys));
        url.end(succeeded);
        changed || (!url.is_usable() && self.replace(source, Vec::new()))
    }

    fn url(&self, source: KeySource) -> Option<&KeyUrl> {
        self.urls.iter().find(|url| url.source == source)
    }

    /// Completes when the caller would not be let in any more, and says why: for what goes on after the call was let in.
    pub async fn lost(self: Arc<Self>, caller: Caller) -> TokenError {
        let mut changes = self.changed.subscribe();
        loop {
            if let Err(why) = self.holds(&caller) {
                return why;
            }
            let left = Duration::from_secs(caller.accepted_until()).saturating_sub(since_1970()).min(LONG);
            if left.is_zero() {
                return TokenError::Expired;
            }
            tokio::select! {
                // The sender lives as long as `self`.
                _ = changes.changed() => {}
                () = sleep(left) => {}
            }
        }
    }

    /// Whether a caller who was let in before would be let in now, but for the time.
    fn holds(&self, caller: &Caller) -> Result<(), TokenError> {
        if !self.ring().trusts(caller) {
            return Err(TokenError::UnknownKey);
        }
        self.revoked.check(caller)
    }

    /// From now on, these tokens are refused.
    pub fn revoke(&self, revocations: Vec<Revocation>) {
        let mut news = false;
        for revocation in revocations {
            news |= self.revoked.add(revocation);
        }
        if news {
            self.changed.send_replace(());
        }
    }

    /// Forgets the revocations that concern no token any more, and returns them. `now` is in seconds since 1970.
    pub fn forget_revocations(&self, now: u64) -> Vec<Revocation> {
        self.revoked.forget(now.saturating_sub(self.revocations_hold().as_secs()))
    }

    /// How long a revocation may concern a token: whatever was issued before it has expired then, on every clock.
    pub fn revocations_hold(&self) -> Duration {
        self.terms.max_life + Duration::from_secs(4 * LEEWAY_SECONDS)
    }

    fn ring(&self) -> Arc<Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keys(&self) -> MutexGuard<'_, Vec<(KeySource, Vec<TrustedKey>)>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether these are the same keys, by the same ids.
fn same(old: &[TrustedKey], new: &[TrustedKey]) -> bool {
    let named = |key: &TrustedKey| (key.kid.clone(), key.fingerprint());
    old.iter().map(named).eq(new.iter().map(named))
}

fn ring(terms: &Terms, keys: &[(KeySource, Vec<TrustedKey>)]) -> Ring {
    let each = |(source, keys): &(KeySource, Vec<TrustedKey>)| {
        let operators = source.is_for_operators();
        keys.clone().into_iter().map(move |key| (key, operators))
    };
    Ring::new(terms, keys.iter().flat_map(each))
}

fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
