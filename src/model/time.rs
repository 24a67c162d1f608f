//! Timestamps in microseconds, the precision of PostgreSQL, so that storing one does not change it.

use std::io::Write;

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::Timestamptz;

use super::column::Column;

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, FromSqlRow, AsExpression)]
#[diesel(sql_type = Timestamptz)]
pub struct Instant(pub i64);

/// PostgreSQL counts from 2000-01-01.
const POSTGRES_EPOCH: i64 = 946_684_800_000_000;

impl Instant {
    /// The host's clock. Commands never read it: they are given the database's instant.
    pub fn host_now() -> Instant {
        Instant::from(jiff::Timestamp::now())
    }

    pub fn plus_micros(self, micros: i64) -> Instant {
        Instant(self.0.saturating_add(micros))
    }

    /// Whole seconds and the nanoseconds above them, as protobuf's Timestamp wants them.
    pub fn seconds_and_nanos(self) -> (i64, i32) {
        let micros = self.0.rem_euclid(1_000_000);
        (self.0.div_euclid(1_000_000), (micros * 1_000) as i32)
    }
}

/// A time that somebody wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The microsecond that it lies in.
    pub at: Instant,
    /// It lies behind the beginning of that microsecond.
    pub finer: bool,
}

impl Written {
    /// Reads RFC 3339 and nothing else: years from 0001 to 9999, offsets of less than a day, no leap second.
    pub fn parse(text: &str) -> Option<Written> {
        const SHAPE: &[u8] = b"dddd-dd-ddTdd:dd:dd";
        let (head, rest) = text.split_at_checked(SHAPE.len())?;
        let well = head.bytes().zip(SHAPE).all(|(byte, shape)| match shape {
            b'd' => byte.is_ascii_digit(),
            b'T' => matches!(byte, b'T' | b't'),
            other => byte == *other,
        });
        let (fraction, zone) = match rest.strip_prefix('.') {
            Some(rest) => rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).filter(|digits| *digits > 0)?),
            None => ("", rest),
        };
        if !well {
            return None;
        }
        let [hour, minute, second] = [(11, 24), (14, 60), (17, 60)].map(|(at, below)| number(head, at, below));
        // Hours and minutes of a day, as of an offset.
        let seconds = day_of(head)? * 86_400 + clock(hour?, minute?) + second? - offset(zone)?;
        let (micros, finer) = fraction.split_at(fraction.len().min(6));
        let micros: i64 = format!("{micros:0<6}").parse().ok()?;
        let finer = finer.bytes().any(|digit| digit != b'0');
        SECONDS.contains(&seconds).then_some(Written { at: Instant(seconds * 1_000_000 + micros), finer })
    }
}

/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
pub const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// Two digits.
fn number(text: &str, at: usize, below: i64) -> Option<i64> {
    let digits = text.get(at..at + 2).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
    digits.parse().ok().filter(|number| *number < below)
}

fn clock(hours: i64, minutes: i64) -> i64 {
    hours * 3_600 + minutes * 60
}

/// Days since 1970-01-01.
fn day_of(text: &str) -> Option<i64> {
    let (year, month, day) =
        (text.get(..4)?.parse().ok()?, text.get(5..7)?.parse().ok()?, text.get(8..10)?.parse().ok()?);
    let date = jiff::civil::Date::new(year, month, day).ok()?;
    Some((date - jiff::civil::date(1970, 1, 1)).get_days().into())
}

/// Of `Z` and `+02:00`, in seconds.
fn offset(zone: &str) -> Option<i64> {
    let sign = match (zone, zone.as_bytes()) {
        ("Z" | "z", _) => return Some(0),
        (_, [b'+', _, _, b':', _, _]) => 1,
        (_, [b'-', _, _, b':', _, _]) => -1,
        _ => return None,
    };
    Some(sign * clock(number(zone, 1, 24)?, number(zone, 4, 60)?))
}

