//! SQL that writes and counts outcomes of clocks. No decisions.

use std::collections::BTreeMap;

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::{Error, QueryResult};
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::filter::Condition;
use super::read::Scope;
use super::sql::{Bind, Select, Sql, sql};
use super::write::push_insert;
use crate::model::row::Row;
use crate::model::sla::outcome::Outcome;
use crate::model::time::Instant;
use crate::model::words::SlaMetric;

/// As [`Outcome::then`] has it: the first breach stays, with what it was a breach of.
const MERGED: &str = " ON CONFLICT (tenant_id, ticket_id, metric, cycle) DO UPDATE SET \
    (policy_id, policy_version, target, priority, kind, team_id, organization_id, app_id, breached_at, counted_at, late, position) = ( \
    CASE WHEN sla_outcome.breached_at IS NULL THEN excluded.policy_id ELSE sla_outcome.policy_id END, \
    CASE WHEN sla_outcome.breached_at IS NULL THEN excluded.policy_version ELSE sla_outcome.policy_version END, \
    CASE WHEN sla_outcome.breached_at IS NULL THEN excluded.target ELSE sla_outcome.target END, \
    CASE WHEN sla_outcome.breached_at IS NULL THEN excluded.priority ELSE sla_outcome.priority END, \
    CASE WHEN sla_outcome.breached_at IS NULL THEN excluded.kind ELSE sla_outcome.kind END, \
    CASE WHEN sla_outcome.breached_at IS NULL THEN excluded.team_id ELSE sla_outcome.team_id END, \
    CASE WHEN sla_outcome.breached_at IS NULL THEN excluded.organization_id ELSE sla_outcome.organization_id END, \
    CASE WHEN sla_outcome.breached_at IS NULL THEN excluded.app_id ELSE sla_outcome.app_id END, \
    coalesce(sla_outcome.breached_at, excluded.breached_at), \
    CASE WHEN sla_outcome.breached_at IS NULL THEN excluded.counted_at ELSE sla_outcome.counted_at END, \
    CASE WHEN sla_outcome.breached_at IS NULL THEN excluded.late ELSE sla_outcome.late END, \
    CASE WHEN sla_outcome.breached_at IS NULL THEN excluded.position ELSE sla_outcome.position END), \
    fulfilled_at = excluded.fulfilled_at, voided_at = excluded.voided_at, elapsed = excluded.elapsed";

struct Put<'a> {
    outcomes: <Outcome as Row>::Arrays<'a>,
}

impl QueryId for Put<'_> {
    type QueryId = Put<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryFragment<Pg> for Put<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        push_insert::<Outcome>(&self.outcomes, &mut out)?;
        out.push_sql(MERGED);
        Ok(())
    }
}

/// Writes what came of clocks, each in the order of its happening; none sends nothing.
pub async fn put<'a>(conn: &AsyncPgConnection, outcomes: impl Iterator<Item = &'a Outcome>) -> QueryResult<()> {
    let mut clocks: BTreeMap<_, Outcome> = BTreeMap::new();
    for later in outcomes.cloned() {
        let key = (later.tenant_id.clone(), later.ticket_id, later.metric, later.cycle);
        let merged = match clocks.remove(&key) {
            Some(known) => known.then(later),
            None => later,
        };
        clocks.insert(key, merged);
    }
    if clocks.is_empty() {
        return Ok(());
    }
    let written = execute(conn, clocks.values()).await?;
    if written == clocks.len() {
        return Ok(());
    }
    Err(Error::QueryBuilderError(format!("sla_outcome: {} rows sent, {written} written", clocks.len()).into()))
}

/// Prepares that on this connection.
pub async fn warm(conn: &AsyncPgConnection) -> QueryResult<()> {
    execute(conn, std::iter::empty()).await.map(drop)
}

async fn execute<'a>(conn: &AsyncPgConnection, outcomes: impl Iterator<Item = &'a Outcome>) -> QueryResult<usize> {
    RunQueryDsl::execute(Put { outcomes: Outcome::arrays(outcomes) }, &mut &*conn).await
}

