//! Look-ups of single tickets, gathered: what is asked while one look-up is under way is the next one. No timer.
//!
//! One at a time, a look-up is mostly waiting and switching: for a free connection, for the server process to wake, for the
//! answer to wake its reader. A statement over many keys costs little more than one over a single key.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::result::QueryResult;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use tokio::sync::{Mutex, OnceCell, mpsc, oneshot};
use tokio::task::yield_now;
use uuid::Uuid;

use super::lookup::{self, Known};
use super::plan::Planned;
use super::pool::{PoolError, connect};
use crate::model::ticket::{Ticket, TicketRef};

/// Look-ups under way at once: while one is read, another is sent.
const WORKERS: usize = 2;
/// Tickets in one look-up.
const KEYS: usize = 128;
/// Callers that may wait; more wait to be let in.
const WAITING: usize = 4096;

/// What a look-up came to.
#[derive(Clone, Debug)]
pub enum Found {
    Nowhere,
    /// It has not changed since the position that its caller named.
    AsKnown,
    Ticket(Box<Ticket>),
}

type Reply = oneshot::Sender<Result<Found, PoolError>>;

/// What is asked: a tenant's ticket.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    tenant: String,
    ticket: TicketRef,
}

struct Ask {
    key: Key,
    /// The position of the last change that the caller knows of.
    known: Option<i64>,
    reply: Reply,
}

/// One of the keys of a look-up.
struct Wanted {
    key: Key,
    known: Option<i64>,
}

pub struct Gather {
    url: String,
    set_up: String,
    asks: OnceCell<mpsc::Sender<Ask>>,
}

impl Gather {
    /// Connects when it is first asked. `set_up` runs on each new connection.
    pub fn new(url: &str, set_up: String) -> Gather {
        Gather { url: url.to_owned(), set_up, asks: OnceCell::new() }
    }

    /// One ticket, deleted or not, whoever may see it. By its id it need not be read where the caller has it as it is: `known`
    /// is the position of the last change that it has.
    ///
    /// # Errors
    /// [`PoolError::NoConnection`] when the database does not answer, on a second connection either.
    pub async fn ticket(&self, tenant: &str, ticket: &TicketRef, known: Option<i64>) -> Result<Found, PoolError> {
        let gone = || PoolError::NoConnection("look-ups have ended".into());
        let asks = self.asks.get_or_init(|| async { self.start() }).await;
        let (reply, answer) = oneshot::channel();
        let key = Key { tenant: tenant.to_owned(), ticket: ticket.clone() };
        let ask = Ask { key, known, reply };
        asks.send(ask).await.map_err(|_| gone())?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }

    fn start(&self) -> mpsc::Sender<Ask> {
        let (send, receive) = mpsc::channel(WAITING);
        let receive = Arc::new(Mutex::new(receive));
        for _ in 0..WORKERS {
            let worker =
                Worker { url: self.url.clone(), set_up: self.set_up.clone(), conn: None, planned: Planned::now() };
            tokio::spawn(worker.serve(receive.clone()));
        }
        send
    }
}

struct Worker {
    url: String,
    set_up: String,
    conn: Option<AsyncPgConnection>,
    planned: Planned,
}

impl Worker {
    /// Ends when the last handle is gone.
    async fn serve(mut self, asks: Arc<Mutex<mpsc::Receiver<Ask>>>) {
        let mut batch = Vec::with_capacity(KEYS);
        loop {
            if next(&asks, &mut batch).await == 0 {
                return;
            }
            let (wanted, replies) = sorted(batch.drain(..));
            // A connection may have died while it was idle: the second try has a new one.
            let mut found = self.find(&wanted).await;
            if found.is_err() {
                found = self.find(&wanted).await;
            }
            if found.is_ok() || wanted.len() == 1 {
                answer(replies, found);
                continue;
            }
            // One row that cannot be read is its own callers' trouble; where the database is away, each is told so.
            for (one, replies) in wanted.iter().zip(replies) {
                let found = self.find(std::slice::from_ref(one)).await;
                answer(vec![replies], found);
            }
        }
    }

    async fn find(&mut self, wanted: &[Wanted]) -> Result<Vec<Found>, String> {
        let found = self.try_find(wanted).await;
        if found.is_err() {
            self.conn = None;
        }
        found
    }

    async fn try_find(&mut self, wanted: &[Wanted]) -> Result<Vec<Found>, String> {
        let conn = match &mut self.conn {
            Some(conn) => conn,
            none => {
                let mut conn = connect(&self.url).await.map_err(|error| error.to_string())?;
                conn.batch_execute(&self.set_up).await.map_err(|error| error.to_string())?;
                none.insert(conn)
            }
        };
        self.planned.refresh(conn).await.map_err(|error| error.to_string())?;
        look_up(conn, wanted).await.map_err(|error| error.to_string())
    }
}

