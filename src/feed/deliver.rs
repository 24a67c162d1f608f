//! Delivery of one stream: frames in order, bookmarks between them, and the reason why it ended.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use std::vec;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use super::segment::Segment;
use super::shared_activity::SharedActivity;
use super::snapshot::Snapshot;
use super::start::Lost;
use super::subscription::{Own, Step, Subscription};
use super::{End, Feed, Selection};
use crate::model::ticket::Ticket;
use crate::model::time::Instant as Moment;
use crate::telemetry::{Metrics, Phase};
use crate::workflow::TooMuch;

/// A reader that makes room within this is not waited for.
const PROMPT: Duration = Duration::from_millis(20);

#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Activity(Arc<SharedActivity>),
    /// A frame for each of them, which accounts for what the one before it did, and itself.
    Segment(Arc<Segment>),
    /// Everything up to the position was sent, or not asked for.
    Bookmark(i64),
    /// A ticket as it was at the start, which accounts for nothing yet.
    Snapshot {
        ticket: Box<Ticket>,
        at: i64,
    },
}

impl Event {
    /// The position that the frame accounts for.
    pub fn position(&self) -> i64 {
        match self {
            Event::Activity(activity) => activity.position,
            Event::Segment(segment) => segment.up_to(),
            Event::Bookmark(position) | Event::Snapshot { at: position, .. } => *position,
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
    steps: mpsc::Receiver<Vec<Frame>>,
    /// The step that is being taken.
    step: vec::IntoIter<Frame>,
    taken: Arc<AtomicU64>,
    ended: oneshot::Receiver<Ended>,
}

/// The other end.
struct Delivery {
    feed: Feed,
    subscription: Subscription,
    selection: Selection,
    /// Until it was sent whole.
    snapshot: Option<Snapshot>,
    outlet: Outlet,
    metrics: Arc<Metrics>,
}

/// Where frames go.
struct Outlet {
    /// One step waits while another is taken: a wake-up is dearer than a frame.
    steps: mpsc::Sender<Vec<Frame>>,
    /// Grows with what the reader takes.
    taken: Arc<AtomicU64>,
    /// What the last frame accounted for.
    accounted: i64,
    bookmark_at: Instant,
    bookmark_every: Duration,
    slow_after: Duration,
}

/// Why no more frames are made. `None`: nobody reads them.
type Over = Option<End>;

impl Stream {
    pub(super) fn start(
        feed: Feed,
        subscription: Subscription,
        selection: Selection,
        snapshot: Option<Snapshot>,
        lost: Lost,
    ) -> Stream {
        let config = &feed.0.config;
        let (sender, steps) = mpsc::channel(1);
        let taken = Arc::new(AtomicU64::new(0));
        let (end, ended) = oneshot::channel();
        let epoch = subscription.epoch();
        let outlet = Outlet {
            steps: sender,
            taken: taken.clone(),
            accounted: subscription.position(),
            bookmark_at: Instant::now(),
            bookmark_every: config.bookmark_every,
            slow_after: config.slow_after,
        };
        let (metrics, draining) = (feed.0.metrics.clone(), Phase::draining(feed.0.phase.clone()));
        let delivery = Delivery { feed, subscription, selection, snapshot, outlet, metrics };
        tokio::spawn(async move {
            if let Some(ending) = delivery.run(draining, lost).await {
                // Nobody reads: nobody needs to know why it ended.
                let _ = end.send(ending);
            }
        });
        Stream { epoch, steps, step: Vec::new().into_iter(), taken, ended }
    }

    /// The next frame, or why there is none. `None`: the delivery broke off without a word.
    pub async fn next(&mut self) -> Option<Result<Frame, Ended>> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// How many frames are there already.
    pub fn ready(&self) -> usize {
        self.step.len()
    }

    /// The reader has taken a part of a segment.
    pub fn moved(&self) {
        self.taken.fetch_add(1, Ordering::Relaxed);
    }

    /// [`Stream::next()`] for those who poll.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Ended>>> {
        loop {
            if let Some(frame) = self.step.next() {
                self.moved();
                return Poll::Ready(Some(Ok(frame)));
            }
            match ready!(self.steps.poll_recv(cx)) {
                Some(step) => self.step = step.into_iter(),
                None => return Pin::new(&mut self.ended).poll(cx).map(|ended| ended.ok().map(Err)),
            }
        }
    }
}

impl Delivery {
    async fn run(mut self, draining: impl Future<Output = ()>, lost: Lost) -> Option<Ended> {
        self.metrics.stream_opened();
        let why = tokio::select! {
            biased;
            () = draining => Some(End::Draining),
            why = lost => Some(End::CallerLost(why)),
            Err(over) = self.deliver() => over,
        };
        self.metrics.stream_closed();
        let why = why.map(|why| if self.snapshot.is_some() { End::InSnapshot(Box::new(why)) } else { why });
        why.map(|why| Ended { position: self.subscription.position(), why })
    }

