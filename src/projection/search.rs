//! Projection of search documents. A document is built from its current ticket, so rebuilding it is safe, if redundant.

use diesel::result::QueryResult;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use uuid::Uuid;

use super::Step;
use crate::store::projection::{self, LEAVING, Projection, Standing};
use crate::store::search::{self, Rules};
use crate::store::wall;

/// Maximum number of activities or tickets per transaction.
const CHUNK: i64 = 1_000;

pub(super) async fn step(
    conn: &mut AsyncPgConnection,
    tenant: &str,
    rules: Rules,
    standing: Standing,
) -> QueryResult<Step> {
    let Standing { position, remaining, head, floor, tickets: _ } = standing;
    match position {
        Some(position) if position >= floor => {
            conn.transaction(async |conn| {
                wall::set_tenants(conn, &[tenant]).await?;
                // Newest tickets first.
                let (ids, to) = if remaining > 0 {
                    let down_to = (remaining - CHUNK).max(0);
                    (search::numbered(conn, tenant, down_to, remaining).await?, (position, down_to))
                } else {
                    let up_to = head.min(position.saturating_add(CHUNK));
                    (search::touched(conn, tenant, position, up_to).await?, (up_to, 0))
                };
                write(conn, tenant, rules, &ids, (position, remaining), to).await
            })
            .await
        }
        _ => begin(conn, tenant, rules, position).await,
    }
}

async fn begin(conn: &mut AsyncPgConnection, tenant: &str, rules: Rules, from: Option<i64>) -> QueryResult<Step> {
    let begun = conn.transaction(async |conn| {
        wall::set_tenants(conn, &[tenant]).await?;
        projection::begin(conn, tenant, Projection::Search(rules), from, true).await
    });
    Ok(if begun.await? { Step::Moved } else { Step::Raced })
}

/// Within a transaction.
async fn write(
    conn: &mut AsyncPgConnection,
    tenant: &str,
    rules: Rules,
    ids: &[Uuid],
    from: (i64, i64),
    to: (i64, i64),
) -> QueryResult<Step> {
    let documents = search::documents(conn, rules, tenant, ids).await?;
    if !projection::advance(conn, tenant, Projection::Search(rules), from, to).await? {
        return Ok(Step::Raced);
    }
    search::write(conn, tenant, documents).await?;
    Ok(Step::Moved)
}

/// Keeps an index of older rules in use until that of the newest is whole, and takes it away from then on: its row first, so that
/// whoever searched it sees that it goes, and its documents after that.
pub async fn supersede(conn: &mut AsyncPgConnection, tenant: &str) -> QueryResult<Step> {
    let (old, new) = (Projection::Search(Rules::OLDER), Projection::Search(Rules::NEWEST));
    let (standing, newest) = (super::standing(conn, tenant, old).await?, super::standing(conn, tenant, new).await?);
    if !standing.is_leaving() && standing.serves() && !newest.serves() {
        return Ok(super::step(conn, tenant, old).await?.1);
    }
    let Some(position) = standing.position else { return Ok(Step::Done) };
    let from = (position, standing.remaining);
    conn.transaction(async |conn| {
        wall::set_tenants(conn, &[tenant]).await?;
        if !standing.is_leaving() {
            let moved = projection::advance(conn, tenant, old, from, (LEAVING, standing.tickets)).await?;
            return Ok(if moved { Step::Moved } else { Step::Raced });
        }
        let down_to = (standing.remaining - CHUNK).max(0);
        let ids = search::numbered(conn, tenant, down_to, standing.remaining).await?;
        if !projection::advance(conn, tenant, old, from, (LEAVING, down_to)).await? {
            return Ok(Step::Raced);
        }
        search::take_away(conn, Rules::OLDER, tenant, ids).await?;
        let gone = down_to == 0 && projection::forget(conn, tenant, old).await?;
        Ok(if gone { Step::Done } else { Step::Moved })
    })
    .await
}

/// Whether searches are answered by an index of older rules while this projection is made.
pub async fn is_served_by_older(conn: &mut AsyncPgConnection, tenant: &str, which: Projection) -> QueryResult<bool> {
    let has_older = which == Projection::Search(Rules::NEWEST);
    Ok(has_older && super::standing(conn, tenant, Projection::Search(Rules::OLDER)).await?.serves())
}
