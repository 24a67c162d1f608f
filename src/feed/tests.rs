//! Whatever is lost, doubled or late on the way to a hub, its readers see 1 to N, once, in order.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use proptest::prelude::*;
use tokio::sync::watch;
use tokio::time::Instant;

use super::hub::{Given, Hub};
use super::ring::{HERE, Next, Ring};
use super::segment::Segment;
use super::shared_activity::SharedActivity;
use super::subscription::Subscription;
use super::{Config, End, Feed, Selection};
use crate::model::fixture;
use crate::model::time::Instant as Moment;
use crate::store::pool::{self, Pool};
use crate::telemetry::{Metrics, Phase};

fn activity(position: i64) -> Arc<SharedActivity> {
    SharedActivity::new(Arc::new(fixture::activity("acme", position, "ticket.created", Moment(position))))
}

fn positions(activities: &[Arc<SharedActivity>]) -> Vec<i64> {
    activities.iter().map(|activity| activity.position).collect()
}

fn range(from: i64, to: i64) -> Vec<Arc<SharedActivity>> {
    (from..=to).map(activity).collect()
}

/// What happens to a hub.
#[derive(Clone, Debug)]
enum Happening {
    /// A commit of so many activities; how its news come.
    Commit {
        activities: i64,
        news: News,
    },
    /// News of long ago come again.
    Again {
        from: prop::sample::Index,
        activities: i64,
    },
    /// One reader takes a step.
    Step {
        reader: prop::sample::Index,
        most: usize,
    },
    /// One more reader begins, somewhere.
    Enter {
        at: prop::sample::Index,
    },
    Poll,
    /// Time goes by.
    Pass {
        micros: u64,
    },
}

#[derive(Clone, Copy, Debug)]
enum News {
    Here,
    Hint,
    Lost,
}

fn happening() -> impl Strategy<Value = Happening> {
    let news = prop_oneof![Just(News::Here), Just(News::Hint), Just(News::Lost)];
    prop_oneof![
        4 => (1..40i64, news).prop_map(|(activities, news)| Happening::Commit { activities, news }),
        1 => (any::<prop::sample::Index>(), 1..20i64).prop_map(|(from, activities)| Happening::Again { from, activities }),
        6 => (any::<prop::sample::Index>(), 1..80usize).prop_map(|(reader, most)| Happening::Step { reader, most }),
        1 => any::<prop::sample::Index>().prop_map(|at| Happening::Enter { at }),
        1 => Just(Happening::Poll),
        2 => (1..4_000u64).prop_map(|micros| Happening::Pass { micros }),
    ]
}

/// A reader that reads the table as a subscription does.
struct Reader {
    id: u64,
    position: i64,
}

impl Reader {
    /// Takes one step and checks it. False when there was nothing.
    fn step(&mut self, hub: &Hub, committed: i64, most: usize, now: Instant) -> Result<bool, TestCaseError> {
        let taken = match hub.after(self.id, self.position, most, now) {
            Given::Own(Next::Nothing) => return Ok(false),
            Given::Own(Next::Here(activities)) => positions(&activities),
            Given::Shared { segment, .. } => positions(segment.activities()),
            Given::Own(Next::Gap { up_to, newest }) => {
                prop_assert!(up_to <= committed, "only what is committed is asked of the table");
                let rows = range(self.position + 1, up_to);
                if newest {
                    hub.push(&rows);
                }
                positions(&rows)
            }
        };
        prop_assert!(!taken.is_empty() && taken.len() <= most.max(HERE));
        for position in taken {
            prop_assert_eq!(position, self.position + 1);
            self.position = position;
        }
        Ok(true)
    }
}

proptest! {
    #[test]
    fn every_reader_sees_every_position_once_and_in_order(
        happenings in prop::collection::vec(happening(), 1..120),
        readers in prop_oneof![Just(2), Just(60)],
    ) {
        let cached = Arc::new(AtomicUsize::new(0));
        let hub = Hub::new("acme", 1, cached.clone());
        let mut committed = 0;
        let mut now = Instant::now();
        let enter = |position| Reader { id: hub.enter(200).expect("room"), position };
        let mut readers: Vec<Reader> = (0..readers).map(|_| enter(0)).collect();
        for happening in happenings {
            match happening {
                Happening::Commit { activities, news } => {
                    let fresh = range(committed + 1, committed + activities);
                    committed += activities;
                    match news {
                        News::Here => hub.push(&fresh),
                        News::Hint => hub.learn(committed),
                        News::Lost => {}
                    }
                }
                Happening::Again { from, activities } if committed > 0 => {
                    let from = 1 + from.index(committed as usize) as i64;
                    hub.push(&range(from, committed.min(from + activities)));
                }
                Happening::Again { .. } => {}
                Happening::Step { reader, most } => {
                    let reader = reader.index(readers.len());
                    readers[reader].step(&hub, committed, most, now)?;
                }
                Happening::Enter { at } => readers.push(enter(at.index(committed as usize + 1) as i64)),
                Happening::Poll => hub.learn(committed),
                Happening::Pass { micros } => now += Duration::from_micros(micros),
            }
        }
        hub.learn(committed);
        for reader in &mut readers {
            while reader.step(&hub, committed, 64, now)? {}
            prop_assert_eq!(reader.position, committed);
        }
        prop_assert_eq!(hub.log_head().head, committed);
        for reader in readers {
            hub.leave(reader.id);
        }
        prop_assert_eq!(cached.load(std::sync::atomic::Ordering::Relaxed), 0);
    }
}

