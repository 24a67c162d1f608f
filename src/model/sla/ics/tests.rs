use super::*;

fn calendar(events: &[&str]) -> String {
    let events: String = events.iter().map(|event| format!("BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\n")).collect();
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n")
}

fn wanted(years: RangeInclusive<i16>) -> Wanted {
    Wanted { years, exclude: Vec::new() }
}

fn import(text: &str, years: RangeInclusive<i16>) -> Result<Vec<Holiday>, Vec<IcsFault>> {
    holidays(text.as_bytes(), &wanted(years)).map(|imported| imported.taken)
}

fn read(events: &[&str]) -> Vec<String> {
    let found = import(&calendar(events), 2026..=2028).expect("holidays");
    found.into_iter().map(|Holiday { date, name }| format!("{date} {name}")).collect()
}

/// The dates alone: `20260101 20270101 `.
fn dates(event: &str) -> String {
    read(&[event]).iter().map(|day| format!("{} ", day[..10].replace('-', ""))).collect()
}

fn refused(events: &[&str]) -> Vec<String> {
    let found = import(&calendar(events), 2026..=2028).expect_err("faults");
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
    assert_eq!(import(text, 2026..=2028).expect("holidays"), expected);
    assert_eq!(import(&text.replace("\r\n", "\n"), 2026..=2028).expect("bare line feeds"), expected);
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
    let dates = |rule: &str| dates(&format!("DTSTART;VALUE=DATE:20200101\r\n{rule}"));
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
        "DTSTART:20261224\r\nRRULE:FREQ=HOURLY",
        "DTSTART:20261224\r\nRRULE:FREQ=YEARLY;BYEASTER=0",
        "DTSTART:20261224\r\nRDATE;VALUE=PERIOD:20261226T000000Z/P1D",
        "DTSTART:20261224T230000Z\r\nDTEND:20261225T230000Z",
        "DTSTART:20261224T000000\r\nSUMMARY:midnight",
        "DTSTART:20260926\r\nX-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY",
        "DTSTART:20261224\r\nRECURRENCE-ID;RANGE=THISANDFUTURE:20261224",
        "DTSTART:20261224\r\nRRULE:FREQ=YEARLY;UNTIL=20281224T113000Z",
        "DTSTART:20261224\r\nRRULE:FREQ=WEEKLY;BYMONTHDAY=1",
        "DTSTART:20261224\r\nEXRULE:FREQ=YEARLY;FREQ=DAILY",
    ];
    let only = "is a time of day: only all-day events are holidays, as in DTSTART;VALUE=DATE:20261225; keep it out with exclude";
    let no_date = |property: &str, text: &str| {
        format!("{property} {text:?} is no date: write a day that exists, as in {property};VALUE=DATE:20261225")
    };
    let list = "list its dates as events";
    assert_eq!(
        refused(&all),
        [
            format!("line 3: \"20261224T140000\" {only}"),
            "line 7: the event has no DTSTART".to_owned(),
            "line 10: the event ends on 2026-12-23, before it starts on 2026-12-24".to_owned(),
            format!("line 14: {}", no_date("DTSTART", "20260230")),
            "line 17: DURATION \"PT12H\" is not of whole days or weeks, as in P1D".to_owned(),
            "line 21: the event is longer than 366 days".to_owned(),
            format!("line 25: RRULE \"FREQ=HOURLY\": FREQ=HOURLY is not of whole days; {list}"),
            format!("line 29: RRULE \"FREQ=YEARLY;BYEASTER=0\": BYEASTER is not understood; {list}"),
            format!("line 33: {}", no_date("RDATE", "20261226T000000Z/P1D")),
            format!("line 37: \"20261224T230000Z\" {only}"),
            format!("line 41: \"20261224T000000\" {only}"),
            "line 45: the event makes a day off a working day (X-APPLE-SPECIAL-DAY), and has no hours: write a special date, \
             and keep it out with exclude"
                .to_owned(),
            "line 49: RECURRENCE-ID;RANGE is not understood: list the dates as events, or keep it out with exclude".to_owned(),
            format!(
                "line 53: RRULE \"FREQ=YEARLY;UNTIL=20281224T113000Z\": UNTIL=20281224T113000Z is not understood; {list}"
            ),
            format!("line 57: RRULE \"FREQ=WEEKLY;BYMONTHDAY=1\": BYMONTHDAY has no meaning here; {list}"),
            format!("line 61: EXRULE \"FREQ=YEARLY;FREQ=DAILY\": FREQ stands there twice; {list}"),
        ]
    );
}

