//! Statistics as protobuf messages.

use std::collections::BTreeMap;

use prost_types::Duration;

use super::time::{length_from_pb, length_to_pb};
use super::violations::Violations;
use crate::grpc::pb;
use crate::model::limits::GROUPS;
use crate::model::statistics::{ByValue, Dimension, Figures, RATING_UNIT, Times};
use crate::model::words::{Priority, Status};

/// The field that groups are made by.
pub fn group_by(found: &mut Violations, word: &str) -> Dimension {
    Dimension::parse(word).unwrap_or_else(|| {
        found.add("group_by", "must be team, priority, category or channel, or empty for no groups");
        Dimension::All
    })
}

/// The longest window, in microseconds.
const CENTURY: i64 = 100 * 365 * 24 * 3_600 * 1_000_000;

/// A length of time in microseconds, more than 0.
pub fn window(found: &mut Violations, window: &Duration) -> i64 {
    if window.seconds == 0 && (0..1_000).contains(&window.nanos) {
        found.add("window", "must be more than 0");
        return 0;
    }
    length_from_pb(found, "window", window, CENTURY, "100 years")
}

/// The answer, but for where the log was; `grouped`: its groups are wanted.
pub fn to_pb(by_value: ByValue, grouped: bool) -> pb::GetTicketStatsResponse {
    let mut all = Figures::default();
    by_value.values().for_each(|figures| all.add(figures));
    let mut groups: Vec<pb::TicketStatsGroup> = Vec::new();
    if grouped {
        let filled = by_value.into_iter().filter(|(_, figures)| figures.total() > 0);
        groups.extend(filled.map(|(value, figures)| group(value, &figures)));
        groups.sort_by(|a, b| b.total.cmp(&a.total).then_with(|| a.value.cmp(&b.value)));
    }
    let left_out = groups.len().saturating_sub(GROUPS);
    groups.truncate(GROUPS);
    let pb::TicketStatsGroup {
        value: _,
        total,
        by_status,
        by_priority,
        breached,
        overdue,
        unassigned,
        escalated,
        escalation_rate,
        first_response,
        resolution,
        satisfaction,
    } = group(String::new(), &all);
    pb::GetTicketStatsResponse {
        total,
        by_status,
        by_priority,
        breached,
        overdue,
        unassigned,
        escalated,
        escalation_rate,
        first_response,
        resolution,
        satisfaction,
        groups,
        groups_left_out: i32::try_from(left_out).unwrap_or(i32::MAX),
        position: 0,
        epoch: 0,
    }
}

fn group(value: String, figures: &Figures) -> pb::TicketStatsGroup {
    let total = figures.total();
    let counts = |words: &[&str], counts: &[i64]| -> BTreeMap<String, i64> {
        words.iter().map(|word| (*word).to_owned()).zip(counts.iter().copied()).collect()
    };
    pb::TicketStatsGroup {
        value,
        total,
        by_status: counts(Status::WORDS, &figures.by_status),
        by_priority: counts(Priority::WORDS, &figures.by_priority),
        breached: figures.breached,
        overdue: figures.overdue,
        unassigned: figures.unassigned,
        escalated: figures.escalated,
        escalation_rate: if total == 0 { 0.0 } else { figures.escalated as f64 / total as f64 },
        first_response: Some(times(&figures.first_response)),
        resolution: Some(times(&figures.resolution)),
        satisfaction: Some(satisfaction(figures)),
    }
}

fn times(times: &Times) -> pb::TimeStats {
    let length = |millis: i64| length_to_pb(millis.saturating_mul(1_000));
    pb::TimeStats {
        count: times.count(),
        mean: times.mean().map(length),
        p50: times.percentile(50).map(length),
        p90: times.percentile(90).map(length),
    }
}

fn satisfaction(figures: &Figures) -> pb::SatisfactionStats {
    let count: i64 = figures.stars.iter().sum();
    let mean = if count == 0 { 0.0 } else { figures.ratings as f64 / RATING_UNIT / count as f64 };
    pb::SatisfactionStats { count, mean, by_stars: (1..).zip(figures.stars).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_groups_are_shown_and_the_others_counted() {
        let of = |open: i64| {
            let mut figures = Figures::default();
            figures.by_status[0] = open;
            figures
        };
        let by_value: ByValue = (0..=501).map(|n| (format!("team-{n:03}"), of(n))).collect();
        let all = to_pb(by_value.clone(), true);
        assert_eq!((all.groups.len(), all.groups_left_out, all.total), (500, 1, 501 * 502 / 2));
        assert_eq!((all.groups[0].value.as_str(), all.groups[0].by_status["OPEN"]), ("team-501", 501));
        assert!(to_pb(by_value, false).groups.is_empty());
    }

    #[test]
    fn of_no_tickets_every_word_is_told_and_no_time() {
        let none = to_pb(ByValue::default(), true);
        assert_eq!((none.by_status.len(), none.by_priority["URGENT"], none.escalation_rate), (8, 0, 0.0));
        assert_eq!(none.first_response, Some(pb::TimeStats::default()));
    }

    #[test]
    fn windows_that_are_none_are_refused() {
        for (seconds, nanos, good) in [
            (0, 1_000, true),
            (1, 0, true),
            (i64::MAX, 0, false),
            (0, 0, false),
            (0, 999, false),
            (-1, 0, false),
            (1, -1, false),
            (1, i32::MAX, false),
        ] {
            let mut found = Violations::default();
            window(&mut found, &Duration { seconds, nanos });
            assert_eq!(found.is_empty(), good, "{seconds} s {nanos} ns");
        }
    }
}
