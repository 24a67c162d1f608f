use super::*;
use crate::model::sla::hours::{Day, Holiday, Interval, Opening};

fn at(text: &str) -> Instant {
    Instant::from(text.parse::<jiff::Timestamp>().expect(text))
}

fn us() -> Hours {
    let weekly = Day::ALL[..5].iter().map(|day| Interval { day: *day, open: "09:00".into(), close: "17:00".into() });
    let holiday = |date: &str, name: &str| Holiday { date: date.into(), name: name.into() };
    // The second is a Saturday: it closes nothing.
    let holidays = [holiday("2026-11-26", "Thanksgiving"), holiday("2026-11-28", "Nothing")];
    Hours::new(
        "America/New_York",
        Opening { weekly: &weekly.collect::<Vec<_>>(), holidays: &holidays, special_dates: &[] },
    )
    .expect("hours")
}

fn told(hours: &Hours, from: &str, to: &str, pauses: &[Pause]) -> Vec<String> {
    let zone = hours.zone().time_zone();
    let local = |at: Instant| {
        let timestamp = jiff::Timestamp::from_microsecond(at.0).expect("an instant");
        timestamp.to_zoned(zone.clone()).strftime("%a %H:%M").to_string()
    };
    segments(hours, at(from), at(to), pauses)
        .map(|Segment { from, to, kind, holiday }| {
            let name = holiday.map(|name| format!(" {name}")).unwrap_or_default();
            format!("{} to {} {kind:?}{name}", local(from), local(to))
        })
        .collect()
}

#[test]
fn a_holiday_is_named_on_its_day_and_a_pause_takes_open_hours_only() {
    let hold = Pause { from: at("2026-11-25T16:00-05:00"), to: Some(at("2026-11-27T10:00-05:00")) };
    assert_eq!(
        told(&us(), "2026-11-25T15:00-05:00", "2026-11-30T09:30-05:00", &[hold]),
        [
            "Wed 15:00 to Wed 16:00 Counted",
            "Wed 16:00 to Wed 17:00 Paused",
            "Wed 17:00 to Thu 00:00 Closed",
            "Thu 00:00 to Fri 00:00 Closed Thanksgiving",
            "Fri 00:00 to Fri 09:00 Closed",
            "Fri 09:00 to Fri 10:00 Paused",
            "Fri 10:00 to Fri 17:00 Counted",
            "Fri 17:00 to Mon 09:00 Closed",
            "Mon 09:00 to Mon 09:30 Counted",
        ]
    );
    assert_eq!(told(&us(), "2026-11-25T15:00-05:00", "2026-11-25T15:00-05:00", &[]), [""; 0]);
}

#[test]
fn all_of_time_is_one_segment_where_nothing_changes() {
    let all =
        |hours: &Hours| segments(hours, Instant(i64::MIN), Instant(i64::MAX), &[]).map(|s| s.kind).collect::<Vec<_>>();
    assert_eq!(all(Hours::always()), [SegmentKind::Counted]);
    assert_eq!(all(&Hours::new("Europe/Berlin", Opening::default()).expect("hours")), [SegmentKind::Closed]);
    let lasting = [Pause { from: at("2026-01-01T00:00Z"), to: None }];
    let kinds: Vec<SegmentKind> = segments(Hours::always(), FIRST, LAST, &lasting).map(|s| s.kind).collect();
    assert_eq!(kinds, [SegmentKind::Counted, SegmentKind::Paused]);
}
