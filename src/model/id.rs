//! Resource ids: UUIDv7 in the database, a type prefix and ULID text in the API.

use aws_lc_rs::digest;
use uuid::Uuid;

pub const TICKET: &str = "tkt_";
pub const MESSAGE: &str = "msg_";
pub const ISSUE: &str = "iss_";
pub const RUN: &str = "run_";
pub const CANNED_RESPONSE: &str = "cnr_";
pub const SLA_POLICY: &str = "slp_";
pub const CALENDAR: &str = "cal_";

/// Crockford's base 32, as ULIDs use it.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// `tkt_01JDK3…`: the prefix and 26 characters for the same 128 bits.
pub fn show(prefix: &str, id: Uuid) -> String {
    let bits = id.as_u128();
    let mut text = String::with_capacity(prefix.len() + 26);
    text.push_str(prefix);
    for place in (0..26).rev() {
        text.push(ALPHABET[(bits >> (place * 5)) as usize & 31] as char);
    }
    text
}

/// The inverse of [`show`]; `None` for anything that `show` does not write.
pub fn parse(prefix: &str, text: &str) -> Option<Uuid> {
    let digits = text.strip_prefix(prefix)?.as_bytes();
    if digits.len() != 26 || digits[0] > b'7' {
        return None;
    }
    let mut bits: u128 = 0;
    for digit in digits {
        let value = ALPHABET.iter().position(|c| c == digit)?;
        bits = bits << 5 | value as u128;
    }
    Some(Uuid::from_u128(bits))
}

/// The id of the `ordinal`th thing that the command `command` makes at `unix_millis`: the same each time it is decided, and
/// above those made before it by the same command (up to 4,096 of them).
pub fn derive(command: Uuid, ordinal: u32, unix_millis: u64) -> Uuid {
    let mut input = [0u8; 20];
    input[..16].copy_from_slice(command.as_bytes());
    input[16..].copy_from_slice(&ordinal.to_be_bytes());
    let hash = digest::digest(&digest::SHA256, &input);
    let mut random = [0u8; 10];
    random.copy_from_slice(&hash.as_ref()[..10]);
    random[..2].copy_from_slice(&(ordinal as u16 & 0xfff).to_be_bytes());
    uuid::Builder::from_unix_timestamp_millis(unix_millis, &random).into_uuid()
}

/// When the command was decided that made this id, in milliseconds; `None`: it is no id that [`derive`] makes.
pub fn made_at(id: Uuid) -> Option<u64> {
    (id.get_version_num() == 7).then(|| (id.as_u128() >> 80) as u64)
}

/// 128 bits of SHA-256 over length-prefixed parts.
pub fn hash(parts: &[&[u8]]) -> Uuid {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut first = [0u8; 16];
    first.copy_from_slice(&context.finish().as_ref()[..16]);
    Uuid::from_bytes(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_and_bits_are_the_same(bits: u128) {
            let id = Uuid::from_u128(bits);
            prop_assert_eq!(parse(TICKET, &show(TICKET, id)), Some(id));
        }

        #[test]
        fn text_sorts_as_bits(a: u128, b: u128) {
            let (x, y) = (Uuid::from_u128(a), Uuid::from_u128(b));
            prop_assert_eq!(show("", x).cmp(&show("", y)), x.cmp(&y));
        }

        #[test]
        fn nothing_else_parses(text in ".{0,40}") {
            if let Some(id) = parse(TICKET, &text) {
                prop_assert_eq!(show(TICKET, id), text);
            }
        }
    }

    #[test]
    fn a_second_run_makes_the_same_ids() {
        let command = Uuid::now_v7();
        assert_eq!(derive(command, 3, 17), derive(command, 3, 17));
        assert!(derive(command, 3, 17) < derive(command, 4, 17));
        assert_ne!(derive(command, 3, 17), derive(Uuid::now_v7(), 3, 17));
    }
}
