//! Page tokens: the position of the next page, signed and bound to one query. No SQL.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::model::id;
use crate::model::time::Instant;

const VERSION: u8 = 2;
/// How long a token can be used, in microseconds: a day.
const LIFE: i64 = 24 * 3600 * 1_000_000;
/// Bytes of the HMAC that a token carries.
const TAG: usize = 16;

/// A value that a list is ordered by, of the last row of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    Text(String),
    Int(i64),
    Time(Instant),
    Id(Uuid),
}

/// What a token belongs to: everything that decides what is listed and in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(Uuid);

impl Fingerprint {
    /// Of tenant, method, filter, order_by, show_deleted, ticket_id, the caller's limits, …, each a part, in a fixed order.
    pub fn of(parts: &[&[u8]]) -> Fingerprint {
        Fingerprint(id::hash(parts))
    }
}

/// Where the next page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// When the first page was asked for: what `now` is on every page.
    pub began: Instant,
    /// Of the last row of the page before.
    pub last: Vec<Key>,
}

/// The token was cut, changed, made elsewhere or more than a day ago, or belongs to another query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the page token does not belong to this query")]
pub struct BadToken;

/// Makes and reads tokens with one key. Servers of one installation share it.
pub struct Tokens {
    key: hmac::Key,
}

impl Tokens {
    pub fn new(secret: &[u8; 32]) -> Tokens {
        Tokens { key: hmac::Key::new(hmac::HMAC_SHA256, secret) }
    }

    /// A token that is made `at` this moment.
    pub fn seal(&self, query: Fingerprint, place: &Place, at: Instant) -> String {
        let mut bytes = vec![VERSION];
        for time in [at, place.began] {
            bytes.extend_from_slice(&time.0.to_be_bytes());
        }
        for key in &place.last {
            write(key, &mut bytes);
        }
        let tag = hmac::sign(&self.key, &signed(query, &bytes));
        bytes.extend_from_slice(&tag.as_ref()[..TAG]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// # Errors
    /// [`BadToken`] for everything that [`Tokens::seal`] did not make for this query, in the day before `at`.
    pub fn open(&self, query: Fingerprint, token: &str, at: Instant) -> Result<Place, BadToken> {
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| BadToken)?;
        let (body, tag) = bytes.split_last_chunk::<TAG>().ok_or(BadToken)?;
        let expected = hmac::sign(&self.key, &signed(query, body));
        aws_lc_rs::constant_time::verify_slices_are_equal(&expected.as_ref()[..TAG], tag).map_err(|_| BadToken)?;
        let (version, rest) = body.split_first().ok_or(BadToken)?;
        let (made, rest) = rest.split_first_chunk::<8>().ok_or(BadToken)?;
        let (began, mut rest) = rest.split_first_chunk::<8>().ok_or(BadToken)?;
        let age = at.0.saturating_sub(i64::from_be_bytes(*made));
        if *version != VERSION || age > LIFE {
            return Err(BadToken);
        }
        let mut last = Vec::new();
        while !rest.is_empty() {
            let (key, after) = read(rest).ok_or(BadToken)?;
            last.push(key);
            rest = after;
        }
        Ok(Place { began: Instant(i64::from_be_bytes(*began)), last })
    }
}

/// The query is signed, not sent.
fn signed(query: Fingerprint, body: &[u8]) -> Vec<u8> {
    [query.0.as_bytes().as_slice(), body].concat()
}

fn write(key: &Key, out: &mut Vec<u8>) {
    match key {
        Key::Text(text) => {
            out.push(0);
            out.extend_from_slice(&(text.len() as u64).to_be_bytes());
            out.extend_from_slice(text.as_bytes());
        }
        Key::Int(n) => {
            out.push(1);
            out.extend_from_slice(&n.to_be_bytes());
        }
        Key::Time(t) => {
            out.push(2);
            out.extend_from_slice(&t.0.to_be_bytes());
        }
        Key::Id(id) => {
            out.push(3);
            out.extend_from_slice(id.as_bytes());
        }
    }
}

fn read(bytes: &[u8]) -> Option<(Key, &[u8])> {
    let (kind, rest) = bytes.split_first()?;
    Some(match kind {
        0 => {
            let (len, rest) = rest.split_first_chunk::<8>()?;
            let (text, rest) = rest.split_at_checked(usize::try_from(u64::from_be_bytes(*len)).ok()?)?;
            (Key::Text(std::str::from_utf8(text).ok()?.to_owned()), rest)
        }
        1 => {
            let (n, rest) = rest.split_first_chunk::<8>()?;
            (Key::Int(i64::from_be_bytes(*n)), rest)
        }
        2 => {
            let (t, rest) = rest.split_first_chunk::<8>()?;
            (Key::Time(Instant(i64::from_be_bytes(*t))), rest)
        }
        3 => {
            let (id, rest) = rest.split_first_chunk::<16>()?;
            (Key::Id(Uuid::from_bytes(*id)), rest)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Instant = Instant(1_767_268_800_000_000);

    fn place() -> Place {
        let last = vec![Key::Time(Instant(-17)), Key::Int(42), Key::Text("ö".into()), Key::Id(Uuid::from_u128(7))];
        Place { began: NOON.plus_micros(-5), last }
    }

    fn query(tenant: &str, filter: &str) -> Fingerprint {
        Fingerprint::of(&[tenant.as_bytes(), b"ListTickets", filter.as_bytes()])
    }

    #[test]
    fn a_token_gives_back_its_keys() {
        let tokens = Tokens::new(&[7; 32]);
        let token = tokens.seal(query("a", ""), &place(), NOON);
        assert_eq!(tokens.open(query("a", ""), &token, NOON), Ok(place()));
    }

    #[test]
    fn a_token_lives_for_a_day() {
        let tokens = Tokens::new(&[7; 32]);
        let token = tokens.seal(query("a", ""), &place(), NOON);
        assert_eq!(tokens.open(query("a", ""), &token, NOON.plus_micros(LIFE)), Ok(place()));
        assert_eq!(tokens.open(query("a", ""), &token, NOON.plus_micros(LIFE + 1)), Err(BadToken));
        // Of a server whose clock is ahead.
        assert_eq!(tokens.open(query("a", ""), &token, NOON.plus_micros(-LIFE)), Ok(place()));
    }

    #[test]
    fn a_token_of_another_query_or_key_is_refused() {
        let tokens = Tokens::new(&[7; 32]);
        let token = tokens.seal(query("a", "x"), &place(), NOON);
        for other in [query("b", "x"), query("a", "y"), query("ax", ""), query("", "ax")] {
            assert_eq!(tokens.open(other, &token, NOON), Err(BadToken));
        }
        assert_eq!(Tokens::new(&[8; 32]).open(query("a", "x"), &token, NOON), Err(BadToken));
    }

    #[test]
    fn a_token_cut_or_flipped_anywhere_is_refused() {
        let tokens = Tokens::new(&[7; 32]);
        let token = tokens.seal(query("a", ""), &place(), NOON);
        for at in 0..token.len() {
            assert_eq!(tokens.open(query("a", ""), &token[..at], NOON), Err(BadToken), "cut at {at}");
            for other in "AQgw4-_!=".chars().filter(|c| !token[at..].starts_with(*c)) {
                let flipped = format!("{}{other}{}", &token[..at], &token[at + 1..]);
                assert_eq!(tokens.open(query("a", ""), &flipped, NOON), Err(BadToken), "flipped at {at}");
            }
        }
        for junk in ["", "AAAA", "%", "💥"] {
            assert_eq!(tokens.open(query("a", ""), junk, NOON), Err(BadToken));
        }
    }
}