/// What a reader is given, and when it shall come again.
fn given(hub: &Hub, reader: u64, position: i64, now: Instant) -> (Arc<Segment>, Option<Instant>) {
    match hub.after(reader, position, 64, now) {
        Given::Shared { segment, again } => (segment, again),
        other => panic!("{other:?}"),
    }
}

#[test]
fn many_readers_are_given_the_same_until_their_turn_is_over() {
    let hub = Hub::new("acme", 1, Arc::default());
    let readers: Vec<u64> = (0..100).map(|_| hub.enter(100).expect("room")).collect();
    let now = Instant::now();
    hub.push(&range(1, 3));
    let (first, ends) = given(&hub, readers[0], 0, now);
    assert_eq!((first.since(), first.up_to()), (0, 3));
    let ends = ends.expect("a tick");
    assert!(ends > now);

    hub.push(&range(4, 5));
    let (same, again) = given(&hub, readers[1], 0, now);
    assert!(Arc::ptr_eq(&first, &same) && again == Some(ends));
    let (straggler, _) = given(&hub, readers[2], 1, now);
    assert_eq!((straggler.since(), straggler.up_to()), (1, 3), "it is where the others are when the tick is over");
    let (newcomer, again) = given(&hub, readers[3], 4, now);
    assert_eq!((newcomer.up_to(), again), (5, Some(ends)));

    let (next, again) = given(&hub, readers[0], 3, ends);
    assert_eq!(next.up_to(), 5);
    assert!(again.is_some_and(|again| again > ends));
}

#[test]
fn few_readers_wait_for_nobody() {
    let hub = Hub::new("acme", 1, Arc::default());
    let readers = [(); 10].map(|()| hub.enter(10).expect("room"));
    hub.push(&range(1, 3));
    let now = Instant::now();
    assert_eq!(hub.after(readers[0], 0, 64, now), Given::Own(Next::Here(range(1, 3))));
    hub.push(&range(4, 5));
    assert_eq!(hub.after(readers[1], 0, 64, now), Given::Own(Next::Here(range(1, 5))));
}

#[test]
fn what_all_readers_have_is_not_cached() {
    let cached = Arc::new(AtomicUsize::new(0));
    let hub = Hub::new("acme", 1, cached.clone());
    let (fast, slow) = (hub.enter(9).expect("room"), hub.enter(9).expect("room"));
    let count = || cached.load(std::sync::atomic::Ordering::Relaxed);
    hub.after(fast, 0, 64, Instant::now());
    hub.after(slow, 0, 64, Instant::now());
    hub.push(&range(1, 100));
    assert_eq!(hub.after(fast, 100, 64, Instant::now()), Given::Own(Next::Nothing));
    assert_eq!(count(), 100, "the slow reader still wants them");
    hub.after(slow, 90, 64, Instant::now());
    assert_eq!(count(), 10);
    hub.push(&range(101, 3_000));
    assert_eq!(count(), 1_024, "however slow it is");
}

#[test]
fn a_full_hub_takes_no_reader_until_one_leaves() {
    let hub = Hub::new("acme", 1, Arc::default());
    let first = hub.enter(2).expect("room");
    hub.enter(2).expect("room");
    assert_eq!(hub.enter(2), None);
    assert!(!hub.leave(first));
    assert!(hub.enter(2).is_some());
}

#[test]
fn news_with_a_hole_in_them_only_tell_of_nothing() {
    let mut ring = Ring::default();
    assert!(!ring.push(&[activity(1), activity(3)], 64));
    assert_eq!((ring.head(), ring.len()), (0, 0));
}

#[tokio::test]
async fn a_reader_that_entered_a_hub_as_it_closed_is_told_so() {
    let pool = Pool::new("host=/nowhere user=nobody", pool::Settings::default()).expect("a pool");
    let metrics = Arc::new(Metrics::new().expect("metrics"));
    let (_phase, watched) = watch::channel(Phase::Ready);
    let feed = Feed::new(Config::new(String::new()), pool, metrics, watched);
    let (hub, reader) = feed.enter("acme").expect("room");
    // The first look at the epoch comes just between entering and watching.
    feed.adopt(7);
    let mut late = Subscription::new(feed, hub, reader, Selection::default().past(false));
    assert_ne!(late.epoch(), 7, "or it would wait for ever for what only the next hub hears");
    assert_eq!(late.next().await.err(), Some(End::OtherLog { head: 0, epoch: 7 }));
}
