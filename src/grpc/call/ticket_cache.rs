//! Cache of encoded tickets. People look at the same tickets and first pages again and again, and most have not changed since:
//! those are neither read from their table nor encoded anew. Each use revalidates the entry against the database.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;

use diesel::result::QueryResult;
use prost::Message;
use prost::bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use uuid::Uuid;

use super::answer_size::{AnswerSize, fit};
use crate::grpc::convert::{Disclosure, ticket};
use crate::model::ticket::{Ticket, TicketRef};
use crate::store::audience::Audience;
use crate::store::page::Key;
use crate::store::point_reads::{Found, PointReads};
use crate::store::pool::{PoolError, Reading};
use crate::store::read::Scope;
use crate::store::read::list::{Page, Paging, every_key, some_keys};
use crate::store::read::ticket::{self as tickets, Wanted};

/// Capacity.
const BYTES: u64 = 16 << 20;
/// Overhead of an entry, and of each of its sort keys, in bytes.
const ENTRY: u64 = 200;
const KEY: u64 = 32;

/// The view, by [`Viewer::hash`], and the ticket.
type CacheKey = (u64, Uuid);

/// A ticket as it was encoded for one kind of viewer.
struct EncodedTicket {
    /// Of its last change. It identifies the content: a ticket changes with an activity and with nothing else.
    position: i64,
    app_id: Box<str>,
    requester_id: Box<str>,
    bytes: Bytes,
    /// Sort keys of every order; empty until a list has read the ticket.
    keys: Box<[Key]>,
}

#[derive(Clone)]
struct Size;

impl Weighter<CacheKey, Arc<EncodedTicket>> for Size {
    fn weight(&self, _: &CacheKey, ticket: &Arc<EncodedTicket>) -> u64 {
        ticket.bytes.len() as u64 + ENTRY + ticket.keys.len() as u64 * KEY
    }
}

/// One for a server.
pub struct TicketCache(Cache<CacheKey, Arc<EncodedTicket>, Size>);

impl Default for TicketCache {
    fn default() -> TicketCache {
        TicketCache(Cache::with_weighter(BYTES as usize / 512, BYTES, Size))
    }
}

/// Who asks: the rows it may see, how much of them, and the epoch of the log.
#[derive(Clone, Copy)]
pub struct Viewer<'a> {
    pub scope: Scope<'a>,
    pub disclosure: Disclosure,
    pub epoch: i64,
}

impl Viewer<'_> {
    /// Of what the encoding depends on beside the ticket.
    fn hash(&self) -> u64 {
        BuildHasherDefault::<DefaultHasher>::default().hash_one((self.scope.tenant_id, self.epoch, self.disclosure))
    }
}

impl TicketCache {
    /// One ticket, deleted or not. `None`: there is none, or the viewer may not see it.
    ///
    /// # Errors
    /// As of [`PointReads::ticket`].
    pub async fn one(
        &self,
        reads: &PointReads,
        viewer: Viewer<'_>,
        ticket: &TicketRef,
    ) -> Result<Option<Bytes>, PoolError> {
        let view = viewer.hash();
        let cached = match ticket {
            TicketRef::Id(id) => self.0.get(&(view, *id)),
            TicketRef::Number(_) => None,
        };
        let known = cached.as_ref().map(|ticket| ticket.position);
        let Scope { tenant_id, audience } = viewer.scope;
        let encoded = match (reads.ticket(tenant_id, ticket, known).await?, cached) {
            (Found::Unchanged, cached) => cached,
            (Found::Ticket(row), _) => {
                let encoded = Arc::new(EncodedTicket::of(*row, viewer.disclosure, Vec::new()));
                if let TicketRef::Id(id) = ticket {
                    self.0.insert((view, *id), encoded.clone());
                }
                Some(encoded)
            }
            (Found::Nowhere, _) => None,
        };
        Ok(encoded.filter(|ticket| ticket.is_for(audience)).map(|ticket| ticket.bytes.clone()))
    }

