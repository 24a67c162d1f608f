//! Snapshots: the tickets as of one position, before a stream continues from there.
//!
//! No transaction is held: a ticket that was not changed since the position is its row, and of one that was, the log has
//! the image. So each chunk is exact by itself, however long the reader takes and whatever is written meanwhile.

use std::collections::HashMap;

use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use super::subscription::{AGAIN, ReadError};
use super::{End, Feed, Selection};
use crate::model::activity::Activity;
use crate::model::image::ActivityRow;
use crate::model::ticket::Ticket;
use crate::store::lookup;
use crate::store::read::{activity, head, ticket};
use crate::workflow::TooMuch;

/// Tickets in one chunk, and those that one look goes through where few are wanted.
const CHUNK: usize = 64;
const LOOK_THROUGH: usize = 2_048;

pub struct Snapshot {
    tenant: String,
    /// The position that all of it is of.
    at: i64,
    /// The last ticket that was looked at.
    after: Uuid,
    done: bool,
}

impl Snapshot {
    pub fn new(tenant: &str, at: i64) -> Snapshot {
        Snapshot { tenant: tenant.to_owned(), at, after: Uuid::nil(), done: false }
    }

    /// The next tickets that are selected, perhaps none. `None`: that was all.
    pub async fn next(&mut self, feed: &Feed, selection: &Selection) -> Result<Option<Vec<Ticket>>, End> {
        while !self.done {
            match self.chunk(feed, selection).await {
                Ok(found) => return found.map(Some),
                Err(ReadError::Unreadable(what)) => return Err(End::Broken { what }),
                Err(error) => {
                    tracing::warn!(tenant = self.tenant, "Tickets cannot be read, a snapshot waits: {error}");
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
        Ok(None)
    }

    async fn chunk(&mut self, feed: &Feed, selection: &Selection) -> Result<Result<Vec<Ticket>, End>, ReadError> {
        let _permit = feed.reading().await;
        let mut conn = feed.pool().own(&[&self.tenant]).await?;
        let bound = ticket::nth_after(&mut conn, &self.tenant, self.after, LOOK_THROUGH).await?;
        let wanted = selection.tickets();
        let rows =
            ticket::changed_or_wanted(&mut conn, &self.tenant, (self.after, bound), self.at, &wanted, CHUNK).await?;
        let full = rows.len() >= CHUNK;
        let last = rows.last().filter(|_| full).map(|row| row.id).or(bound);
        let tickets = self.as_they_were(&mut conn, rows).await?;
        let floor = head::get(&mut conn, &self.tenant).await?.map_or(0, |head| head.floor);
        if floor > self.at {
            return Ok(Err(End::Expired { oldest: floor + 1 }));
        }
        (self.after, self.done) = (last.unwrap_or(self.after), last.is_none());
        let mut taken = Vec::with_capacity(tickets.len());
        for ticket in tickets {
            match selection.takes_ticket(&ticket) {
                Ok(true) => taken.push(ticket),
                Ok(false) => {}
                Err(TooMuch) => return Ok(Err(End::TooMuch)),
            }
            if selection.is_slow() {
                tokio::task::yield_now().await;
            }
        }
        Ok(Ok(taken))
    }

    /// Those that were there already, as they were.
    async fn as_they_were(&self, conn: &mut AsyncPgConnection, rows: Vec<Ticket>) -> Result<Vec<Ticket>, ReadError> {
        let (mut tickets, changed): (Vec<Ticket>, Vec<Ticket>) =
            rows.into_iter().partition(|it| it.position <= self.at);
        let ids: Vec<Uuid> = changed.iter().map(|it| it.id).collect();
        if ids.is_empty() {
            return Ok(tickets);
        }
        let then = activity::last_of_each(conn, &self.tenant, ids, self.at).await?;
        let then = read(then)?.into_iter().filter_map(|it| it.ticket);
        let then: Vec<Ticket> = then.map(|ticket| Ticket::clone(&ticket)).collect();
        let described: Vec<(&str, i64)> = then.iter().map(|it| (self.tenant.as_str(), it.described_at)).collect();
        let described = read(lookup::activities(conn, &described).await?)?;
        let texts: HashMap<i64, String> = described.iter().map(|it| (it.position, it.description())).collect();
        for mut ticket in then {
            let lost = || ReadError::Unreadable(format!("activity {}: the description is gone", ticket.described_at));
            ticket.description = texts.get(&ticket.described_at).cloned().ok_or_else(lost)?;
            tickets.push(ticket);
        }
        Ok(tickets)
    }
}

fn read(rows: Vec<ActivityRow>) -> Result<Vec<Activity>, ReadError> {
    rows.into_iter().map(|row| row.into_activity().map_err(ReadError::Unreadable)).collect()
}
