//! Instants and durations as google.protobuf has them.

use prost_types::{Duration, Timestamp};

use super::violations::Violations;
use crate::model::time::{Instant, SECONDS};

pub fn to_pb(instant: Instant) -> Timestamp {
    let (seconds, nanos) = instant.seconds_and_nanos();
    Timestamp { seconds, nanos }
}

pub fn maybe_to_pb(instant: Option<Instant>) -> Option<Timestamp> {
    instant.map(to_pb)
}

pub fn length_to_pb(micros: i64) -> Duration {
    Duration { seconds: micros / 1_000_000, nanos: (micros % 1_000_000 * 1_000) as i32 }
}

/// A length from 0 to `max` microseconds, in words `most`.
pub fn length_from_pb(found: &mut Violations, field: &str, value: &Duration, max: i64, most: &str) -> i64 {
    let Duration { seconds, nanos } = *value;
    let micros = seconds.checked_mul(1_000_000).and_then(|micros| micros.checked_add(i64::from(nanos) / 1_000));
    match micros {
        Some(micros) if (0..1_000_000_000).contains(&nanos) && (0..=max).contains(&micros) => {
            if nanos % 1_000 != 0 {
                found.add(field, "must be whole microseconds");
            }
            micros
        }
        _ => {
            found.add(field, format!("must be a length from 0 to {most}"));
            0
        }
    }
}

/// Rounds down to the microsecond.
pub fn from_pb(found: &mut Violations, field: &str, value: &Timestamp) -> Option<Instant> {
    let Timestamp { seconds, nanos } = *value;
    if !SECONDS.contains(&seconds) || !(0..1_000_000_000).contains(&nanos) {
        found.add(field, "must be a time from the year 1 to 9999, with nanos from 0 to 999,999,999");
        return None;
    }
    Some(Instant(seconds * 1_000_000 + i64::from(nanos) / 1_000))
}

/// The first microsecond that is not before it: for what begins or ends with it.
pub fn from_pb_on(found: &mut Violations, field: &str, value: &Timestamp) -> Option<Instant> {
    let at = from_pb(found, field, value)?;
    Some(if value.nanos % 1_000 == 0 { at } else { at.plus_micros(1) })
}

/// One that has to be there.
pub fn required(found: &mut Violations, field: &str, value: Option<&Timestamp>) -> Instant {
    if value.is_none() {
        found.add(field, "must be set");
    }
    value.and_then(|value| from_pb(found, field, value)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn microseconds_go_there_and_back_before_and_after_1970() {
        for micros in [0, 1, -1, 1_758_227_400_123_456, -62_135_596_800_000_000] {
            let mut found = Violations::default();
            assert_eq!(from_pb(&mut found, "at", &to_pb(Instant(micros))), Some(Instant(micros)));
            assert!(found.is_empty());
        }
    }

    #[test]
    fn a_bound_within_a_microsecond_leaves_out_its_beginning() {
        for (nanos, micros) in [(1_000, 1), (1_001, 2), (1_999, 2), (999_999_999, 1_000_000)] {
            let at = Timestamp { seconds: 0, nanos };
            assert_eq!(from_pb_on(&mut Violations::default(), "from", &at), Some(Instant(micros)), "{nanos}");
        }
        let mut found = Violations::default();
        length_from_pb(&mut found, "window", &Duration { seconds: 1, nanos: 1 }, i64::MAX, "ever");
        assert_eq!(found.into_found()[0].description, "must be whole microseconds");
    }

    #[test]
    fn a_time_that_is_none_is_refused() {
        for (seconds, nanos) in [(i64::MAX, 0), (i64::MIN, 0), (0, -1), (0, 1_000_000_000)] {
            let mut found = Violations::default();
            assert_eq!(from_pb(&mut found, "at", &Timestamp { seconds, nanos }), None);
            assert!(!found.is_empty());
        }
    }
}
