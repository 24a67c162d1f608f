//! Tickets as lists show them, kept as the bytes that they have on the wire. People look at the same few pages again and
//! again, and most rows of a page are what they were a moment ago: those are neither read from their table nor encoded anew.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use diesel::result::QueryResult;
use prost::Message;
use prost::bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use uuid::Uuid;

use super::convert::{Part, ticket};
use crate::model::ticket::Ticket;
use crate::store::page::Key;
use crate::store::pool::Connection;
use crate::store::read::Scope;
use crate::store::read::list::{Page, Paging, every_key, some_keys};
use crate::store::read::ticket::{self as tickets, Wanted};

/// Of all that is kept.
const BYTES: u64 = 16 << 20;
/// What an entry weighs beside its bytes.
const BESIDE: u64 = 300;

/// `docket.v1.ListTicketsResponse`, with tickets as their bytes.
#[derive(Clone, PartialEq, Message)]
pub struct ListTicketsResponse {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub tickets: Vec<Bytes>,
    #[prost(string, tag = "2")]
    pub next_page_token: String,
    #[prost(message, repeated, tag = "3")]
    pub included: Vec<super::pb::Included>,
}

/// Which log and how much of a ticket is shown, by [`Look::of`]; the ticket; and the position of its last change, which says
/// all of what is in it.
type Version = (u64, Uuid, i64);

/// A ticket on the wire, and what lists are ordered by.
#[derive(Clone)]
struct Shown {
    bytes: Bytes,
    keys: Vec<Key>,
}

#[derive(Clone)]
struct Size;

impl Weighter<Version, Shown> for Size {
    fn weight(&self, _: &Version, shown: &Shown) -> u64 {
        shown.bytes.len() as u64 + BESIDE
    }
}

pub struct ShownTickets(Cache<Version, Shown, Size>);

impl Default for ShownTickets {
    fn default() -> ShownTickets {
        ShownTickets(Cache::with_weighter(BYTES as usize / 1024, BYTES, Size))
    }
}

/// Who looks, at what, in which epoch of the log.
pub struct Look<'a> {
    pub scope: Scope<'a>,
    pub wanted: Wanted<'a>,
    pub part: Part,
    pub epoch: i64,
}

impl Look<'_> {
    fn of(&self) -> u64 {
        BuildHasherDefault::<DefaultHasher>::default().hash_one((self.scope.tenant_id, self.epoch, self.part))
    }
}

impl ShownTickets {
    /// One page. Later pages are read by few, and once: they are not kept.
    pub async fn page(
        &self,
        conn: &mut Connection,
        look: &Look<'_>,
        paging: &Paging<'_, Ticket>,
    ) -> QueryResult<Page<Bytes>> {
        if paging.after.is_none()
            && let Some(page) = self.known(conn, look, paging).await?
        {
            return Ok(page);
        }
        let Page { rows, next } = tickets::list(conn, look.scope, look.wanted, paging).await?;
        let keep = paging.after.is_none().then(|| look.of());
        let rows = rows.into_iter().map(|row| self.encoded(row, look.part, keep).bytes).collect();
        Ok(Page { rows, next })
    }

    /// The page out of what is kept and the few rows that are not. `None`: most are not, or one changed meanwhile.
    async fn known(
        &self,
        conn: &mut Connection,
        look: &Look<'_>,
        paging: &Paging<'_, Ticket>,
    ) -> QueryResult<Option<Page<Bytes>>> {
        let mut marks = tickets::marks(conn, look.scope, look.wanted, paging).await?;
        let more = marks.len() > paging.rows();
        marks.truncate(paging.rows());
        let of = look.of();
        let mut found: Vec<Option<Shown>> =
            marks.iter().map(|(id, position)| self.0.get(&(of, *id, *position))).collect();
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
                *found = rows.remove(mark).map(|row| self.encoded(row, look.part, Some(of)));
            }
        }
        let Some(shown) = found.into_iter().collect::<Option<Vec<Shown>>>() else { return Ok(None) };
        let next = shown.last().filter(|_| more).map(|last| some_keys(paging.order, &last.keys));
        Ok(Some(Page { rows: shown.into_iter().map(|shown| shown.bytes).collect(), next }))
    }

    /// Kept where `keep` says of what.
    fn encoded(&self, row: Ticket, part: Part, keep: Option<u64>) -> Shown {
        let kept = keep.map(|of| ((of, row.id, row.position), every_key(&row)));
        let bytes = Bytes::from(ticket::to_pb(row, part).encode_to_vec());
        match kept {
            None => Shown { bytes, keys: Vec::new() },
            Some((version, keys)) => {
                let shown = Shown { bytes, keys };
                self.0.insert(version, shown.clone());
                shown
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use prost_reflect::{DescriptorPool, DynamicMessage};

    use super::*;
    use crate::grpc::pb;

    #[test]
    fn the_wire_is_that_of_the_proto() {
        let pool = DescriptorPool::decode(pb::FILE_DESCRIPTOR_SET).expect("the descriptors read back");
        let message = pool.get_message_by_name("docket.v1.ListTicketsResponse").expect("the answer");
        let mut fields: Vec<(String, u32)> = message.fields().map(|it| (it.name().to_owned(), it.number())).collect();
        fields.sort_by_key(|(_, number)| *number);
        assert_eq!(fields, [("tickets".into(), 1), ("next_page_token".into(), 2), ("included".into(), 3)]);
        let tickets =
            ["One", "Two"].map(|subject| pb::Ticket { subject: subject.into(), number: 7, ..Default::default() });
        let answer = ListTicketsResponse {
            tickets: tickets.iter().map(|ticket| ticket.encode_to_vec().into()).collect(),
            next_page_token: "on".into(),
            included: vec![pb::Included::default()],
        };
        let read = DynamicMessage::decode(message, answer.encode_to_vec().as_slice()).expect("it reads back");
        assert_eq!(read.unknown_fields().count(), 0);
        assert_eq!(read.encode_to_vec(), answer.encode_to_vec());
        let shown = read.get_field_by_name("tickets").expect("tickets");
        let shown = shown.as_list().expect("a list").iter().filter_map(|ticket| ticket.as_message());
        let again: Vec<pb::Ticket> = shown.map(|ticket| ticket.transcode_to().expect("a ticket")).collect();
        assert_eq!(again, tickets);
    }
}