/// What is asked now; 0: nobody can ask any more.
async fn next(asks: &Mutex<mpsc::Receiver<Ask>>, batch: &mut Vec<Ask>) -> usize {
    let mut asks = asks.lock().await;
    if asks.recv_many(batch, KEYS).await > 0 {
        // The first to ask wakes us at once. Those who are about to have their turn before we go on.
        yield_now().await;
        while batch.len() < KEYS
            && let Ok(ask) = asks.try_recv()
        {
            batch.push(ask);
        }
    }
    batch.len()
}

/// Each key once, and who waits for it. Where callers know of different changes, the ticket is read.
fn sorted(asks: impl Iterator<Item = Ask>) -> (Vec<Wanted>, Vec<Vec<Reply>>) {
    let mut all: HashMap<Key, (Option<i64>, Vec<Reply>)> = HashMap::new();
    for Ask { key, known, reply } in asks {
        let (same, replies) = all.entry(key).or_insert_with(|| (known, Vec::new()));
        *same = same.filter(|same| known == Some(*same));
        replies.push(reply);
    }
    all.into_iter().map(|(key, (known, replies))| (Wanted { key, known }, replies)).unzip()
}

/// One answer for each, in their order. Those that somebody knows are read only where they have changed.
async fn look_up(conn: &AsyncPgConnection, wanted: &[Wanted]) -> QueryResult<Vec<Found>> {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for (place, Wanted { key, known: position }) in wanted.iter().enumerate() {
        match (&key.ticket, *position) {
            (TicketRef::Id(id), Some(position)) => known.push(Known { place, tenant: &key.tenant, id: *id, position }),
            _ => unknown.push(place),
        }
    }
    let (unchanged, mut rows) =
        futures_util::try_join!(lookup::unchanged_tickets(conn, &known), read(conn, wanted, &unknown))?;
    let mut found = vec![Found::Nowhere; wanted.len()];
    for place in unchanged {
        if let Some(found) = found.get_mut(place) {
            *found = Found::AsKnown;
        }
    }
    let changed: Vec<usize> =
        known.iter().map(|known| known.place).filter(|place| !matches!(found[*place], Found::AsKnown)).collect();
    rows.extend(read(conn, wanted, &changed).await?);
    for (place, ticket) in rows {
        found[place] = Found::Ticket(Box::new(ticket));
    }
    Ok(found)
}

/// The tickets that are wanted at these places, as far as there are any.
async fn read(conn: &AsyncPgConnection, wanted: &[Wanted], places: &[usize]) -> QueryResult<Vec<(usize, Ticket)>> {
    let (mut ids, mut numbers) = (HashMap::new(), HashMap::new());
    for place in places {
        let Key { tenant, ticket } = &wanted[*place].key;
        match ticket {
            TicketRef::Id(id) => ids.insert((tenant.as_str(), *id), *place),
            TicketRef::Number(number) => numbers.insert((tenant.as_str(), *number), *place),
        };
    }
    let by_id: Vec<(&str, Uuid)> = ids.keys().copied().collect();
    let by_number: Vec<(&str, i64)> = numbers.keys().copied().collect();
    let (by_id, by_number) =
        futures_util::try_join!(lookup::tickets_by_id(conn, &by_id), lookup::tickets_by_number(conn, &by_number))?;
    let by_id = by_id.into_iter().filter_map(|row| Some((*ids.get(&(row.tenant_id.as_str(), row.id))?, row)));
    let by_number =
        by_number.into_iter().filter_map(|row| Some((*numbers.get(&(row.tenant_id.as_str(), row.number))?, row)));
    Ok(by_id.chain(by_number).collect())
}

/// A caller who hung up needs no answer.
fn answer(asked: Vec<Vec<Reply>>, found: Result<Vec<Found>, String>) {
    match found {
        Ok(found) => {
            for (mut replies, found) in asked.into_iter().zip(found) {
                // Nearly always there is one, which gets the row itself.
                let last = replies.pop();
                for reply in replies {
                    let _ = reply.send(Ok(found.clone()));
                }
                if let Some(reply) = last {
                    let _ = reply.send(Ok(found));
                }
            }
        }
        Err(error) => {
            for reply in asked.into_iter().flatten() {
                let _ = reply.send(Err(PoolError::NoConnection(error.clone())));
            }
        }
    }
}
