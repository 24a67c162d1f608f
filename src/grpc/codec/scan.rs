//! Counts the elements of an encoded message, without decoding it: a walk over keys and lengths.
//!
//! What cannot be read ends the walk, for decoding ends there too, and says why.

use prost::encoding::{WireType, decode_varint};

use super::elements::{self, Field, Packed, Shape};
use crate::model::limits::ELEMENTS_OF_A_MESSAGE;

/// A field of the message with more elements than it may have.
#[derive(Debug, PartialEq, Eq)]
pub struct TooMany {
    /// Its path: `requests[3].ticket.tags`.
    pub field: String,
    pub limit: usize,
}

/// Deeper than this, prost decodes nothing.
const DEPTH: usize = 100;

/// # Errors
/// Names the first field that has too many.
pub fn scan(shape: &Shape, message: &[u8]) -> Result<(), TooMany> {
    Walk { left: ELEMENTS_OF_A_MESSAGE }.message(shape, message, DEPTH)
}

/// One value on the wire.
enum Value<'a> {
    Scalar,
    Bytes(&'a [u8]),
    GroupBegins,
    GroupEnds,
}

struct Walk {
    /// Elements that the whole message may still have.
    left: usize,
}

impl Walk {
    fn message(&mut self, shape: &Shape, mut bytes: &[u8], depth: usize) -> Result<(), TooMany> {
        let mut counts = Counts::default();
        let mut groups = 0_usize;
        while let Some((number, value)) = next(&mut bytes) {
            match value {
                Value::GroupBegins => groups += 1,
                Value::GroupEnds => groups = groups.saturating_sub(1),
                // Nobody knows the groups of a message that has none.
                _ if groups > 0 => {}
                value => {
                    let Some(field) = shape.field(number) else { continue };
                    let mut one = 0;
                    let count = if field.limit.is_some() { counts.of(number) } else { &mut one };
                    self.field(field, value, count, depth)?;
                }
            }
        }
        Ok(())
    }

    fn field(&mut self, field: &Field, value: Value<'_>, count: &mut usize, depth: usize) -> Result<(), TooMany> {
        let place = *count;
        if let Some(limit) = field.limit {
            let more = elements(field, &value);
            *count += more;
            if *count > limit {
                return Err(TooMany { field: field.name.clone(), limit });
            }
            self.left = self
                .left
                .checked_sub(more)
                .ok_or_else(|| TooMany { field: field.name.clone(), limit: ELEMENTS_OF_A_MESSAGE })?;
        }
        let (Some(within), Value::Bytes(bytes)) = (field.within.and_then(elements::at), value) else { return Ok(()) };
        let Some(depth) = depth.checked_sub(1) else { return Ok(()) };
        self.message(within, bytes, depth).map_err(|inner| {
            let place = if field.limit.is_some() { format!("[{place}]") } else { String::new() };
            TooMany { field: format!("{}{place}.{}", field.name, inner.field), limit: inner.limit }
        })
    }
}

fn elements(field: &Field, value: &Value<'_>) -> usize {
    match (field.packed, value) {
        (Some(Packed::Fixed(size)), Value::Bytes(bytes)) => bytes.len() / size,
        // Each ends with the byte that has no continuation bit.
        (Some(Packed::Varints), Value::Bytes(bytes)) => bytes.iter().filter(|byte| **byte < 0x80).count(),
        _ => 1,
    }
}

/// How often each field has come so far. Few messages have more than three repeated ones.
#[derive(Default)]
struct Counts(Vec<(u64, usize)>);

impl Counts {
    fn of(&mut self, number: u64) -> &mut usize {
        let place = self.0.iter().position(|(known, _)| *known == number).unwrap_or_else(|| {
            self.0.push((number, 0));
            self.0.len() - 1
        });
        &mut self.0[place].1
    }
}

/// The next field's number and value. `None` at the end, and where nothing can be read.
fn next<'a>(bytes: &mut &'a [u8]) -> Option<(u64, Value<'a>)> {
    if bytes.is_empty() {
        return None;
    }
    let key = decode_varint(bytes).ok()?;
    let value = match WireType::try_from(key & 7).ok()? {
        WireType::Varint => decode_varint(bytes).ok().map(|_| Value::Scalar)?,
        WireType::SixtyFourBit => cut(bytes, 8).map(|_| Value::Scalar)?,
        WireType::ThirtyTwoBit => cut(bytes, 4).map(|_| Value::Scalar)?,
        WireType::LengthDelimited => {
            let length = usize::try_from(decode_varint(bytes).ok()?).ok()?;
            Value::Bytes(cut(bytes, length)?)
        }
        WireType::StartGroup => Value::GroupBegins,
        WireType::EndGroup => Value::GroupEnds,
    };
    Some((key >> 3, value))
}

fn cut<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (head, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(head)
}
