use super::*;

fn calendar(events: &[&str]) -> String {
    let events: String = events.iter().map(|event| format!("BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\n")).collect();
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n")
}

fn read(events: &[&str]) -> Vec<String> {
    let found = holidays(&calendar(events), 2026..=2028).expect("holidays");
    found.into_iter().map(|Holiday { date, name }| format!("{date} {name}")).collect()
}

fn refused(events: &[&str]) -> Vec<String> {
    let found = holidays(&calendar(events), 2026..=2028).expect_err("faults");
    found.iter().map(IcsFault::to_string).collect()
}

#[test]
fn what_programs_write_is_read() {
    let text = "\u{feff}BEGIN:VCALENDAR\r\nPRODID:-//Example//EN\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\n\
        BEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\n\
        END:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:1\r\ndtstart;value=date:20261225\r\nDTEND;VALUE=DATE:20261227\r\n\
        SUMMARY;LANGUAGE=\"de:DE\";X=1:Weihnachten\\, 1. und\r\n  2. Feier\r\n\ttag\\n\\;\\\\\r\n\
        BEGIN:VALARM\r\nACTION:EMAIL\r\nSUMMARY:not this\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let name = "Weihnachten, 1. und 2. Feiertag ;\\".to_owned();
    let expected = ["2026-12-25", "2026-12-26"].map(|date| Holiday { date: date.to_owned(), name: name.clone() });
    assert_eq!(holidays(text, 2026..=2028).expect("holidays"), expected);
    assert_eq!(holidays(&text.replace("\r\n", "\n"), 2026..=2028).expect("bare line feeds"), expected);
}

#[test]
fn an_event_is_as_many_holidays_as_it_has_days() {
    assert_eq!(read(&["DTSTART;VALUE=DATE:20261224\r\nSUMMARY:Eve"]), ["2026-12-24 Eve"]);
    // Not as the standard has it, but as some programs write one day.
    assert_eq!(read(&["DTSTART:20261224\r\nDTEND:20261224"]), ["2026-12-24 "]);
    assert_eq!(read(&["DTSTART:20261231\r\nDURATION:P2D"]), ["2026-12-31 ", "2027-01-01 "]);
    assert_eq!(read(&["DTSTART:20260101\r\nDURATION:P1W"]).len(), 7);
    let two = [
        "DTSTART:20260406\r\nSUMMARY:Easter",
        "DTSTART:20260406\r\nSUMMARY:Osterm",
        "DTSTART:20260406\r\nSUMMARY:Easter",
    ];
    assert_eq!(read(&two), ["2026-04-06 Easter / Osterm"]);
    assert_eq!(read(&["DTSTART:20260101\r\nSTATUS:CANCELLED"]), [""; 0]);
}

#[test]
fn yearly_events_fall_into_the_years_that_are_asked_for() {
    let dates = |rule: &str| read(&[&format!("DTSTART;VALUE=DATE:20200101\r\n{rule}")]).join("").replace('-', "");
    assert_eq!(dates("RRULE:FREQ=YEARLY"), "20260101 20270101 20280101 ");
    assert_eq!(dates("RRULE:FREQ=YEARLY;INTERVAL=2"), "20260101 20280101 ");
    assert_eq!(dates("RRULE:FREQ=YEARLY;COUNT=7"), "20260101 ");
    assert_eq!(dates("RRULE:FREQ=YEARLY;UNTIL=20270101T000000Z"), "20260101 20270101 ");
    assert_eq!(dates("RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"), "20261126 20271125 20281123 ");
    assert_eq!(dates("RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;WKST=SU"), "20260525 20270531 20280529 ");
    assert_eq!(dates("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"), "20280229 ");
    assert_eq!(dates("RRULE:FREQ=YEARLY\r\nEXDATE;VALUE=DATE:20270101,20280101"), "20260101 ");
}

#[test]
fn what_cannot_be_read_exactly_is_refused_with_its_line() {
    let all = [
        "DTSTART;TZID=Europe/Berlin:20261224T140000\r\nSUMMARY:noon",
        "SUMMARY:when?",
        "DTSTART:20261224\r\nDTEND:20261223",
        "DTSTART:20260230",
        "DTSTART:20261224\r\nDURATION:PT12H",
        "DTSTART:20261224\r\nDTEND:20281224",
        "DTSTART:20261224\r\nRRULE:FREQ=WEEKLY",
        "DTSTART:20261224\r\nRRULE:FREQ=YEARLY;BYEASTER=0",
        "DTSTART:20261224\r\nRDATE:20261226",
    ];
    let only = "only all-day events are holidays, as in DTSTART;VALUE=DATE:20261225";
    let yearly = "is not understood: only FREQ=YEARLY on one day of one month is; list its dates as events";
    assert_eq!(
        refused(&all),
        [
            format!("line 3: DTSTART \"20261224T140000\" is no date: {only}"),
            "line 7: the event has no DTSTART".to_owned(),
            "line 10: the event ends on 2026-12-23, before it starts on 2026-12-24".to_owned(),
            format!("line 14: DTSTART \"20260230\" is no date: {only}"),
            "line 17: DURATION \"PT12H\" is not of whole days or weeks, as in P1D".to_owned(),
            "line 21: the event is longer than 366 days".to_owned(),
            format!("line 25: RRULE \"FREQ=WEEKLY\" {yearly}"),
            format!("line 29: RRULE \"FREQ=YEARLY;BYEASTER=0\" {yearly}"),
            "line 33: RDATE is not understood: list the dates as events".to_owned(),
        ]
    );
}

