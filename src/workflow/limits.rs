//! `limits`: how often a rule may run on one ticket.

use serde::Deserialize;

use super::cel::parse_duration;
use super::form::{Key, Takes, required};
use super::grammar::Bare;
use super::place::Place;
use crate::model::rule_runs::Limit;

const PER_TICKET: &str = "per_ticket";
const HINT: &str = "10/1h: ten runs in any hour; 1/24h: one in any day";
const MOST_RUNS: usize = 100;
const SECOND: i64 = 1_000_000;
const MOST_HOURS: i64 = 8_760;

pub const KEYS: &[Key] =
    &[required(PER_TICKET, Takes::Pattern("^[0-9]+/.+$"), "So many runs in any time of this length: 10/1h, 1/24h.")];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawLimits {
    per_ticket: Bare,
}

/// `None`: there is no limit, or a finding was noted.
pub fn check(raw: Option<RawLimits>, before: bool, place: &mut Place<'_>) -> Option<Limit> {
    let Bare(text) = raw?.per_ticket;
    if before {
        let message = "`limits` count runs after an event, and this rule is asked before it".into();
        place.error_at_key(&["limits"], "grammar", message, "wait for what has happened");
        return None;
    }
    if let Some(event) = place.without_ticket() {
        let message = format!("`{}` has no ticket to count on", event.as_str());
        place.error_at_key(&["limits"], "no-ticket", message, "wait for an event of a ticket");
        return None;
    }
    read(&text).map_err(|message| place.error(&["limits", PER_TICKET], "grammar", message, HINT)).ok()
}

fn read(text: &str) -> Result<Limit, String> {
    let Some((runs, within)) = text.split_once('/') else { return Err(format!("`{text}` is no limit")) };
    let runs: usize = match runs.trim().parse() {
        Ok(runs @ 1..=MOST_RUNS) => runs,
        _ => return Err(format!("`{}` is no number of runs from 1 to {MOST_RUNS}", runs.trim())),
    };
    let longest = MOST_HOURS * 3_600 * SECOND;
    match parse_duration(within.trim()) {
        Some(within) if (SECOND..=longest).contains(&within) => Ok(Limit { runs, within }),
        Some(_) => Err(format!("`{}` is not between 1s and {MOST_HOURS}h", within.trim())),
        None => Err(format!("`{}` is no length of time in hours, minutes and seconds", within.trim())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_with_the_durations_of_rules() {
        const HOUR: i64 = 3_600 * SECOND;
        assert_eq!(read("10/1h"), Ok(Limit { runs: 10, within: HOUR }));
        assert_eq!(read("1 / 24h"), Ok(Limit { runs: 1, within: 24 * HOUR }));
        assert_eq!(read("100/1h30m"), Ok(Limit { runs: 100, within: 3 * HOUR / 2 }));
        for (text, why) in [
            ("10", "`10` is no limit"),
            ("0/1h", "`0` is no number of runs from 1 to 100"),
            ("101/1h", "`101` is no number of runs"),
            ("many/1h", "`many` is no number of runs"),
            ("1/0s", "`0s` is not between 1s and 8760h"),
            ("1/-1h", "`-1h` is not between"),
            ("1/9000h", "`9000h` is not between"),
            ("1/1d", "`1d` is no length of time"),
            ("1/", "`` is no length of time"),
        ] {
            let said = read(text).expect_err(text);
            assert!(said.contains(why), "{text}: {said}");
        }
    }
}
