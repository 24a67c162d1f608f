//! Shares of the read connections: a tenant never has all of them, and all tenants together leave some to the server's own
//! work, so that no caller stops the streams of others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// Connections that the server's own work finds free, whatever callers do.
const RESERVE: usize = 2;
/// Reads of one tenant that may wait for one of its connections.
const WAITING: usize = 512;
/// From how many tenants on those that read nothing are forgotten.
const REMEMBERED: usize = 1_024;

pub struct Shares {
    tenants: Mutex<HashMap<String, Share>>,
    /// Of one tenant.
    each: usize,
    all: Arc<Semaphore>,
}

#[derive(Clone)]
struct Share {
    free: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// A tenant may use a connection as long as this is held.
pub struct Turn {
    _of_all: OwnedSemaphorePermit,
    _of_tenant: OwnedSemaphorePermit,
}

/// So many reads of the tenant wait already that one more would wait in vain.
#[derive(Debug, PartialEq, Eq)]
pub struct Crowded;

impl Shares {
    /// Of `size` connections, at most `each` for one tenant.
    pub fn new(size: usize, each: usize) -> Shares {
        let all = size.saturating_sub(RESERVE).max(1);
        Shares { tenants: Mutex::default(), each: each.clamp(1, all), all: Arc::new(Semaphore::new(all)) }
    }

    /// Waits for a turn. Only as many of a tenant wait for what all share as it may have, so tenants take turns there.
    pub async fn turn(&self, tenant: &str) -> Result<Turn, Crowded> {
        let Share { free, waiting } = self.share(tenant);
        let waits = waiting.try_acquire_owned().map_err(|_| Crowded)?;
        // Nobody closes the semaphores.
        let closed = |_: AcquireError| Crowded;
        let of_tenant = free.acquire_owned().await.map_err(closed)?;
        drop(waits);
        let of_all = self.all.clone().acquire_owned().await.map_err(closed)?;
        Ok(Turn { _of_all: of_all, _of_tenant: of_tenant })
    }

    fn share(&self, tenant: &str) -> Share {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = tenants.get(tenant) {
            return share.clone();
        }
        if tenants.len() >= REMEMBERED {
            tenants.retain(|_, share| Arc::strong_count(&share.free) > 1);
        }
        let share = Share { free: Arc::new(Semaphore::new(self.each)), waiting: Arc::new(Semaphore::new(WAITING)) };
        tenants.insert(tenant.to_owned(), share.clone());
        share
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_tenant_leaves_some_to_others_and_all_leave_some_to_the_server() {
        let shares = Shares::new(8, 4);
        let turn = |tenant: &str| shares.turn(tenant).now_or_never().map(|turn| turn.expect("not crowded"));
        let noisy: Vec<Turn> = std::iter::from_fn(|| turn("noisy")).collect();
        assert_eq!(noisy.len(), 4);
        let other: Vec<Turn> = std::iter::from_fn(|| turn("other")).collect();
        assert_eq!(other.len(), 2, "two of eight are the server's");
        drop(noisy);
        assert!(turn("third").is_some(), "what is given back is free again");
    }

    #[test]
    fn one_who_stops_waiting_gives_back_what_it_had() {
        let shares = Shares::new(3, 1);
        let held = shares.turn("a").now_or_never().expect("free").expect("not crowded");
        // It has its tenant's part, and waits for the other.
        assert!(shares.turn("b").now_or_never().is_none());
        drop(held);
        assert!(shares.turn("b").now_or_never().is_some());
    }

    #[test]
    fn a_crowd_is_told_at_once() {
        let shares = Shares::new(8, 1);
        let _held = shares.turn("a").now_or_never().expect("free").expect("not crowded");
        let mut waiting: Vec<_> = (0..WAITING).map(|_| Box::pin(shares.turn("a"))).collect();
        assert!(waiting.iter_mut().all(|turn| turn.now_or_never().is_none()));
        assert_eq!(shares.turn("a").now_or_never().map(|turn| turn.is_err()), Some(true));
        assert!(shares.turn("b").now_or_never().is_some(), "others are not");
        drop(waiting);
        assert!(shares.turn("a").now_or_never().is_none(), "it waits, and is not refused");
    }
}
