//! SQL of statistics: updating and reading the sums, and counting tickets. No decisions.

use std::collections::HashSet;

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::{Error, QueryResult};
use diesel::sql_types::{BigInt, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::{Stream, TryStreamExt};

use super::filter::Condition;
use super::read::Scope;
use super::read::list::Listing;
use super::sql::{Bind, Select, Sql, sql};
use super::write::push_insert;
use crate::model::row::Row;
use crate::model::statistics::{ALL_DAYS, Amount, ByValue, Dimension, Facts, beginning, change, day};
use crate::model::time::Instant;
use crate::workflow::Filter;
use crate::workflow::cel::ast::{Compare, Expr, ExprKind, Literal};
use crate::workflow::schema::Root;

/// Amounts in one statement.
const AT_ONCE: usize = 5_000;

struct Add<'a> {
    amounts: <Amount as Row>::Arrays<'a>,
}

impl QueryId for Add<'_> {
    type QueryId = Add<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryFragment<Pg> for Add<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        push_insert::<Amount>(&self.amounts, &mut out)?;
        out.push_sql(
            " ON CONFLICT (tenant_id, dimension, day, value, measure) \
             DO UPDATE SET amount = statistic.amount + excluded.amount",
        );
        Ok(())
    }
}

/// Adds to the sums. Each place is named once.
pub async fn add(conn: &mut AsyncPgConnection, amounts: &[Amount]) -> QueryResult<()> {
    for amounts in amounts.chunks(AT_ONCE) {
        RunQueryDsl::execute(Add { amounts: Amount::arrays(amounts.iter()) }, conn).await?;
    }
    Ok(())
}

/// Forgets a tenant's sums.
pub async fn clear(conn: &mut AsyncPgConnection, tenant_id: &str) -> QueryResult<()> {
    let sql = sql!["DELETE FROM statistic WHERE tenant_id = ", Bind::Text(tenant_id.to_owned())];
    RunQueryDsl::execute(sql, conn).await.map(drop)
}

/// The countable fields of all tickets of a tenant.
pub async fn every_ticket(
    conn: &mut AsyncPgConnection,
    tenant_id: &str,
) -> QueryResult<impl Stream<Item = QueryResult<Facts>> + Send> {
    let conditions = vec![sql!["tenant_id = ", Bind::Text(tenant_id.to_owned())]];
    RunQueryDsl::load_stream(Listing::<Facts>::any(conditions, None), conn).await
}

/// Which tickets' sums, told apart by what.
#[derive(Clone, Debug, PartialEq)]
pub struct Sums {
    pub dimension: Dimension,
    /// Only these values of the dimension.
    pub values: Option<Vec<String>>,
}

