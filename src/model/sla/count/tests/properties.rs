//! What holds for any hours and any pauses, and that a walk from second to second finds the same.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::model::sla::segments::{Segment, SegmentKind, ends, segments};

const SECOND: i64 = 1_000_000;

/// Zones, and an instant at which their clocks do something: DST, half an hour of it, at midnight, a day that is lost.
const EDGES: [(&str, &str); 8] = [
    ("America/New_York", "2026-03-08T07:00Z"),
    ("America/New_York", "2026-11-01T06:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30Z"),
    ("Asia/Beirut", "2026-10-24T21:00Z"),
    ("America/Sao_Paulo", "2018-11-04T03:00Z"),
    ("Pacific/Apia", "2011-12-30T10:00Z"),
    ("Europe/Dublin", "2437-03-29T01:00Z"),
    ("Asia/Kolkata", "2026-06-01T00:00Z"),
];

#[derive(Clone, Debug)]
struct Case {
    zone: &'static str,
    weekly: Vec<Interval>,
    holidays: Vec<Holiday>,
    special_dates: Vec<SpecialDate>,
    start: Instant,
    target: i64,
    pauses: Vec<Pause>,
}

impl Case {
    fn hours(&self) -> Hours {
        let Case { weekly, holidays, special_dates, .. } = self;
        Hours::new(self.zone, Opening { weekly, holidays, special_dates }).expect("hours")
    }
}

/// Each from an hour on, up to an hour long; those that are touch each other.
fn weekly() -> impl Strategy<Value = Vec<Interval>> {
    prop::collection::vec((0..7usize, 0..24i64, 1..60i64), 1..12).prop_map(|mut parts| {
        parts.sort_unstable();
        parts.dedup_by_key(|(day, hour, _)| (*day, *hour));
        let clock = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
        let interval = |(day, hour, long): (usize, i64, i64)| {
            let long = if long > 40 { 60 } else { long };
            Interval { day: Day::ALL[day], open: clock(hour * 60), close: clock(hour * 60 + long) }
        };
        parts.into_iter().map(interval).collect()
    })
}

fn case() -> impl Strategy<Value = Case> {
    let pauses = prop::collection::vec((-200_000..800_000i64, -10_000..200_000i64, prop::bool::weighted(0.1)), 0..4);
    let days = prop::collection::btree_set(-3..9i64, 0..3);
    let special = prop::collection::btree_map(-3..9i64, prop::collection::btree_map(0..12i64, 1..120i64, 0..3), 0..3);
    (0..EDGES.len(), weekly(), (days, special), -150_000..50_000i64, 0..20_000i64, pauses).prop_map(
        |(edge, weekly, (days, special_dates), start, target, pauses)| {
            let (zone, near) = EDGES[edge];
            let near = near.parse::<Timestamp>().expect(near);
            let name = |day: i64| (near + SignedDuration::from_hours(24 * day)).strftime("%Y-%m-%d").to_string();
            let date = |day: i64| Holiday { date: name(day), name: String::new() };
            let clock = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
            let open =
                |(hours, long): (i64, i64)| OpenInterval { open: clock(hours * 120), close: clock(hours * 120 + long) };
            let special = |(day, hours): (i64, std::collections::BTreeMap<i64, i64>)| SpecialDate {
                date: name(day),
                name: String::new(),
                hours: hours.into_iter().map(open).collect(),
            };
            let after = |seconds: i64| Instant(near.as_microsecond() + seconds * SECOND);
            let pause = |(from, long, lasts): (i64, i64, bool)| Pause {
                from: after(from),
                to: (!lasts).then(|| after(from + long)),
            };
            Case {
                zone,
                weekly,
                holidays: days.into_iter().map(date).collect(),
                special_dates: special_dates.into_iter().map(special).collect(),
                start: after(start),
                target: target * SECOND,
                pauses: pauses.into_iter().map(pause).collect(),
            }
        },
    )
}

