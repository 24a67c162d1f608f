//! The feed over a real database: two processes' feeds over one log, every start, and every way a stream ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use docket::feed::{Config, End, Ended, Event, Feed, NotStarted, Selection, Start, Stream, Waited, Wanted};
use docket::identity::TokenError;
use docket::model::activity::{Activity, Committed};
use docket::model::time::Instant;
use docket::store::audience::Audience;
use docket::store::pool::{self, Pool};
use docket::store::wall::as_server;
use docket::telemetry::{Metrics, Phase};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::support::database;

mod log;
mod reader;

use log::{Log, at};
use reader::{PATIENCE, Reader};

const HOUR: Duration = Duration::from_secs(3600);

/// A server process, as far as the feed goes.
struct Process {
    feed: Feed,
    publish: mpsc::Sender<Committed>,
    phase: watch::Sender<Phase>,
}

fn process(url: &str, change: impl FnOnce(&mut Config)) -> Process {
    // No hint, no poll: what a test does not ask for cannot help it.
    let mut config = Config { hints: None, poll_every: HOUR, ..Config::new(as_server(url)) };
    change(&mut config);
    let pool = Pool::new(&as_server(url), pool::Settings { size: 4, ..pool::Settings::default() }).expect("a pool");
    let metrics = Arc::new(Metrics::new().expect("metrics"));
    let (phase, watched) = watch::channel(Phase::Ready);
    let (publish, committed) = mpsc::channel(1024);
    let feed = Feed::new(config, pool, metrics, watched);
    tokio::spawn(feed.clone().run(committed));
    Process { feed, publish, phase }
}

fn wanted(start: Start) -> Wanted {
    Wanted {
        tenant: "acme".into(),
        start,
        selection: Selection::default(),
        tickets: true,
        snapshot: false,
        lost: Box::pin(std::future::pending()),
    }
}

fn selected(filter: &str) -> Selection {
    Selection::new(filter, Audience::default()).expect("a filter")
}

