//! What calls may hold at once: unfinished messages and untaken answers on one connection, of one tenant, and in all; calls
//! without a token on one connection.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tonic::Status;

use crate::grpc::status;
use crate::identity::Caller;
use crate::model::limits::{
    OPEN_CALLS, UNFINISHED_BYTES, UNFINISHED_CONNECTION_BYTES, UNFINISHED_OPEN_BYTES, UNFINISHED_TENANT_BYTES,
    UNTAKEN_ALWAYS_BYTES, UNTAKEN_BYTES, UNTAKEN_CONNECTION_BYTES, UNTAKEN_TENANT_BYTES,
};

/// When somebody else's bytes may be gone.
const SOON: Duration = Duration::from_millis(100);

/// What one connection holds.
#[derive(Debug, Clone, Default)]
pub struct Held(Arc<Connection>);

#[derive(Debug, Default)]
struct Connection {
    unfinished: AtomicUsize,
    untaken: AtomicUsize,
    /// Without a token.
    open_calls: AtomicUsize,
    /// Who calls on it without a token, by its certificate.
    certified: Option<Caller>,
}

impl Held {
    /// Nothing yet, on a connection of this caller.
    pub fn of(certified: Option<Caller>) -> Held {
        Held(Arc::new(Connection { certified, ..Connection::default() }))
    }

    pub(super) fn certified(&self) -> Option<&Caller> {
        self.0.certified.as_ref()
    }

    /// A place for a call without a token, for as long as it lives: nobody else bounds how many wait, and for how long.
    pub(super) fn open_call(&self) -> Result<OpenCall, Box<Status>> {
        let call = OpenCall(self.clone());
        match self.0.open_calls.fetch_add(1, Ordering::Relaxed) < OPEN_CALLS {
            true => Ok(call),
            false => Err(Box::new(status::overloaded("the connection has too many calls without a token", SOON))),
        }
    }
}

#[derive(Debug)]
pub(super) struct OpenCall(Held);