/// What clocks are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Policy,
    Priority,
    Team,
    Type,
    Organization,
}

impl By {
    pub const ALL: [(&'static str, By); 5] = [
        ("policy", By::Policy),
        ("priority", By::Priority),
        ("team", By::Team),
        ("type", By::Type),
        ("organization", By::Organization),
    ];

    fn column(self) -> &'static str {
        match self {
            By::Policy => "policy_id::text",
            By::Priority => "priority",
            By::Team => "team_id",
            By::Type => "kind",
            By::Organization => "organization_id",
        }
    }
}

/// Clocks of one metric that were decided in a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Attained {
    /// What they have in common, a policy's id as a bare UUID; `None`: these are all.
    pub value: Option<String>,
    pub metric: SlaMetric,
    pub count: i64,
    pub breached: i64,
    pub fulfilled: i64,
    /// Microseconds that half, and nine of ten, of the fulfilled ones took at most.
    pub p50: Option<i64>,
    pub p90: Option<i64>,
}

/// The types of what is counted.
pub type Columns = (Nullable<Text>, Text, BigInt, BigInt, BigInt, Nullable<BigInt>, Nullable<BigInt>);
type Counted = (Option<String>, SlaMetric, i64, i64, i64, Option<i64>, Option<i64>);

const FIGURES: &str = "metric, count(*), count(*) FILTER (WHERE breached), count(*) FILTER (WHERE fulfilled), \
    percentile_disc(0.5) WITHIN GROUP (ORDER BY elapsed), percentile_disc(0.9) WITHIN GROUP (ORDER BY elapsed) FROM decided";

/// All clocks that were decided in `[from, to)`, or from then on, and the same by their values.
pub async fn attained(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    window: (Instant, Option<Instant>),
    by: Option<By>,
    filter: Option<&Condition>,
) -> QueryResult<Vec<Attained>> {
    let rows: Vec<Counted> = RunQueryDsl::load(counting(scope, window, by, filter), conn).await?;
    let read = |(value, metric, count, breached, fulfilled, p50, p90): Counted| Attained {
        value,
        metric,
        count,
        breached,
        fulfilled,
        p50,
        p90,
    };
    Ok(rows.into_iter().map(read).collect())
}

/// The statement of [`attained`]: one, so that all its figures are of one moment.
pub fn counting(
    scope: Scope<'_>,
    (from, to): (Instant, Option<Instant>),
    by: Option<By>,
    filter: Option<&Condition>,
) -> Select<Columns> {
    let mut sql = sql![
        "WITH decided AS MATERIALIZED (SELECT metric, breached_at IS NOT NULL AS breached, fulfilled_at IS NOT NULL AS fulfilled, \
         elapsed, ",
        by.map_or("''", By::column),
        " AS value FROM sla_outcome WHERE ",
        Sql::join(within(scope, from, to, filter), " AND "),
        ") SELECT NULL, ",
        FIGURES,
        " GROUP BY metric",
    ];
    if by.is_some() {
        sql.push(" UNION ALL SELECT value, ");
        sql.push(FIGURES);
        sql.push(" GROUP BY value, metric");
    }
    Select::new(sql, filter.is_none())
}

/// In the words of its index.
const DECIDED: &str = "CASE WHEN breached_at IS NULL THEN fulfilled_at WHEN counted_at IS NULL THEN breached_at \
    ELSE counted_at END";

fn within(scope: Scope<'_>, from: Instant, to: Option<Instant>, filter: Option<&Condition>) -> Vec<Sql> {
    let mut conditions =
        vec![sql!["tenant_id = ", Bind::Text(scope.tenant_id.to_owned())], sql![DECIDED, " >= ", Bind::Time(from)]];
    conditions.extend(to.map(|to| sql![DECIDED, " < ", Bind::Time(to)]));
    conditions.extend(scope.audience.internal());
    conditions.extend(filter.map(|filter| filter.sql.clone()));
    conditions
}
