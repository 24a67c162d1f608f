//! Batches point reads of tickets: requests that arrive during a query form the next one. No timer.
//!
//! One at a time, a look-up is mostly waiting and switching: for a free connection, for the server process to wake, for the
//! answer to wake its reader. A statement over many keys costs little more than one over a single key.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::result::QueryResult;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use tokio::sync::{Mutex, OnceCell, mpsc, oneshot};
use tokio::task::yield_now;
use uuid::Uuid;

use super::connect::{PoolError, connect};
use super::lookup::{self, KnownTicket};
use super::plan::Planned;
use super::wall;
use crate::model::ticket::{Ticket, TicketRef};

/// Look-ups in flight: while one is read, another is sent.
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
    Unchanged,
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

/// A key of a look-up, and who waits for it.
struct Waiting {
    key: Key,
    known: Option<i64>,
    replies: Vec<Reply>,
}

pub struct PointReads {
    url: String,
    set_up: String,
    asks: OnceCell<mpsc::Sender<Ask>>,
}

impl PointReads {
    /// Connects when it is first asked. `set_up` runs on each new connection.
    pub fn new(url: &str, set_up: String) -> PointReads {
        PointReads { url: url.to_owned(), set_up, asks: OnceCell::new() }
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
            let mut waiting = sorted(batch.drain(..));
            while !waiting.is_empty() {
                waiting = self.answer(waiting).await;
            }
        }
    }

    /// Answers all but those that are still to be read.
    async fn answer(&mut self, waiting: Vec<Waiting>) -> Vec<Waiting> {
        // A connection may have died while it was idle: the second try has a new one.
        let mut found = self.find(&waiting).await;
        if found.is_err() {
            found = self.find(&waiting).await;
        }
        match found {
            Ok(found) => waiting.into_iter().zip(found).filter_map(|(one, found)| one.tell(Ok(found))).collect(),
            Err(error) if waiting.len() == 1 => {
                waiting.into_iter().filter_map(|one| one.tell(Err(error.clone()))).collect()
            }
            Err(_) => {
                // One row that cannot be read is its own callers' trouble; where the database is away, each is told so.
                let mut to_read = Vec::new();
                for one in waiting {
                    let found = self.find(std::slice::from_ref(&one)).await;
                    to_read.extend(one.tell(found.map(|found| found.into_iter().next().flatten())));
                }
                to_read
            }
        }
    }

    async fn find(&mut self, waiting: &[Waiting]) -> Result<Vec<Option<Found>>, String> {
        let found = self.try_find(waiting).await;
        if found.is_err() {
            self.conn = None;
        }
        found
    }

    async fn try_find(&mut self, waiting: &[Waiting]) -> Result<Vec<Option<Found>>, String> {
        let conn = match &mut self.conn {
            Some(conn) => conn,
            none => {
                let mut conn = connect(&self.url).await.map_err(|error| error.to_string())?;
                conn.batch_execute(&self.set_up).await.map_err(|error| error.to_string())?;
                none.insert(conn)
            }
        };
        self.planned.refresh(conn).await.map_err(|error| error.to_string())?;
        look_up(conn, waiting).await.map_err(|error| error.to_string())
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

/// Each key once. Where callers know of different changes, the ticket is read.
fn sorted(asks: impl Iterator<Item = Ask>) -> Vec<Waiting> {
    let mut all: HashMap<Key, (Option<i64>, Vec<Reply>)> = HashMap::new();
    for Ask { key, known, reply } in asks {
        let (same, replies) = all.entry(key).or_insert_with(|| (known, Vec::new()));
        *same = same.filter(|same| known == Some(*same));
        replies.push(reply);
    }
    all.into_iter().map(|(key, (known, replies))| Waiting { key, known, replies }).collect()
}

impl Waiting {
    /// Whoever hung up needs no answer. Without one, it is still to be read: others need not wait for that.
    fn tell(self, found: Result<Option<Found>, String>) -> Option<Waiting> {
        let Waiting { key, known: _, mut replies } = self;
        match found {
            Ok(None) => return Some(Waiting { key, known: None, replies }),
            Ok(Some(found)) => {
                // Nearly always there is one, which gets the row itself.
                let last = replies.pop();
                for reply in replies {
                    let _ = reply.send(Ok(found.clone()));
                }
                if let Some(reply) = last {
                    let _ = reply.send(Ok(found));
                }
            }
            Err(error) => {
                for reply in replies {
                    let _ = reply.send(Err(PoolError::NoConnection(error.clone())));
                }
            }
        }
        None
    }
}

/// One answer for each, in their order; `None` for those that have changed since they were known.
async fn look_up(conn: &AsyncPgConnection, waiting: &[Waiting]) -> QueryResult<Vec<Option<Found>>> {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for (place, Waiting { key, known: position, .. }) in waiting.iter().enumerate() {
        match (&key.ticket, *position) {
            (TicketRef::Id(id), Some(position)) => {
                known.push(KnownTicket { place, tenant: &key.tenant, id: *id, position })
            }
            _ => unknown.push(place),
        }
    }
    let mut tenants: Vec<&str> = waiting.iter().map(|one| one.key.tenant.as_str()).collect();
    tenants.sort_unstable();
    tenants.dedup();
    let begin = wall::begin_reading(&tenants);
    let command = async |sql: &str| (&mut &*conn).batch_execute(sql).await;
    // In one flight. After an error the connection is not kept.
    let ((), unchanged, rows) = futures_util::try_join!(
        command(&begin),
        lookup::unchanged_tickets(conn, &known),
        read(conn, waiting, &unknown)
    )?;
    // Sent, and not waited for.
    let _ = command("COMMIT").now_or_never();
    let mut found = vec![Some(Found::Nowhere); waiting.len()];
    for KnownTicket { place, .. } in known {
        found[place] = None;
    }
    let unchanged = unchanged.into_iter().map(|place| (place, Found::Unchanged));
    let rows = rows.into_iter().map(|(place, ticket)| (place, Found::Ticket(Box::new(ticket))));
    for (place, answer) in unchanged.chain(rows) {
        if let Some(found) = found.get_mut(place) {
            *found = Some(answer);
        }
    }
    Ok(found)
}

/// The tickets that are wanted at these places, as far as there are any.
async fn read(conn: &AsyncPgConnection, waiting: &[Waiting], places: &[usize]) -> QueryResult<Vec<(usize, Ticket)>> {
    let (mut ids, mut numbers) = (HashMap::new(), HashMap::new());
    for place in places {
        let Key { tenant, ticket } = &waiting[*place].key;
        match ticket {
            TicketRef::Id(id) => ids.insert((tenant.as_str(), *id), *place),
            TicketRef::Number(number) => numbers.insert((tenant.as_str(), *number), *place),
        };
    }
    let by_id: Vec<(&str, Uuid)> = ids.keys().copied().collect();
    let by_number: Vec<(&str, i64)> = numbers.keys().copied().collect();
    let (by_id, by_number) = futures_util::try_join!(lookup::tickets(conn, &by_id), lookup::numbers(conn, &by_number))?;
    let by_id = by_id.into_iter().filter_map(|row| Some((*ids.get(&(row.tenant_id.as_str(), row.id))?, row)));
    let by_number =
        by_number.into_iter().filter_map(|row| Some((*numbers.get(&(row.tenant_id.as_str(), row.number))?, row)));
    Ok(by_id.chain(by_number).collect())
}
