//! Counts and sums over tickets.

use super::{Facts, Times};
use crate::model::time::Instant;
use crate::model::words::{Priority, Status};

/// Ratings are summed in millionths.
pub const RATING_UNIT: f64 = 1_000_000.0;
/// Whole stars, from 1.
const STARS: usize = 5;

/// Counts and sums over tickets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// In the order of [`Status::ALL`].
    pub by_status: [i64; Status::ALL.len()],
    /// In the order of [`Priority::ALL`].
    pub by_priority: [i64; Priority::ALL.len()],
    /// Open, and nobody's.
    pub unassigned: i64,
    /// Were ever escalated.
    pub escalated: i64,
    /// Missed a deadline of their resolution.
    pub breached: i64,
    /// Open, and past their deadline when it was asked; never kept.
    pub overdue: i64,
    pub first_response: Times,
    pub resolution: Times,
    /// By whole stars, from 1; halves count as the higher one.
    pub stars: [i64; STARS],
    /// See [`RATING_UNIT`].
    pub ratings: i64,
}

fn add<const N: usize>(to: &mut [i64; N], counts: &[i64; N]) {
    to.iter_mut().zip(counts).for_each(|(to, count)| *to += count);
}

impl Figures {
    /// Counts a ticket in (1) or out (-1), but for [`Figures::overdue`].
    pub fn count(&mut self, facts: &Facts, sign: i64) {
        let Facts {
            status,
            priority,
            category: _,
            channel: _,
            assignee_id,
            team_id: _,
            due_at: _,
            breached_at,
            first_response_at,
            resolved_at,
            escalated_at,
            satisfaction,
            created_at,
            deleted_at: _,
        } = facts;
        self.by_status[*status as usize] += sign;
        self.by_priority[*priority as usize] += sign;
        if !status.is_done() && assignee_id.is_empty() {
            self.unassigned += sign;
        }
        if escalated_at.is_some() {
            self.escalated += sign;
        }
        if breached_at.is_some() {
            self.breached += sign;
        }
        let since = |at: &Instant| at.0.saturating_sub(created_at.0);
        if let Some(at) = first_response_at {
            self.first_response.count_micros(since(at), sign);
        }
        if let Some(at) = resolved_at {
            self.resolution.count_micros(since(at), sign);
        }
        if let Some(rating) = satisfaction {
            // From 1 to 5; anything else would have been refused.
            let star = (rating.round() as usize).clamp(1, STARS);
            self.stars[star - 1] += sign;
            self.ratings += sign * (rating * RATING_UNIT).round() as i64;
        }
    }

    pub fn add(&mut self, other: &Figures) {
        let Figures {
            by_status,
            by_priority,
            unassigned,
            escalated,
            breached,
            overdue,
            first_response,
            resolution,
            stars,
            ratings,
        } = other;
        add(&mut self.by_status, by_status);
        add(&mut self.by_priority, by_priority);
        self.unassigned += unassigned;
        self.escalated += escalated;
        self.breached += breached;
        self.overdue += overdue;
        self.first_response.add(first_response);
        self.resolution.add(resolution);
        add(&mut self.stars, stars);
        self.ratings += ratings;
    }

    pub fn total(&self) -> i64 {
        self.by_status.iter().sum()
    }

    /// What is kept, by name; what is zero is left out.
    pub fn measures(&self) -> Vec<(String, i64)> {
        let Figures {
            by_status,
            by_priority,
            unassigned,
            escalated,
            breached,
            overdue: _,
            first_response,
            resolution,
            stars,
            ratings,
        } = self;
        let mut all = Vec::new();
        let mut put = |measure: String, amount: i64| {
            if amount != 0 {
                all.push((measure, amount));
            }
        };
        Status::ALL.iter().zip(by_status).for_each(|(status, count)| put(format!("status.{status}"), *count));
        Priority::ALL.iter().zip(by_priority).for_each(|(word, count)| put(format!("priority.{word}"), *count));
        put("unassigned".to_owned(), *unassigned);
        put("escalated".to_owned(), *escalated);
        put("breached".to_owned(), *breached);
        for (name, times) in [("first_response", first_response), ("resolution", resolution)] {
            put(format!("{name}.sum"), times.sum);
            times.buckets().for_each(|(bucket, count)| put(format!("{name}.{bucket}"), count));
        }
        stars.iter().enumerate().for_each(|(star, count)| put(format!("rating.{}", star + 1), *count));
        put("rating.sum".to_owned(), *ratings);
        all
    }

