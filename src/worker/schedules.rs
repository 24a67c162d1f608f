//! Schedules of rules: when one comes, submits commands for each tenant, and for the tickets that it is for in batches.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::result::Error;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use uuid::Uuid;

use super::timers::{Sent, send, submit};
use crate::command::verbs::RunSchedule;
use crate::command::{RequestKey, Verb};
use crate::journal::Journal;
use crate::model::audience::Audience;
use crate::model::time::Instant;
use crate::store::schedule::{self, Came};
use crate::store::{filter, read, sla, wall};
use crate::workflow::{Facts, Schedule, Timed};

/// Maximum number of tenants of one schedule between two polls.
const TENANTS: i64 = 50;
/// Maximum number of tickets of a tenant between two polls, and per command.
const TICKETS: i64 = 400;
const IN_COMMAND: usize = 50;

/// What has been carried out for every tenant, by the schedule's id: not looked at again.
#[derive(Default)]
pub struct CarriedOut(HashMap<String, Instant>);

/// Takes one step for each schedule that has come and was not carried out for all tenants. Returns how many tenants had
/// something to do. Of several times that it came while no server ran, the last one counts.
pub async fn run(conn: &mut AsyncPgConnection, journal: &Journal, carried: &mut CarriedOut) -> Result<usize, Error> {
    let Ok(rules) = journal.rules().active(conn).await?.set else { return Ok(0) };
    let mut stepped = 0;
    let now = if rules.schedules().next().is_some() { sla::now(conn).await? } else { return Ok(0) };
    for timed in rules.schedules() {
        let Some(active) = rules.since(&timed.by.id) else { continue };
        let Some(at) = timed.by.last(now).filter(|at| *at > active && carried.0.get(&timed.by.id) != Some(at)) else {
            continue;
        };
        let came = Came { schedule: &timed.by.id, at };
        let tenants = schedule::waiting(conn, came, TENANTS).await?;
        if tenants.is_empty() {
            carried.0.insert(timed.by.id.clone(), at);
        }
        for (tenant, after) in tenants {
            stepped += usize::from(step(conn, journal, timed, came, (&tenant, after)).await?);
        }
    }
    carried.0.retain(|id, _| rules.since(id).is_some());
    Ok(stepped)
}

/// The next tickets of a tenant, or the tenant itself. Whether that was possible.
async fn step(
    conn: &mut AsyncPgConnection,
    journal: &Journal,
    timed: Timed<'_, Schedule>,
    came: Came<'_>,
    (tenant, after): (&str, Uuid),
) -> Result<bool, Error> {
    let found = tickets(conn, timed, came, (tenant, after)).await?;
    let verb = |tickets| RunSchedule { schedule: came.schedule.to_owned(), due: came.at, tickets };
    match &found {
        Found::NotIts => {}
        Found::Itself => {
            // Carried out once, though this process may end before it is noted.
            let key = Uuid::from_u64_pair(timed.by.key, came.at.0.cast_unsigned());
            let request = RequestKey { text: format!("{} {}", timed.rule.name, came.at), key, fingerprint: key };
            if send(journal, tenant, Arc::new(verb(None)), Some(request), timed.rule.name.clone()).await
                == Sent::Nothing
            {
                return Ok(false);
            }
        }
        Found::Tickets(all) => {
            for some in all.chunks(IN_COMMAND) {
                // One that cannot be decided does not hold up the others.
                let verb = |tickets| Arc::new(verb(Some(tickets))) as Arc<dyn Verb>;
                if submit(journal, tenant, some, &timed.rule.name, verb).await == Sent::Nothing {
                    return Ok(false);
                }
            }
        }
    }
    let (last, done) = match &found {
        Found::Tickets(all) => (all.last().copied().unwrap_or(after), (all.len() as i64) < TICKETS),
        Found::NotIts | Found::Itself => (after, true),
    };
    let noted = conn.transaction(async |conn| {
        wall::set_tenants(conn, &[tenant]).await?;
        schedule::went(conn, came, tenant, last, done).await
    });
    noted.await.map(|()| true)
}

enum Found {
    /// The rule is not this tenant's.
    NotIts,
    /// It is for no ticket.
    Itself,
    Tickets(Vec<Uuid>),
}

async fn tickets(
    conn: &mut AsyncPgConnection,
    timed: Timed<'_, Schedule>,
    came: Came<'_>,
    (tenant, after): (&str, Uuid),
) -> Result<Found, Error> {
    let found = conn.transaction(async |conn| {
        wall::set_tenants(conn, &[tenant]).await?;
        if timed.rule.is_selective() {
            let settings = read::tenant::get(conn, tenant).await?;
            let facts = Facts { tenant: Some(&settings), ..Facts::at(came.at, tenant) };
            if !timed.rule.is_for(&facts) {
                return Ok(Found::NotIts);
            }
        }
        let Some(tickets) = &timed.by.tickets else { return Ok(Found::Itself) };
        let everybody = Audience::default();
        // What SQL cannot tell, the command asks of each.
        let (condition, _) = filter::partial(tickets, &everybody, came.at);
        let scope = read::Scope { tenant_id: tenant, audience: &everybody };
        let ids = read::ticket::ids_after(conn, scope, condition.as_ref(), after, TICKETS).await?;
        Ok::<_, Error>(Found::Tickets(ids))
    });
    found.await
}
