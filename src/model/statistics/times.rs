//! Sum and histogram of durations; a bucket is an eighth as wide as its distance from zero.

use std::collections::BTreeMap;

/// Lengths of time, counted by the millisecond.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Times {
    /// In milliseconds.
    pub sum: i64,
    buckets: BTreeMap<u16, i64>,
}

/// Steps of a doubling, as a power of two.
const STEPS: u32 = 3;

fn bucket(millis: i64) -> u16 {
    let millis = millis.max(0) as u64;
    if millis < 1 << STEPS {
        return millis as u16;
    }
    let exponent = millis.ilog2();
    let step = (millis >> (exponent - STEPS)) & ((1 << STEPS) - 1);
    (((exponent - STEPS + 1) << STEPS) + step as u32) as u16
}

/// The middle of a bucket, in milliseconds: no length in it is further away than a sixteenth of itself, or 1 ms.
fn middle(bucket: u16) -> i64 {
    let bucket = u32::from(bucket);
    if bucket < 1 << STEPS {
        return i64::from(bucket);
    }
    let (doublings, step) = ((bucket >> STEPS) - 1, bucket & ((1 << STEPS) - 1));
    let (low, width) = (i64::from((1 << STEPS) + step) << doublings, 1_i64 << doublings);
    low + width / 2
}

impl Times {
    pub fn count_micros(&mut self, micros: i64, sign: i64) {
        let millis = micros.max(0) / 1_000;
        self.sum += sign * millis;
        self.put(bucket(millis), sign);
    }

    pub fn add(&mut self, other: &Times) {
        self.sum += other.sum;
        for (bucket, count) in &other.buckets {
            self.put(*bucket, *count);
        }
    }

    pub fn put(&mut self, bucket: u16, count: i64) {
        let held = self.buckets.entry(bucket).or_default();
        *held += count;
        if *held == 0 {
            self.buckets.remove(&bucket);
        }
    }

    pub fn buckets(&self) -> impl Iterator<Item = (u16, i64)> {
        self.buckets.iter().map(|(bucket, count)| (*bucket, *count))
    }

    pub fn count(&self) -> i64 {
        self.buckets.values().sum()
    }

    /// In milliseconds; `None` of nothing.
    pub fn mean(&self) -> Option<i64> {
        self.sum.checked_div(self.count())
    }

    /// The length that `percent` of all do not exceed, in milliseconds, within a sixteenth of it. `None` of nothing.
    pub fn percentile(&self, percent: i64) -> Option<i64> {
        let wanted = (self.count() * percent + 99) / 100;
        let mut seen = 0;
        self.buckets().find_map(|(bucket, count)| {
            seen += count;
            (seen >= wanted).then(|| middle(bucket))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_bucket_is_near_what_it_holds(millis in 0..1_000_000_000_000_i64) {
            let near = middle(bucket(millis));
            prop_assert!((near - millis).abs() <= 1.max(millis / 16), "{} for {}", near, millis);
        }

        #[test]
        fn longer_is_never_in_a_lower_bucket(a in 0..1_000_000_000_i64, b in 0..1_000_000_000_i64) {
            prop_assert!(bucket(a.min(b)) <= bucket(a.max(b)));
        }

        #[test]
        fn percentiles_are_those_of_the_sorted_list(
            mut all in prop::collection::vec(0..10_000_000_i64, 1..200),
            percent in 1..=100_i64,
        ) {
            let mut times = Times::default();
            all.iter().for_each(|millis| times.count_micros(millis * 1_000, 1));
            all.sort_unstable();
            let exact = all[((all.len() as i64 * percent + 99) / 100 - 1) as usize];
            let near = times.percentile(percent).unwrap();
            prop_assert!((near - exact).abs() <= 1.max(exact / 16), "{} for {}", near, exact);
            prop_assert_eq!(times.mean(), Some(all.iter().sum::<i64>() / all.len() as i64));
        }
    }

    #[test]
    fn of_nothing_there_is_nothing() {
        assert_eq!((Times::default().mean(), Times::default().percentile(50)), (None, None));
    }
}
