mod cases;
mod properties;

use super::*;
use crate::model::sla::hours::{Day, Holiday, Interval, OpenInterval, Opening, SpecialDate};

const MINUTE: i64 = 60_000_000;

/// `2026-09-18T16:30-04:00`.
fn at(text: &str) -> Instant {
    Instant::from(text.parse::<jiff::Timestamp>().expect(text))
}

fn pause(from: &str, to: &str) -> Pause {
    Pause { from: at(from), to: Some(at(to)) }
}

fn hours(zone: &str, weekly: &[(&[Day], &str, &str)], holidays: &[&str]) -> Hours {
    let weekly: Vec<Interval> = weekly
        .iter()
        .flat_map(|(days, open, close)| {
            days.iter().map(|day| Interval { day: *day, open: (*open).to_owned(), close: (*close).to_owned() })
        })
        .collect();
    let holidays: Vec<Holiday> =
        holidays.iter().map(|date| Holiday { date: (*date).to_owned(), name: String::new() }).collect();
    Hours::new(zone, Opening { weekly: &weekly, holidays: &holidays, special_dates: &[] }).expect("hours")
}

/// America/New_York, Mon-Fri 09:00-17:00, closed on 2026-11-26.
fn us() -> Hours {
    hours("America/New_York", &[(&Day::ALL[..5], "09:00", "17:00")], &["2026-11-26"])
}

fn minutes(hours: &Hours, from: &str, to: &str) -> i64 {
    counted(hours, at(from), at(to), &[]) / MINUTE
}

#[test]
fn a_target_that_runs_out_at_closing_is_due_at_closing() {
    let friday = at("2026-09-18T09:00-04:00");
    assert_eq!(deadline(&us(), friday, 480 * MINUTE, &[]), Some(at("2026-09-18T17:00-04:00")));
    assert_eq!(deadline(&us(), friday, 480 * MINUTE + 1, &[]), Some(Instant(at("2026-09-21T09:00-04:00").0 + 1)));
    // Whole weeks end at a closing, too.
    assert_eq!(deadline(&us(), friday, 40 * 60 * MINUTE, &[]), Some(at("2026-09-24T17:00-04:00")));
}

#[test]
fn no_target_is_due_at_its_start_whatever_the_hour() {
    let sunday = at("2026-09-20T03:00:00.5-04:00");
    assert_eq!(deadline(&us(), sunday, 0, &[Pause { from: sunday, to: None }]), Some(sunday));
    assert_eq!(deadline(&us(), sunday, -5, &[]), Some(sunday));
}

#[test]
fn what_cannot_be_reached_has_no_deadline() {
    let start = at("2026-09-18T09:00-04:00");
    let lasting = [Pause { from: at("2026-09-18T10:00-04:00"), to: None }];
    assert_eq!(deadline(&us(), start, 60 * MINUTE, &lasting), Some(at("2026-09-18T10:00-04:00")));
    assert_eq!(deadline(&us(), start, 60 * MINUTE + 1, &lasting), None);
    let never = hours("UTC", &[], &[]);
    assert_eq!(deadline(&never, start, 1, &[]), None);
    assert_eq!(counted(&never, FIRST, LAST, &[]), 0);
    assert_eq!(deadline(Hours::always(), start, i64::MAX, &[]), None);
    assert_eq!(deadline(Hours::always(), LAST, 1, &[]), None);
    assert_eq!(deadline(Hours::always(), Instant(i64::MAX), 1, &[]), None);
    assert_eq!(deadline(Hours::always(), Instant(LAST.0 - 1), 1, &[]), Some(LAST));
    assert_eq!(deadline(Hours::always(), Instant(i64::MIN), 1, &[]), Some(Instant(FIRST.0 + 1)));
    // 10^9 minutes are 1,901 years.
    assert_eq!(
        deadline(Hours::always(), at("2026-01-01T00:00Z"), 1_000_000_000 * MINUTE, &[]),
        Some(at("3927-04-30T10:40:00Z"))
    );
}

#[test]
fn pauses_stand_in_any_order_and_overlap() {
    let (start, open) = (at("2026-09-14T09:00-04:00"), at("2026-09-14T00:00-04:00"));
    let pauses = [
        pause("2026-09-14T12:00-04:00", "2026-09-14T13:00-04:00"),
        pause("2026-09-14T10:00-04:00", "2026-09-14T12:30-04:00"),
        pause("2026-09-14T11:00-04:00", "2026-09-14T11:30-04:00"),
        // Ends before it begins, and where it begins: neither is a pause.
        pause("2026-09-14T16:00-04:00", "2026-09-14T15:00-04:00"),
        pause("2026-09-14T14:00-04:00", "2026-09-14T14:00-04:00"),
    ];
    assert_eq!(deadline(&us(), start, 120 * MINUTE, &pauses), Some(at("2026-09-14T14:00-04:00")));
    assert_eq!(
        counted(&us(), open, at("2026-09-14T24:00-04:00".replace("24:00", "23:59").as_str()), &pauses),
        300 * MINUTE
    );
    assert_eq!(counted(&us(), start, open, &pauses), 0);
}

