//! Reads that wait until the log has reached a position.

use std::time::Duration;

use tokio::time::Instant;

use super::Feed;
use crate::store::head::installation;
use crate::store::read::head;

/// The longest wait.
const MOST: Duration = Duration::from_secs(2);
const AGAIN: Duration = Duration::from_millis(50);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// A read that begins now sees it.
    Reached,
    /// Not found out in time.
    NotReached,
    /// Above the head, or of another epoch.
    Unknown { head: i64, epoch: i64 },
}

impl Feed {
    /// Waits until reads see the tenant's log up to `position`, no longer than 2 s. `epoch` 0 is not checked. Reads go to the
    /// primary, so what is committed is seen: only a database that does not answer is waited for.
    pub async fn wait_for(&self, tenant: &str, position: i64, epoch: i64, deadline: Option<Instant>) -> Waited {
        if position <= 0 || self.0.known.reaches(tenant, position, epoch) {
            return Waited::Reached;
        }
        let most = Instant::now() + MOST;
        let until = deadline.map_or(most, |deadline| deadline.min(most));
        let looked = tokio::time::timeout_at(until, async {
            loop {
                match self.look(tenant).await {
                    Some(found) => return found,
                    None => tokio::time::sleep(AGAIN).await,
                }
            }
        });
        let Ok((head, actual)) = looked.await else { return Waited::NotReached };
        match position <= head && (epoch == 0 || epoch == actual) {
            true => Waited::Reached,
            false => Waited::Unknown { head, epoch: actual },
        }
    }

    /// The tenant's head and the log's epoch; `None` while the database does not say.
    async fn look(&self, tenant: &str) -> Option<(i64, i64)> {
        let mut conn = self.pool().get(tenant).await.ok()?;
        let position = head::position(&mut conn, tenant).await.ok()?;
        let epoch = installation(&conn).await.ok()?.epoch;
        Some((position, epoch))
    }
}
