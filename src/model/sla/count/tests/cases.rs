//! The worked cases, by their letters: those that are arithmetic alone.

use super::*;

/// When `minutes` are over in the US calendar.
fn due(start: &str, minutes: i64, pauses: &[Pause]) -> Option<Instant> {
    deadline(&us(), at(start), minutes * MINUTE, pauses)
}

#[test]
fn a_runs_over_the_weekend() {
    assert_eq!(due("2026-09-18T16:30-04:00", 60, &[]), Some(at("2026-09-21T09:30-04:00")));
}

#[test]
fn b_begins_before_opening() {
    assert_eq!(due("2026-09-16T07:00-04:00", 120, &[]), Some(at("2026-09-16T11:00-04:00")));
}

#[test]
fn c_runs_over_a_holiday() {
    assert_eq!(due("2026-11-25T16:00-05:00", 480, &[]), Some(at("2026-11-27T16:00-05:00")));
}

#[test]
fn d1_d2_real_time_whatever_the_clocks_do() {
    let due = |start| deadline(Hours::always(), at(start), 480 * MINUTE, &[]);
    assert_eq!(due("2026-03-07T22:00-05:00"), Some(at("2026-03-08T07:00-04:00")));
    assert_eq!(due("2026-10-31T22:00-04:00"), Some(at("2026-11-01T05:00-05:00")));
}

#[test]
fn d3_what_is_skipped_never_counts_and_what_is_repeated_counts_twice() {
    let night = hours("America/New_York", &[(&[Day::Sunday], "01:00", "04:00")], &[]);
    assert_eq!(minutes(&night, "2026-03-08T00:00-05:00", "2026-03-09T00:00-04:00"), 120);
    assert_eq!(minutes(&night, "2026-11-01T00:00-04:00", "2026-11-02T00:00-05:00"), 240);
}

#[test]
fn e1_e2_e3_pauses() {
    let hold = pause("2026-09-14T13:00-04:00", "2026-09-15T11:00-04:00");
    assert_eq!(due("2026-09-14T10:00-04:00", 480, &[hold]), Some(at("2026-09-15T16:00-04:00")));
    let hold = pause("2026-09-18T16:00-04:00", "2026-09-21T10:00-04:00");
    assert_eq!(due("2026-09-18T15:00-04:00", 480, &[hold]), Some(at("2026-09-21T17:00-04:00")));
    let hold = pause("2026-11-25T12:00-05:00", "2026-11-30T11:00-05:00");
    assert_eq!(due("2026-11-24T10:00-05:00", 960, &[hold]), Some(at("2026-11-30T17:00-05:00")));
}

#[test]
fn f1_f2_f4_another_target_midway() {
    let start = "2026-09-14T09:00-04:00";
    let hold = pause("2026-09-14T10:00-04:00", "2026-09-14T12:00-04:00");
    let used = counted(&us(), at(start), at("2026-09-14T14:00-04:00"), &[hold]);
    assert_eq!(used, 180 * MINUTE);
    // RETROACTIVE: the new target from the same start.
    assert_eq!(due(start, 240, &[hold]), Some(at("2026-09-14T15:00-04:00")));
    assert_eq!(due(start, 120, &[hold]), Some(at("2026-09-14T13:00-04:00")));
    // RESTART: from the change.
    assert_eq!(due("2026-09-14T14:00-04:00", 240, &[hold]), Some(at("2026-09-15T10:00-04:00")));
}

#[test]
fn g1_what_is_left_after_a_reopening() {
    let (start, reopened) = ("2026-09-14T09:00-04:00", "2026-09-16T10:00-04:00");
    let used = counted(&us(), at(start), at("2026-09-14T14:00-04:00"), &[]);
    assert_eq!(used, 300 * MINUTE);
    assert_eq!(due(reopened, 180, &[]), Some(at("2026-09-16T13:00-04:00")));
    let resolved = pause("2026-09-14T14:00-04:00", reopened);
    assert_eq!(due(start, 480, &[resolved]), Some(at("2026-09-16T13:00-04:00")));
}

#[test]
fn h_two_shifts_a_day_and_christmas() {
    let weekly = [(&Day::ALL[..5], "08:00", "12:00"), (&Day::ALL[..5], "13:30", "18:00")];
    let berlin = hours("Europe/Berlin", &weekly, &["2026-12-24", "2026-12-25"]);
    let due = |minutes| deadline(&berlin, at("2026-12-23T11:30+01:00"), minutes * MINUTE, &[]);
    assert_eq!(due(240), Some(at("2026-12-23T17:00+01:00")));
    assert_eq!(due(480), Some(at("2026-12-28T11:00+01:00")));
}

#[test]
fn w1_a_share_of_the_target() {
    let hold = pause("2026-09-14T13:00-04:00", "2026-09-15T11:00-04:00");
    assert_eq!(due("2026-09-14T10:00-04:00", 480 * 80 / 100, &[hold]), Some(at("2026-09-15T14:24-04:00")));
}

#[test]
fn w3_an_hour_before_in_business_time() {
    let paris = hours("Europe/Paris", &[(&Day::ALL[..5], "08:00", "18:00")], &[]);
    let due = |minutes| deadline(&paris, at("2026-09-14T17:00+02:00"), minutes * MINUTE, &[]);
    assert_eq!(due(240), Some(at("2026-09-15T11:00+02:00")));
    assert_eq!(due(240 - 60), Some(at("2026-09-15T10:00+02:00")));
}

#[test]
fn n_from_the_first_of_two_messages() {
    assert_eq!(due("2026-09-18T16:50-04:00", 60, &[]), Some(at("2026-09-21T09:50-04:00")));
}