    /// Sends what there is and what comes. Wherever it is cut off, the position is that of what was accounted for.
    async fn deliver(&mut self) -> Result<Infallible, Over> {
        self.snapshot().await?;
        self.outlet.bookmark(self.subscription.position()).await?;
        self.snapshot = None;
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

    async fn snapshot(&mut self) -> Result<(), Over> {
        let at = self.subscription.position();
        while let Some(snapshot) = &mut self.snapshot
            && let Some(tickets) = snapshot.next(&self.feed, &self.selection).await.map_err(Some)?
        {
            let tickets = tickets.into_iter().map(|ticket| Event::Snapshot { ticket: Box::new(ticket), at });
            self.outlet.send(tickets.collect()).await?;
        }
        Ok(())
    }

    /// What comes next. Bookmarks go out while it is waited for, and never end a read that is in flight.
    async fn next(&mut self) -> Result<Step, Over> {
        let position = self.subscription.position();
        let mut step = pin!(self.subscription.next());
        loop {
            tokio::select! {
                biased;
                () = self.outlet.steps.closed() => return Err(None),
                () = sleep_until(self.outlet.bookmark_at) => self.outlet.bookmark(position).await?,
                step = &mut step => return step.map_err(Some),
            }
        }
    }

    async fn step(&mut self, step: Step) -> Result<(), Over> {
        let up_to = step.up_to();
        match step {
            Step::Shared(segment) => {
                self.lag(segment.activities());
                if self.selection.takes_all() {
                    self.outlet.send(vec![Event::Segment(segment)]).await?;
                } else {
                    self.choose(segment.activities().to_vec()).await?;
                }
            }
            Step::Own(Own { activities, up_to: _, live }) => {
                if live {
                    self.lag(&activities);
                }
                let waited_for = self.choose(activities).await?;
                if !live {
                    self.subscription.adapt(waited_for);
                }
            }
        }
        self.subscription.advance(up_to);
        Ok(())
    }

    /// Sends those that the selection takes. Where it has no verdict on one, those before it, and the end. True when the reader
    /// had to be waited for.
    async fn choose(&mut self, activities: Vec<Arc<SharedActivity>>) -> Result<bool, Over> {
        let (taken, over) = if self.selection.is_slow() {
            let selection = self.selection.clone();
            // Not on a thread that serves others.
            let chosen = tokio::task::spawn_blocking(move || choose(&selection, activities)).await;
            chosen.map_err(|error| Some(End::Broken { what: error.to_string() }))?
        } else {
            choose(&self.selection, activities)
        };
        let waited_for = self.outlet.send(taken).await?;
        match over {
            None => Ok(waited_for),
            Some(position) => {
                self.subscription.advance(position - 1);
                Err(Some(End::TooMuch))
            }
        }
    }

    /// How old the oldest of what is fresh is.
    fn lag(&self, fresh: &[Arc<SharedActivity>]) {
        if let Some(oldest) = fresh.first() {
            let micros = Moment::host_now().0.saturating_sub(oldest.occurred_at.0);
            self.metrics.stream_lag(Duration::from_micros(micros.max(0) as u64));
        }
    }
}

/// Those that the selection takes, up to the position of one on which it has no verdict.
fn choose(selection: &Selection, activities: Vec<Arc<SharedActivity>>) -> (Vec<Event>, Option<i64>) {
    let mut taken = Vec::new();
    for activity in activities {
        match selection.takes(&activity) {
            Ok(true) => taken.push(Event::Activity(selection.shown(activity))),
            Ok(false) => {}
            Err(TooMuch) => return (taken, Some(activity.position)),
        }
    }
    (taken, None)
}

impl Outlet {
    async fn bookmark(&mut self, position: i64) -> Result<(), Over> {
        self.bookmark_at = Instant::now() + self.bookmark_every;
        self.send(vec![Event::Bookmark(position)]).await.map(drop)
    }

    /// Hands frames on, all or none. True when the reader had to be waited for.
    async fn send(&mut self, events: Vec<Event>) -> Result<bool, Over> {
        let mut since = self.accounted;
        let frames: Vec<Frame> = events
            .into_iter()
            .map(|event| {
                let accounted = event.position();
                Frame { since: std::mem::replace(&mut since, accounted), event }
            })
            .collect();
        if frames.is_empty() {
            return Ok(false);
        }
        let waited_for = match self.steps.try_send(frames) {
            Ok(()) => false,
            Err(TrySendError::Closed(_)) => return Err(None),
            Err(TrySendError::Full(frames)) => {
                let began = Instant::now();
                self.room().await?.send(frames);
                began.elapsed() > PROMPT
            }
        };
        self.accounted = since;
        Ok(waited_for)
    }

    /// Waits for the reader, as long as it takes anything.
    async fn room(&self) -> Result<mpsc::Permit<'_, Vec<Frame>>, Over> {
        loop {
            let before = self.taken.load(Ordering::Relaxed);
            match timeout(self.slow_after, self.steps.reserve()).await {
                Ok(Ok(room)) => return Ok(room),
                Ok(Err(_)) => return Err(None),
                Err(_) if self.taken.load(Ordering::Relaxed) > before => {}
                Err(_) => return Err(Some(End::SlowReader)),
            }
        }
    }
}
