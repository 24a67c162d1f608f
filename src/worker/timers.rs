//! SLA timers: finds tickets with due warnings or breaches, and submits commands for them.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use diesel::ConnectionError;
use diesel::result::Error;
use diesel_async::SimpleAsyncConnection;
use futures_util::future::join_all;
use tokio::time::sleep;
use uuid::Uuid;

use super::follow::follow;
use super::schedules::{self, CarriedOut};
use crate::command::verbs::FollowSla;
use crate::command::{Command, RequestKey, Verb};
use crate::identity::Caller;
use crate::journal::{Failure, Journal};
use crate::model::id;
use crate::store::lock::{Sole, lock};
use crate::store::pool::connect;
use crate::store::sla;

const SET_UP: &str = "SET statement_timeout = '10s'; SET idle_in_transaction_session_timeout = '5s'; SET jit = off";
/// Poll interval.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Delay before a reconnect.
const AGAIN: Duration = Duration::from_secs(2);
/// Overdue time, in microseconds, after which a process without the lock takes over: the one that holds it is gone, or too slow.
const OVERDUE: i64 = 5_000_000;
/// Maximum number of tickets per poll, and per command.
const TICKETS: i64 = 4_000;
const IN_COMMAND: usize = 50;

/// Runs until dropped. An advisory lock, which ends with its session, elects one of several processes; the others only take over
/// what it leaves overdue.
pub async fn run(url: String, journal: Journal) {
    let mut away = false;
    loop {
        let Err(error) = session(&url, &journal, &mut away).await;
        // Logged once, not every few seconds.
        if !std::mem::replace(&mut away, true) {
            tracing::warn!(
                "SLA timers are waiting for the database; writes still bring their own ticket's clocks up to date: {error}"
            );
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
    let mut carried = CarriedOut::default();
    loop {
        *away = false;
        leads = leads || lock(&mut conn, Sole::Timers).await?;
        let due = sla::due(&mut conn, if leads { 0 } else { OVERDUE }, TICKETS).await?;
        let found = due.len();
        fire(journal, due).await;
        let followed = if leads { follow(&mut conn, journal).await? } else { 0 };
        let stepped = if leads { schedules::run(&mut conn, journal, &mut carried).await? } else { 0 };
        if found == 0 && followed == 0 && stepped == 0 {
            sleep(LOOK_EVERY).await;
        }
    }
}

/// Submits the tickets of each tenant in commands of their own. What fails is found again by the next poll.
async fn fire(journal: &Journal, due: Vec<(String, Uuid)>) {
    let mut tenants: BTreeMap<String, Vec<Uuid>> = BTreeMap::new();
    for (tenant, ticket) in due {
        tenants.entry(tenant).or_default().push(ticket);
    }
    let commands = tenants.iter().flat_map(|(tenant, all)| all.chunks(IN_COMMAND).map(move |some| (tenant, some)));
    let sent = join_all(commands.map(|(tenant, tickets)| follow_all(journal, tenant, tickets))).await;
    if sent.iter().any(|sent| *sent != Sent::All) {
        sleep(LOOK_EVERY).await;
    }
}

/// Outcome of submitting tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    All,
    /// All except tickets whose commands fail.
    Most,
    /// None: the journal does not accept commands now.
    Nothing,
}

/// Submits the tickets of a tenant in one command; if that fails, one by one, so that one failing ticket does not block the others.
/// `what`, in the log, is what it is about.
pub(super) async fn submit(
    journal: &Journal,
    tenant: &str,
    tickets: &[Uuid],
    what: &str,
    verb: impl Fn(Vec<Uuid>) -> Arc<dyn Verb>,
) -> Sent {
    let one = |some: &[Uuid]| {
        let whose = match some {
            [one] => format!("{what} of {}", id::show(id::TICKET, *one)),
            all => format!("{what} of {} tickets", all.len()),
        };
        send(journal, tenant, verb(some.to_vec()), None, whose)
    };
    match one(tickets).await {
        Sent::Most if tickets.len() > 1 => {
            let each = join_all(tickets.iter().map(|ticket| one(std::slice::from_ref(ticket)))).await;
            if each.contains(&Sent::Nothing) { Sent::Nothing } else { Sent::Most }
        }
        sent => sent,
    }
}

/// Brings the clocks and timers of these tickets up to date.
pub(super) async fn follow_all(journal: &Journal, tenant: &str, tickets: &[Uuid]) -> Sent {
    submit(journal, tenant, tickets, "the clocks", |tickets| Arc::new(FollowSla(tickets))).await
}

/// Submits one command about `what`.
pub(super) async fn send(
    journal: &Journal,
    tenant: &str,
    verb: Arc<dyn Verb>,
    request: Option<RequestKey>,
    what: String,
) -> Sent {
    let command = Command { id: Uuid::now_v7(), caller: Caller::clock(tenant), request, validate_only: false, verb };
    let Err(error) = journal.submit(command, IN_COMMAND * size_of::<Uuid>(), None).await else { return Sent::All };
    tracing::warn!(tenant, "A timer's command about {what} of tenant {tenant} failed and will be retried: {error}");
    match error {
        Failure::Refused(_) | Failure::Internal { .. } => Sent::Most,
        Failure::Overloaded { .. } | Failure::DeadlinePassed | Failure::Unavailable { .. } => Sent::Nothing,
    }
}
