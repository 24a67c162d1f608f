//! One stream: frames in order, bookmarks between them, and why it ended.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::subscription::{Step, Subscription};
use super::{End, Feed, Selection};
use crate::model::activity::Activity;
use crate::model::time::Instant as Moment;
use crate::telemetry::{Metrics, Phase};

/// The longest life of a stream, for tokens that end in another century.
const LIFE: Duration = Duration::from_secs(365 * 24 * 3600);

#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Activity(Arc<Activity>),
    /// Everything up to the position was sent, or not asked for.
    Bookmark(i64),
}

impl Event {
    /// The position that the frame accounts for.
    pub fn position(&self) -> i64 {
        match self {
            Event::Activity(activity) => activity.position,
            Event::Bookmark(position) => *position,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// The position that the frame before it accounted for.
    pub since: i64,
    pub event: Event,
}

/// How a stream ended, and the position to go on after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub position: i64,
    pub why: End,
}

/// The reader's end. Dropping it ends the stream.
pub struct Stream {
    pub epoch: i64,
    frames: mpsc::Receiver<Frame>,
    ended: oneshot::Receiver<Ended>,
}

/// The other end.
struct Delivery {
    subscription: Subscription,
    selection: Selection,
    outlet: Outlet,
    metrics: Arc<Metrics>,
}

/// Where frames go.
struct Outlet {
    frames: mpsc::Sender<Frame>,
    /// What the last frame accounted for.
    accounted: i64,
    bookmark_at: Instant,
    bookmark_every: Duration,
    slow_after: Duration,
}

/// Why no more frames are made. `None`: nobody reads them.
type Over = Option<End>;

impl Stream {
    pub(super) fn start(feed: Feed, subscription: Subscription, selection: Selection, until: SystemTime) -> Stream {
        let config = &feed.0.config;
        let (sender, frames) = mpsc::channel(config.buffer.max(1));
        let (end, ended) = oneshot::channel();
        let epoch = subscription.epoch();
        let outlet = Outlet {
            frames: sender,
            accounted: subscription.position(),
            bookmark_at: Instant::now(),
            bookmark_every: config.bookmark_every,
            slow_after: config.slow_after,
        };
        let delivery = Delivery { subscription, selection, outlet, metrics: feed.0.metrics.clone() };
        let draining = Phase::draining(feed.0.phase.clone());
        let life = until.duration_since(SystemTime::now()).unwrap_or_default().min(LIFE);
        tokio::spawn(async move {
            if let Some(ending) = delivery.run(draining, life).await {
                // Nobody reads: nobody needs to know why it ended.
                let _ = end.send(ending);
            }
        });
        Stream { epoch, frames, ended }
    }

    /// The next frame, or why there is none. `None`: the delivery broke off without a word.
    pub async fn next(&mut self) -> Option<Result<Frame, Ended>> {
        match self.frames.recv().await {
            Some(frame) => Some(Ok(frame)),
            None => (&mut self.ended).await.ok().map(Err),
        }
    }
}

impl Delivery {
    async fn run(mut self, draining: impl Future<Output = ()>, life: Duration) -> Option<Ended> {
        self.metrics.stream_opened();
        let why = tokio::select! {
            biased;
            () = draining => Some(End::Draining),
            () = sleep(life) => Some(End::TokenExpired),
            Err(over) = self.deliver() => over,
        };
        self.metrics.stream_closed();
        why.map(|why| Ended { position: self.subscription.position(), why })
    }

    /// Sends what there is and what comes. Wherever it is cut off, the position is that of what was accounted for.
    async fn deliver(&mut self) -> Result<Infallible, Over> {
        self.outlet.bookmark(self.subscription.position()).await?;
        let mut caught_up = false;
        loop {
            let step = self.next().await?;
            self.step(step).await?;
            if !caught_up && self.subscription.is_level() {
                caught_up = true;
                // A reader whose filter took nothing of the past hears that it is over.
                if self.outlet.accounted < self.subscription.position() {
                    self.outlet.bookmark(self.subscription.position()).await?;
                }
            }
        }
    }

    /// What comes next. Bookmarks go out while it is waited for, and never end a read that is under way.
    async fn next(&mut self) -> Result<Step, Over> {
        let position = self.subscription.position();
        let mut step = pin!(self.subscription.next());
        loop {
            tokio::select! {
                biased;
                () = self.outlet.frames.closed() => return Err(None),
                () = sleep_until(self.outlet.bookmark_at) => self.outlet.bookmark(position).await?,
                step = &mut step => return step.map_err(Some),
            }
        }
    }

    async fn step(&mut self, step: Step) -> Result<(), Over> {
        let Step { activities, live } = step;
        if let Some(oldest) = activities.first().filter(|_| live) {
            let micros = Moment::host_now().0.saturating_sub(oldest.occurred_at.0);
            self.metrics.stream_lag(Duration::from_micros(micros.max(0) as u64));
        }
        for activity in activities {
            let position = activity.position;
            if self.selection.takes(&activity) {
                self.outlet.send(Event::Activity(activity)).await?;
            }
            self.subscription.advance(position);
        }
        Ok(())
    }
}

impl Outlet {
    async fn bookmark(&mut self, position: i64) -> Result<(), Over> {
        self.bookmark_at = Instant::now() + self.bookmark_every;
        self.send(Event::Bookmark(position)).await
    }

    async fn send(&mut self, event: Event) -> Result<(), Over> {
        let accounted = event.position();
        let frame = Frame { since: self.accounted, event };
        match self.frames.try_send(frame) {
            Ok(()) => {}
            Err(TrySendError::Closed(_)) => return Err(None),
            Err(TrySendError::Full(frame)) => match timeout(self.slow_after, self.frames.send(frame)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(None),
                Err(_) => return Err(Some(End::SlowReader)),
            },
        }
        self.accounted = accounted;
        Ok(())
    }
}