/// Asks the library's clock, and no table.
fn is_open(zone: &jiff::tz::TimeZone, case: &Case, second: i64) -> bool {
    let local = zone.to_datetime(Timestamp::from_second(second).expect("an instant"));
    let minute = i64::from(local.hour()) * 60 + i64::from(local.minute());
    let read = |text: &str| text[..2].parse::<i64>().expect("hours") * 60 + text[3..].parse::<i64>().expect("minutes");
    let day = local.date().weekday().to_monday_zero_offset() as usize;
    let (date, within) =
        (local.date().to_string(), |open: &str, close: &str| read(open) <= minute && minute < read(close));
    if let Some(special) = case.special_dates.iter().find(|special| special.date == date) {
        return special.hours.iter().any(|hours| within(&hours.open, &hours.close));
    }
    case.weekly.iter().any(|i| i.day == Day::ALL[day] && within(&i.open, &i.close))
        && case.holidays.iter().all(|holiday| holiday.date != date)
}

fn is_paused(case: &Case, at: i64) -> bool {
    case.pauses.iter().any(|pause| pause.from.0 <= at && pause.to.is_none_or(|to| at < to.0))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_walk_from_second_to_second_counts_the_same(case in case()) {
        let hours = case.hours();
        let zone = jiff::tz::TimeZoneDatabase::bundled().get(case.zone).expect("a zone");
        let (mut seconds, mut reached) = (0, None);
        // The offsets of these years are whole minutes: what is open does not change within one.
        let (mut open, mut minute) = (false, i64::MIN);
        let (first, end) = (case.start.0 / SECOND, case.start.0 / SECOND + 200_000);
        for second in first..end {
            if second.div_euclid(60) != minute {
                minute = second.div_euclid(60);
                open = is_open(&zone, &case, second);
            }
            if seconds * SECOND == case.target {
                reached = reached.or(Some(second));
            }
            seconds += i64::from(open && !is_paused(&case, second * SECOND));
        }
        let end = Instant(end * SECOND);
        prop_assert_eq!(counted(&hours, case.start, end, &case.pauses), seconds * SECOND);
        let due = deadline(&hours, case.start, case.target, &case.pauses).filter(|due| *due < end);
        prop_assert_eq!(due, reached.map(|second| Instant(second * SECOND)));
    }

    #[test]
    fn the_deadline_is_the_first_instant_at_which_the_target_has_counted(case in case()) {
        let hours = case.hours();
        let target = case.target * 40 + 1;
        let Some(due) = deadline(&hours, case.start, target, &case.pauses) else { return Ok(()) };
        prop_assert_eq!(counted(&hours, case.start, due, &case.pauses), target);
        prop_assert_eq!(counted(&hours, case.start, due.plus_micros(-1), &case.pauses), target - 1);
    }

    #[test]
    fn of_many_segments_the_first_and_the_last_are_told(case in case(), most in 2..40_usize) {
        let hours = case.hours();
        let end = case.start.plus_micros(4_000_000 * SECOND);
        let all: Vec<Segment<'_>> = segments(&hours, case.start, end, &case.pauses).collect();
        let (told, more) = ends(&hours, case.start, end, &case.pauses, most);
        prop_assert_eq!(more, all.len() > most);
        let wanted = match more {
            true => [&all[..most / 2], &all[all.len() - (most - most / 2)..]].concat(),
            false => all,
        };
        prop_assert_eq!(told, wanted);
    }

    #[test]
    fn segments_leave_nothing_out_and_add_up(case in case()) {
        let hours = case.hours();
        let end = case.start.plus_micros(1_000_000 * SECOND);
        let (mut at, mut last, mut sum, mut open) = (case.start, None, 0, 0);
        for segment in segments(&hours, case.start, end, &case.pauses) {
            prop_assert_eq!(segment.from, at);
            prop_assert!(segment.to > segment.from);
            prop_assert_ne!(last, Some((segment.kind, segment.holiday)));
            let long = segment.to.0 - segment.from.0;
            match segment.kind {
                SegmentKind::Counted => (sum, open) = (sum + long, open + long),
                SegmentKind::Paused => open += long,
                SegmentKind::Closed => {}
            }
            (at, last) = (segment.to, Some((segment.kind, segment.holiday)));
        }
        prop_assert_eq!(at, end);
        prop_assert_eq!(sum, counted(&hours, case.start, end, &case.pauses));
        prop_assert_eq!(open, counted(&hours, case.start, end, &[]));
    }
}