fn all(last: i64) -> Vec<i64> {
    (1..=last).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_and_lost_news_still_make_one_log() {
    let url = database().await;
    let mut log = Log::open(&url).await;
    let quick = |config: &mut Config| config.poll_every = Duration::from_millis(50);
    let processes = [process(&url, quick), process(&url, quick)];
    let mut readers = Vec::new();
    for process in [0, 0, 1] {
        readers.push(Reader::start(&processes[process].feed, wanted(Start::Earliest)).await);
    }
    for round in 0..60 {
        let committed = log.commit(1 + round % 7).await;
        // One process made it; every third time even that one does not hear of it.
        if round % 3 > 0 {
            processes[round as usize % 2].publish.send(committed).await.expect("it runs");
        }
    }
    for reader in &mut readers {
        assert_eq!(reader.up_to(log.position).await, all(log.position));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_here_reaches_a_reader_without_a_look_at_the_table() {
    let url = database().await;
    let mut log = Log::open(&url).await;
    let process = process(&url, |_| {});
    let mut reader = Reader::start(&process.feed, wanted(Start::Latest)).await;
    for _ in 0..20 {
        let committed = log.commit(3).await;
        process.publish.send(committed).await.expect("it runs");
        reader.up_to(log.position).await;
    }
    // What comes late or twice changes nothing, and what was lost is read.
    let (lost, late) = (log.commit(5).await, log.commit(5).await);
    for news in [late.clone(), lost, late] {
        process.publish.send(news).await.expect("it runs");
    }
    assert_eq!(reader.up_to(70).await, (61..=70).collect::<Vec<_>>());
    let committed = log.commit(1).await;
    process.publish.send(committed).await.expect("it runs");
    assert_eq!(reader.up_to(71).await, [71]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hints_alone_tell_other_processes() {
    let url = database().await;
    let mut log = Log::open(&url).await;
    let hints = |config: &mut Config| config.hints = Some(url.clone());
    let (writes, reads) = (process(&url, hints), process(&url, hints));
    let mut reader = Reader::start(&reads.feed, wanted(Start::Latest)).await;
    // Until both have connected, hints go nowhere; commits go on until one is heard of.
    let heard = Arc::new(AtomicBool::new(false));
    let told = heard.clone();
    let writing = tokio::spawn(async move {
        while !told.load(Ordering::Relaxed) {
            let committed = log.commit(1).await;
            writes.publish.send(committed).await.expect("it runs");
        }
        log.position
    });
    let first = reader.next().await.expect("no end").position();
    heard.store(true, Ordering::Relaxed);
    assert_eq!(first, 1);
    assert!(writing.await.expect("no panic") >= 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_starts_where_it_is_told() {
    let url = database().await;
    let mut log = Log::open(&url).await;
    log.commit(300).await;
    log.sql("DELETE FROM activity WHERE position <= 10; UPDATE tenant_head SET floor = 10").await;
    let process = process(&url, |_| {});
    let epoch = log.epoch;
    for (start, position) in [
        (Start::Earliest, 10),
        (Start::Latest, 300),
        (Start::After { position: 10, epoch: 0 }, 10),
        (Start::After { position: 299, epoch }, 299),
        (Start::At(at(0)), 10),
        (Start::At(at(150)), 149),
        (Start::At(Instant(at(150).0 + 1)), 150),
        (Start::At(at(9_999)), 300),
    ] {
        let mut reader = Reader::start(&process.feed, wanted(start)).await;
        assert_eq!(reader.reached, position, "{start:?}");
        if position < 300 {
            assert_eq!(reader.up_to(300).await, (position + 1..=300).collect::<Vec<_>>(), "{start:?}");
        }
    }
    let unknown = |position, epoch: i64| NotStarted::PositionUnknown { position, head: 300, epoch };
    for (start, refusal) in [
        (Start::After { position: 301, epoch: 0 }, unknown(301, epoch)),
        (Start::After { position: 20, epoch: epoch + 1 }, unknown(20, epoch)),
        (Start::After { position: 9, epoch: 0 }, NotStarted::PositionExpired { position: 9, oldest: 11 }),
    ] {
        assert_eq!(process.feed.stream(wanted(start)).await.err(), Some(refusal));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filtered_reader_accounts_for_everything() {
    let url = database().await;
    let mut log = Log::open(&url).await;
    log.commit_as(200, "ticket.created", "rita").await;
    let process = process(&url, |config| config.bookmark_every = Duration::from_millis(200));
    let selection = selected("activity.type == 'ticket.deleted' && activity.actor.kind == 'AGENT'");
    let mut reader = Reader::start(&process.feed, Wanted { selection, ..wanted(Start::Earliest) }).await;
    assert_eq!(reader.next().await, Ok(Event::Bookmark(200)), "a past without a match ends in a bookmark");

    for (kind, many) in [("ticket.created", 30), ("ticket.deleted", 1), ("ticket.created", 5)] {
        let committed = log.commit_as(many, kind, "rita").await;
        process.publish.send(committed).await.expect("it runs");
    }
    let mut matched = Vec::new();
    // A bookmark comes though nothing matches any more.
    while reader.reached < 236 {
        if let Event::Activity(activity) = reader.next().await.expect("no end") {
            matched.push(activity.position);
        }
    }
    assert_eq!(matched, [231]);
    assert_eq!(reader.next().await, Ok(Event::Bookmark(236)), "and again, though nothing happens");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bookmark_leaves_a_read_under_way_alone() {
    let url = database().await;
    let mut log = Log::open(&url).await;
    log.commit(300).await;
    let process = process(&url, |config| config.bookmark_every = Duration::from_millis(1));
    log.sql("BEGIN; LOCK TABLE activity IN ACCESS EXCLUSIVE MODE").await;
    let mut reader = Reader::start(&process.feed, wanted(Start::Earliest)).await;
    while log.waiting().await == 0 {
        assert_eq!(reader.next().await, Ok(Event::Bookmark(0)));
    }
    for _ in 0..50 {
        assert_eq!(reader.next().await, Ok(Event::Bookmark(0)));
    }
    assert_eq!(log.waiting().await, 1, "the read is still the first one");
    log.sql("COMMIT").await;
    assert_eq!(reader.up_to(300).await, all(300));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_requester_sees_the_public_part_of_their_own_tickets() {
    let url = database().await;
    let mut log = Log::open(&url).await;
    for (kind, requester) in [
        ("ticket.created", "rita"),
        ("ticket.created", "otto"),
        ("ticket.note_added", "rita"),
        ("ticket.rated", "rita"),
    ] {
        log.commit_as(1, kind, requester).await;
    }
    let process = process(&url, |_| {});
    let audience = Audience { app_id: None, requester: Some("rita".into()) };
    let selection = Selection::new("", audience).expect("no filter");
    let mut reader = Reader::start(&process.feed, Wanted { selection, ..wanted(Start::Earliest) }).await;
    assert_eq!(reader.up_to(4).await, [1, 4]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_is_cut_off_and_can_go_on() {
    let url = database().await;
    let mut log = Log::open(&url).await;
    log.commit(300).await;
    let process = process(&url, |config| {
        (config.slow_after, config.streams_per_tenant) = (Duration::from_millis(100), 1);
    });
    let mut reader = Reader::start(&process.feed, wanted(Start::Earliest)).await;
    // Nobody reads; the place is free again once the stream was given up.
    drop(room(&process.feed, Start::Latest).await);
    let mut seen = Vec::new();
    let ended = loop {
        match reader.next().await {
            Ok(event) => seen.push(event.position()),
            Err(ended) => break ended,
        }
    };
    let position = seen.len() as i64;
    assert_eq!(ended, Ended { position, why: End::SlowReader });
    assert_eq!(seen, all(position), "what was in the buffer still arrives");
    let mut again = Reader::of(room(&process.feed, Start::After { position, epoch: log.epoch }).await).await;
    assert_eq!(again.up_to(300).await, (position + 1..=300).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_draining_and_another_epoch_end_streams_with_their_position() {
    let url = database().await;
    let mut log = Log::open(&url).await;
    log.commit(20).await;
    let process = process(&url, |config| config.poll_every = Duration::from_millis(50));

    let (lose, lost) = oneshot::channel();
    let lost = Box::pin(async { lost.await.expect("it is lost below") });
    let mut short = Reader::start(&process.feed, Wanted { lost, ..wanted(Start::Latest) }).await;
    lose.send(TokenError::Expired).expect("the stream asks");
    assert_eq!(short.end().await, Ended { position: 20, why: End::CallerLost(TokenError::Expired) });

    let mut old = Reader::start(&process.feed, wanted(Start::Latest)).await;
    log.sql("UPDATE installation SET epoch = epoch + 1").await;
    let why = End::OtherLog { head: 20, epoch: log.epoch + 1 };
    assert_eq!(old.end().await, Ended { position: 20, why });

    let mut last = Reader::start(&process.feed, wanted(Start::Latest)).await;
    process.phase.send_replace(Phase::Draining);
    assert_eq!(last.end().await, Ended { position: 20, why: End::Draining });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retention_that_overtakes_a_reader_ends_it() {
    let url = database().await;
    let mut log = Log::open(&url).await;
    let process = process(&url, |config| config.poll_every = Duration::from_millis(50));
    let mut reader = Reader::start(&process.feed, wanted(Start::Latest)).await;
    log.sql("BEGIN").await;
    log.sql("UPDATE tenant_head SET position = 50, floor = 40; COMMIT").await;
    assert_eq!(reader.end().await, Ended { position: 0, why: End::Expired { oldest: 41 } });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_has_so_many_streams_and_no_more() {
    let url = database().await;
    Log::open(&url).await;
    let process = process(&url, |config| config.streams_per_tenant = 2);
    let first = Reader::start(&process.feed, wanted(Start::Latest)).await;
    let _second = Reader::start(&process.feed, wanted(Start::Latest)).await;
    let refused = process.feed.stream(wanted(Start::Latest)).await.err();
    assert_eq!(refused, Some(NotStarted::TooMany { limit: 2 }));
    let other = Wanted { tenant: "other".into(), ..wanted(Start::Latest) };
    Reader::start(&process.feed, other).await;
    drop(first);
    drop(room(&process.feed, Start::Latest).await);
}

/// A stream, once the tenant may have one more: a place is free a little after its stream has ended.
async fn room(feed: &Feed, start: Start) -> Stream {
    let asking = async {
        loop {
            if let Ok(stream) = feed.stream(wanted(start)).await {
                return stream;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, asking).await.expect("a place of one that ended")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_for_a_position_ends_when_reads_see_it() {
    let url = database().await;
    let mut log = Log::open(&url).await;
    log.commit(7).await;
    let epoch = log.epoch;
    let process = process(&url, |_| {});
    let wait = |position, epoch| process.feed.wait_for("acme", position, epoch, None);
    assert_eq!(wait(0, 0).await, Waited::Reached);
    assert_eq!(wait(7, epoch).await, Waited::Reached);
    assert_eq!(wait(8, 0).await, Waited::Unknown { head: 7, epoch });
    assert_eq!(wait(7, epoch + 1).await, Waited::Unknown { head: 7, epoch });
    let away = self::process("host=/nowhere user=nobody", |_| {});
    let soon = tokio::time::Instant::now() + Duration::from_millis(50);
    assert_eq!(away.feed.wait_for("acme", 7, 0, Some(soon)).await, Waited::NotReached);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_that_the_database_takes_gives_what_memory_gives() {
    let url = database().await;
    let mut log = Log::open(&url).await;
    for round in 0..150 {
        log.commit_as(7, "ticket.created", "rita").await;
        log.commit_as(1, if round % 2 == 0 { "ticket.message_added" } else { "ticket.status_changed" }, "otto").await;
    }
    let head = log.position;
    let process = process(&url, |_| {});
    let requester = |sub: &str| Audience { app_id: None, requester: Some(sub.into()) };
    for (filter, audience, each) in [
        ("activity.type == 'ticket.message_added'", Audience::default(), 16),
        // No column holds it: this one is looked at here.
        ("activity.type == 'ticket.message_added' && !has(activity.cause)", Audience::default(), 16),
        ("activity.type != 'ticket.created'", requester("otto"), 8),
        ("", requester("otto"), 8),
    ] {
        let selection = Selection::new(filter, audience).expect("a filter");
        let wanted = Wanted { selection, tickets: false, ..wanted(Start::After { position: 3, epoch: 0 }) };
        let mut reader = Reader::start(&process.feed, wanted).await;
        let mut seen = Vec::new();
        while reader.reached < head {
            if let Event::Activity(activity) = reader.next().await.expect("no end") {
                seen.push(activity.position);
            }
        }
        assert_eq!(seen, (1..=head / each).map(|n| n * each - (each - 8)).collect::<Vec<_>>(), "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filtered_read_back_waits_for_what_is_not_there_and_ends_where_retention_was() {
    let url = database().await;
    let mut log = Log::open(&url).await;
    log.commit(300).await;
    let process = process(&url, |config| config.poll_every = Duration::from_millis(50));
    let nothing =
        || Wanted { selection: selected("activity.type == 'ticket.message_added'"), ..wanted(Start::Earliest) };
    let mut behind = Reader::start(&process.feed, nothing()).await;
    assert_eq!(behind.next().await, Ok(Event::Bookmark(300)));
    // News from further on than the table goes: never a word that all up to there was looked at.
    let mut news = log.commit(1).await;
    let ahead = Activity { position: 900, ..Activity::clone(&news.activities[0]) };
    news.activities = vec![Arc::new(ahead)];
    process.publish.send(news).await.expect("it runs");
    assert!(timeout(Duration::from_millis(700), behind.next()).await.is_err(), "it waits");
    log.sql("UPDATE tenant_head SET position = 900, floor = 500").await;
    assert_eq!(behind.end().await, Ended { position: 300, why: End::Expired { oldest: 501 } });
}
