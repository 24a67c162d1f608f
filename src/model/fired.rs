//! Timers of rules that have fired on a ticket.

use std::io::Write;

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::Bytea;
use prost::{DecodeError, Message};

use super::column::Column;
use super::time::Instant;

/// Firings that are remembered at most, of one timer and in all: those that are longest ago are forgotten.
const MOST_OF_ONE: usize = 4;
const MOST: usize = 200;

/// The timers that have fired, in that order, and the instants that they were counted from: none fires twice for one.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromSqlRow, AsExpression)]
#[diesel(sql_type = Bytea)]
pub struct Fired(Vec<(u64, Instant)>);

#[derive(Clone, Copy, PartialEq, Message)]
struct OneImage {
    #[prost(fixed64, tag = 1)]
    timer: u64,
    #[prost(sfixed64, tag = 2)]
    since: i64,
}

#[derive(Clone, PartialEq, Message)]
struct FiredImage {
    #[prost(message, repeated, tag = 1)]
    all: Vec<OneImage>,
}

impl Fired {
    /// Whether the timer that counts from there has fired.
    pub fn has(&self, timer: u64, since: Instant) -> bool {
        self.0.contains(&(timer, since))
    }

    pub fn note(&mut self, timer: u64, since: Instant) {
        let first = self.0.iter().position(|(other, _)| *other == timer);
        if let Some(first) = first.filter(|_| self.0.iter().filter(|(other, _)| *other == timer).count() >= MOST_OF_ONE)
        {
            self.0.remove(first);
        }
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push((timer, since));
    }

    pub fn store(&self) -> Vec<u8> {
        let all = self.0.iter().map(|(timer, since)| OneImage { timer: *timer, since: since.0 });
        FiredImage { all: all.collect() }.encode_to_vec()
    }

    /// # Errors
    /// Bytes that [`Fired::store`] did not make.
    pub fn restore(bytes: &[u8]) -> Result<Fired, DecodeError> {
        let all = FiredImage::decode(bytes)?.all;
        Ok(Fired(all.into_iter().map(|one| (one.timer, Instant(one.since))).collect()))
    }
}

impl Column for Fired {
    type Sql = Bytea;
}

impl ToSql<Bytea, Pg> for Fired {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&self.store())?;
        Ok(IsNull::No)
    }
}

impl FromSql<Bytea, Pg> for Fired {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Fired> {
        Ok(Fired::restore(value.as_bytes())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fired_is_stored_and_comes_back_and_the_oldest_is_forgotten() {
        assert_eq!(Fired::default().store(), b"", "nothing to write where nothing fired");
        let mut fired = Fired::default();
        for since in 0..=MOST_OF_ONE as i64 {
            fired.note(7, Instant(since));
        }
        assert_eq!([0, 1, 4].map(|since| fired.has(7, Instant(since))), [false, true, true]);
        for timer in 0..MOST as u64 - 1 {
            fired.note(100 + timer, Instant(timer as i64 - 5));
        }
        assert_eq!([7, 100].map(|timer| fired.0.iter().filter(|(other, _)| *other == timer).count()), [1, 1]);
        assert_eq!(Fired::restore(&fired.store()), Ok(fired));
        assert!(Fired::restore(b"\xff").is_err());
    }
}
