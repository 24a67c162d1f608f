//! Look-ups of single tickets, gathered: what is asked while one look-up is under way is the next one. No timer.
//!
//! One at a time, a look-up is mostly waiting and switching: for a free connection, for the server process to wake, for the
//! answer to wake its reader. A statement over many keys costs little more than one over a single key.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::result::QueryResult;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use tokio::sync::{Mutex, OnceCell, mpsc, oneshot};

use super::lookup;
use super::plan::Planned;
use super::pool::{PoolError, connect};
use crate::model::ticket::{Ticket, TicketRef};

/// Look-ups under way at once: while one is read, another is sent.
const WORKERS: usize = 2;
/// Tickets in one look-up.
const KEYS: usize = 128;
/// Callers that may wait; more wait to be let in.
const WAITING: usize = 4096;

type Reply = oneshot::Sender<Result<Option<Ticket>, PoolError>>;
type Key = (String, TicketRef);

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

    /// One ticket, deleted or not, whoever may see it.
    ///
    /// # Errors
    /// [`PoolError::NoConnection`] when the database does not answer, on a second connection either.
    pub async fn ticket(&self, tenant: &str, ticket: &TicketRef) -> Result<Option<Ticket>, PoolError> {
        let gone = || PoolError::NoConnection("look-ups have ended".into());
        let asks = self.asks.get_or_init(|| async { self.start() }).await;
        let (reply, answer) = oneshot::channel();
        let ask = Ask { key: (tenant.to_owned(), ticket.clone()), reply };
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
            // A connection may have died while it was idle: the second try has a new one.
            let mut found = self.find(&waiting).await;
            if found.is_err() {
                found = self.find(&waiting).await;
            }
            if found.is_ok() || waiting.len() == 1 {
                answer(waiting, found);
                continue;
            }
            // One row that cannot be read is its own callers' trouble; where the database is away, each is told so.
            for (key, replies) in waiting {
                let one = HashMap::from([(key, replies)]);
                let found = self.find(&one).await;
                answer(one, found);
            }
        }
    }

    async fn find(&mut self, waiting: &HashMap<Key, Vec<Reply>>) -> Result<Vec<Ticket>, String> {
        let found = self.try_find(waiting).await;
        if found.is_err() {
            self.conn = None;
        }
        found
    }

    async fn try_find(&mut self, waiting: &HashMap<Key, Vec<Reply>>) -> Result<Vec<Ticket>, String> {
        let conn = match &mut self.conn {
            Some(conn) => conn,
            none => {
                let mut conn = connect(&self.url).await.map_err(|error| error.to_string())?;
                conn.batch_execute(&self.set_up).await.map_err(|error| error.to_string())?;
                none.insert(conn)
            }
        };
        self.planned.refresh(conn).await.map_err(|error| error.to_string())?;
        look_up(conn, waiting.keys()).await.map_err(|error| error.to_string())
    }
}

async fn look_up(conn: &AsyncPgConnection, keys: impl Iterator<Item = &Key>) -> QueryResult<Vec<Ticket>> {
    let (mut ids, mut numbers) = (Vec::new(), Vec::new());
    for (tenant, ticket) in keys {
        match ticket {
            TicketRef::Id(id) => ids.push((tenant.as_str(), *id)),
            TicketRef::Number(number) => numbers.push((tenant.as_str(), *number)),
        }
    }
    let (mut tickets, numbered) =
        futures_util::try_join!(lookup::tickets_by_id(conn, &ids), lookup::tickets_by_number(conn, &numbers))?;
    tickets.extend(numbered);
    Ok(tickets)
}

/// Whoever is left over asked for a ticket that is not there. A caller who hung up needs no answer.
fn answer(mut waiting: HashMap<Key, Vec<Reply>>, found: Result<Vec<Ticket>, String>) {
    let tickets = match found {
        Ok(tickets) => tickets,
        Err(error) => {
            for reply in waiting.into_values().flatten() {
                let _ = reply.send(Err(PoolError::NoConnection(error.clone())));
            }
            return;
        }
    };
    for ticket in tickets {
        let mut key = (ticket.tenant_id.clone(), TicketRef::Id(ticket.id));
        let mut replies = waiting.remove(&key).unwrap_or_default();
        key.1 = TicketRef::Number(ticket.number);
        replies.extend(waiting.remove(&key).unwrap_or_default());
        // Nearly always there is one, which gets the row itself.
        let last = replies.pop();
        for reply in replies {
            let _ = reply.send(Ok(Some(ticket.clone())));
        }
        if let Some(reply) = last {
            let _ = reply.send(Ok(Some(ticket)));
        }
    }
    for reply in waiting.into_values().flatten() {
        let _ = reply.send(Ok(None));
    }
}
