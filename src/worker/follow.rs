//! The walks through open tickets after a change of what their clocks follow from: policies, calendars, organizations, time zone
//! data, and marks of rules.

use diesel::result::Error;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use futures_util::future::join_all;
use uuid::Uuid;

use super::timers::{Sent, follow_all};
use crate::journal::Journal;
use crate::model::sla::clock::RULES_VERSION;
use crate::model::sla::zone;
use crate::store::sla::{self, Move, OrganizationMove};
use crate::store::wall;

/// Maximum number of tickets per tenant whose clocks are moved between two polls.
const FOLLOWING: i64 = 400;
/// Tickets per such command. The commands run one after another, so that a write to the same tenant waits for one, not for all.
const FOLLOW_AT_ONCE: usize = 100;
/// Maximum number of tenants whose clocks are moved between two polls.
const TENANTS: i64 = 100;
/// Changed organizations of a tenant that are followed together.
const ORGANIZATIONS: i64 = 50;

/// Takes one step for each tenant whose clocks must move. Returns the number of changes and tickets that were followed.
pub(super) async fn follow(conn: &mut AsyncPgConnection, journal: &Journal) -> Result<usize, Error> {
    Ok(configuration(conn, journal).await? + organizations(conn, journal).await?)
}

/// After a changed policy or calendar, new time zone data, new marks of rules, or another version of how clocks follow.
async fn configuration(conn: &mut AsyncPgConnection, journal: &Journal) -> Result<usize, Error> {
    let zones = format!("{} {RULES_VERSION}", zone::data_version());
    let moves = sla::moves(conn, &zones, TENANTS).await?;
    // A write under the previous rules may not have committed yet, but it holds the tenant's head. A command that takes the head
    // after it ensures that its ticket is visible.
    let begin = async |at: &Move| !at.after_id.is_nil() || follow_all(journal, &at.tenant_id, &[]).await == Sent::All;
    let begun = join_all(moves.iter().map(begin)).await;
    let mut followed = 0;
    for (mut at, _) in moves.into_iter().zip(begun).filter(|(_, begun)| *begun) {
        let tickets = conn.transaction(async |conn| {
            wall::set_tenants(conn, &[&at.tenant_id]).await?;
            sla::open_tickets(conn, &at, FOLLOWING).await
        });
        let tickets = tickets.await?;
        if !all_follow(journal, &at.tenant_id, &tickets).await {
            continue;
        }
        followed += tickets.len();
        at = Move { after_id: tickets.last().copied().unwrap_or(at.after_id), ..at };
        let done = (tickets.len() as i64) < FOLLOWING;
        let moved = conn.transaction(async |conn| {
            wall::set_tenants(conn, &[&at.tenant_id]).await?;
            sla::moved(conn, &at, &zones, done).await
        });
        moved.await?;
    }
    Ok(followed)
}

/// After changed organizations, where a policy reads them: the tickets of those.
async fn organizations(conn: &mut AsyncPgConnection, journal: &Journal) -> Result<usize, Error> {
    let mut followed = 0;
    for mut at in sla::organization_moves(conn, TENANTS, ORGANIZATIONS).await? {
        let tickets = conn.transaction(async |conn| {
            wall::set_tenants(conn, &[&at.tenant_id]).await?;
            sla::tickets_of_organizations(conn, &at, FOLLOWING).await
        });
        let tickets = tickets.await?;
        if !all_follow(journal, &at.tenant_id, &tickets).await {
            continue;
        }
        followed += 1 + tickets.len();
        at = OrganizationMove { after_id: tickets.last().copied().unwrap_or(at.after_id), ..at };
        let done = (tickets.len() as i64) < FOLLOWING;
        let moved = conn.transaction(async |conn| {
            wall::set_tenants(conn, &[&at.tenant_id]).await?;
            sla::organizations_moved(conn, &at, done).await
        });
        moved.await?;
    }
    Ok(followed)
}

/// `false`: the journal does not accept commands now. Failing tickets are skipped: any write of such a ticket also updates its clocks.
async fn all_follow(journal: &Journal, tenant: &str, tickets: &[Uuid]) -> bool {
    for some in tickets.chunks(FOLLOW_AT_ONCE) {
        if follow_all(journal, tenant, some).await == Sent::Nothing {
            return false;
        }
    }
    true
}