#[test]
fn whole_days_are_read_in_whatever_form_programs_write_them() {
    let forms = [
        "DTSTART;TZID=Europe/Berlin:20261225T000000\r\nDTEND;TZID=Europe/Berlin:20261227T000000",
        "DTSTART:20261225T000000\r\nDTEND:20261226T235959",
        "DTSTART:20261225T000000\r\nDURATION:PT48H",
        "DTSTART:20261225T000000\r\nDURATION:P1DT24H0M0S",
    ];
    for form in forms {
        assert_eq!(dates(form), "20261225 20261226 ", "{form}");
    }
    assert_eq!(dates("X-MICROSOFT-CDO-ALLDAYEVENT:TRUE\r\nDTSTART:20261225T000000"), "20261225 ");
}

#[test]
fn a_fold_may_stand_within_a_character() {
    let text = calendar(&["DTSTART:20261225\r\nSUMMARY:No\u{eb}l"]);
    let at = text.find('\u{eb}').expect("it is there") + 1;
    let bytes = [&text.as_bytes()[..at], b"\r\n ", &text.as_bytes()[at..]].concat();
    let found = holidays(&bytes, &wanted(2026..=2028)).expect("unfolded as bytes").taken;
    assert_eq!(found, [Holiday { date: "2026-12-25".to_owned(), name: "No\u{eb}l".to_owned() }]);
    let latin = [&text.as_bytes()[..at - 1], &[0xeb], &text.as_bytes()[at + 1..]].concat();
    let found = holidays(&latin, &wanted(2026..=2028)).expect_err("Latin-1");
    assert_eq!(found[0].to_string(), "line 5: it is not UTF-8: save the file as UTF-8");
}

