//! Projection of statistics: sums that start from the tickets and are updated by the changes of each activity.

use diesel::result::{Error, QueryResult};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use futures_util::TryStreamExt;

use super::Step;
use crate::model::activity::Activity;
use crate::model::image::ActivityRow;
use crate::model::statistics::Tally;
use crate::store::projection::{self, Projection, Standing};
use crate::store::read::activity::{View, range};
use crate::store::{statistics, wall};

/// Maximum number of activities per transaction.
const CHUNK: i64 = 2_000;

pub async fn step(conn: &mut AsyncPgConnection, tenant: &str, standing: Standing) -> QueryResult<Step> {
    let Standing { position, head, floor, .. } = standing;
    match position {
        Some(position) if position >= floor => fold(conn, tenant, position, head).await,
        _ => begin(conn, tenant, position).await,
    }
}

/// Counts all tickets of a tenant as of its head, in one snapshot.
async fn begin(conn: &mut AsyncPgConnection, tenant: &str, from: Option<i64>) -> QueryResult<Step> {
    conn.build_transaction()
        .repeatable_read()
        .run(async |conn| {
            wall::set_tenants(conn, &[tenant]).await?;
            if !projection::begin(conn, tenant, Projection::Statistics, from, false).await? {
                return Ok(Step::Raced);
            }
            let mut tally = Tally::default();
            {
                let mut all = std::pin::pin!(statistics::every_ticket(conn, tenant).await?);
                while let Some(facts) = all.try_next().await? {
                    tally.count(&facts, 1);
                }
            }
            statistics::clear(conn, tenant).await?;
            statistics::add(conn, &tally.amounts(tenant)).await?;
            Ok(Step::Moved)
        })
        .await
}

async fn fold(conn: &mut AsyncPgConnection, tenant: &str, position: i64, head: i64) -> QueryResult<Step> {
    let up_to = head.min(position.saturating_add(CHUNK));
    conn.transaction(async |conn| {
        wall::set_tenants(conn, &[tenant]).await?;
        let rows = range(conn, tenant, position, up_to, View::Full).await?;
        if rows.len() as i64 != up_to - position {
            // Retention has removed some of them; the next step detects it.
            return Ok(Step::Raced);
        }
        let amounts = changed(rows).map_err(|what| Error::DeserializationError(what.into()))?.amounts(tenant);
        if !projection::advance(conn, tenant, Projection::Statistics, (position, 0), (up_to, 0)).await? {
            return Ok(Step::Raced);
        }
        statistics::add(conn, &amounts).await?;
        Ok(Step::Moved)
    })
    .await
}

fn changed(rows: Vec<ActivityRow>) -> Result<Tally, String> {
    let mut tally = Tally::default();
    for row in rows {
        let activity: Activity = row.into_activity()?;
        tally.fold(&activity)?;
    }
    Ok(tally)
}
