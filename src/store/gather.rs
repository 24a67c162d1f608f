//! Look-ups of single tickets, gathered: what is asked while one look-up is under way is the next one. No timer.
//!
//! One at a time, a look-up is mostly waiting and switching: for a free connection, for the server process to wake, for the
//! answer to wake its reader. A statement over many keys costs little more than one over a single key.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::result::QueryResult;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use tokio::sync::{Mutex, OnceCell, mpsc, oneshot};

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

/// Before every position.
const UNKNOWN: i64 = -1;

/// What is asked: a tenant's ticket, and the position of the last change that the caller knows of.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    tenant: String,
    ticket: TicketRef,
    known: i64,
}

struct Ask {
    key: Key,
    reply: Reply,
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
        let known = known.filter(|_| matches!(ticket, TicketRef::Id(_))).unwrap_or(UNKNOWN);
        let key = Key { tenant: tenant.to_owned(), ticket: ticket.clone(), known };
        let ask = Ask { key, reply };
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
            if asks.lock().await.recv_many(&mut batch, KEYS).await == 0 {
                return;
            }
            let mut waiting: HashMap<Key, Vec<Reply>> = HashMap::with_capacity(batch.len());
            for Ask { key, reply } in batch.drain(..) {
                waiting.entry(key).or_default().push(reply);
            }
            let (keys, replies): (Vec<Key>, Vec<Vec<Reply>>) = waiting.into_iter().unzip();
            // A connection may have died while it was idle: the second try has a new one.
            let mut found = self.find(&keys).await;
            if found.is_err() {
                found = self.find(&keys).await;
            }
            if found.is_ok() || keys.len() == 1 {
                answer(replies, found);
                continue;
            }
            // One row that cannot be read is its own callers' trouble; where the database is away, each is told so.
            for (key, replies) in keys.iter().zip(replies) {
                let found = self.find(std::slice::from_ref(key)).await;
                answer(vec![replies], found);
            }
        }
    }

    async fn find(&mut self, keys: &[Key]) -> Result<Vec<Found>, String> {
        let found = self.try_find(keys).await;
        if found.is_err() {
            self.conn = None;
        }
        found
    }

    async fn try_find(&mut self, keys: &[Key]) -> Result<Vec<Found>, String> {
        let conn = match &mut self.conn {
            Some(conn) => conn,
            none => {
                let mut conn = connect(&self.url).await.map_err(|error| error.to_string())?;
                conn.batch_execute(&self.set_up).await.map_err(|error| error.to_string())?;
                none.insert(conn)
            }
        };
        self.planned.refresh(conn).await.map_err(|error| error.to_string())?;
        look_up(conn, keys).await.map_err(|error| error.to_string())
    }
}

/// One answer for each key, in their order.
async fn look_up(conn: &AsyncPgConnection, keys: &[Key]) -> QueryResult<Vec<Found>> {
    let (mut ids, mut numbers) = (Vec::new(), Vec::new());
    let mut numbered: HashMap<(&str, i64), usize> = HashMap::new();
    for (place, Key { tenant, ticket, known }) in keys.iter().enumerate() {
        match ticket {
            TicketRef::Id(id) => ids.push(Known { place, tenant, id: *id, position: *known }),
            TicketRef::Number(number) => {
                numbers.push((tenant.as_str(), *number));
                numbered.insert((tenant, *number), place);
            }
        }
    }
    let (by_id, by_number) =
        futures_util::try_join!(lookup::tickets_if_changed(conn, &ids), lookup::tickets_by_number(conn, &numbers))?;
    let mut found = vec![Found::Nowhere; keys.len()];
    let by_number = by_number
        .into_iter()
        .filter_map(|ticket| Some((*numbered.get(&(ticket.tenant_id.as_str(), ticket.number))?, Some(ticket))));
    for (place, ticket) in by_id.into_iter().chain(by_number) {
        if let Some(found) = found.get_mut(place) {
            *found = ticket.map_or(Found::AsKnown, |ticket| Found::Ticket(Box::new(ticket)));
        }
    }
    Ok(found)
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
