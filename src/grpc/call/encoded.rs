//! Tickets as the wire has them, kept. People look at the same tickets and the same few pages again and again, and most of them
//! are what they were a moment ago: those are neither read from their table nor encoded anew. Whether they still are is asked of
//! the database each time.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;

use diesel::result::QueryResult;
use prost::Message;
use prost::bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use uuid::Uuid;

use crate::grpc::convert::{Part, ticket};
use crate::model::ticket::{Ticket, TicketRef};
use crate::store::audience::Audience;
use crate::store::gather::{Found, Gather};
use crate::store::page::Key;
use crate::store::pool::{Connection, PoolError};
use crate::store::read::Scope;
use crate::store::read::list::{Page, Paging, every_key, some_keys};
use crate::store::read::ticket::{self as tickets, Wanted};

/// Of all that is kept.
const BYTES: u64 = 16 << 20;
/// What an entry weighs beside its bytes, and each of its keys.
const BESIDE: u64 = 200;
const KEY: u64 = 32;

/// Which log and how much of a ticket is shown, by [`Look::of`]; and the ticket.
type Which = (u64, Uuid);

/// A ticket on the wire.
struct Shown {
    /// Of its last change, which says all of what is in it.
    position: i64,
    app_id: Box<str>,
    requester_id: Box<str>,
    bytes: Bytes,
    /// What lists are ordered by; empty where no list has shown it.
    keys: Box<[Key]>,
}

#[derive(Clone)]
struct Size;

impl Weighter<Which, Arc<Shown>> for Size {
    fn weight(&self, _: &Which, shown: &Arc<Shown>) -> u64 {
        shown.bytes.len() as u64 + BESIDE + shown.keys.len() as u64 * KEY
    }
}

pub struct ShownTickets(Cache<Which, Arc<Shown>, Size>);

impl Default for ShownTickets {
    fn default() -> ShownTickets {
        ShownTickets(Cache::with_weighter(BYTES as usize / 512, BYTES, Size))
    }
}

/// Who looks, at how much of a ticket, in which epoch of the log.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    pub scope: Scope<'a>,
    pub part: Part,
    pub epoch: i64,
}

impl Look<'_> {
    fn of(&self) -> u64 {
        BuildHasherDefault::<DefaultHasher>::default().hash_one((self.scope.tenant_id, self.epoch, self.part))
    }
}

impl ShownTickets {
    /// One ticket, deleted or not. `None`: there is none, or it is not for the eyes of whoever looks.
    ///
    /// # Errors
    /// As of [`Gather::ticket`].
    pub async fn one(&self, gather: &Gather, look: Look<'_>, ticket: &TicketRef) -> Result<Option<Bytes>, PoolError> {
        let of = look.of();
        let kept = match ticket {
            TicketRef::Id(id) => self.0.get(&(of, *id)),
            TicketRef::Number(_) => None,
        };
        let known = kept.as_ref().map(|shown| shown.position);
        let Scope { tenant_id, audience } = look.scope;
        let shown = match (gather.ticket(tenant_id, ticket, known).await?, kept) {
            (Found::AsKnown, kept) => kept,
            (Found::Ticket(row), _) => {
                let shown = Arc::new(Shown::of(*row, look.part, Vec::new()));
                if let TicketRef::Id(id) = ticket {
                    self.0.insert((of, *id), shown.clone());
                }
                Some(shown)
            }
            (Found::Nowhere, _) => None,
        };
        Ok(shown.filter(|shown| shown.is_for(audience)).map(|shown| shown.bytes.clone()))
    }

    /// One page. Later pages are read by few, and once: they are not kept.
    pub async fn page(
        &self,
        conn: &mut Connection,
        look: Look<'_>,
        wanted: Wanted<'_>,
        paging: &Paging<'_, Ticket>,
    ) -> QueryResult<Page<Bytes>> {
        if paging.after.is_none()
            && let Some(page) = self.known(conn, look, wanted, paging).await?
        {
            return Ok(page);
        }
        let Page { rows, next } = tickets::list(conn, look.scope, wanted, paging).await?;
        let of = paging.after.is_none().then(|| look.of());
        let encoded = |row: Ticket| match of {
            Some(of) => self.listed(row, look.part, of).bytes.clone(),
            None => ticket::to_pb(row, look.part).encode_to_vec().into(),
        };
        Ok(Page { rows: rows.into_iter().map(encoded).collect(), next })
    }

    /// The page out of what is kept and the few rows that are not. `None`: most are not, or one changed meanwhile.
    async fn known(
        &self,
        conn: &mut Connection,
        look: Look<'_>,
        wanted: Wanted<'_>,
        paging: &Paging<'_, Ticket>,
    ) -> QueryResult<Option<Page<Bytes>>> {
        let mut marks = tickets::marks(conn, look.scope, wanted, paging).await?;
        let more = marks.len() > paging.rows();
        marks.truncate(paging.rows());
        let of = look.of();
        let kept = |(id, position): &(Uuid, i64)| {
            self.0.get(&(of, *id)).filter(|shown| shown.position == *position && !shown.keys.is_empty())
        };
        let mut found: Vec<Option<Arc<Shown>>> = marks.iter().map(kept).collect();
        let unknown: Vec<Uuid> =
            marks.iter().zip(&found).filter(|(_, found)| found.is_none()).map(|((id, _), _)| *id).collect();
        if unknown.len() > marks.len() / 2 {
            return Ok(None);
        }
        if !unknown.is_empty() {
            let rows = tickets::all(conn, look.scope.tenant_id, &unknown).await?;
            let mut rows: HashMap<(Uuid, i64), Ticket> =
                rows.into_iter().map(|row| ((row.id, row.position), row)).collect();
            for (mark, found) in marks.iter().zip(&mut found).filter(|(_, found)| found.is_none()) {
                *found = rows.remove(mark).map(|row| self.listed(row, look.part, of));
            }
        }
        let Some(shown) = found.into_iter().collect::<Option<Vec<Arc<Shown>>>>() else { return Ok(None) };
        let next = shown.last().filter(|_| more).map(|last| some_keys(paging.order, &last.keys));
        Ok(Some(Page { rows: shown.iter().map(|shown| shown.bytes.clone()).collect(), next }))
    }

    fn listed(&self, row: Ticket, part: Part, of: u64) -> Arc<Shown> {
        let (id, keys) = (row.id, every_key(&row));
        let shown = Arc::new(Shown::of(row, part, keys));
        self.0.insert((of, id), shown.clone());
        shown
    }
}

impl Shown {
    fn of(row: Ticket, part: Part, keys: Vec<Key>) -> Shown {
        let (position, app_id, requester_id) =
            (row.position, row.app_id.as_str().into(), row.requester_id.as_str().into());
        let bytes = ticket::to_pb(row, part).encode_to_vec().into();
        Shown { position, app_id, requester_id, bytes, keys: keys.into() }
    }

    fn is_for(&self, audience: &Audience) -> bool {
        audience.sees_ticket_of(&self.app_id, &self.requester_id)
    }
}
