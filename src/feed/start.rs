//! Start position of a stream.

use std::pin::Pin;

use super::deliver::Stream;
use super::selection::Past;
use super::snapshot::Snapshot;
use super::{Feed, Selection, Subscription};
use crate::identity::TokenError;
use crate::model::time::Instant;
use crate::store::head::installation;
use crate::store::read::activity::first_at;
use crate::store::read::head;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The oldest activity that is kept.
    Earliest,
    /// What comes from now on.
    Latest,
    /// What follows a position of this epoch; epoch 0 is not checked.
    After { position: i64, epoch: i64 },
    /// The first activity at or after an instant.
    At(Instant),
}

/// What a stream is asked for.
pub struct Wanted {
    pub tenant: String,
    pub start: Start,
    pub selection: Selection,
    /// Whether activities are shown with their tickets.
    pub tickets: bool,
    /// Whether the tickets come first, as they were at the start. The selection has to be of tickets.
    pub snapshot: bool,
    /// Completes when the caller would not be let in any more; the stream ends with it.
    pub lost: Lost,
}

/// See [`Verifier::lost`](crate::identity::Verifier::lost).
pub type Lost = Pin<Box<dyn Future<Output = TokenError> + Send>>;

/// Why there is no stream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotStarted {
    #[error("the tenant has {limit} streams here, and no more are given")]
    TooMany { limit: usize },
    #[error("position {position} is not one of this log")]
    PositionUnknown { position: i64, head: i64, epoch: i64 },
    #[error("position {position} is no longer kept")]
    PositionExpired { position: i64, oldest: i64 },
    #[error("the log cannot be read: {0}")]
    Unavailable(String),
}

impl Feed {
    /// Starts a stream. Its first frame is a bookmark with the start position, but for the snapshot before that.
    ///
    /// # Errors
    /// See [`NotStarted`].
    pub async fn stream(&self, wanted: Wanted) -> Result<Stream, NotStarted> {
        let Wanted { tenant, start, selection, tickets, snapshot, lost } = wanted;
        let mut subscription = self.subscribe(&tenant, selection.past(tickets)).await?;
        let position = self.locate(&tenant, start, &subscription).await?;
        subscription.advance(position);
        let snapshot = snapshot.then(|| Snapshot::new(&tenant, position));
        Ok(Stream::start(self.clone(), subscription, selection, snapshot, lost))
    }

    /// Enters first and looks at the table then: what is committed in between reaches the hub.
    async fn subscribe(&self, tenant: &str, past: Past) -> Result<Subscription, NotStarted> {
        let limit = self.0.config.streams_per_tenant;
        for _ in 0..3 {
            let (hub, reader) = self.enter(tenant).ok_or(NotStarted::TooMany { limit })?;
            let subscription = Subscription::new(self.clone(), hub, reader, past.clone());
            let conn = self.pool().get(tenant).await.map_err(unavailable)?;
            let epoch = installation(&conn).await.map_err(unavailable)?.epoch;
            if subscription.epoch() == epoch {
                return Ok(subscription);
            }
            self.adopt(epoch);
        }
        Err(NotStarted::Unavailable("its epoch changes as it is read".to_owned()))
    }

    /// The position to begin after.
    async fn locate(&self, tenant: &str, start: Start, subscription: &Subscription) -> Result<i64, NotStarted> {
        let mut conn = self.pool().get(tenant).await.map_err(unavailable)?;
        let found = head::get(&mut conn, tenant).await.map_err(unavailable)?;
        let (head, floor) = found.map_or((0, 0), |head| (head.position, head.floor));
        subscription.hub().learn(head);
        match start {
            Start::Earliest => Ok(floor),
            Start::Latest => Ok(head),
            Start::At(time) => Ok(first_at(&mut conn, tenant, time).await.map_err(unavailable)? - 1),
            Start::After { position, epoch } => {
                let actual = subscription.epoch();
                if position > head || (epoch != 0 && epoch != actual) {
                    return Err(NotStarted::PositionUnknown { position, head, epoch: actual });
                }
                if position < floor {
                    return Err(NotStarted::PositionExpired { position, oldest: floor + 1 });
                }
                Ok(position)
            }
        }
    }
}

fn unavailable(error: impl std::fmt::Display) -> NotStarted {
    NotStarted::Unavailable(error.to_string())
}
