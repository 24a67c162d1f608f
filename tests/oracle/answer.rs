//! What the business-time engine says to each case, one JSON object a line, for e2e/sla_oracle.py to judge.
//! Instants and lengths are seconds.

use std::io::{BufRead, Write, stdin, stdout};

use docket::model::sla::count::{Pause, counted, deadline};
use docket::model::sla::hours::{Holiday, Hours, Interval, Opening, SpecialDate};
use docket::model::sla::segments::{SegmentKind, segments};
use docket::model::time::Instant;
use serde::Deserialize;
use serde_json::json;

const SECOND: i64 = 1_000_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    time_zone: String,
    weekly: Vec<Interval>,
    holidays: Vec<Holiday>,
    special_dates: Vec<SpecialDate>,
    start: i64,
    target: i64,
    pauses: Vec<(i64, Option<i64>)>,
    /// Up to when time is counted and told.
    until: i64,
}

fn main() {
    let mut out = std::io::BufWriter::new(stdout().lock());
    for line in stdin().lock().lines() {
        let case: Case = serde_json::from_str(&line.expect("a line")).expect("a case");
        let Case { weekly, holidays, special_dates, .. } = &case;
        let opening = Opening { weekly, holidays, special_dates };
        let hours = Hours::new(&case.time_zone, opening).expect("hours");
        let instant = |seconds: i64| Instant(seconds * SECOND);
        let pause = |(from, to): &(i64, Option<i64>)| Pause { from: instant(*from), to: to.map(instant) };
        let pauses: Vec<Pause> = case.pauses.iter().map(pause).collect();
        let (start, until) = (instant(case.start), instant(case.until));
        let told: Vec<_> = segments(&hours, start, until, &pauses)
            .map(|segment| {
                let kind = match segment.kind {
                    SegmentKind::Counted => "counted",
                    SegmentKind::Closed => "closed",
                    SegmentKind::Paused => "paused",
                };
                json!([segment.from.0 as f64 / SECOND as f64, kind])
            })
            .collect();
        let due = deadline(&hours, start, case.target * SECOND, &pauses);
        let answer = json!({
            "due": due.map(|due| due.0 as f64 / SECOND as f64),
            "counted": counted(&hours, start, until, &pauses) as f64 / SECOND as f64,
            "segments": told,
        });
        writeln!(out, "{answer}").expect("an open output");
    }
}