/// What a filter comes to that asks for values of one dimension only. `None`: it asks for something else.
pub fn values_of(filter: &Filter) -> Option<Sums> {
    let field = |expr: &Expr| {
        let ExprKind::Field(path) = &expr.kind else { return None };
        let [name] = path.names.as_slice() else { return None };
        let found = Dimension::EACH.into_iter().find(|dimension| dimension.field() == Some(name));
        found.filter(|_| path.root == Root::Ticket)
    };
    let text = |expr: &Expr| match &expr.kind {
        ExprKind::Literal(Literal::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let (dimension, values) = match &filter.expr().kind {
        ExprKind::Compare(Compare::Equal, a, b) => match field(a) {
            Some(dimension) => (dimension, vec![text(b)?]),
            None => (field(b)?, vec![text(a)?]),
        },
        ExprKind::In(item, list) => {
            let ExprKind::List(items) = &list.kind else { return None };
            let values: HashSet<String> = items.iter().map(text).collect::<Option<_>>()?;
            (field(item)?, values.into_iter().collect())
        }
        _ => return None,
    };
    // PostgreSQL keeps no U+0000, and refuses to be asked for one.
    let kept = values.into_iter().filter(|value| !value.contains('\0')).collect();
    Some(Sums { dimension, values: Some(kept) })
}

impl Sums {
    /// The condition on the column that holds the values.
    fn among(&self, column: &'static str) -> Option<Sql> {
        self.values.as_ref().map(|values| sql![column, " = ANY(", Bind::Texts(values.clone()), ")"])
    }
}

/// The figures of each value, of the tickets made since an instant or of all; overdue at `now`. Whole days come from the
/// sums that are kept, the day in which `since` lies from its tickets.
pub async fn kept(
    conn: &mut AsyncPgConnection,
    tenant_id: &str,
    sums: &Sums,
    since: Option<Instant>,
    now: Instant,
) -> QueryResult<ByValue> {
    let mut by_value = ByValue::new();
    add_kept(conn, tenant_id, sums, since, &mut by_value).await?;
    if let Some(since) = since {
        let mut conditions = vec![
            sql!["tenant_id = ", Bind::Text(tenant_id.to_owned())],
            sql!["deleted_at IS NULL"],
            sql!["created_at >= ", Bind::Time(since)],
            sql!["created_at < ", Bind::Time(beginning(day(since).saturating_add(1)))],
        ];
        conditions.extend(sums.dimension.field().and_then(|column| sums.among(column)));
        let facts = Listing::<Facts>::any(conditions, None);
        let facts: Vec<Facts> = RunQueryDsl::load(facts, conn).await?;
        for facts in facts {
            change(&mut by_value, facts.value(sums.dimension), |figures| figures.count(&facts, 1));
        }
    }
    add_overdue(conn, tenant_id, sums, since, now, &mut by_value).await?;
    Ok(by_value)
}

async fn add_kept(
    conn: &mut AsyncPgConnection,
    tenant_id: &str,
    sums: &Sums,
    since: Option<Instant>,
    by_value: &mut ByValue,
) -> QueryResult<()> {
    let days = match since {
        None => sql!["day = ", Bind::Int(ALL_DAYS.into())],
        Some(since) => sql!["day > ", Bind::Int(day(since).into())],
    };
    let mut conditions = vec![
        sql!["tenant_id = ", Bind::Text(tenant_id.to_owned())],
        sql!["dimension = ", Bind::Text(sums.dimension.word().to_owned())],
        days,
    ];
    conditions.extend(sums.among("value"));
    let sql = sql![
        "SELECT value, measure, sum(amount)::bigint FROM statistic WHERE ",
        Sql::join(conditions, " AND "),
        " GROUP BY value, measure HAVING sum(amount) <> 0",
    ];
    let rows: Vec<(String, String, i64)> =
        RunQueryDsl::load(Select::<(Text, Text, BigInt)>::new(sql, true), conn).await?;
    for (value, measure, amount) in rows {
        let mut known = false;
        change(by_value, &value, |figures| known = figures.put(&measure, amount));
        if !known {
            return Err(Error::DeserializationError(format!("there is no measure {measure:?}").into()));
        }
    }
    Ok(())
}

/// Open tickets past their deadline, by an index that holds no others than open ones with one.
async fn add_overdue(
    conn: &mut AsyncPgConnection,
    tenant_id: &str,
    sums: &Sums,
    since: Option<Instant>,
    now: Instant,
    by_value: &mut ByValue,
) -> QueryResult<()> {
    let mut conditions = vec![
        sql!["tenant_id = ", Bind::Text(tenant_id.to_owned())],
        sql!["resolved_at IS NULL"],
        sql!["due_at < ", Bind::Time(now)],
        sql!["deleted_at IS NULL"],
    ];
    conditions.extend(since.map(|since| sql!["created_at >= ", Bind::Time(since)]));
    let column = sums.dimension.field();
    conditions.extend(column.and_then(|column| sums.among(column)));
    let sql = sql![
        "SELECT ",
        column.unwrap_or("''"),
        " AS value, count(*) FROM ticket WHERE ",
        Sql::join(conditions, " AND "),
        " GROUP BY 1",
    ];
    let rows: Vec<(String, i64)> = RunQueryDsl::load(Select::<(Text, BigInt)>::new(sql, true), conn).await?;
    for (value, count) in rows {
        change(by_value, &value, |figures| figures.overdue += count);
    }
    Ok(())
}

/// The same figures from the tickets themselves, as far as the caller sees them and the filter keeps them.
pub async fn counted(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    filter: Option<&Condition>,
    dimension: Dimension,
    since: Option<Instant>,
    now: Instant,
) -> QueryResult<ByValue> {
    let mut conditions = vec![sql!["tenant_id = ", Bind::Text(scope.tenant_id.to_owned())], sql!["deleted_at IS NULL"]];
    conditions.extend(scope.audience.tickets());
    conditions.extend(since.map(|since| sql!["created_at >= ", Bind::Time(since)]));
    let facts = Listing::<Facts>::any(conditions, filter);
    let mut facts = std::pin::pin!(RunQueryDsl::load_stream::<Facts>(facts, conn).await?);
    let mut by_value = ByValue::new();
    while let Some(facts) = facts.try_next().await? {
        change(&mut by_value, facts.value(dimension), |figures| {
            figures.count(&facts, 1);
            figures.overdue += i64::from(facts.is_overdue(now));
        });
    }
    Ok(by_value)
}
