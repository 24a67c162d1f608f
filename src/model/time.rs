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