    /// One page of a list. Only first pages are cached: later ones are read by few, and once.
    pub async fn page(
        &self,
        conn: &mut Reading,
        viewer: Viewer<'_>,
        wanted: Wanted<'_>,
        paging: &Paging<'_, Ticket>,
    ) -> QueryResult<Page<Bytes>> {
        if paging.after.is_none()
            && let Some(page) = self.cached(conn, viewer, wanted, paging).await?
        {
            return Ok(page);
        }
        let page = tickets::list(conn, viewer.scope, wanted, paging).await?;
        let view = paging.after.is_none().then(|| viewer.hash());
        let encoded = |row: Ticket| match view {
            Some(view) => self.insert(row, viewer.disclosure, view).bytes.clone(),
            None => ticket::to_pb(row, viewer.disclosure).encode_to_vec().into(),
        };
        Ok(fit(paging.order, page, encoded, Bytes::len))
    }

    /// The page from the cache and the few rows that it lacks. `None`: it lacks most of them, or one changed meanwhile.
    async fn cached(
        &self,
        conn: &mut Reading,
        viewer: Viewer<'_>,
        wanted: Wanted<'_>,
        paging: &Paging<'_, Ticket>,
    ) -> QueryResult<Option<Page<Bytes>>> {
        let mut marks = tickets::positions(conn, viewer.scope, wanted, paging).await?;
        let more = marks.len() > paging.rows();
        marks.truncate(paging.rows());
        let view = viewer.hash();
        let hit = |(id, position): &(Uuid, i64)| {
            self.0.get(&(view, *id)).filter(|ticket| ticket.position == *position && !ticket.keys.is_empty())
        };
        let mut found: Vec<Option<Arc<EncodedTicket>>> = marks.iter().map(hit).collect();
        let missed: Vec<Uuid> =
            marks.iter().zip(&found).filter(|(_, found)| found.is_none()).map(|((id, _), _)| *id).collect();
        if missed.len() > marks.len() / 2 {
            return Ok(None);
        }
        if !missed.is_empty() {
            let rows = tickets::all(conn, viewer.scope.tenant_id, &missed).await?;
            let mut rows: HashMap<(Uuid, i64), Ticket> =
                rows.into_iter().map(|row| ((row.id, row.position), row)).collect();
            for (mark, found) in marks.iter().zip(&mut found).filter(|(_, found)| found.is_none()) {
                *found = rows.remove(mark).map(|row| self.insert(row, viewer.disclosure, view));
            }
        }
        let Some(tickets) = found.into_iter().collect::<Option<Vec<Arc<EncodedTicket>>>>() else { return Ok(None) };
        let mut size = AnswerSize::default();
        let fitting = tickets.iter().take_while(|ticket| size.takes(ticket.bytes.len())).count();
        let more = more || fitting < tickets.len();
        let tickets = &tickets[..fitting];
        let next = tickets.last().filter(|_| more).map(|last| some_keys(paging.order, &last.keys));
        Ok(Some(Page { rows: tickets.iter().map(|ticket| ticket.bytes.clone()).collect(), next }))
    }

    fn insert(&self, row: Ticket, disclosure: Disclosure, view: u64) -> Arc<EncodedTicket> {
        let (id, keys) = (row.id, every_key(&row));
        let encoded = Arc::new(EncodedTicket::of(row, disclosure, keys));
        self.0.insert((view, id), encoded.clone());
        encoded
    }
}

impl EncodedTicket {
    fn of(row: Ticket, disclosure: Disclosure, keys: Vec<Key>) -> EncodedTicket {
        let (position, app_id, requester_id) =
            (row.position, row.app_id.as_str().into(), row.requester_id.as_str().into());
        let bytes = ticket::to_pb(row, disclosure).encode_to_vec().into();
        EncodedTicket { position, app_id, requester_id, bytes, keys: keys.into() }
    }

    fn is_for(&self, audience: &Audience) -> bool {
        audience.sees_ticket_of(&self.app_id, &self.requester_id)
    }
}