#[test]
fn rules_are_those_of_the_standard() {
    let on = |start: &str, rule: &str| dates(&format!("DTSTART;VALUE=DATE:{start}\r\nRRULE:{rule}"));
    // The start itself is a day, whatever the rule says.
    assert_eq!(on("20260508", "FREQ=YEARLY;BYMONTH=5;BYDAY=1MO"), "20260508 20270503 20280501 ");
    assert_eq!(on("20260508", "FREQ=YEARLY;UNTIL=20250101"), "20260508 ");
    // The first Monday of the year; every Monday of a month; the Saturday between two days of the month.
    assert_eq!(on("20260105", "FREQ=YEARLY;BYDAY=1MO"), "20260105 20270104 20280103 ");
    assert_eq!(on("20261102", "FREQ=YEARLY;BYMONTH=11;BYDAY=MO;COUNT=3"), "20261102 20261109 20261116 ");
    let between = "FREQ=YEARLY;BYMONTH=6;BYDAY=SA;BYMONTHDAY=20,21,22,23,24,25,26";
    assert_eq!(on("20260620", between), "20260620 20270626 20280624 ");
    assert_eq!(
        on("20260629", "FREQ=YEARLY;BYMONTH=6;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"),
        "20260629 20260630 20270630 20280630 "
    );
    assert_eq!(on("20261231", "FREQ=YEARLY;BYYEARDAY=-1"), "20261231 20271231 20281231 ");
    assert_eq!(on("20261031", "FREQ=MONTHLY;COUNT=3"), "20261031 20261231 20270131 ");
    assert_eq!(on("20261001", "FREQ=MONTHLY;BYMONTHDAY=1,-1;COUNT=4"), "20261001 20261031 20261101 20261130 ");
    assert_eq!(on("20261002", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;COUNT=4"), "20261002 20261012 20261016 20261026 ");
    assert_eq!(on("20261230", "FREQ=DAILY;INTERVAL=3;UNTIL=20270105"), "20261230 20270102 20270105 ");
    let both = "DTSTART:20260101\r\nRRULE:FREQ=YEARLY\r\nRDATE:20260704\r\nEXRULE:FREQ=YEARLY;INTERVAL=2";
    assert_eq!(dates(both), "20260704 20270101 ");
}

#[test]
fn the_last_day_is_the_last_of_its_zone() {
    let until = |until: &str| dates(&format!("DTSTART:20261224\r\nRRULE:FREQ=DAILY;UNTIL={until}"));
    for the_26th in
        ["20261226", "20261226T000000", "20261225T230000Z", "20261226T050000Z", "20261226T225959Z", "20261226T235959Z"]
    {
        assert_eq!(until(the_26th), "20261224 20261225 20261226 ", "{the_26th}");
    }
}

#[test]
fn days_before_the_first_year_reach_into_it() {
    let found = read(&["DTSTART:20101224\r\nDTEND:20110103\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:Closed"]);
    assert_eq!(found[..3], ["2026-01-01 Closed", "2026-01-02 Closed", "2026-12-24 Closed"]);
    assert_eq!(found.last().map(String::as_str), Some("2028-12-31 Closed"));
}

#[test]
fn a_later_revision_and_a_moved_day_replace_what_was_there() {
    let twice = [
        "UID:a\r\nSEQUENCE:1\r\nDTSTART:20260506\r\nSUMMARY:moved",
        "UID:a\r\nSEQUENCE:0\r\nDTSTART:20260505\r\nSUMMARY:first",
        "UID:b\r\nDTSTART:20260101\r\nRRULE:FREQ=YEARLY",
        "UID:b\r\nRECURRENCE-ID;VALUE=DATE:20270101\r\nDTSTART:20270104\r\nSUMMARY:instead",
        "UID:b\r\nRECURRENCE-ID:20280101\r\nDTSTART:20280101\r\nSTATUS:CANCELLED",
    ];
    assert_eq!(read(&twice), ["2026-01-01 ", "2026-05-06 moved", "2027-01-04 instead"]);
    let left = holidays(calendar(&twice).as_bytes(), &wanted(2026..=2028)).expect("holidays").left;
    let told: Vec<(usize, &str, Why)> = left.iter().map(|left| (left.line, left.name.as_str(), left.why)).collect();
    assert_eq!(told, [(9, "first", Why::Superseded), (26, "", Why::Cancelled)]);
}

#[test]
fn what_is_kept_out_is_told() {
    let text = calendar(&[
        "DTSTART:20261224\r\nDTEND:20261227\r\nSUMMARY:Christmas",
        "DTSTART:20261010T090000Z\r\nSUMMARY:Team lunch",
        "DTSTART:20261011\r\nSUMMARY:Working Sunday\r\nX-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY",
        "DTSTART:20100101\r\nRRULE:FREQ=YEARLY;UNTIL=20200101\r\nSUMMARY:Once",
        "DTSTART:20261012\r\nRECURRENCE-ID:20261012T090000\r\nSUMMARY:Team lunch",
    ]);
    let text = text.replace("END:VCALENDAR", "BEGIN:VTODO\r\nEND:VTODO\r\nEND:VCALENDAR");
    let exclude = ["team LUNCH", "Working Sunday", "2026-12-24"].map(str::to_owned).to_vec();
    let found = holidays(text.as_bytes(), &Wanted { years: 2026..=2028, exclude }).expect("holidays");
    assert_eq!(found.taken.iter().map(|day| day.date.as_str()).collect::<Vec<_>>(), ["2026-12-25", "2026-12-26"]);
    let told: Vec<(&str, Why)> = found.left.iter().map(|left| (left.name.as_str(), left.why)).collect();
    let out = Why::Excluded;
    assert_eq!(
        told,
        [
            ("Christmas", out),
            ("Team lunch", out),
            ("Working Sunday", out),
            ("Once", Why::OutsideYears),
            ("Team lunch", out),
            ("VTODO", Why::NoEvent)
        ]
    );
    assert_eq!(found.left[0].date.map(|date| date.to_string()).as_deref(), Some("2026-12-24"));
}

#[test]
fn what_is_no_calendar_is_refused() {
    let why =
        |text: &str| import(text, 2026..=2028).expect_err(text).iter().map(IcsFault::to_string).collect::<Vec<_>>();
    let not = "line 1: it does not begin with BEGIN:VCALENDAR: give the whole text of an .ics file";
    for text in ["", "\n\n", "BEGIN:VEVENT\nEND:VEVENT", "DTSTART:20260101"] {
        assert_eq!(why(text), [not], "{text:?}");
    }
    assert_eq!(why("<html>")[0], "line 1: \"<html>\" is no property: it must be NAME:value");
    assert_eq!(why("BEGIN:VCALENDAR\nEND:VCALENDAR"), ["line 1: it has no event, so no holiday"]);
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
    assert_eq!(read(&[&name]), [format!("2026-01-01 {}…", "é".repeat(199))]);
    assert_eq!(refused(&["DTSTART:never"; 200]).len(), MAX_FAULTS);
}

#[test]
fn what_repeats_over_the_ages_is_found_or_refused_within_bounds() {
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
    let found = import(&yearly("FREQ=YEARLY", 9_900), 9_999..=9_999).expect("they are found without the years between");
    assert_eq!(found.len(), 336);
    let far = import(&yearly("FREQ=YEARLY;COUNT=9000", 9_900), 9_999..=9_999).expect_err("a count is counted");
    assert!(matches!(far[..], [IcsFault { problem: Problem::TooFar, .. }]), "{far:?}");
    let long = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20000101\nDURATION:P366D\nRRULE:FREQ=YEARLY\nEND:VEVENT\nEND:VCALENDAR";
    let many = import(long, 2_000..=9_999).expect_err("3 million days");
    assert!(matches!(many[..], [IcsFault { problem: Problem::TooMany, .. }]), "{many:?}");
}

#[test]
fn a_rule_is_met_in_the_years_that_its_interval_names() {
    let every_fourth = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20000229\nRRULE:FREQ=YEARLY;INTERVAL=4\nEND:VEVENT\nEND:VCALENDAR";
    let dates = |years| import(every_fourth, years).expect("good").into_iter().map(|day| day.date).collect::<Vec<_>>();
    assert_eq!(dates(2_001..=2_010), ["2004-02-29", "2008-02-29"]);
    assert_eq!(dates(1_990..=2_001), ["2000-02-29"]);
}
