//! A reader of one stream.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use docket::feed::{Ended, Event, Feed, SharedActivity, Stream, Wanted};
use tokio::time::{Instant, timeout, timeout_at};

/// Far more than anything here takes.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Reads a stream and checks the chain of its frames.
pub struct Reader {
    stream: Stream,
    /// What is left of a segment.
    rest: VecDeque<Arc<SharedActivity>>,
    /// What the frames so far account for.
    pub reached: i64,
    /// When that last grew: bookmarks alone are no progress.
    moved: Instant,
}

impl Reader {
    /// Starts and takes the first bookmark.
    pub async fn start(feed: &Feed, wanted: Wanted) -> Reader {
        Reader::of(feed.stream(wanted).await.expect("a stream")).await
    }

    pub async fn of(mut stream: Stream) -> Reader {
        let first = timeout(PATIENCE, stream.next()).await.expect("in time").expect("a frame").expect("no end");
        assert_eq!(first.event, Event::Bookmark(first.since), "the first frame is a bookmark with the start");
        Reader { stream, rest: VecDeque::new(), reached: first.since, moved: Instant::now() }
    }

    pub async fn next(&mut self) -> Result<Event, Ended> {
        if let Some(activity) = self.rest.pop_front() {
            assert_eq!(activity.position, self.reached + 1, "a segment has no hole");
            self.reached = activity.position;
            return Ok(Event::Activity(activity));
        }
        let patience = self.moved + PATIENCE;
        let frame = timeout_at(patience, self.stream.next()).await.expect("in time").expect("a frame or an end")?;
        assert_eq!(frame.since, self.reached, "each frame goes on where the one before it ended");
        if let Event::Segment(segment) = frame.event {
            self.moved = Instant::now();
            self.rest.extend(segment.activities().iter().cloned());
            return Box::pin(self.next()).await;
        }
        if frame.event.position() > self.reached {
            (self.reached, self.moved) = (frame.event.position(), Instant::now());
        }
        assert!(self.moved.elapsed() < PATIENCE, "bookmarks alone since {}", self.reached);
        Ok(frame.event)
    }

    /// The positions of the next activities, up to `last`.
    pub async fn up_to(&mut self, last: i64) -> Vec<i64> {
        let mut seen = Vec::new();
        while seen.last() != Some(&last) {
            if let Event::Activity(activity) = self.next().await.expect("no end") {
                seen.push(activity.position);
            }
        }
        seen
    }

    pub async fn end(&mut self) -> Ended {
        loop {
            if let Err(ended) = self.next().await {
                return ended;
            }
        }
    }
}