    /// Adds what is kept under a name. `false`: the name is none of [`Figures::measures`].
    pub fn put(&mut self, measure: &str, amount: i64) -> bool {
        let (name, part) = measure.split_once('.').unwrap_or((measure, ""));
        let place = match (name, part) {
            ("status", word) => Status::parse(word).map(|status| &mut self.by_status[status as usize]),
            ("priority", word) => Priority::parse(word).map(|priority| &mut self.by_priority[priority as usize]),
            ("unassigned", "") => Some(&mut self.unassigned),
            ("escalated", "") => Some(&mut self.escalated),
            ("breached", "") => Some(&mut self.breached),
            // Servers of the version before count otherwise, and it is nothing to this one.
            ("late", "") => return true,
            ("rating", "sum") => Some(&mut self.ratings),
            ("rating", star) => star.parse().ok().and_then(|star: usize| self.stars.get_mut(star.checked_sub(1)?)),
            ("first_response", "sum") => Some(&mut self.first_response.sum),
            ("resolution", "sum") => Some(&mut self.resolution.sum),
            ("first_response", bucket) => return put_bucket(&mut self.first_response, bucket, amount),
            ("resolution", bucket) => return put_bucket(&mut self.resolution, bucket, amount),
            _ => None,
        };
        place.map(|place| *place += amount).is_some()
    }
}

fn put_bucket(times: &mut Times, bucket: &str, count: i64) -> bool {
    bucket.parse().map(|bucket| times.put(bucket, count)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::words::Channel;
    use proptest::prelude::*;

    fn facts() -> impl Strategy<Value = Facts> {
        let words = (proptest::sample::select(Status::ALL), proptest::sample::select(Priority::ALL), any::<bool>());
        let late = || proptest::option::of(0..10_000_000_000_i64);
        let times = (late(), late(), late(), late());
        (words, times, proptest::option::of(2..=10_i64)).prop_map(
            |((status, priority, mine), (due, response, resolved, escalated), halves)| Facts {
                status,
                priority,
                category: "general".into(),
                channel: Channel::Api,
                assignee_id: if mine { "ann".into() } else { String::new() },
                team_id: String::new(),
                due_at: due.map(Instant),
                breached_at: due.map(Instant),
                first_response_at: response.map(Instant),
                resolved_at: resolved.map(Instant),
                escalated_at: escalated.map(Instant),
                satisfaction: halves.map(|halves| halves as f64 / 2.0),
                created_at: Instant(0),
                deleted_at: None,
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_kept_is_read_back_and_what_is_counted_out_is_gone(all in prop::collection::vec(facts(), 0..20)) {
            let mut figures = Figures::default();
            all.iter().for_each(|facts| figures.count(facts, 1));
            let mut read = Figures::default();
            for (measure, amount) in figures.measures() {
                prop_assert!(read.put(&measure, amount), "{}", measure);
            }
            prop_assert_eq!(&read, &figures);
            prop_assert_eq!(figures.total(), all.len() as i64);
            all.iter().for_each(|facts| figures.count(facts, -1));
            prop_assert_eq!(figures, Figures::default());
        }
    }

    #[test]
    fn a_name_that_is_none_is_told() {
        for none in ["", "status", "status.GONE", "rating.0", "rating.6", "resolution.x", "unassigned.x", "first"] {
            assert!(!Figures::default().put(none, 1), "{none}");
        }
    }
}