#[test]
fn a_sparse_calendar_is_reckoned_to_the_last_year() {
    let sparse = hours("America/New_York", &[(&[Day::Monday], "09:00", "09:01")], &["2026-09-21"]);
    let start = at("2026-09-14T00:00-04:00");
    assert_eq!(deadline(&sparse, start, 2 * MINUTE, &[]), Some(at("2026-09-28T09:01-04:00")));
    // 104 Mondays, and the one that is a holiday.
    assert_eq!(deadline(&sparse, start, 104 * MINUTE, &[]), Some(at("2028-09-11T09:01-04:00")));
    // Two years of open time: the year 22,000 or so.
    assert_eq!(deadline(&sparse, start, 2 * 365 * 1_440 * MINUTE, &[]), None);
    // 400 years are 20,871 weeks.
    assert_eq!(
        deadline(&sparse, start, 5 * 20_871 * MINUTE - 1, &[]),
        Some(Instant(at("4026-09-14T09:00-04:00").0 + MINUTE - 1))
    );
}

#[test]
fn days_that_were_lost_and_clocks_that_moved_at_midnight() {
    let all_day = |zone| hours(zone, &[(&Day::ALL[..], "00:00", "24:00")], &[]);
    // Samoa had no 2011-12-30; Kwajalein no 1993-08-21.
    assert_eq!(minutes(&all_day("Pacific/Apia"), "2011-12-29T00:00-10:00", "2012-01-01T00:00+14:00"), 2 * 1_440);
    let friday = hours("Pacific/Apia", &[(&[Day::Friday], "09:00", "17:00")], &[]);
    assert_eq!(deadline(&friday, at("2011-12-29T12:00-10:00"), MINUTE, &[]), Some(at("2012-01-06T09:01+14:00")));
    let saturday = hours("Pacific/Kwajalein", &[(&[Day::Saturday], "00:00", "24:00")], &[]);
    assert_eq!(deadline(&saturday, at("1993-08-20T00:00-12:00"), MINUTE, &[]), Some(at("1993-08-28T00:01+12:00")));
    // Lord Howe moves by 30 minutes: 02:00 to 02:30 on 2026-10-04, and back on 2026-04-05.
    let howe = hours("Australia/Lord_Howe", &[(&[Day::Sunday], "01:00", "04:00")], &[]);
    assert_eq!(minutes(&howe, "2026-10-03T12:00Z", "2026-10-04T12:00Z"), 150);
    assert_eq!(minutes(&howe, "2026-04-04T12:00Z", "2026-04-05T12:00Z"), 210);
    // Beirut's 2026-03-29 began at 01:00; its 2026-10-24 had its last hour twice, the second time as a holiday, too.
    let beirut = hours("Asia/Beirut", &[(&Day::ALL[..], "00:00", "24:00")], &["2026-10-24"]);
    assert_eq!(minutes(&beirut, "2026-03-28T22:00Z", "2026-03-29T21:00Z"), 23 * 60);
    assert_eq!(minutes(&beirut, "2026-10-22T21:00Z", "2026-10-25T22:00Z"), 48 * 60);
    // Amsterdam was 19 minutes and 32 seconds ahead until 1937.
    let offset = hours("Europe/Amsterdam", &[(&Day::ALL[..], "09:00", "10:00")], &[]);
    let span = offset.zone.span(at("1930-01-15T00:00Z").0).offset / 1_000_000;
    let opens = at("1930-01-15T09:00Z").0 - span * 1_000_000;
    assert_eq!(deadline(&offset, at("1930-01-15T00:00Z"), 1, &[]), Some(Instant(opens + 1)));
}

#[test]
fn ten_thousand_holidays_in_a_row_are_walked_through() {
    let dates: Vec<String> = (0..10_000i64)
        .map(|day| jiff::civil::date(2026, 1, 1).checked_add(jiff::Span::new().days(day)).expect("a date").to_string())
        .collect();
    let dates: Vec<&str> = dates.iter().map(String::as_str).collect();
    let closed = hours("Europe/Berlin", &[(&Day::ALL[..], "00:00", "24:00")], &dates);
    assert_eq!(deadline(&closed, at("2025-12-31T23:00+01:00"), 120 * MINUTE, &[]), Some(at("2053-05-19T01:00+02:00")));
}