#[test]
fn what_is_no_calendar_is_refused() {
    let why =
        |text: &str| holidays(text, 2026..=2028).expect_err(text).iter().map(IcsFault::to_string).collect::<Vec<_>>();
    let not = "line 1: it does not begin with BEGIN:VCALENDAR: give the whole text of an .ics file";
    for text in ["", "\n\n", "BEGIN:VEVENT\nEND:VEVENT", "DTSTART:20260101"] {
        assert_eq!(why(text), [not], "{text:?}");
    }
    assert_eq!(why("<html>")[0], "line 1: \"<html>\" is no property: it must be NAME:value");
    assert_eq!(why("BEGIN:VCALENDAR\nEND:VCALENDAR"), ["line 1: it has no all-day event, so no holiday"]);
    assert_eq!(
        why("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101")[0],
        "line 2: BEGIN:VEVENT is never ended: the text is cut off"
    );
    assert_eq!(why("BEGIN:VCALENDAR\nEND:VEVENT")[0], "line 2: END:VEVENT does not end what was begun last");
    assert_eq!(why("BEGIN:VCALENDAR\nnonsense")[0], "line 2: \"nonsense\" is no property: it must be NAME:value");
    assert!(why(&" ".repeat(MAX_BYTES + 1))[0].contains("at most 1048576"));
}

#[test]
fn its_size_is_bounded() {
    let year = "DTSTART:20260101\r\nDTEND:20270101";
    assert_eq!(read(&[year; 27]).len(), 365);
    assert!(refused(&[year; 28])[0].contains("more than 10000 days"));
    let name = format!("DTSTART:20260101\r\nSUMMARY:{}", "é".repeat(201));
    assert_eq!(refused(&[&name]), ["line 3: SUMMARY must have at most 200 characters, has 201"]);
    assert_eq!(refused(&["DTSTART:never"; 200]).len(), MAX_FAULTS);
}

#[test]
fn what_repeats_over_the_ages_is_found_or_refused_at_once() {
    let yearly = |rule: &str, n: usize| {
        let event = |i| {
            format!(
                "BEGIN:VEVENT\nDTSTART;VALUE=DATE:2000{:02}{:02}\nRRULE:{rule}\nEND:VEVENT\n",
                i % 12 + 1,
                i / 12 % 28 + 1
            )
        };
        format!("BEGIN:VCALENDAR\n{}END:VCALENDAR\n", (0..n).map(event).collect::<String>())
    };
    let began = std::time::Instant::now();
    let found =
        holidays(&yearly("FREQ=YEARLY", 9_900), 9_999..=9_999).expect("they are found without the years between");
    assert_eq!(found.len(), 336);
    let far = holidays(&yearly("FREQ=YEARLY;COUNT=9000", 9_900), 9_999..=9_999).expect_err("a count is counted");
    assert!(matches!(far[..], [IcsFault { problem: Problem::TooFar, .. }]), "{far:?}");
    let long = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20000101\nDURATION:P366D\nRRULE:FREQ=YEARLY\nEND:VEVENT\nEND:VCALENDAR";
    let many = holidays(long, 2_000..=9_999).expect_err("3 million days");
    assert!(matches!(many[..], [IcsFault { problem: Problem::TooMany, .. }]), "{many:?}");
    assert!(began.elapsed() < std::time::Duration::from_secs(2), "{:?}", began.elapsed());
}

#[test]
fn a_rule_is_met_in_the_years_that_its_interval_names() {
    let every_fourth = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20000229\nRRULE:FREQ=YEARLY;INTERVAL=4\nEND:VEVENT\nEND:VCALENDAR";
    let dates =
        |years| holidays(every_fourth, years).expect("good").into_iter().map(|day| day.date).collect::<Vec<_>>();
    assert_eq!(dates(2_001..=2_010), ["2004-02-29", "2008-02-29"]);
    assert_eq!(dates(1_990..=2_001), ["2000-02-29"]);
}
