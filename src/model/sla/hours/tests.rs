use super::*;
use crate::model::limits::HOLIDAYS;

fn interval(day: Day, open: &str, close: &str) -> Interval {
    Interval { day, open: open.to_owned(), close: close.to_owned() }
}

fn holiday(date: &str) -> Holiday {
    Holiday { date: date.to_owned(), name: String::new() }
}

fn faults(zone: &str, weekly: &[Interval], holidays: &[Holiday]) -> Vec<String> {
    told(Hours::new(zone, Opening { weekly, holidays, special_dates: &[] }).expect_err("faults"))
}

fn told(found: Vec<Fault>) -> Vec<String> {
    found.into_iter().map(|Fault { field, description }| format!("{field}: {description}")).collect()
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_place() {
    let weekly = [
        interval(Day::Monday, "09:00", "17:00"),
        interval(Day::Monday, "16:30", "18:00"),
        interval(Day::Tuesday, "17:00", "09:00"),
        interval(Day::Tuesday, "09:00", "09:00"),
        interval(Day::Wednesday, "9:00", "24:01"),
        interval(Day::Wednesday, "24:00", "24:00"),
        interval(Day::Monday, "17:30", "17:45"),
    ];
    let holidays = [holiday("2026-12-25"), holiday("2026-02-30"), holiday("2026-12-25"), holiday("20261226")];
    let night = "write a shift over midnight as two, one until 24:00 and one from 00:00 of the next day";
    assert_eq!(
        faults("GMT+25", &weekly, &holidays),
        [
            "time_zone: there is no time zone \"GMT+25\": write an IANA name, such as \"Europe/Berlin\", \"America/New_York\" or \"UTC\"".to_owned(),
            "weekly[1].open: overlaps weekly[0], MONDAY 09:00 to 17:00".to_owned(),
            "weekly[6].open: overlaps weekly[1], MONDAY 16:30 to 18:00".to_owned(),
            format!("weekly[2].close: 09:00 is not later than 17:00, when it opens; {night}"),
            format!("weekly[3].close: 09:00 is not later than 09:00, when it opens; {night}"),
            "weekly[4].open: \"9:00\" is no time to open: write HH:MM, from 00:00 to 23:59".to_owned(),
            "weekly[4].close: \"24:01\" is no time to close: write HH:MM, up to 24:00".to_owned(),
            "weekly[5].open: \"24:00\" is no time to open: write HH:MM, from 00:00 to 23:59".to_owned(),
            "holidays[1].date: \"2026-02-30\" is no date: write a day that exists as YYYY-MM-DD".to_owned(),
            "holidays[2].date: 2026-12-25 is holidays[0] already: name each date once".to_owned(),
            "holidays[3].date: \"20261226\" is no date: write a day that exists as YYYY-MM-DD".to_owned(),
        ]
    );
}

#[test]
fn clocks_and_dates_have_one_spelling() {
    for text in ["", "24:01", "9:00", "09:0", "09:60", "09.00", "+9:00", "09:00:00", "٠٩:٠٠", " 09:00", "99:99"] {
        assert_eq!(faults("UTC", &[interval(Day::Friday, text, "24:00")], &[]).len(), 1, "{text}");
    }
    for text in
        ["", "2026-2-3", "2026-13-01", "2025-02-29", "0000-01-01", "-001-01-01", "2026-01-01T00:00", "２０２６-01-01"]
    {
        assert_eq!(faults("UTC", &[], &[holiday(text)]).len(), 1, "{text}");
    }
    assert!(
        Hours::new(
            "UTC",
            Opening {
                weekly: &[interval(Day::Friday, "00:00", "24:00")],
                holidays: &[holiday("2024-02-29")],
                special_dates: &[]
            }
        )
        .is_ok()
    );
}

#[test]
fn ten_thousand_holidays_are_well_and_one_more_is_not() {
    let date = |n: usize| holiday(&format!("{:04}-{:02}-{:02}", 2000 + n / 336, n / 28 % 12 + 1, n % 28 + 1));
    let mut holidays: Vec<Holiday> = (0..HOLIDAYS).map(date).collect();
    assert!(Hours::new("Europe/Berlin", Opening { holidays: &holidays, ..Opening::default() }).is_ok());
    holidays.push(date(HOLIDAYS));
    assert_eq!(faults("Europe/Berlin", &[], &holidays), ["holidays: must have at most 10000 entries, has 10001"]);
}

#[test]
fn a_night_shift_is_two_and_what_touches_is_no_overlap() {
    let weekly = [
        interval(Day::Sunday, "22:00", "24:00"),
        interval(Day::Monday, "00:00", "06:00"),
        interval(Day::Monday, "06:00", "08:00"),
    ];
    let hours = Hours::new("Europe/Berlin", Opening { weekly: &weekly, ..Opening::default() }).expect("hours");
    assert!(hours.has_hours());
    assert_eq!(hours.week.total(), 10 * 3_600 * 1_000_000);
    // 1970-01-05 was a Monday.
    assert_eq!(hours.week.of_day(4), [(0, 8 * 3_600 * 1_000_000)]);
    assert!(!Hours::new("Europe/Berlin", Opening::default()).expect("no hours").has_hours());
    assert!(Hours::always().has_hours());
}

#[test]
fn a_date_has_hours_of_its_own_or_says_what_is_wrong_with_them() {
    let special = |date: &str, hours: &[(&str, &str)]| SpecialDate {
        date: date.to_owned(),
        name: String::new(),
        hours: hours
            .iter()
            .map(|(open, close)| OpenInterval { open: (*open).to_owned(), close: (*close).to_owned() })
            .collect(),
    };
    let read = |dates: &[SpecialDate]| Hours::new("UTC", Opening { special_dates: dates, ..Opening::default() });
    let wrong = [
        special("2026-12-24", &[("09:00", "12:00"), ("11:00", "13:00")]),
        special("2026-02-30", &[("25:00", "26:00")]),
        special("2026-12-24", &[]),
    ];
    assert_eq!(
        told(read(&wrong).expect_err("faults")),
        [
            "special_dates[0].hours[1].open: overlaps special_dates[0].hours[0], 09:00 to 12:00",
            "special_dates[1].hours[0].open: \"25:00\" is no time to open: write HH:MM, from 00:00 to 23:59",
            "special_dates[1].hours[0].close: \"26:00\" is no time to close: write HH:MM, up to 24:00",
            "special_dates[1].date: \"2026-02-30\" is no date: write a day that exists as YYYY-MM-DD",
            "special_dates[2].date: 2026-12-24 is special_dates[0] already: name each date once",
        ]
    );
    let many: Vec<SpecialDate> = (0..1_001).map(|_| special("2026-12-24", &[])).collect();
    assert!(told(read(&many).expect_err("too many"))[0].starts_with("special_dates: must have at most 1000 entries"));
    assert!(!read(&many[..1]).expect("closed").has_hours());
    assert!(read(&[special("2026-12-26", &[("09:00", "12:00")])]).expect("a working Saturday").has_hours());
}

#[test]
fn stored_and_shown_as_the_contract_has_them() {
    let text = r#"{"day":"MONDAY","open":"09:00","close":"17:00"}"#;
    let read: Interval = serde_json::from_str(text).expect("an interval");
    assert_eq!(read, interval(Day::Monday, "09:00", "17:00"));
    assert_eq!(serde_json::to_string(&read).expect("JSON"), text);
    let text = r#"{"date":"2026-12-25","name":"Christmas Day"}"#;
    let read: Holiday = serde_json::from_str(text).expect("a holiday");
    assert_eq!(serde_json::to_string(&read).expect("JSON"), text);
    assert_eq!(serde_json::from_str::<Holiday>(r#"{"date":"2026-12-25"}"#).expect("no name").name, "");
}
