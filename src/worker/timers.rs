//! Warnings and breaches that are due, and clocks that have to follow a changed policy or calendar.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use diesel::ConnectionError;
use diesel::result::Error;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::future::join_all;
use tokio::time::sleep;
use uuid::Uuid;

use crate::command::{Action, Command};
use crate::identity::Caller;
use crate::journal::{Failure, Journal};
use crate::model::id;
use crate::model::sla::zone;
use crate::store::lock::{Sole, lock};
use crate::store::pool::connect;
use crate::store::sla::{self, Move};

const SET_UP: &str = "SET statement_timeout = '10s'; SET idle_in_transaction_session_timeout = '5s'; SET jit = off";
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Between two tries to connect.
const AGAIN: Duration = Duration::from_secs(2);
/// Whoever is not the one that looks takes what was due so long ago: then that one is gone, or too slow.
const OVERDUE: i64 = 5_000_000;
/// Tickets of one look, and of one command.
const TICKETS: i64 = 4_000;
const IN_COMMAND: usize = 50;
/// Between two looks at what is due: tickets of one tenant that follow its configuration, and tenants whose tickets do.
const FOLLOWING: i64 = 400;
/// Of these in one command, and one command after the other: whoever writes to the same tenant waits for these, not for all.
const FOLLOW_AT_ONCE: usize = 100;
const TENANTS: i64 = 100;

/// Looks until it is dropped. Of several processes one looks, by a lock that ends with its session; the others see to what it
/// leaves undone.
pub async fn run(url: String, journal: Journal) {
    let mut away = false;
    loop {
        let Err(error) = session(&url, &journal, &mut away).await;
        // Said once, not every few seconds.
        if !std::mem::replace(&mut away, true) {
            tracing::warn!("Timers of SLA clocks wait for the database; each write settles its own ticket: {error}");
        }
        sleep(AGAIN).await;
    }
}

#[derive(Debug, thiserror::Error)]
enum TimerError {
    #[error(transparent)]
    Connect(#[from] ConnectionError),
    #[error(transparent)]
    Query(#[from] Error),
}

async fn session(url: &str, journal: &Journal, away: &mut bool) -> Result<Infallible, TimerError> {
    let mut conn = connect(url).await?;
    conn.batch_execute(SET_UP).await?;
    let mut leads = false;
    loop {
        *away = false;
        leads = leads || lock(&mut conn, Sole::Timers).await?;
        let due = sla::due(&mut conn, if leads { 0 } else { OVERDUE }, TICKETS).await?;
        let found = due.len();
        fire(journal, due).await;
        let followed = if leads { follow(&mut conn, journal).await? } else { 0 };
        if found == 0 && followed == 0 {
            sleep(LOOK_EVERY).await;
        }
    }
}

/// Each tenant's tickets in commands of their own. What is not done is found again.
async fn fire(journal: &Journal, due: Vec<(String, Uuid)>) {
    let mut tenants: BTreeMap<String, Vec<Uuid>> = BTreeMap::new();
    for (tenant, ticket) in due {
        tenants.entry(tenant).or_default().push(ticket);
    }
    let commands = tenants.iter().flat_map(|(tenant, all)| all.chunks(IN_COMMAND).map(move |some| (tenant, some)));
    let sent = join_all(commands.map(|(tenant, tickets)| submit(journal, tenant, tickets))).await;
    if sent.iter().any(|sent| *sent != Sent::All) {
        sleep(LOOK_EVERY).await;
    }
}

/// What became of tickets that were sent on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    All,
    /// All but some whose own commands break.
    Most,
    /// The journal takes nothing now.
    Nothing,
}

/// A ticket that breaks its command holds up nobody else: those beside it are sent one by one then.
async fn submit(journal: &Journal, tenant: &str, tickets: &[Uuid]) -> Sent {
    match send(journal, tenant, tickets).await {
        Sent::Most if tickets.len() > 1 => {
            let each = join_all(tickets.iter().map(|one| send(journal, tenant, std::slice::from_ref(one)))).await;
            if each.contains(&Sent::Nothing) { Sent::Nothing } else { Sent::Most }
        }
        sent => sent,
    }
}

/// In one command: all of them or none.
async fn send(journal: &Journal, tenant: &str, tickets: &[Uuid]) -> Sent {
    let command = Command {
        id: Uuid::now_v7(),
        caller: Caller::clock(tenant),
        request: None,
        validate_only: false,
        action: Action::FollowSla(tickets.to_vec()),
    };
    let bytes = size_of_val(tickets);
    let Err(error) = journal.submit(command, bytes, None).await else { return Sent::All };
    let whose = match tickets {
        [one] => id::show(id::TICKET, *one),
        all => format!("{} tickets", all.len()),
    };
    tracing::warn!(tenant, "SLA clocks of {whose} of tenant {tenant} are tried again: {error}");
    match error {
        Failure::Refused(_) | Failure::Internal { .. } => Sent::Most,
        Failure::Overloaded { .. } | Failure::DeadlinePassed | Failure::Unavailable { .. } => Sent::Nothing,
    }
}

/// One step of each tenant whose clocks have something to follow: a changed policy or calendar, other zone data, other marks of
/// rules. Answers how many tickets followed.
async fn follow(conn: &mut AsyncPgConnection, journal: &Journal) -> Result<usize, Error> {
    let zones = zone::data_version();
    let moves = sla::moves(conn, zones, TENANTS).await?;
    // A write that was decided by the rules before may not have been committed yet. It holds the tenant's head; so does this, after
    // it, and then its ticket is seen.
    let begin = async |at: &Move| !at.after_id.is_nil() || submit(journal, &at.tenant_id, &[]).await == Sent::All;
    let begun = join_all(moves.iter().map(begin)).await;
    let mut followed = 0;
    'tenants: for (mut at, _) in moves.into_iter().zip(begun).filter(|(_, begun)| *begun) {
        let tickets = sla::open_tickets(conn, &at, FOLLOWING).await?;
        for some in tickets.chunks(FOLLOW_AT_ONCE) {
            // Who breaks is left behind: each write of such a ticket has it follow, too.
            if submit(journal, &at.tenant_id, some).await == Sent::Nothing {
                continue 'tenants;
            }
        }
        followed += tickets.len();
        at = Move { after_id: tickets.last().copied().unwrap_or(at.after_id), ..at };
        sla::moved(conn, &at, zones, (tickets.len() as i64) < FOLLOWING).await?;
    }
    Ok(followed)
}