impl Drop for OpenCall {
    fn drop(&mut self) {
        self.0.0.open_calls.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Bytes that all connections hold, and whose they are: no tenant takes the room of the others.
#[derive(Debug)]
pub(super) struct Bytes {
    bounds: Bounds,
    counts: Mutex<Counts>,
}

#[derive(Debug)]
struct Bounds {
    connection: usize,
    tenant: usize,
    /// Callers without a token, together.
    open: usize,
    all: usize,
    /// Of one tenant, however much the others hold.
    always: usize,
    of_connection: fn(&Connection) -> &AtomicUsize,
    refusal: &'static str,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    /// '' = callers without a token, together.
    by_tenant: HashMap<String, usize>,
}

impl Bytes {
    /// Of messages that have not arrived whole.
    pub fn unfinished() -> Arc<Bytes> {
        Bytes::within(Bounds {
            connection: UNFINISHED_CONNECTION_BYTES,
            tenant: UNFINISHED_TENANT_BYTES,
            open: UNFINISHED_OPEN_BYTES,
            all: UNFINISHED_BYTES,
            always: 0,
            of_connection: |connection| &connection.unfinished,
            refusal: "there are too many unfinished messages",
        })
    }

    /// Of answers that their clients have not taken.
    pub fn untaken() -> Arc<Bytes> {
        Bytes::within(Bounds {
            connection: UNTAKEN_CONNECTION_BYTES,
            tenant: UNTAKEN_TENANT_BYTES,
            open: UNTAKEN_TENANT_BYTES,
            all: UNTAKEN_BYTES,
            always: UNTAKEN_ALWAYS_BYTES,
            of_connection: |connection| &connection.untaken,
            refusal: "too many answers wait for their clients to read them",
        })
    }

    fn within(bounds: Bounds) -> Arc<Bytes> {
        Arc::new(Bytes { bounds, counts: Mutex::default() })
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one body holds; it is free again when the body is gone.
#[derive(Debug)]
pub(super) struct Room {
    connection: Held,
    everywhere: Arc<Bytes>,
    caller: Option<Caller>,
    /// Of one message: that much there is always room for, where nobody else holds any.
    message: usize,
    own: usize,
}

impl Room {
    pub fn new(connection: Held, everywhere: Arc<Bytes>, caller: Option<Caller>, message: usize) -> Room {
        Room { connection, everywhere, caller, message, own: 0 }
    }

    fn tenant(&self) -> &str {
        self.caller.as_ref().map(Caller::tenant).unwrap_or_default()
    }

    fn of_connection(&self) -> &AtomicUsize {
        (self.everywhere.bounds.of_connection)(&self.connection.0)
    }

    /// Whether there is room for one more byte.
    pub fn check(&self) -> Result<(), Box<Status>> {
        let connection = self.of_connection().load(Ordering::Relaxed);
        let (tenant, all) = {
            let counts = self.everywhere.counts();
            (counts.by_tenant.get(self.tenant()).copied().unwrap_or_default(), counts.all)
        };
        self.fits(connection + 1, tenant + 1, all + 1)
    }

    /// Holds so many more. They are held also beyond the bounds, until the body is gone.
    pub fn take(&mut self, bytes: usize) -> Result<(), Box<Status>> {
        self.own += bytes;
        let connection = self.of_connection().fetch_add(bytes, Ordering::Relaxed) + bytes;
        let (tenant, all) = {
            let mut counts = self.everywhere.counts();
            counts.all += bytes;
            let tenant = counts.by_tenant.entry(self.tenant().to_owned()).or_default();
            *tenant += bytes;
            (*tenant, counts.all)
        };
        self.fits(connection, tenant, all)
    }

    fn fits(&self, connection: usize, tenant: usize, all: usize) -> Result<(), Box<Status>> {
        let bounds = &self.everywhere.bounds;
        let most_of_tenant = if self.caller.is_some() { bounds.tenant } else { bounds.open };
        let over = |held: usize, most: usize| held > most.max(self.message);
        match over(connection, bounds.connection)
            || over(tenant, most_of_tenant)
            || (over(all, bounds.all) && tenant > bounds.always)
        {
            true => Err(Box::new(status::overloaded(bounds.refusal, SOON))),
            false => Ok(()),
        }
    }

    pub fn give_back(&mut self, bytes: usize) {
        self.own -= bytes;
        self.of_connection().fetch_sub(bytes, Ordering::Relaxed);
        let mut counts = self.everywhere.counts();
        counts.all -= bytes;
        if let Some(tenant) = counts.by_tenant.get_mut(self.tenant()) {
            *tenant -= bytes;
            if *tenant == 0 {
                counts.by_tenant.remove(self.tenant());
            }
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // Most bodies hold nothing, and all of them share the counts.
        if self.own > 0 {
            self.give_back(self.own);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(everywhere: &Arc<Bytes>, tenant: Option<&str>) -> Room {
        Room::new(Held::default(), everywhere.clone(), tenant.map(Caller::clock), 4 << 20)
    }

    #[test]
    fn no_tenant_takes_the_room_of_the_others() {
        let everywhere = Bytes::unfinished();
        let mut greedy: Vec<Room> = (0..40).map(|_| room(&everywhere, Some("greedy"))).collect();
        let taken = greedy.iter_mut().filter_map(|room| room.take(1 << 20).ok()).count();
        assert_eq!(taken, UNFINISHED_TENANT_BYTES >> 20);
        room(&everywhere, Some("other")).take(1 << 20).expect("it holds nothing");
        let mut strangers: Vec<Room> = (0..40).map(|_| room(&everywhere, None)).collect();
        let taken = strangers.iter_mut().filter_map(|room| room.take(1 << 20).ok()).count();
        assert_eq!(taken, UNFINISHED_OPEN_BYTES >> 20);
        drop((greedy, strangers));
        let counts = everywhere.counts();
        assert_eq!((counts.all, counts.by_tenant.len()), (0, 0));
    }

    #[test]
    fn calls_without_a_token_have_places_on_a_connection() {
        let connection = Held::default();
        let mut calls: Vec<OpenCall> = (0..100).filter_map(|_| connection.open_call().ok()).collect();
        assert_eq!(calls.len(), OPEN_CALLS);
        calls.pop();
        assert!(connection.open_call().is_ok() && Held::default().open_call().is_ok());
    }

    #[test]
    fn a_connection_has_its_own_bound() {
        let (everywhere, connection) = (Bytes::unfinished(), Held::default());
        let tenant = |n: usize| Some(Caller::clock(&format!("tenant-{n}")));
        let room = |n| Room::new(connection.clone(), Arc::clone(&everywhere), tenant(n), 4 << 20);
        let mut rooms: Vec<Room> = (0..40).map(room).collect();
        let taken = rooms.iter_mut().filter_map(|room| room.take(1 << 20).ok()).count();
        assert_eq!(taken, UNFINISHED_CONNECTION_BYTES >> 20);
    }

    #[test]
    fn a_tenant_that_holds_little_is_answered_whatever_others_leave_untaken() {
        let everywhere = Bytes::untaken();
        let mut slow: Vec<Room> = (0..40).map(|n| room(&everywhere, Some(&format!("slow-{}", n / 10)))).collect();
        let taken = slow.iter_mut().filter_map(|room| room.take(4 << 20).ok()).count();
        assert!(taken <= UNTAKEN_BYTES >> 22, "{taken}");
        slow[0].check().expect_err("it holds what it may");
        let mut other = room(&everywhere, Some("other"));
        other.check().expect("it holds nothing");
        other.take(1 << 10).expect("an answer of its own");
    }
}