/// A length as JSON has a google.protobuf.Duration: `604800s`, `0.5s`. Not negative.
pub fn show_length(micros: i64) -> String {
    let fraction = format!("{:06}", micros % 1_000_000);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{}{point}{fraction}s", micros / 1_000_000)
}

/// The inverse of [`show_length`]; `None` for anything that it does not write.
pub fn parse_length(text: &str) -> Option<i64> {
    let number = text.strip_suffix('s')?;
    let (seconds, fraction) = number.split_once('.').unwrap_or((number, ""));
    let micros: i64 = format!("{fraction:0<6}").parse().ok().filter(|_| fraction.len() <= 6)?;
    seconds.parse::<i64>().ok()?.checked_mul(1_000_000)?.checked_add(micros)
}

impl From<jiff::Timestamp> for Instant {
    fn from(t: jiff::Timestamp) -> Instant {
        Instant(t.as_microsecond())
    }
}

/// RFC 3339 in UTC; an instant outside the years 1 to 9999 shows as its count of microseconds.
impl std::fmt::Display for Instant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(t) => write!(f, "{t}"),
            Err(_) => write!(f, "{} µs", self.0),
        }
    }
}

impl Column for Instant {
    type Sql = Timestamptz;
}

impl ToSql<Timestamptz, Pg> for Instant {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&(self.0 - POSTGRES_EPOCH).to_be_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<Timestamptz, Pg> for Instant {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let bytes: [u8; 8] = value.as_bytes().try_into()?;
        Ok(Instant(i64::from_be_bytes(bytes).saturating_add(POSTGRES_EPOCH)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_rfc_3339_writes_them_and_exactly() {
        let at = |text: &str| Written::parse(text).map(|it| (it.at.to_string(), it.finer));
        // The last hours are beyond what is shown as a time.
        let last = Written { at: Instant(253_402_300_799_999_999), finer: true };
        assert_eq!(Written::parse("9999-12-31T23:59:59.9999999Z"), Some(last));
        for (text, read, finer) in [
            ("2026-01-31T09:00:00Z", "2026-01-31T09:00:00Z", false),
            ("2026-01-31t09:00:00.5z", "2026-01-31T09:00:00.5Z", false),
            ("2026-01-31T09:00:00.123456000+23:59", "2026-01-30T09:01:00.123456Z", false),
            ("2026-01-31T09:00:00.1234561-00:30", "2026-01-31T09:30:00.123456Z", true),
            ("1969-12-31T23:59:59.9999999999999Z", "1969-12-31T23:59:59.999999Z", true),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", false),
        ] {
            assert_eq!(at(text), Some((read.to_owned(), finer)), "{text}");
        }
        for text in [
            "",
            "2026-01-31",
            "2026-01-31T09:00Z",
            "2026-01-31 09:00:00Z",
            "20260131T090000Z",
            "2026-01-31T09:00:00",
            "2026-01-31T09:00:00.Z",
            "2026-01-31T09:00:00,5Z",
            "2026-01-31T09:00:00+25:00",
            "2026-01-31T09:00:00+24:00",
            "2026-01-31T09:00:00+01:60",
            "2026-01-31T09:00:00+01",
            "2026-01-31T09:00:00+01:00:30",
            "2026-01-31T09:00:00Z[UTC]",
            "2026-01-31T09:00:60Z",
            "2026-01-31T24:00:00Z",
            "2026-02-30T09:00:00Z",
            "0000-12-31T23:59:59Z",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "+02026-01-31T09:00:00Z",
            "2026-01-3१T09:00:00Z",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
    }

    #[test]
    fn lengths_read_back_as_they_were_written() {
        for (micros, text) in [(0, "0s"), (604_800_000_000, "604800s"), (500_000, "0.5s"), (1_000_001, "1.000001s")] {
            assert_eq!(show_length(micros), text);
            assert_eq!(parse_length(text), Some(micros));
        }
        for text in ["", "7", "s", "1.0000001s", "1.xs", "P7D", "9999999999999s"] {
            assert_eq!(parse_length(text), None, "{text}");
        }
    }
}
