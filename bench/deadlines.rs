//! Benchmark of deadline calculation in business time, on one core: the median of five rounds against a goal. Part of `make bench`;
//! exits with 1 if a goal is missed.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant as Clock};

use docket::model::sla::count::{Pause, deadline};
use docket::model::sla::hours::{Day, Holiday, Hours, Interval, Opening};
use docket::model::time::Instant;

const MINUTE: i64 = 60_000_000;
/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600_000_000;
const YEAR: i64 = 365 * 1_440 * MINUTE;

fn hours(weekly: &[(Day, &str, &str)], holidays: &[String]) -> Hours {
    let interval = |(day, open, close): &(Day, &str, &str)| Interval {
        day: *day,
        open: (*open).to_owned(),
        close: (*close).to_owned(),
    };
    let holiday = |date: &String| Holiday { date: date.clone(), name: String::new() };
    let weekly: Vec<Interval> = weekly.iter().map(interval).collect();
    let holidays: Vec<Holiday> = holidays.iter().map(holiday).collect();
    Hours::new("America/New_York", Opening { weekly: &weekly, holidays: &holidays, special_dates: &[] }).expect("hours")
}

/// Mean time per call, over start times throughout a year.
fn measure(calls: u32, hours: &Hours, target: i64, pauses: fn(Instant) -> Vec<Pause>) -> Duration {
    let starts: Vec<(Instant, Vec<Pause>)> = (0..calls)
        .map(|n| Instant(START + i64::from(n) * 7_919_333_333 % YEAR))
        .map(|start| (start, pauses(start)))
        .collect();
    let mut rounds: Vec<Duration> = (0..5)
        .map(|_| {
            let begun = Clock::now();
            for (start, pauses) in &starts {
                black_box(deadline(black_box(hours), *start, black_box(target), pauses));
            }
            begun.elapsed() / calls
        })
        .collect();
    rounds.sort_unstable();
    rounds[2]
}

fn main() -> ExitCode {
    let week: Vec<(Day, &str, &str)> = Day::ALL[..5].iter().map(|day| (*day, "09:00", "17:00")).collect();
    let dates = ["2026-01-01", "2026-05-25", "2026-07-03", "2026-09-07", "2026-11-26", "2026-12-25"].map(str::to_owned);
    let office = hours(&week, &dates);
    let many: Vec<String> =
        (0..10_000).map(|n| format!("{}-{:02}-{:02}", 2026 + n / 336, n / 28 % 12 + 1, n % 28 + 1)).collect();
    let minute = [(Day::Monday, "09:00", "09:01")];
    let (sparse, riddled) = (hours(&minute, &[]), hours(&minute, &many));
    let none: fn(Instant) -> Vec<Pause> = |_| Vec::new();
    let three: fn(Instant) -> Vec<Pause> = |start| {
        let pause = |from: i64, to: i64| Pause {
            from: start.plus_micros(from * 60 * MINUTE),
            to: Some(start.plus_micros(to * 60 * MINUTE)),
        };
        vec![pause(1, 3), pause(20, 30), pause(48, 49)]
    };
    let nanos = |millis: u64| Duration::from_millis(millis).as_nanos();
    let lines = [
        ("8 h, Mon-Fri 9-17 with holidays", measure(200_000, &office, 480 * MINUTE, none), 1_000),
        ("the same with three pauses", measure(200_000, &office, 480 * MINUTE, three), 1_000),
        ("104 min at a minute a week: due in two years", measure(1_000, &sparse, 104 * MINUTE, none), nanos(1)),
        ("two years at a minute a week: never", measure(50, &sparse, 2 * YEAR, none), nanos(1)),
        ("the same with 10,000 holidays", measure(50, &riddled, 2 * YEAR, none), nanos(1)),
    ];
    println!("{:46} {:>11} {:>13} {:>11}", "deadline", "ns a call", "calls a s", "goal, ns");
    let mut all = true;
    for (what, took, goal) in lines {
        let nanos = took.as_nanos().max(1);
        let verdict = if nanos <= goal { "ok" } else { "miss" };
        all &= nanos <= goal;
        println!("{what:46} {nanos:>11} {:>13} {goal:>11} {verdict}", 1_000_000_000 / nanos);
    }
    if all { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
