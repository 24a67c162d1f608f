//! When a JWK set is fetched again, and how long an old one is good. No clock, no network: each step is told the time.

use std::time::{Duration, Instant};

/// At most one fetch in this time is made because a token names an unknown key.
pub const UNKNOWN_KEY_EVERY: Duration = Duration::from_secs(30);

/// After a fetch that failed, the next one follows at the latest after this.
pub const RETRY_EVERY: Duration = Duration::from_secs(10);

/// How long keys are good beyond the time at which they should have been fetched again.
pub const KEEP: Duration = Duration::from_secs(3_600);

/// What a token with an unknown key waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// A fetch, which is to begin now.
    Fetch,
    /// A fetch that is on its way.
    Wait,
    /// Nothing: a fetch was made lately.
    Refuse,
}

#[derive(Debug)]
pub struct Refetch {
    every: Duration,
    fetching: bool,
    /// The last fetch, and whether it succeeded.
    last: Option<(Instant, bool)>,
    /// The last one that succeeded.
    good: Option<Instant>,
    /// The last one that a token asked for.
    asked: Option<Instant>,
}

impl Refetch {
    /// `every`: how often the set is fetched.
    pub fn new(every: Duration) -> Refetch {
        Refetch { every, fetching: false, last: None, good: None, asked: None }
    }

    /// A fetch begins.
    pub fn begin(&mut self) {
        self.fetching = true;
    }

    /// It has ended.
    pub fn end(&mut self, now: Instant, succeeded: bool) {
        self.fetching = false;
        self.last = Some((now, succeeded));
        if succeeded {
            self.good = Some(now);
        }
    }

    /// How long to wait for the next fetch.
    pub fn pause(&self, now: Instant) -> Duration {
        let Some((last, succeeded)) = self.last else { return Duration::ZERO };
        let pause = if succeeded { self.every } else { self.every.min(RETRY_EVERY) };
        (last + pause).saturating_duration_since(now)
    }

    /// A token names a key that nobody knows.
    pub fn unknown(&mut self, now: Instant) -> Unknown {
        if self.fetching {
            return Unknown::Wait;
        }
        if self.asked.is_some_and(|asked| now < asked + UNKNOWN_KEY_EVERY) {
            return Unknown::Refuse;
        }
        self.asked = Some(now);
        // From now on others wait for the same one.
        self.fetching = true;
        Unknown::Fetch
    }

    /// Whether the keys of the last fetch that succeeded are still good.
    pub fn is_usable(&self, now: Instant) -> bool {
        self.good.is_some_and(|good| now < good + self.every + KEEP)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EVERY: Duration = Duration::from_secs(600);

    fn fetched(now: Instant) -> Refetch {
        let mut refetch = Refetch::new(EVERY);
        refetch.begin();
        refetch.end(now, true);
        refetch
    }

    #[test]
    fn a_set_is_fetched_at_once_then_regularly_and_sooner_after_a_failure() {
        let start = Instant::now();
        let mut refetch = Refetch::new(EVERY);
        assert_eq!(refetch.pause(start), Duration::ZERO);
        refetch.begin();
        refetch.end(start, true);
        assert_eq!(refetch.pause(start), EVERY);
        assert_eq!(refetch.pause(start + EVERY), Duration::ZERO);
        refetch.end(start + EVERY, false);
        assert_eq!(refetch.pause(start + EVERY), RETRY_EVERY);
        let mut often = Refetch::new(Duration::from_secs(1));
        often.end(start, false);
        assert_eq!(often.pause(start), Duration::from_secs(1));
    }

    #[test]
    fn an_unknown_key_is_asked_for_once_in_a_while_and_by_all_together() {
        let start = Instant::now();
        let mut refetch = fetched(start);
        assert_eq!(refetch.unknown(start), Unknown::Fetch);
        assert_eq!(refetch.unknown(start), Unknown::Wait);
        refetch.end(start, true);
        assert_eq!(refetch.unknown(start + UNKNOWN_KEY_EVERY / 2), Unknown::Refuse);
        refetch.begin();
        assert_eq!(refetch.unknown(start + UNKNOWN_KEY_EVERY / 2), Unknown::Wait, "the regular one may bring it");
        refetch.end(start + UNKNOWN_KEY_EVERY / 2, true);
        assert_eq!(refetch.unknown(start + UNKNOWN_KEY_EVERY), Unknown::Fetch);
    }

    #[test]
    fn keys_outlive_their_url_by_an_hour() {
        let start = Instant::now();
        assert!(!Refetch::new(EVERY).is_usable(start), "none were ever fetched");
        let mut refetch = fetched(start);
        refetch.end(start + EVERY, false);
        assert!(refetch.is_usable(start + EVERY + KEEP - Duration::from_secs(1)));
        assert!(!refetch.is_usable(start + EVERY + KEEP));
        refetch.end(start + EVERY + KEEP, true);
        assert!(refetch.is_usable(start + EVERY + KEEP));
    }

    proptest! {
        /// Whatever comes when: fetches for unknown keys keep their distance, and a failure never makes keys better or worse.
        #[test]
        fn no_storm_of_tokens_is_one_of_fetches(steps in prop::collection::vec((0u64..40, 0u8..3), 1..200)) {
            let mut now = Instant::now();
            let mut refetch = fetched(now);
            let mut last_asked = None;
            for (seconds, step) in steps {
                now += Duration::from_secs(seconds);
                let was = refetch.is_usable(now);
                match step {
                    0 => if refetch.unknown(now) == Unknown::Fetch {
                        prop_assert!(last_asked.is_none_or(|last| now >= last + UNKNOWN_KEY_EVERY));
                        last_asked = Some(now);
                    },
                    1 => {
                        refetch.end(now, false);
                        prop_assert_eq!(refetch.is_usable(now), was);
                        prop_assert!(refetch.pause(now) <= RETRY_EVERY);
                    }
                    _ => {
                        refetch.end(now, true);
                        prop_assert!(refetch.is_usable(now));
                    }
                }
            }
        }
    }
}
