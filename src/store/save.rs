//! What a batch decided, written: one statement for what nearly all of them write, and one for each other table and verb,
//! in one flight.

use diesel::result::QueryResult;
use diesel_async::AsyncPgConnection;
use futures_util::join;

use super::write::{batch, delete, insert, update, warm_delete, warm_insert, warm_update};
use super::{head, lookup, outcome};
use crate::command::World;
use crate::model::canned::CannedResponse;
use crate::model::directory::{Agent, Contact, Organization, Team};
use crate::model::image::ActivityRow;
use crate::model::issue::{Issue, IssueTicket};
use crate::model::ledger::{Head, Run};
use crate::model::message::Message;
use crate::model::sla::calendar::{Calendar, CalendarVersion};
use crate::model::sla::ledger::LedgerRow;
use crate::model::sla::policy::{SlaPolicy, SlaPolicyVersion};
use crate::model::tag::Tag;
use crate::model::tenant::Tenant;
use crate::model::ticket::Ticket;

/// The changed rows of one table, over all worlds.
macro_rules! rows {
    ($worlds:ident, $table:ident, $which:ident) => {
        $worlds.iter().flat_map(|world| world.$table.$which())
    };
}

/// Writes the worlds' changes, and the heads given. Every answer is in when this returns; the transaction stays open.
pub async fn save(
    conn: &AsyncPgConnection,
    worlds: &[&World],
    activities: &[ActivityRow],
    heads: &[&Head],
) -> QueryResult<()> {
    // Nowhere here try_join: an error must not leave answers behind that nobody reads.
    let main = async {
        // A ticket or an activity moves its head.
        if heads.is_empty() && rows!(worlds, requests, inserts).next().is_none() {
            return Ok(());
        }
        batch(conn, rows!(worlds, tickets, inserts), activities, rows!(worlds, requests, inserts), heads).await
    };
    let log = async {
        let results: [QueryResult<()>; 5] = join!(
            main,
            update(conn, rows!(worlds, tickets, updates)),
            insert(conn, rows!(worlds, messages, inserts)),
            update(conn, rows!(worlds, messages, updates)),
            insert(conn, worlds.iter().flat_map(|world| &world.runs)),
        )
        .into();
        results.into_iter().collect::<QueryResult<()>>()
    };
    let results: [QueryResult<()>; 6] = join!(
        log,
        save_issues(conn, worlds),
        save_directory(conn, worlds),
        save_settings(conn, worlds),
        save_words(conn, worlds),
        save_promises(conn, worlds),
    )
    .into();
    results.into_iter().collect()
}

async fn save_settings(conn: &AsyncPgConnection, worlds: &[&World]) -> QueryResult<()> {
    let (made, changed) =
        join!(insert(conn, rows!(worlds, settings, inserts)), update(conn, rows!(worlds, settings, updates)));
    made.and(changed)
}

async fn save_issues(conn: &AsyncPgConnection, worlds: &[&World]) -> QueryResult<()> {
    // A link is its key and nothing else: there is nothing to update.
    let (made, changed, linked, unlinked) = join!(
        insert(conn, rows!(worlds, issues, inserts)),
        update(conn, rows!(worlds, issues, updates)),
        insert(conn, rows!(worlds, issue_tickets, inserts)),
        delete(conn, rows!(worlds, issue_tickets, removals)),
    );
    made.and(changed).and(linked).and(unlinked)
}

async fn save_directory(conn: &AsyncPgConnection, worlds: &[&World]) -> QueryResult<()> {
    let results: [QueryResult<()>; 8] = join!(
        insert(conn, rows!(worlds, organizations, inserts)),
        update(conn, rows!(worlds, organizations, updates)),
        insert(conn, rows!(worlds, contacts, inserts)),
        update(conn, rows!(worlds, contacts, updates)),
        insert(conn, rows!(worlds, teams, inserts)),
        update(conn, rows!(worlds, teams, updates)),
        insert(conn, rows!(worlds, agents, inserts)),
        update(conn, rows!(worlds, agents, updates)),
    )
    .into();
    results.into_iter().collect()
}

async fn save_words(conn: &AsyncPgConnection, worlds: &[&World]) -> QueryResult<()> {
    let results: [QueryResult<()>; 4] = join!(
        insert(conn, rows!(worlds, tags, inserts)),
        update(conn, rows!(worlds, tags, updates)),
        // Names are unique: what frees one comes before what takes it.
        update(conn, rows!(worlds, canned, updates)),
        insert(conn, rows!(worlds, canned, inserts)),
    )
    .into();
    results.into_iter().collect()
}

async fn save_promises(conn: &AsyncPgConnection, worlds: &[&World]) -> QueryResult<()> {
    let results: [QueryResult<()>; 8] = join!(
        insert(conn, worlds.iter().flat_map(|world| &world.ledger)),
        outcome::put(conn, worlds.iter().flat_map(|world| &world.outcomes)),
        // As of canned responses.
        update(conn, rows!(worlds, policies, updates)),
        insert(conn, rows!(worlds, policies, inserts)),
        insert(conn, rows!(worlds, policy_versions, inserts)),
        update(conn, rows!(worlds, calendars, updates)),
        insert(conn, rows!(worlds, calendars, inserts)),
        insert(conn, rows!(worlds, calendar_versions, inserts)),
    )
    .into();
    results.into_iter().collect()
}

/// Prepares every statement of a lane on this connection, one after the other, so that none has to be prepared in a flight.
pub async fn warm_all(conn: &AsyncPgConnection) -> QueryResult<()> {
    batch(conn, std::iter::empty(), &[], std::iter::empty(), &[]).await?;
    warm_update::<Ticket>(conn).await?;
    warm_insert::<Message>(conn).await?;
    warm_update::<Message>(conn).await?;
    warm_insert::<Run>(conn).await?;
    warm_insert::<Issue>(conn).await?;
    warm_update::<Issue>(conn).await?;
    warm_insert::<IssueTicket>(conn).await?;
    warm_delete::<IssueTicket>(conn).await?;
    warm_insert::<Organization>(conn).await?;
    warm_update::<Organization>(conn).await?;
    warm_insert::<Contact>(conn).await?;
    warm_update::<Contact>(conn).await?;
    warm_insert::<Team>(conn).await?;
    warm_update::<Team>(conn).await?;
    warm_insert::<Agent>(conn).await?;
    warm_update::<Agent>(conn).await?;
    warm_insert::<Tag>(conn).await?;
    warm_update::<Tag>(conn).await?;
    warm_insert::<CannedResponse>(conn).await?;
    warm_update::<CannedResponse>(conn).await?;
    warm_insert::<SlaPolicy>(conn).await?;
    warm_update::<SlaPolicy>(conn).await?;
    warm_insert::<SlaPolicyVersion>(conn).await?;
    warm_insert::<Calendar>(conn).await?;
    warm_update::<Calendar>(conn).await?;
    warm_insert::<CalendarVersion>(conn).await?;
    warm_insert::<Tenant>(conn).await?;
    warm_update::<Tenant>(conn).await?;
    warm_insert::<LedgerRow>(conn).await?;
    outcome::warm(conn).await?;
    lookup::warm(conn).await?;
    head::lock_free(conn, &[]).await?;
    head::lock_waiting(conn, "").await?;
    head::clock(conn).await?;
    head::installation_now(conn).await?;
    Ok(())
}
