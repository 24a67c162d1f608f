//! When rules with a limit ran on a ticket, as far back as their limits look.

use std::collections::BTreeMap;

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::Jsonb;

use super::column::json_column;
use super::time::Instant;

/// Of one ticket, over all rules.
const MOST: usize = 1_000;

/// So many runs within so many microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limit {
    pub runs: usize,
    pub within: i64,
}

/// Instants by the rule's name, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromSqlRow, AsExpression)]
#[diesel(sql_type = Jsonb)]
pub struct RuleRuns(BTreeMap<String, Vec<i64>>);

impl RuleRuns {
    /// Whether the rule has run as often as it may.
    pub fn exhausted(&self, rule: &str, limit: Limit, now: Instant) -> bool {
        self.0.get(rule).is_some_and(|runs| runs.iter().filter(|at| counts(**at, limit, now)).count() >= limit.runs)
    }

    /// With one run more, and without those that no limit counts any longer; `limit_of` is what a rule has. `None`: there is no
    /// room for another.
    pub fn with(&self, rule: &str, now: Instant, limit_of: impl Fn(&str) -> Option<Limit>) -> Option<RuleRuns> {
        let mut kept = BTreeMap::new();
        for (name, runs) in &self.0 {
            let Some(limit) = limit_of(name) else { continue };
            let runs: Vec<i64> = runs.iter().copied().filter(|at| counts(*at, limit, now)).collect();
            if !runs.is_empty() {
                kept.insert(name.clone(), runs);
            }
        }
        if kept.values().map(Vec::len).sum::<usize>() >= MOST {
            return None;
        }
        kept.entry(rule.to_owned()).or_default().push(now.0);
        Some(RuleRuns(kept))
    }

    /// '' where there are none.
    pub fn store(&self) -> String {
        if self.0.is_empty() { String::new() } else { serde_json::json!(self.0).to_string() }
    }

    pub fn restore(text: &str) -> Option<RuleRuns> {
        if text.is_empty() { Some(RuleRuns::default()) } else { serde_json::from_str(text).ok().map(RuleRuns) }
    }
}

fn counts(at: i64, limit: Limit, now: Instant) -> bool {
    at > now.0.saturating_sub(limit.within)
}

json_column! { RuleRuns }

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMIT: Limit = Limit { runs: 3, within: 100 };

    proptest! {
        /// Whenever it is asked, no window of the limit's length has more runs than the limit allows, and one more is refused
        /// only where there are as many.
        #[test]
        fn no_window_has_more_runs_than_the_limit(steps in proptest::collection::vec(0i64..80, 1..60)) {
            let (mut runs, mut now, mut ran) = (RuleRuns::default(), 0, Vec::new());
            for step in steps {
                now += step;
                let recent = ran.iter().filter(|at| now - **at < LIMIT.within).count();
                let exhausted = runs.exhausted("a", LIMIT, Instant(now));
                prop_assert_eq!(exhausted, recent >= LIMIT.runs);
                if !exhausted {
                    runs = runs.with("a", Instant(now), |_| Some(LIMIT)).expect("there is room");
                    ran.push(now);
                }
                prop_assert_eq!(RuleRuns::restore(&runs.store()), Some(runs.clone()));
            }
        }
    }

    #[test]
    fn what_no_limit_counts_is_forgotten_and_there_is_room_for_so_many() {
        let mut runs = RuleRuns::default();
        for at in 0..MOST as i64 {
            let wide = |_: &str| Some(Limit { runs: MOST, within: 1_000_000 });
            runs = runs.with(&format!("r{}", at % 7), Instant(at), wide).expect("there is room");
        }
        assert_eq!(runs.with("a", Instant(1_000), |_| Some(Limit { runs: 1, within: 1_000_000 })), None);
        let left = runs.with("a", Instant(1_000), |name| (name == "r1").then_some(LIMIT)).expect("there is room");
        assert_eq!(left.0.keys().collect::<Vec<_>>(), ["a", "r1"], "of rules that are there and have a limit");
        assert_eq!(left.0["r1"].len(), 14, "of the last hundred instants");
    }
}
