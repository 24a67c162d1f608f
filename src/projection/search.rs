//! Projection of search documents. A document is built from its current ticket, so rebuilding it is safe, if redundant.

use diesel::result::QueryResult;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use uuid::Uuid;

use super::Step;
use crate::store::projection::{self, Projection, Standing};
use crate::store::{search, wall};

/// Maximum number of activities or tickets per transaction.
const CHUNK: i64 = 1_000;

pub async fn step(conn: &mut AsyncPgConnection, tenant: &str, standing: Standing) -> QueryResult<Step> {
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
                write(conn, tenant, &ids, (position, remaining), to).await
            })
            .await
        }
        _ => begin(conn, tenant, position).await,
    }
}

async fn begin(conn: &mut AsyncPgConnection, tenant: &str, from: Option<i64>) -> QueryResult<Step> {
    let begun = conn.transaction(async |conn| {
        wall::set_tenants(conn, &[tenant]).await?;
        projection::begin(conn, tenant, Projection::Search, from, true).await
    });
    Ok(if begun.await? { Step::Moved } else { Step::Raced })
}

/// Within a transaction.
async fn write(
    conn: &mut AsyncPgConnection,
    tenant: &str,
    ids: &[Uuid],
    from: (i64, i64),
    to: (i64, i64),
) -> QueryResult<Step> {
    let documents = search::documents(conn, tenant, ids).await?;
    if !projection::advance(conn, tenant, Projection::Search, from, to).await? {
        return Ok(Step::Raced);
    }
    search::write(conn, tenant, documents).await?;
    Ok(Step::Moved)
}
