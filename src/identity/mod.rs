//! Who is calling: keys, tokens, and the `Caller` that only a verified token can make. Floor 0: no tonic, no SQL.

mod cache;
mod caller;
mod claims;
mod error;
mod role;
mod signing;
#[cfg(test)]
mod tests;
mod trusted;
mod verifier;

pub use caller::Caller;
pub use claims::NewToken;
pub use error::{KeyError, TokenError};
pub use role::{Role, Roles};
pub use signing::SigningKey;
pub use trusted::TrustedKey;
pub use verifier::{Trust, Verifier};

/// The longest tenant id, subject and app id, in characters.
pub const MAX_ID_CHARS: usize = 128;

/// How far two machines' clocks may differ before a token counts as expired or not yet valid, in seconds.
pub const LEEWAY_SECONDS: u64 = 30;
