//! Authentication: keys, tokens, and the `Caller` of a verified token. Layer 0: no tonic, no SQL.

mod cache;
mod caller;
mod certified;
mod claim_names;
mod claims;
mod error;
mod key_files;
mod key_url;
mod refetch;
mod revoked;
mod ring;
mod role;
mod signing;
#[cfg(test)]
mod tests;
mod trusted;
mod verifier;

pub use caller::Caller;
pub use certified::CertifiedCaller;
pub use claim_names::{ClaimName, ClaimNames};
pub use claims::{NewOperatorToken, NewToken};
pub use error::{KeyError, TokenError};
pub use key_files::KeyFiles;
pub use revoked::{Revocation, RevokedTokens};
pub use role::{MODERATORS, PROGRAMS, Role, Roles, STAFF};
pub use signing::SigningKey;
pub use trusted::TrustedKey;
pub use verifier::{KeySource, Trust, Verifier};

/// Maximum length of tenant ids, subjects and app ids, in characters.
pub const MAX_ID_CHARS: usize = 128;

/// Tolerated clock skew for `exp`, `nbf` and `iat`, in seconds.
pub const LEEWAY_SECONDS: u64 = 30;

/// How long a token may live, from `iat` to `exp`, unless the configuration says otherwise.
pub const MAX_TOKEN_LIFE: std::time::Duration = std::time::Duration::from_secs(24 * 3_600);

/// How often keys at a URL are fetched, unless the configuration says otherwise.
pub const REFETCH_EVERY: std::time::Duration = std::time::Duration::from_secs(600);
